"""`palindrome`: the answer reads the same in both directions."""

from pydantic import Field

from adjudge.verifiers.extract import extract
from adjudge.verifiers.types import Completion, Frozen, Reference, Verdict, Verifier


class PalindromeReference(Reference):
    """Nothing is needed."""


class PalindromeParams(Frozen):
    min_letters: int = Field(default=3, ge=1)
    """Shorter answers are too easy."""


def check(completion: Completion, _: PalindromeReference, params: PalindromeParams) -> Verdict:
    found = extract(completion, "boxed")
    if found.reason is not None:
        return found.refusal()
    letters = [char for char in found.answer.casefold() if char.isalnum()]
    if len(letters) < params.min_letters:
        return Verdict.incorrect("too_short", f"{len(letters)} letters", found.answer)
    if letters == letters[::-1]:
        return Verdict.correct("palindrome", "reads the same backwards", found.answer)
    return Verdict.incorrect("no_palindrome", f"backwards: {''.join(letters[::-1])}", found.answer)


verifier = Verifier(
    kind="palindrome",
    version="1",
    summary="the answer reads the same in both directions",
    reference=PalindromeReference,
    params=PalindromeParams,
    check=check,
)
