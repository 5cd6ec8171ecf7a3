"""`language`: is the chain of thought in the language that it should be in.

DeepSeek-R1's language consistency reward (arXiv 2501.12948, eq. 7): the share of the words that
are in the target language; `estimate` says how they are told. Pure and deterministic; no network.

A completion without a chain of thought is no answer, 0. One that has hardly any words (all
formulas) is in no wrong language: 1, `too_little_text`. What the template wrote is not judged.
"""

from itertools import chain
from typing import Literal

from pydantic import Field, field_validator

from adjudge.verifiers.extract import THOUGHTS, is_blank, split_thought
from adjudge.verifiers.language.codes import canonical, supported
from adjudge.verifiers.language.estimate import Measure, Span, measure
from adjudge.verifiers.language.guess import span_language
from adjudge.verifiers.language.prompt import prompt_language
from adjudge.verifiers.types import BadReference, Completion, Frozen, Reference, Verdict, Verifier

MAX_CHARS = 1_000_000
"""Characters of a completion that are read, a quarter of a million tokens; more is wrong."""
SHOWN_SPANS = 5
SHOWN_CHARS = 60
"""Spans that a verdict lists, longest first, and characters of each."""
AUTO = "auto"


class LanguageReference(Reference):
    language: str | None = Field(default=None, min_length=1)
    """ISO 639 code of the language to think in, or `auto`: that of the prompt."""


class LanguageParams(Frozen):
    where: Literal["cot", "answer", "all"] = "cot"
    """The chain of thought, what follows it, or both."""
    target: str | None = None
    """ISO 639 code, or `auto` (the prompt's language); default: the reference's `language`."""
    shape: Literal["linear", "threshold", "floor"] = "linear"
    """`linear`: the share itself, as in R1. `threshold`: 1 from `threshold` on, else 0. `floor`:
    the share from `threshold` on, else 0."""
    threshold: float = Field(default=0.9, gt=0.0, le=1.0)
    """Share of words; read by the shapes `threshold` and `floor`."""
    tolerate_terms: bool = False
    """Leave names and technical terms out: foreign runs of up to three words are not counted, as
    long as they are at most a tenth of all words."""
    min_words: float = Field(default=8.0, ge=1.0, le=1000.0)
    """Fewer words than this are too few to tell."""

    @field_validator("target")
    @classmethod
    def _known(cls, target: str | None) -> str | None:
        if target is not None and target != AUTO and canonical(target) is None:
            raise ValueError(f"not the ISO code of a supported language (these are: {supported()})")
        return target


def check(completion: Completion, reference: LanguageReference, params: LanguageParams) -> Verdict:
    target = _target(completion, reference, params)
    start, part = _part(completion, params.where)
    if len(part) > MAX_CHARS:
        return Verdict.incorrect("limit", f"more than {MAX_CHARS} characters")
    if is_empty(part):
        return Verdict.no_answer(f"no_{params.where}", _NOTHING[params.where])
    found = measure(part, target)
    if params.tolerate_terms:
        found = found.without_terms()
    if found.words < params.min_words:
        detail = f"{found.words:.1f} words are too few to tell the language"
        return Verdict.correct("too_little_text", detail)
    return _verdict(found, target, start - completion.prefill_chars, part, params)


_NOTHING = {
    "cot": "there is no chain of thought",
    "answer": "nothing follows the chain of thought",
    "all": "the completion is empty",
}


def _target(completion: Completion, reference: LanguageReference, params: LanguageParams) -> str:
    asked = params.target or reference.language
    if asked is None:
        raise BadReference("the reference has no `language`")
    if asked == AUTO:
        found = prompt_language(completion.prompt)
        if found is None:
            raise BadReference("`auto`, but the prompt has no words to tell its language by")
        return found
    code = canonical(asked)
    if code is None:
        raise BadReference(f"{asked[:40]!r} is not the ISO code of a supported language")
    return code


def _part(completion: Completion, where: str) -> tuple[int, str]:
    """The text to judge and where it starts; what the template wrote is not the completion's."""
    prefill = completion.prefill_chars
    if where == "all":
        return prefill, completion.text[prefill:]
    thought = split_thought(completion.text)
    if where == "cot":
        return prefill, thought.cot[prefill:]
    start = max(prefill, len(thought.cot))
    return start, completion.text[start : len(thought.cot) + len(thought.final)]


def is_empty(part: str) -> bool:
    """Nothing that can be seen but the tags of a thought."""
    for tag in chain.from_iterable(THOUGHTS):
        part = part.replace(tag, "")
    return is_blank(part)


def _verdict(found: Measure, target: str, shift: int, part: str, params: LanguageParams) -> Verdict:
    share = found.share
    score = share
    if params.shape != "linear":
        score = 0.0 if share < params.threshold else (1.0 if params.shape == "threshold" else share)
    reason = "consistent" if share >= 1.0 else "mixed" if share > 0.0 else "other_language"
    detail = f"{share:.3f} of {found.words:.0f} words are {target}"
    listed = [_shown(span, shift, part, target) for span in _longest(found.others)]
    if listed:
        more = len(found.others) - len(listed)
        detail += "; others: " + ", ".join(listed) + (f" and {more} more" if more else "")
    return Verdict.graded(round(score, 6), reason, detail)


def _longest(spans: tuple[Span, ...]) -> list[Span]:
    best = sorted(spans, key=lambda span: (-span.weight, span.start))[:SHOWN_SPANS]
    return sorted(best, key=lambda span: span.start)


def _shown(span: Span, shift: int, part: str, target: str) -> str:
    """`en 12–40 "Hmm, wait"`: the language, offsets in the completion's own text, its beginning."""
    cut = " ".join(part[span.start : min(span.end, span.start + SHOWN_CHARS)].split())
    tail = "…" if span.end - span.start > SHOWN_CHARS else ""
    language = span_language(part, span, target)
    return f"{language} {span.start + shift}–{span.end + shift} “{cut}{tail}”"


def _needs(params: LanguageParams) -> tuple[str, ...]:
    return () if params.target else ("language",)


verifier = Verifier(
    kind="language",
    version="2",
    summary="the share of the words that are in the target language (DeepSeek-R1, eq. 7)",
    reference=LanguageReference,
    params=LanguageParams,
    check=check,
    needs=_needs,
)
