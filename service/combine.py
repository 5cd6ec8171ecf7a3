"""Several scores, one reward: sum, product, minimum or gate; then clip.

A component that could not be scored (None) makes the reward None, is skipped, or counts as zero,
as `on_unscored` says. In a sum, a component of weight 0 is only watched: it never decides.
"""

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import TypeGuard, cast

from adjudge.service.api import Combine, RewardSpec

Scores = Sequence[float | None]

MAX_REWARD = 1e12
"""Of a component or a reward, either way: a remote judge's score can be any number, and JSON has no
infinity (it would be written as null, which means that nobody could tell)."""


class Combiner:
    """One group's way from scores to a reward, worked out once for all of its completions."""

    def __init__(self, specs: Sequence[RewardSpec], how: Combine) -> None:
        labels = [spec.label for spec in specs]
        self._how = how
        self._mode = _MODES[how.mode]
        self._weights = [spec.weight for spec in specs]
        self._gate = labels.index(how.gate.if_) if how.gate else None
        self._gated = {labels.index(name) for name in how.gate.zero} if how.gate else set()
        self._plain = how.mode == "sum" and how.gate is None and how.clip is None
        all_decide = how.mode in ("product", "min")
        self._deciding = [
            at
            for at, weight in enumerate(self._weights)
            if all_decide or weight != 0.0 or at == self._gate
        ]

    def __call__(self, scores: Scores) -> float | None:
        """The reward of one completion, its scores in the order of the specs. None: could not
        tell."""
        if self._plain and _are_usual(scores):
            return math.fsum(map(operator.mul, self._weights, scores))
        if None in scores:
            if self._how.on_unscored == "zero":
                scores = [score or 0.0 for score in scores]
            elif self._how.on_unscored == "null" and self._undecided(scores):
                return None
        zeroed = self._zeroed(scores)
        parts = [
            0.0 if at in zeroed else _bounded(weight * score)
            for at, (weight, score) in enumerate(zip(self._weights, scores, strict=True))
            if score is not None
        ]
        return self._clip(_bounded(self._mode(parts))) if parts else None

    def _undecided(self, scores: Scores) -> bool:
        return any(scores[at] is None for at in self._deciding)

    def _zeroed(self, scores: Scores) -> set[int] | tuple[()]:
        """The components that the gate sets to zero; an unscored gate (skipped) stays open."""
        if self._gate is None or self._how.gate is None:
            return ()
        score = scores[self._gate]
        return self._gated if score is not None and score < self._how.gate.below else ()

    def _clip(self, reward: float) -> float:
        bounds = self._how.clip
        return reward if bounds is None else min(max(reward, bounds[0]), bounds[1])


def _are_usual(scores: Scores) -> TypeGuard[Sequence[float]]:
    """All scored, and no sum of so few of them comes near `MAX_REWARD`."""
    if None in scores:
        return False
    given = cast(Sequence[float], scores)
    return min(given) >= -1.0 and max(given) <= 1.0


def _bounded(value: float) -> float:
    return min(max(value, -MAX_REWARD), MAX_REWARD)


def _product(parts: list[float]) -> float:
    """A zero is a zero, also beside parts whose product is too large for a float."""
    return 0.0 if 0.0 in parts else math.prod(parts)


_MODES: Mapping[str, Callable[[list[float]], float]] = {
    "sum": math.fsum,
    "gate": math.fsum,
    "product": _product,
    "min": min,
}
