"""What a run found; the tallies of blocks add up to that of the run."""

from collections import Counter
from dataclasses import dataclass, field

from fuzzing.texts import Pair


@dataclass(frozen=True)
class Fault:
    what: str
    pair: Pair
    block: int = -1
    """`--block` draws it again."""

    def __str__(self) -> str:
        gold, answer = map(_cut, self.pair)
        return f"FAULT in block {self.block}: {self.what}\n  gold   {gold}\n  answer {answer}"


def _cut(text: str) -> str:
    return repr(text) if len(text) <= 300 else f"{text[:140]!r} … {text[-140:]!r} ({len(text)})"


@dataclass
class Tally:
    pairs: int = 0
    verdicts: int = 0
    faults: list[Fault] = field(default_factory=list)
    lopsided: list[Fault] = field(default_factory=list)
    slowest_ms: float = 0.0
    """Own CPU time of one verdict."""
    slowest_s: float = 0.0
    """By the clock, the symbolic tier included."""
    memory_mb: float = 0.0
    asked: int = 0
    """Questions to the symbolic tier."""
    reasons: Counter[str] = field(default_factory=Counter)

    def fault(self, what: str, pair: Pair) -> None:
        self.faults.append(Fault(what, pair))

    def add(self, other: "Tally") -> None:
        self.pairs += other.pairs
        self.verdicts += other.verdicts
        self.faults += other.faults
        self.lopsided += other.lopsided
        self.slowest_ms = max(self.slowest_ms, other.slowest_ms)
        self.slowest_s = max(self.slowest_s, other.slowest_s)
        self.memory_mb = max(self.memory_mb, other.memory_mb)
        self.asked += other.asked
        self.reasons += other.reasons

    def __str__(self) -> str:
        return (
            f"{self.pairs:,} pairs, {self.verdicts:,} verdicts: {len(self.faults)} faults, "
            f"{len(self.lopsided)} lopsided; slowest {self.slowest_ms:.0f} ms of CPU time, "
            f"{self.slowest_s:.2f} s by the clock; {self.memory_mb:.0f} MB; "
            f"{self.asked:,} questions to the symbolic tier"
        )
