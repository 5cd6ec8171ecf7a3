"""The estimators against their definitions."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjudge.trainer_client.estimate import Estimate, mean, pass_at_k, two_proportions


@given(st.lists(st.booleans(), min_size=1, max_size=9), st.integers(1, 9))
def test_pass_at_k_is_the_share_of_subsets_with_a_correct_one(correct: list[bool], k: int) -> None:
    k = min(k, len(correct))
    subsets = list(itertools.combinations(correct, k))
    share = sum(any(subset) for subset in subsets) / len(subsets)
    assert pass_at_k(sum(correct), len(correct), k) == pytest.approx(share)


@pytest.mark.parametrize("k", [0, 4])
def test_k_out_of_range(k: int) -> None:
    with pytest.raises(ValueError, match="k is"):
        pass_at_k(1, 3, k)


def test_standard_error() -> None:
    found = mean([0.0, 1.0, 1.0, 0.0])
    assert (found.mean, found.problems) == (0.5, 4)
    assert found.error == pytest.approx(math.sqrt((4 * 0.25 / 3) / 4))
    assert str(found) == "0.500 ± 0.289"
    assert mean([]) == Estimate(0.0, 0.0, 0)
    assert mean([0.3]).error == 0.0


def test_a_gain_and_its_error() -> None:
    gain, error = two_proportions(Estimate(0.4, 0.03, 9), Estimate(0.6, 0.04, 9))
    assert gain == pytest.approx(0.2)
    assert error == pytest.approx(0.05)
