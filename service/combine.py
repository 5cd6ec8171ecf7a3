"""Several scores, one reward: sum, product, minimum or gate; then clip.

A component that could not be scored (None) makes the reward None, is skipped, or counts as zero,
as `on_unscored` says. In a sum, a component of weight 0 is only watched: it never decides.
"""

import math
from collections.abc import Callable, Mapping, Sequence

from adjudge.service.api import Combine, RewardSpec

Scores = Mapping[str, float | None]


def combine(scores: Scores, specs: Sequence[RewardSpec], how: Combine) -> float | None:
    """The reward of one completion; `scores` by the components' labels. None: could not tell."""
    known = {spec.label: _known(scores[spec.label], how) for spec in specs}
    deciding = [spec for spec in specs if _decides(spec, how)]
    if how.on_unscored == "null" and any(known[spec.label] is None for spec in deciding):
        return None
    zeroed = _zeroed(known, how)
    parts = [
        spec.weight * (0.0 if spec.label in zeroed else score)
        for spec in specs
        if (score := known[spec.label]) is not None
    ]
    return _clip(_MODES[how.mode](parts), how.clip) if parts else None


def _known(score: float | None, how: Combine) -> float | None:
    return 0.0 if score is None and how.on_unscored == "zero" else score


def _decides(spec: RewardSpec, how: Combine) -> bool:
    if spec.weight != 0.0 or how.mode in ("product", "min"):
        return True
    return how.gate is not None and how.gate.if_ == spec.label


def _zeroed(known: Scores, how: Combine) -> tuple[str, ...]:
    """The components that the gate sets to zero; an unscored gate (skipped) stays open."""
    if how.mode != "gate" or how.gate is None:
        return ()
    score = known[how.gate.if_]
    return how.gate.zero if score is not None and score < how.gate.below else ()


def _clip(reward: float, bounds: tuple[float, float] | None) -> float:
    return reward if bounds is None else min(max(reward, bounds[0]), bounds[1])


_MODES: Mapping[str, Callable[[list[float]], float]] = {
    "sum": math.fsum,
    "gate": math.fsum,
    "product": math.prod,
    "min": min,
}
