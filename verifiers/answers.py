"""The answer of kinds that read strings, numbers and choices: found wherever it is usually put."""

from typing import Literal

from adjudge.verifiers.extract import (
    MAX_ANSWER_CHARS,
    Extraction,
    How,
    extract,
    is_blank,
    split_thought,
)
from adjudge.verifiers.types import Completion

Where = Literal["auto", "boxed", "answer_tag", "last_line", "final"]
"""`auto`: the box if there is one after the chain of thought, else the answer tag, else all of the
final text. `final`: all of the final text. The others as in `math`."""


def find(completion: Completion, where: Where) -> Extraction:
    """The answer as written, or why there is none; linear in the text."""
    if where == "final":
        return _final(completion)
    if where != "auto":
        return extract(completion, where)
    tries: tuple[How, ...] = ("boxed", "answer_tag")
    for how in tries:
        found = extract(completion, how)
        if found.reason not in ("no_box", "no_tag", "only_in_cot"):
            return found
    return _final(completion)


def _final(completion: Completion) -> Extraction:
    if completion.finish_reason == "length":
        return Extraction(reason="truncated")
    thought = split_thought(completion.text)
    if not thought.closed:
        return Extraction(reason="unclosed_think")
    text = thought.final.strip()
    if len(text) > MAX_ANSWER_CHARS:
        return Extraction(reason="limit")
    return Extraction(reason="empty") if is_blank(text) else Extraction(candidates=(text,))
