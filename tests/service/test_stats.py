import math
import statistics as st
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from adjudge.service.stats import (
    Primary,
    advantages,
    majority,
    mean,
    pass_at,
    pass_k,
    statistics,
    std,
    zero_variance,
)


def votes(*rows: tuple[float | None, str | None, int | None]) -> list[Primary]:
    return [Primary(*row) for row in rows]


def test_mean_and_deviation_leave_unscored_out() -> None:
    rewards = [1.0, None, 0.0, 1.0]
    assert mean(rewards) == pytest.approx(2 / 3)
    assert std(rewards) == pytest.approx(st.stdev([1.0, 0.0, 1.0]))


def test_one_reward_has_no_deviation() -> None:
    assert std([2.5, None]) == 0.0
    assert advantages([2.5, None]) == [0.0, None]


def test_nothing_scored_says_nothing() -> None:
    nothing: list[float | None] = [None, None]
    assert mean(nothing) is None
    assert std(nothing) is None
    assert advantages(nothing) == [None, None]
    assert zero_variance(nothing) is None
    assert pass_at(nothing, 1) is None
    assert majority(votes((None, None, None))) is None


def test_advantages_are_trl_s() -> None:
    """(r − mean) / (std + 1e-4) with the sample deviation, as trl 1.16's GRPOTrainer."""
    rewards = [1.0, 0.0, 0.0, 1.0]
    spread = st.stdev(rewards)
    assert advantages(rewards) == pytest.approx([(r - 0.5) / (spread + 1e-4) for r in rewards])


def test_zero_variance() -> None:
    assert zero_variance([1.0, 1.0, None]) is True
    assert zero_variance([1.0, 0.0]) is False


@given(some.lists(some.booleans(), min_size=1, max_size=9), some.integers(1, 9))
def test_pass_at_k_is_the_mean_over_all_subsets(right: list[bool], k: int) -> None:
    scores = [float(r) for r in right]
    if k > len(scores):
        assert pass_at(scores, k) is None
        return
    subsets = [any(chosen) for chosen in combinations(right, k)]
    assert pass_at(scores, k) == pytest.approx(sum(subsets) / len(subsets))


def test_pass_at_k_with_many_samples_stays_exact() -> None:
    scores = [1.0] * 3 + [0.0] * 8189
    assert pass_at(scores, 64) == pytest.approx(1 - (1 - 64 / 8192) ** 3, abs=1e-4)


@pytest.mark.parametrize(
    ("name", "k"), [("pass@1", 1), ("pass@64", 64), ("pass@0", None), ("pass@", None), ("x", None)]
)
def test_names_of_pass_at_k(name: str, k: int | None) -> None:
    assert pass_k(name) == k


def test_vote_counts_classes_not_strings() -> None:
    vote = majority(votes((1.0, "0.5", 0), (1.0, "1/2", 0), (0.0, "3", 1), (0.0, None, None)))
    assert vote == {"answer": "0.5", "share": 0.5, "score": 1.0}


def test_tied_classes_score_their_mean() -> None:
    vote = majority(votes((1.0, "1", 0), (0.0, "2", 1)))
    assert vote == {"answer": "1", "share": 0.5, "score": 0.5}


def test_vote_without_answers() -> None:
    assert majority(votes((0.0, None, None))) == {"answer": None, "share": 0.0, "score": 0.0}


def test_statistics_by_name() -> None:
    primary = votes((1.0, "1", 0), (0.0, "2", 1))
    found = statistics(["mean", "pass@1", "cons", "zero_variance"], [1.0, 0.0], primary)
    assert list(found) == ["mean", "pass@1", "cons", "zero_variance"]
    assert found["pass@1"] == 0.5
    assert not math.isnan(found["mean"] if isinstance(found["mean"], float) else math.nan)
