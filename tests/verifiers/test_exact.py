from adjudge.verifiers.exact import ExactParams, ExactReference, check
from adjudge.verifiers.types import Completion, Outcome


def test_same_string_is_correct() -> None:
    verdict = check(Completion("cat"), ExactReference(answer="cat"), ExactParams())
    assert verdict.verdict is Outcome.CORRECT
