"""`exact`: the answer is the reference as a string, after the normalisation asked for; or its F1.

F1 is SQuAD's (Rajpurkar et al. 2016, arXiv 1606.05250 §6.1): the harmonic mean of precision and
recall of the words that both have, each word as often as both have it.
"""

import re
import string
import unicodedata
from collections import Counter

from pydantic import Field

from adjudge.verifiers.answers import Where, find
from adjudge.verifiers.types import Completion, Frozen, Reference, Verdict, Verifier

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_PUNCTUATION = frozenset(string.punctuation)
SHOWN = 200
"""Characters of an answer that a verdict repeats."""


class ExactReference(Reference):
    answer: str | tuple[str, ...] = Field(min_length=1)
    """The string that the completion has to give; or several, each of which will do."""


class ExactParams(Frozen):
    extract: Where = "auto"
    """Where the answer stands."""
    ignore_case: bool = False
    """Compare case-folded."""
    ignore_punctuation: bool = False
    """Leave punctuation out, of whatever script."""
    ignore_articles: bool = False
    """Leave English articles out."""
    ignore_whitespace: bool = False
    """Leave blanks out; otherwise each run of them is one."""
    f1: bool = False
    """Score the share of common words instead of 0 or 1."""


def check(completion: Completion, reference: ExactReference, params: ExactParams) -> Verdict:
    found = find(completion, params.extract)
    if found.reason is not None:
        return found.refusal()
    given = {normalise(candidate, params) for candidate in found.candidates}
    if len(given) > 1:
        return Verdict.no_answer("ambiguous", f"{len(given)} different answers are given")
    wanted = [normalise(answer, params) for answer in accepted(reference.answer)]
    return _compare(given.pop(), wanted, found.answer[:SHOWN], params)


def accepted(answer: str | tuple[str, ...]) -> tuple[str, ...]:
    return (answer,) if isinstance(answer, str) else answer


def _compare(given: str, wanted: list[str], shown: str, params: ExactParams) -> Verdict:
    if params.f1:
        score = max(f1(given, answer) for answer in wanted)
        return Verdict.graded(score, "f1", f"F1 {score:.3f} with {wanted[0][:SHOWN]!r}", shown)
    if given in wanted:
        return Verdict.correct("equal", f"{given[:SHOWN]!r} is the reference", shown)
    others = f" (or {len(wanted) - 1} others)" if len(wanted) > 1 else ""
    detail = f"{given[:SHOWN]!r} is not {wanted[0][:SHOWN]!r}{others}"
    return Verdict.incorrect("different", detail, shown)


def normalise(text: str, params: ExactParams) -> str:
    """Unicode's composed form, then what the params ask for."""
    text = unicodedata.normalize("NFC", text)
    if params.ignore_case:
        text = text.casefold()
    if params.ignore_punctuation:
        text = "".join(char for char in text if not _is_punctuation(char))
    if params.ignore_articles:
        text = _ARTICLES.sub(" ", text)
    return ("" if params.ignore_whitespace else " ").join(text.split())


def _is_punctuation(char: str) -> bool:
    return char in _PUNCTUATION or unicodedata.category(char).startswith("P")


def f1(given: str, wanted: str) -> float:
    """Of the words of two normalised strings; two empty strings are equal."""
    ours, theirs = Counter(given.split()), Counter(wanted.split())
    if not ours or not theirs:
        return float(ours == theirs)
    common = (ours & theirs).total()
    return 2 * common / (ours.total() + theirs.total())


def _same(left: str, right: str, params: ExactParams) -> bool:
    return normalise(left, params) == normalise(right, params)


verifier = Verifier(
    kind="exact",
    version="2",
    summary="the answer equals the reference as a string",
    reference=ExactReference,
    params=ExactParams,
    check=check,
    same=_same,
)
