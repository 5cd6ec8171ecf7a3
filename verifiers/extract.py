"""Where the answer of a completion stands: what every kind that reads an answer shares.

Three steps, each linear in the text whatever is written there (one pass of a pattern that cannot
backtrack, or `str.find`), because the text is hostile and up to a megabyte long:

1. the *final text*: what follows the last `</think>`, up to the first stop token. A thought that
   was opened and never closed has no final text; a text cut by the length limit has no answer;
2. the *places*: outermost boxes, `<answer>` tags, or the last line. All of them count, not only
   the last: a policy that may list its guesses and be paid for one of them learns to guess;
3. the *candidates*: the distinct spellings found there, in order. Whether two spellings are one
   answer is for the kind to say (`1/2` and `0.5` are to `math`, not to `exact`): a kind that sees
   candidates differ answers `no_answer`, `ambiguous`.

Markup is read as its author meant it: escaped braces do not count, `\\boxed 5` is a box, an empty
box beside a full one is talk about boxes, a box in a bigger box is part of that one's content.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from adjudge.verifiers.types import Completion, Verdict

How = Literal["boxed", "answer_tag", "last_line"]
"""Where a kind looks for the answer: the param `extract`."""

Reason = Literal[
    "truncated",
    "unclosed_think",
    "only_in_cot",
    "no_box",
    "no_tag",
    "no_line",
    "empty",
    "unclosed_box",
    "unclosed_tag",
    "limit",
    "ambiguous",
]

DETAILS: dict[Reason, str] = {
    "truncated": "the text was cut by the length limit: nothing in it is a final answer",
    "unclosed_think": "the chain of thought never ends, so there is no final text",
    "only_in_cot": "an answer is given inside the chain of thought only",
    "no_box": "no \\boxed{} in the final text",
    "no_tag": "no <answer> tag in the final text",
    "no_line": "the final text is empty",
    "empty": "the place for the answer is empty",
    "unclosed_box": "the last \\boxed{ is never closed",
    "unclosed_tag": "the last <answer> is never closed",
    "limit": "the answer is longer than an answer can be",
    "ambiguous": "several answers are given",
}

MAX_ANSWER_CHARS = 8_192
"""A longer answer is refused before any pattern or parser sees it."""

MAX_CANDIDATES = 16
"""More spellings than this are a list of guesses, whatever they are worth."""

MAX_BOXES = 256
"""More boxes than this, alike or not, are not read: no honest text has so many at its end."""
MAX_BRACES = 20_000
"""The same: reading them takes a few milliseconds."""

RECENT = 32
"""Texts whose reading is remembered: the kinds of a request and the flags read the same one."""

THOUGHTS = (
    ("<think>", "</think>"),
    ("[THINK]", "[/THINK]"),
    ("<|channel|>analysis", "<|channel|>final<|message|>"),
)
"""How chains of thought open and close: R1 and Qwen, Magistral, gpt-oss (harmony)."""

STOPS = re.compile(
    r"</s>|<\|(?:im_end|endoftext|eot_id|eom_id|end_of_text|return|im_start)\|>"
    r"|<end_of_turn>|<｜end▁of▁sentence｜>"
)
"""Special tokens that end a turn; a trainer may decode them into the text. What follows is not the
completion's."""


UNSEEN = (
    "\\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff"
)
"""Blanks, zero-width and format characters, fillers: the inside of a pattern's brackets."""
_SEEN = re.compile(f"[^{UNSEEN}]")


def is_blank(text: str) -> bool:
    """Nothing in it can be seen: blanks, zero-width and format characters, fillers."""
    return _SEEN.search(text.strip()) is None


@dataclass(frozen=True, slots=True)
class Extraction:
    """The answer as it was written, or why there is none."""

    candidates: tuple[str, ...] = ()
    """Distinct spellings in the order written, stripped, at most `MAX_ANSWER_CHARS` each; empty
    exactly when there is a reason."""
    reason: Reason | None = None

    @property
    def answer(self) -> str:
        """The last candidate; only where there is one."""
        return self.candidates[-1]

    def refusal(self) -> Verdict:
        """The verdict where there is a reason: `limit` is wrong, the rest is no answer."""
        reason = self.reason or "ambiguous"
        if reason == "limit":
            return Verdict.incorrect(reason, DETAILS[reason])
        return Verdict.no_answer(reason, DETAILS[reason])


@dataclass(frozen=True, slots=True)
class Thought:
    """A completion's text in its two parts."""

    cot: str
    """What stands before the last closing tag, tags included; empty if there is no thought."""
    final: str
    """What stands after it."""
    closed: bool
    """False: a thought was opened that never ends; then `final` is empty."""


@lru_cache(maxsize=RECENT)
def split_thought(text: str) -> Thought:
    """Cut at the last closing tag of whichever convention the text follows."""
    if "<" not in text and "THINK]" not in text:
        return Thought("", text, closed=True)
    start = max(_after(text, close) for _, close in THOUGHTS)
    if any(text.find(opened, start) >= 0 for opened, _ in THOUGHTS):
        return Thought(text, "", closed=False)
    stop = STOPS.search(text, start)
    return Thought(text[:start], text[start : stop.start() if stop else len(text)], closed=True)


def _after(text: str, close: str) -> int:
    found = text.rfind(close)
    return found + len(close) if found >= 0 else 0


def extract(completion: Completion, how: How = "boxed") -> Extraction:
    """Find the answer of `completion`; never raises, linear in the text."""
    if completion.finish_reason == "length":
        return Extraction(reason="truncated")
    return extract_text(completion.text, how)


@lru_cache(maxsize=RECENT)
def extract_text(text: str, how: How = "boxed") -> Extraction:
    """The same of a text that was not cut."""
    thought = split_thought(text)
    found = _READERS[how](thought.final) if thought.closed else Extraction(reason="unclosed_think")
    nowhere = found.reason in ("unclosed_think", "no_box", "no_tag")
    if nowhere and how != "last_line" and _READERS[how](thought.cot).candidates:
        return Extraction(reason="only_in_cot")
    return found


BOX = re.compile(r"\\(?:boxed|fbox)(?![A-Za-z])")
MARKS = re.compile(r"\\(?:boxed|fbox)(?![A-Za-z])\s{0,9}|\\[{}]|\\\\(?!boxed|fbox)|[{}]")
"""What matters for braces: boxes, escaped braces and line breaks (skipped), braces."""
BARE = re.compile(r"[-+]?(?:\d|\.\d|\\(?!boxed|fbox)[A-Za-z]|[A-Za-z](?![A-Za-z]))")
"""How the argument of a box without braces begins: a number, a command or one letter. `\\boxed`
before a word or a full stop is talk about boxes."""
_PLAIN = r"(?:[^{}\\]++|\\[^{}\\]%s)*+"
ONE = re.compile(
    r"\\boxed\s{0,9}\{("
    + _PLAIN % (r"|\{" + _PLAIN % (r"|\{" + _PLAIN % "" + r"\}") + r"\}")
    + r")\}"
)
"""A box with at most two braces in each other and no escaped ones: most boxes."""
BARE_END = re.compile(r"\$|\\[)\]]|\n|\\(?:boxed|fbox)")
TAG = re.compile(r"<(/?)answer>")
LABELS = (
    "answer is",
    "answer:",
    "answer：",
    "answer =",
    "####",
    "答案是",
    "答案为",
    "答案：",
    "答案:",
)
"""What a last line may put before its answer; compared in lower case."""
MAX_UNWRAPS = 4

Span = tuple[int, int]
"""Start and end of an answer in its text."""


def read_boxes(text: str) -> Extraction:
    """The outermost `\\boxed{…}` and `\\fbox{…}` of `text`."""
    boxes, framed = text.count("boxed"), text.count("\\fbox")
    if boxes > MAX_BOXES or framed > MAX_BOXES:
        return Extraction(reason="ambiguous")
    if text.count("{") + text.count("}") > MAX_BRACES and BOX.search(text):
        return Extraction(reason="limit")
    if boxes == 1 and not framed and (only := ONE.search(text)):
        return _only(text, *only.span(1))
    spans, unclosed = _box_spans(text)
    if unclosed:
        return Extraction(reason="unclosed_box")
    return _candidates(text, spans) if spans else Extraction(reason="no_box")


def read_tags(text: str) -> Extraction:
    """What stands in `<answer>…</answer>`: the boxes in it if there are any, else all of it."""
    spans: list[Span] = []
    opened: int | None = None
    for tag in TAG.finditer(text):
        if not tag[1]:
            opened = tag.end()
        elif opened is not None:
            spans.append((opened, tag.start()))
            opened = None
    if opened is not None:
        return Extraction(reason="unclosed_tag")
    return _candidates(text, spans, boxes=True) if spans else Extraction(reason="no_tag")


def read_last_line(text: str) -> Extraction:
    """The last line that is not blank, without a label (`Answer:`): its boxes if there are any."""
    text = text.rstrip()
    start = text.rfind("\n") + 1
    if start == len(text):
        return Extraction(reason="no_line")
    if len(text) - start <= MAX_ANSWER_CHARS:
        start += _label_end(text[start:].lower())
    return _candidates(text, [(start, len(text))], boxes=True)


_READERS: dict[How, Callable[[str], Extraction]] = {
    "boxed": read_boxes,
    "answer_tag": read_tags,
    "last_line": read_last_line,
}


def _label_end(line: str) -> int:
    end = max((line.rfind(label) + len(label) for label in LABELS if label in line), default=0)
    return end + len(line[end:]) - len(line[end:].lstrip(" :：=*"))


def _box_spans(text: str) -> tuple[list[Span], bool]:
    """Contents of the outermost closed boxes, and whether the last box was never closed."""
    first = BOX.search(text)
    if first is None:
        return [], False
    spans: list[Span] = []
    stack: list[int] = []  # for each open brace: where its content begins if it is a box, else -1
    argument = -1
    for mark in MARKS.finditer(text, first.start()):
        found = mark[0]
        if found == "{":
            stack.append(mark.end() if mark.start() == argument else -1)
        elif found == "}":
            _close(spans, stack, mark.start())
        elif found[1] in "bf":
            argument = mark.end()
            _add_bare(text, argument, spans)
    return spans, max(stack, default=-1) > (spans[-1][1] if spans else -1)


def _close(spans: list[Span], stack: list[int], end: int) -> None:
    start = stack.pop() if stack else -1
    if start >= 0:
        while spans and spans[-1][0] >= start:  # boxes inside this one are its content
            spans.pop()
        spans.append((start, end))


def _add_bare(text: str, start: int, spans: list[Span]) -> None:
    """`\\boxed 5$`: up to the end of its formula or line, so that `5 or 6` does not read as 5."""
    if BARE.match(text, start):
        end = BARE_END.search(text, start + 1)
        spans.append((start, end.start() if end else len(text)))


def _candidates(text: str, spans: list[Span], boxes: bool = False) -> Extraction:
    """The distinct spellings at `spans`; with `boxes`, those of the boxes inside them."""
    if any(end - start > MAX_ANSWER_CHARS for start, end in spans):
        return Extraction(reason="limit")
    written = dict.fromkeys(text[start:end] for start, end in spans)
    spellings = dict.fromkeys(content for one in written for content in _contents(one, boxes))
    spellings = {spelling: None for spelling in spellings if not is_blank(spelling)}
    if len(spellings) > MAX_CANDIDATES:
        return Extraction(reason="ambiguous")
    return Extraction(tuple(spellings)) if spellings else Extraction(reason="empty")


def _only(text: str, start: int, end: int) -> Extraction:
    """The same where there is but one place, with no box in it."""
    if end - start > MAX_ANSWER_CHARS:
        return Extraction(reason="limit")
    spelling = _unwrap(text[start:end])
    return Extraction(reason="empty") if is_blank(spelling) else Extraction((spelling,))


def _contents(written: str, boxes: bool) -> tuple[str, ...]:
    if boxes:
        spans, unclosed = _box_spans(written)
        if spans and not unclosed:
            return tuple(_unwrap(written[start:end]) for start, end in spans)
    return (_unwrap(written),)


def _unwrap(content: str) -> str:
    """Strip blanks, emphasis and boxes that hold nothing but a box."""
    content = content.strip()
    if "*" in content:
        content = content.lstrip("*")
        if not content.endswith(("^*", "_*")):  # a superscript star is no emphasis
            content = content.rstrip("*")
        content = content.strip()
    for _ in range(MAX_UNWRAPS):
        inner = BOX.match(content) and _box_spans(content)[0]
        if not inner or inner[0][1] != len(content) - 1:
            break
        content = content[inner[0][0] : inner[0][1]].strip()
    return content
