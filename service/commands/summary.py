"""What `adjudge score` and `adjudge check` say at the end: tables for people, on standard error."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

VERDICTS = ("correct", "partial", "incorrect", "no_answer", "unscored")
MOST = 12
"""Reasons that are listed."""

Scored = dict[str, Any]
"""A row as `score` writes it."""


@dataclass(slots=True)
class Tally:
    """Counts over scored rows: those of this run, and those that an earlier run had written."""

    rows: int = 0
    refused: int = 0
    rewards: list[float] = field(default_factory=list)
    unscored: int = 0
    verdicts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    scores: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    reasons: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    flags: Counter[str] = field(default_factory=Counter)

    def add(self, row: Scored) -> None:
        self.rows += 1
        self.refused += row["rewards"] is None
        for completion in row.get("judged") or ():
            self._add(completion)

    def _add(self, completion: dict[str, Any]) -> None:
        if completion["reward"] is None:
            self.unscored += 1
        else:
            self.rewards.append(completion["reward"])
        self.flags.update(completion["flags"])
        for label, found in completion["components"].items():
            self.verdicts[label][found["verdict"]] += 1
            self.reasons[label, found["verdict"], found["reason"]] += 1
            if found["score"] is not None:
                self.scores[label].append(found["score"])

    def show(self, console: Console) -> None:
        console.print(self._line(), highlight=False, soft_wrap=True)
        if self.verdicts:
            console.print(self._components())
            console.print(counted("reason", self._reasons()))
        if self.flags:
            console.print(counted("flag", self.flags.most_common(MOST)))

    def _line(self) -> str:
        count = len(self.rewards) + self.unscored
        mean = f"{sum(self.rewards) / len(self.rewards):.4f}" if self.rewards else "none"
        said = f"{count} completions, mean reward {mean}, {self.unscored} not judged"
        return said + (f", {self.refused} rows refused" if self.refused else "")

    def _components(self) -> Table:
        table = Table("component", "mean score", *VERDICTS)
        for label, found in self.verdicts.items():
            scores = self.scores[label]
            mean = f"{sum(scores) / len(scores):.4f}" if scores else "none"
            table.add_row(label, mean, *(str(found[verdict] or "") for verdict in VERDICTS))
        return table

    def _reasons(self) -> Iterable[tuple[str, int]]:
        for (label, verdict, reason), count in self.reasons.most_common(MOST):
            yield f"{label}: {verdict}, {reason}", count


def counted(what: str, found: Iterable[tuple[str, int]]) -> Table:
    table = Table(what, "count")
    table.columns[1].justify = "right"
    for name, count in found:
        table.add_row(name, f"{count:,}")
    return table
