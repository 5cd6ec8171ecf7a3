"""What a client counted, for the curves of a training run."""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from adjudge.trainer_client.answers import Score


@dataclass(slots=True)
class Counts:
    """Since the client was made."""

    requests: int = 0
    retries: int = 0
    scored: int = 0
    unscored: Counter[str] = field(default_factory=Counter)
    """Completions that came back as None, by reason."""
    bad_groups: int = 0
    """Groups that the service could not read."""
    seconds: deque[float] = field(default_factory=lambda: deque(maxlen=4096))
    """How long the latest answered requests took, their retries included."""

    def add(self, scores: Iterable[Score]) -> None:
        for score in scores:
            if score.reward is None:
                self.unscored[score.reason or "unscored"] += 1
            else:
                self.scored += 1

    def latency_ms(self, share: float) -> float:
        """The quantile `share` (0..1) of the latest requests; 0 where there were none."""
        ordered = sorted(self.seconds)
        if not ordered:
            return 0.0
        return 1000.0 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]
