"""The kind `math`: find the answers, read both sides, compare, say why."""

from collections.abc import Sequence
from functools import lru_cache

from pydantic import Field

from adjudge.verifiers.extract import BOX, Extraction, How, extract, extract_text
from adjudge.verifiers.math.compare import compare
from adjudge.verifiers.math.context import Decision, Policies
from adjudge.verifiers.math.limits import CHARS, Malformed, OverLimit
from adjudge.verifiers.math.nodes import Node
from adjudge.verifiers.math.reading import read
from adjudge.verifiers.types import BadReference, Completion, Reference, Verdict, Verifier

SHOWN = 200


Answers = str | tuple[str, ...]


class MathReference(Reference):
    answer: Answers = Field(min_length=1)
    """LaTeX or plain; several: any of them will do."""


class MathParams(Policies):
    extract: How = "boxed"
    """Where the answer stands."""


DEFAULTS = MathParams()


def check(completion: Completion, reference: MathReference, params: MathParams) -> Verdict:
    golds = _golds(reference.answer)
    return _judged(golds, extract(completion, params.extract), params)


def verify(reference: str, completion: str, params: MathParams | None = None) -> Verdict:
    """Is the completion's answer equal to the reference? A bad one is `unscored`."""
    try:
        golds = _golds(reference)
    except BadReference as error:
        return Verdict.unscored("bad_reference", str(error)[:500])
    params = params or DEFAULTS
    return _judged(golds, extract_text(completion, params.extract), params)


@lru_cache(maxsize=4096)
def _golds(answer: Answers) -> tuple[str, ...]:
    """The references, without their boxes; all of them can be read."""
    texts = tuple(_unboxed(text) for text in ((answer,) if isinstance(answer, str) else answer))
    for text in texts:
        try:
            _tree(text)
        except (Malformed, OverLimit, RecursionError) as error:
            raise BadReference(f"answer: {text[:SHOWN]!r} cannot be read: {error}") from error
    return texts


@lru_cache(maxsize=4096)
def _tree(text: str) -> Node:
    if len(text) > CHARS:
        raise OverLimit(f"longer than {CHARS:,} characters")
    return read(_flat(text))


def _flat(text: str) -> str:
    """A box in a bigger box is part of what that one says: `5 \\boxed{4}` is no 4."""
    if "boxed" not in text and "fbox" not in text:
        return text
    plain, boxes = BOX.subn("", text)
    if boxes > 1:
        raise Malformed("several boxes in one")
    return plain


def _unboxed(text: str) -> str:
    """A reference may come in its box."""
    if "\\boxed" not in text and "\\fbox" not in text:
        return text
    found = extract(Completion(text), "boxed")
    return found.answer if found.reason is None else text


@lru_cache(maxsize=2048)
def _compared(gold: str, answer: str, policies: Policies) -> Decision:
    """Remembered, for the rollouts of a group share their few answers."""
    return compare(_tree(gold), _tree(answer), policies)


def _judged(golds: Sequence[str], found: Extraction, params: MathParams) -> Verdict:
    if found.reason is not None:
        return found.refusal()
    answer = found.answer
    shown = answer[:SHOWN]
    for candidate in found.candidates:
        try:
            _tree(candidate)
        except OverLimit as error:
            return Verdict.incorrect("limit", str(error), shown)
        except (Malformed, RecursionError) as error:
            return Verdict.incorrect("unreadable", f"{candidate[:80]!r}: {error}", shown)
    if len(found.candidates) > 1 and _ambiguous(found, params):
        said = f"{len(found.candidates)} different answers are given"
        return Verdict.no_answer("ambiguous", said)
    return _best(golds, answer, params, shown)


def _ambiguous(found: Extraction, params: MathParams) -> bool:
    *others, answer = found.candidates
    return any(_compared(other, answer, params).equal is not True for other in others)


def _best(golds: Sequence[str], answer: str, params: MathParams, shown: str) -> Verdict:
    decisions = []
    for text in golds:
        decision = _compared(text, answer, params)
        if decision.equal:
            return Verdict.correct(decision.reason, _detail(shown, "=", text, decision), shown)
        decisions.append((text, decision))
    text, decision = next((pair for pair in decisions if pair[1].equal is None), decisions[0])
    return Verdict.incorrect(decision.reason, _detail(shown, "≠", text, decision), shown)


def _detail(answer: str, sign: str, gold: str, decision: Decision) -> str:
    note = f" ({decision.detail})" if decision.detail else ""
    return f"{answer[:SHOWN]} {sign} {gold[:SHOWN]}{note}"


def _same(left: str, right: str, params: MathParams) -> bool:
    try:
        return _compared(left, right, params).equal is True
    except (Malformed, OverLimit, RecursionError):
        return left == right


verifier = Verifier(
    kind="math",
    version="2",
    summary="the answer is mathematically equal to the reference",
    reference=MathReference,
    params=MathParams,
    check=check,
    same=_same,
)
