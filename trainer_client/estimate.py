"""pass@k, cons@k and their standard errors, from which completions were correct."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over problems."""

    mean: float
    error: float
    """Standard error: the sample standard deviation over problems by the root of their number."""
    problems: int

    def __str__(self) -> str:
        return f"{self.mean:.3f} ± {self.error:.3f}"

    def as_json(self) -> dict[str, float]:
        return {key: round(value, 6) for key, value in asdict(self).items()}


def mean(values: Sequence[float]) -> Estimate:
    """0 ± 0 of nothing."""
    count = len(values)
    if count == 0:
        return Estimate(0.0, 0.0, 0)
    middle = math.fsum(values) / count
    if count == 1:
        return Estimate(middle, 0.0, 1)
    variance = math.fsum((value - middle) ** 2 for value in values) / (count - 1)
    return Estimate(middle, math.sqrt(variance / count), count)


def pass_at_k(correct: int, total: int, k: int) -> float:
    """The unbiased estimate 1 - C(n-c, k) / C(n, k) (Chen et al. 2021, arXiv 2107.03374, eq. 1).

    Raises ValueError unless 1 ≤ k ≤ n.
    """
    if not 1 <= k <= total:
        raise ValueError(f"k is 1..{total}, not {k}")
    return 1.0 - math.comb(total - correct, k) / math.comb(total, k)


def two_proportions(before: Estimate, after: Estimate) -> tuple[float, float]:
    """The gain and its standard error, the two measured on their own samples."""
    return after.mean - before.mean, math.hypot(before.error, after.error)
