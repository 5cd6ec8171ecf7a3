"""`format`: is the form kept that the prompt asked for.

The strict styles are grammars: every tag exactly once, in order, nothing outside, nothing empty. A
completion is read by counting and finding its tags, never by a pattern that can backtrack: a policy
that loops on tags must not stall the trainer (the regular expression that most trainers use takes
26 s for 100,000 characters of repeated tags).

What the chat template already wrote (the group's `prefill`) is part of what is read.

R1-Zero's template has think and answer blocks (DeepSeek-R1, arXiv 2501.12948, table 1), while its
reward's text names the think tags alone (§2.2.2): `r1_zero` is the former, `r1_think_summary` the
latter, which R1 keeps.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from adjudge.verifiers.extract import is_blank, read_boxes
from adjudge.verifiers.types import Completion, Frozen, Reference, Verdict, Verifier

Style = Literal[
    "r1_zero",
    "r1_zero_newline",
    "r1_think_summary",
    "r1_zero_boxed",
    "r1_summary_boxed",
    "qwen3",
    "magistral",
    "harmony",
    "soft_tag_count",
    "soft_anywhere",
]

THINK = ("<think>", "</think>")
ANSWER = ("<answer>", "</answer>")
BLOCKS = THINK + ANSWER
MAGISTRAL = ("[THINK]", "[/THINK]")
ANALYSIS = "<|channel|>analysis<|message|>"
FINAL = "<|end|><|start|>assistant<|channel|>final<|message|>"
START = "<|start|>assistant"
ENDS = ("<|return|>", "<|end|>")
TOKENS = ("<|channel|>", "<|message|>", "<|start|>", *ENDS)


class FormatReference(Reference):
    """Nothing is needed."""


class FormatParams(Frozen):
    style: Style = "r1_zero"
    """`r1_zero`: `<think>…</think><answer>…</answer>`, both filled, only blanks around them.
    `r1_zero_newline`: the same with every block on lines of its own. `r1_zero_boxed`: the same with
    one answer boxed in the answer block. `r1_think_summary`: `<think>…</think>` and a summary.
    `r1_summary_boxed`: the same with one answer boxed in the summary. `qwen3`: the same, the
    thoughts may be empty. `magistral`: `[THINK]…[/THINK]` and an answer. `harmony`: an analysis
    channel, then the final one. `soft_tag_count`: a quarter for each of R1-Zero's four tags that is
    there exactly once. `soft_anywhere`: the four tags in order, whatever is around them."""


class _Broken(Exception):
    """The form is not kept: a reason for programs, a sentence for people."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def check(completion: Completion, _: FormatReference, params: FormatParams) -> Verdict:
    if params.style == "soft_tag_count":
        return _tag_count(completion.text)
    try:
        _STYLES[params.style](completion.text)
    except _Broken as broken:
        return Verdict.incorrect(broken.reason, broken.detail)
    return Verdict.correct("kept")


# -- grammars ------------------------------------------------------------------------------------


def _split(text: str, tags: Sequence[str]) -> list[str]:
    """What stands before, between and after the tags, each of which stands there exactly once."""
    for tag in tags:
        count = text.count(tag)
        if count != 1:
            reason = "missing_tag" if count == 0 else "repeated_tag"
            raise _Broken(reason, f"{tag} stands there {count} times, not once")
    places = [text.find(tag) for tag in tags]
    if places != sorted(places):
        raise _Broken("tag_order", f"the tags are not in the order {' '.join(tags)}")
    starts = [0, *(place + len(tag) for place, tag in zip(places, tags, strict=True))]
    return [text[start:end] for start, end in zip(starts, [*places, len(text)], strict=True)]


def _blank(text: str, where: str) -> None:
    if text.strip():
        raise _Broken("text_outside", f"there is text {where}: {text.strip()[:80]!r}")


def _filled(text: str, what: str) -> None:
    if is_blank(text):
        raise _Broken(f"empty_{what}", f"the {what} is empty")


def _boxed(text: str, where: str) -> None:
    """One answer in boxes; written twice, it is the same."""
    found = read_boxes(text)
    if found.reason is not None:
        raise _Broken(found.reason, f"the {where} has no whole, filled \\boxed{{}}")
    if len(found.candidates) > 1:
        raise _Broken("several_boxes", f"the {where} boxes {len(found.candidates)} answers")


def _blocks(text: str) -> str:
    """Think and answer blocks; what stands in the latter."""
    before, thoughts, between, answer, after = _split(text, BLOCKS)
    _blank(before, "before <think>")
    _blank(between, "between the blocks")
    _blank(after, "after </answer>")
    _filled(thoughts, "reasoning")
    _filled(answer, "answer")
    return answer


def _r1_zero(text: str) -> None:
    _blocks(text)


def _r1_zero_boxed(text: str) -> None:
    _boxed(_blocks(text), "answer block")


def _r1_zero_newline(text: str) -> None:
    _blocks(text)
    before, thoughts, between, answer, after = _split(text, BLOCKS)
    lines = (thoughts[:1], thoughts[-1:], between, answer[:1], answer[-1:])
    if before or after or any(line != "\n" for line in lines):
        raise _Broken("layout", "each tag stands on a line of its own, without blank lines between")


def _thoughts_first(text: str, tags: Sequence[str]) -> tuple[str, str]:
    before, thoughts, summary = _split(text, tags)
    _blank(before, f"before {tags[0]}")
    _filled(summary, "summary")
    return thoughts, summary


def _r1_think_summary(text: str) -> None:
    thoughts, _ = _thoughts_first(text, THINK)
    _filled(thoughts, "reasoning")


def _r1_summary_boxed(text: str) -> None:
    thoughts, summary = _thoughts_first(text, THINK)
    _filled(thoughts, "reasoning")
    _boxed(summary, "summary")


def _qwen3(text: str) -> None:
    _thoughts_first(text, THINK)


def _magistral(text: str) -> None:
    thoughts, _ = _thoughts_first(text, MAGISTRAL)
    _filled(thoughts, "reasoning")


def _harmony(text: str) -> None:
    """gpt-oss's channels; the sampler may have taken the last token away."""
    text = text.strip().removeprefix(START)
    text = text.removesuffix(next((end for end in ENDS if text.endswith(end)), ""))
    before, thoughts, answer = _split(text, (ANALYSIS, FINAL))
    _blank(before, "before the analysis channel")
    for part, what in ((thoughts, "reasoning"), (answer, "answer")):
        _filled(part, what)
        found = next((token for token in TOKENS if token in part), None)
        if found:
            raise _Broken("repeated_tag", f"{found} stands within the {what}")


def _soft_anywhere(text: str) -> None:
    at = 0
    for tag in BLOCKS:
        found = text.find(tag, at)
        if found < 0:
            raise _Broken("missing_tag", f"no {tag} where it belongs")
        at = found + len(tag)


def _tag_count(text: str) -> Verdict:
    once = [tag for tag in BLOCKS if text.count(tag) == 1]
    wrong = [tag for tag in BLOCKS if tag not in once]
    detail = f"not exactly once: {' '.join(wrong)}" if wrong else ""
    return Verdict.graded(len(once) / len(BLOCKS), "tag_count", detail)


_STYLES: Mapping[str, Callable[[str], None]] = {
    "r1_zero": _r1_zero,
    "r1_zero_newline": _r1_zero_newline,
    "r1_think_summary": _r1_think_summary,
    "r1_zero_boxed": _r1_zero_boxed,
    "r1_summary_boxed": _r1_summary_boxed,
    "qwen3": _qwen3,
    "magistral": _magistral,
    "harmony": _harmony,
    "soft_anywhere": _soft_anywhere,
}

verifier = Verifier(
    kind="format",
    version="2",
    summary="is the form kept that the prompt asked for",
    reference=FormatReference,
    params=FormatParams,
    check=check,
)
