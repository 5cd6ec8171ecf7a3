"""Every kind of answer: what a teacher accepts is accepted both ways, what changes it never is."""

import pytest
from hypothesis import given, settings

from adjudge.verifiers.math import verify
from adjudge.verifiers.types import Outcome

from .statements import KINDS, Statement

SOME = settings(max_examples=12, deadline=None, derandomize=True)


def accepts(gold: str, answer: str) -> bool:
    return verify(gold, f"\\boxed{{{answer}}}").verdict is Outcome.CORRECT


@pytest.mark.parametrize("name", KINDS)
def test_what_is_the_same_is_accepted_and_what_is_not_never_is(name: str) -> None:
    @SOME
    @given(KINDS[name])
    def holds(statement: Statement) -> None:
        gold = statement.gold
        assert accepts(gold, gold)
        for answer in statement.same:
            assert accepts(gold, answer), (gold, answer)
            assert accepts(answer, gold), (answer, gold)
        for answer in statement.other:
            assert not accepts(gold, answer), (gold, answer)
            assert not accepts(answer, gold), (answer, gold)

    holds()
