"""The verifier as the service calls it: references of several answers, grouping of equal ones."""

import pytest

from adjudge.verifiers.math import MathParams, MathReference, verifier
from adjudge.verifiers.math.context import Context
from adjudge.verifiers.math.nodes import Sym
from adjudge.verifiers.types import Completion, Outcome


@pytest.mark.parametrize(("answer", "outcome"), [("3", "correct"), ("4", "incorrect")])
def test_any_of_several_references_will_do(answer: str, outcome: str) -> None:
    reference = MathReference(answer=("2", "\\frac{6}{2}"))
    assert verifier.check is not None
    verdict = verifier.check(Completion(f"\\boxed{{{answer}}}"), reference, MathParams())
    assert verdict.verdict is Outcome(outcome)


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [("1/2", "0.5", True), ("1/2", "0.6", False), ("\\frac{", "\\frac{", True), ("{", "5", False)],
)
def test_answers_are_grouped_by_value_and_unreadable_ones_by_text(
    left: str, right: str, same: bool
) -> None:
    assert verifier.same is not None
    assert verifier.same(left, right, MathParams()) is same


def test_only_the_dispatch_compares_trees() -> None:
    with pytest.raises(AssertionError):
        Context().same(Sym("x"), Sym("x"))
