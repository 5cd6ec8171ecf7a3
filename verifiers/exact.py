"""`exact`: the answer is the reference, letter for letter after the normalisation asked for."""

from adjudge.verifiers.types import Completion, Frozen, Reference, Verdict, Verifier


class ExactReference(Reference):
    answer: str
    """The string that the completion has to give."""


class ExactParams(Frozen):
    ignore_case: bool = False
    """Compare case-folded."""


def check(completion: Completion, reference: ExactReference, params: ExactParams) -> Verdict:
    given, wanted = completion.text.strip(), reference.answer.strip()
    if params.ignore_case:
        given, wanted = given.casefold(), wanted.casefold()
    if given == wanted:
        return Verdict.correct("equal", extracted=given)
    return Verdict.incorrect("different", f"{given[:200]!r} is not {wanted[:200]!r}", given[:200])


verifier = Verifier(
    kind="exact",
    version="1",
    summary="the answer equals the reference as a string",
    reference=ExactReference,
    params=ExactParams,
    check=check,
)
