"""What a group of rewards says: mean, deviation, advantages, pass@k, the majority vote.

Unscored completions are left out everywhere; their advantage is None.
"""

import math
import re
import statistics as st
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

STATS = ("mean", "std", "advantages", "zero_variance", "cons")
"""And `pass@k` for any k ≥ 1."""
_PASS = re.compile(r"pass@([1-9][0-9]{0,5})")
_EPSILON = 1e-4
"""TRL's, in the denominator of an advantage."""


@dataclass(frozen=True, slots=True)
class Primary:
    """The first component of one completion: what pass@k and the vote look at."""

    score: float | None
    answer: str | None
    """As extracted."""
    group_class: int | None
    """Completions with one number gave equivalent answers; None: no answer."""


def pass_k(name: str) -> int | None:
    """The k of `pass@k`; None if it is not such a name."""
    match = _PASS.fullmatch(name)
    return int(match[1]) if match else None


def statistics(
    wanted: Sequence[str], rewards: Sequence[float | None], primary: Sequence[Primary]
) -> dict[str, JsonValue]:
    """One value for each name asked for; the names were checked at the door."""
    return {name: _statistic(name, rewards, primary) for name in wanted}


def _statistic(name: str, rewards: Sequence[float | None], primary: Sequence[Primary]) -> JsonValue:
    k = pass_k(name)
    if k is not None:
        return pass_at([p.score for p in primary], k)
    if name == "cons":
        return majority(primary)
    return _OF_REWARDS[name](rewards)


def _scored(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def mean(rewards: Sequence[float | None]) -> float | None:
    scored = _scored(rewards)
    return st.fmean(scored) if scored else None


def std(rewards: Sequence[float | None]) -> float | None:
    """Sample standard deviation (n − 1), as `torch.std`; 0 for a single reward."""
    scored = _scored(rewards)
    if len(scored) < 2:
        return 0.0 if scored else None
    middle = st.fmean(scored)
    return math.sqrt(math.fsum((r - middle) ** 2 for r in scored) / (len(scored) - 1))


def advantages(rewards: Sequence[float | None]) -> list[JsonValue]:
    """(r − mean) / (std + 1e-4), as TRL's GRPO computes them (arXiv 2402.03300 §4.1.2)."""
    middle, spread = mean(rewards), std(rewards)
    if middle is None or spread is None:
        return [None] * len(rewards)
    return [None if r is None else (r - middle) / (spread + _EPSILON) for r in rewards]


def zero_variance(rewards: Sequence[float | None]) -> bool | None:
    """True: every reward is the same, and the group teaches nothing."""
    scored = _scored(rewards)
    return max(scored) - min(scored) <= 1e-8 if scored else None


def pass_at(scores: Sequence[float | None], k: int) -> float | None:
    """Unbiased pass@k: 1 − C(n−c, k) / C(n, k) (Chen et al. 2021, arXiv 2107.03374, eq. 1).

    None when fewer than k completions could be scored.
    """
    scored = _scored(scores)
    n, c = len(scored), sum(score >= 1.0 for score in scored)
    if n < k:
        return None
    return 1.0 - math.comb(n - c, k) / math.comb(n, k)


def majority(primary: Sequence[Primary]) -> dict[str, JsonValue] | None:
    """The vote by equivalence class; a tie scores the mean of the tied classes.

    `share` is of all scored completions, those without an answer included.
    """
    scored = [p for p in primary if p.score is not None]
    if not scored:
        return None
    votes = Counter(p.group_class for p in scored if p.group_class is not None)
    if not votes:
        return {"answer": None, "share": 0.0, "score": 0.0}
    most = max(votes.values())
    tied = [name for name, count in votes.items() if count == most]
    first = next(p for p in scored if p.group_class == tied[0])
    score = st.fmean(_class_score(scored, name) for name in tied)
    return {"answer": first.answer, "share": most / len(scored), "score": score}


def _class_score(scored: Sequence[Primary], name: int) -> float:
    return st.fmean(p.score for p in scored if p.group_class == name and p.score is not None)


_OF_REWARDS = {
    "mean": mean,
    "std": std,
    "advantages": advantages,
    "zero_variance": zero_variance,
}
