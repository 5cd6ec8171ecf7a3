"""How fast the workers are, to tell a refused caller when to come again."""

from collections.abc import Callable


class Rate:
    """Jobs per second, smoothed over the last few seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._since = clock()
        self._counted = 0
        self._per_s = 0.0

    def count(self) -> None:
        self._counted += 1
        spent = self._clock() - self._since
        if spent >= 1.0:
            self._per_s = 0.5 * self._per_s + 0.5 * self._counted / spent
            self._since, self._counted = self._clock(), 0

    def seconds_for(self, jobs: int) -> float:
        """Until half of so many jobs are done, between one second and a minute."""
        if self._per_s <= 0.0:
            return 1.0
        return min(max(jobs / 2 / self._per_s, 1.0), 60.0)
