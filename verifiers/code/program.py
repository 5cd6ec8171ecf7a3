"""The program of a completion: its last fenced block, or all of it. Linear in hostile text."""

import re

from adjudge.verifiers.extract import DETAILS, split_thought
from adjudge.verifiers.types import Completion, Verdict

MAX_CHARS = 256 << 10
"""A longer program is refused (`limit`)."""
FENCE = re.compile(r"^([ \t]{0,12})(?:>[ \t]?)?(`{3,}|~{3,})([^\n]{0,200})$", re.MULTILINE)
"""A line that opens or closes a block: its indent, its fence, and what stands behind it."""


def find_program(completion: Completion) -> str | Verdict:
    """The program, or the verdict where there is none."""
    if completion.finish_reason == "length":
        return Verdict.no_answer("truncated", DETAILS["truncated"])
    thought = split_thought(completion.text)
    if not thought.closed:
        return Verdict.no_answer("unclosed_think", DETAILS["unclosed_think"])
    block = last_block(thought.final)
    program = thought.final if block is None else block
    if not program.strip():
        return Verdict.no_answer("no_program", "there is no program in the final text")
    if len(program) > MAX_CHARS:
        return Verdict.incorrect("limit", f"the program is longer than {MAX_CHARS} characters")
    return program


def last_block(text: str) -> str | None:
    """The last fenced block; one that is never closed ends with the text. None: there is none."""
    found: str | None = None
    opened: re.Match[str] | None = None
    for line in FENCE.finditer(text):
        if opened is None:
            opened = line if "`" not in line[3] else None
        elif _closes(line, opened):
            found = _content(text, opened, line.start())
            opened = None
    if opened is None:
        return found
    rest = _content(text, opened, len(text))
    return rest if rest.strip() or found is None else found


def _closes(line: re.Match[str], opened: re.Match[str]) -> bool:
    same = line[2][0] == opened[2][0] and len(line[2]) >= len(opened[2])
    return same and not line[3].strip()


def _content(text: str, opened: re.Match[str], end: int) -> str:
    """Without the indent of the block itself (a block in a list)."""
    content = text[opened.end() + 1 : end]
    if not opened[1]:
        return content
    lines = content.splitlines(keepends=True)
    return "".join(line.removeprefix(opened[1]) for line in lines)
