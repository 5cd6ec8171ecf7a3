"""`adjudge score`: a file of completions in, the same rows with rewards out."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, TextIO

import typer
from rich.console import Console
from rich.progress import Progress

from adjudge.service.api import Fault, Group, GroupOut
from adjudge.service.commands.asking import Source, judge_at, judged, source
from adjudge.service.commands.options import Config, Kind, Map, Rows, Url, Workers
from adjudge.service.rows import Row, completions, group
from adjudge.service.settings import Settings, load


def command(
    file: Rows,
    kind: Kind = None,
    columns: Map = None,
    out: Annotated[
        Path | None, typer.Option(help="Where the rows go; default: standard output.")
    ] = None,
    url: Url = None,
    workers: Workers = None,
    config: Config = None,
) -> None:
    """Score a file of completions, without a server.

    Rows are groups of `POST /reward` ({"completions": […], "reference": {…}}), or any columns:

    adjudge score out.jsonl --kind math,format --map completion=response --map answer=gold

    Each row comes out with `rewards` and `judged` added; a summary goes to standard error.
    """
    settings = load(workers=workers, config=config, log_level="warning")
    given = source(file, kind, columns)
    tally = _Tally()
    with nullcontext(sys.stdout) if out is None else out.open("w", encoding="utf-8") as sink:
        asyncio.run(_score(given, url, settings, tally, sink))
    tally.show()


@dataclass(slots=True)
class _Tally:
    completions: int = 0
    unscored: int = 0
    total: float = 0.0
    refused: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, answer: GroupOut | tuple[Fault, ...]) -> None:
        if not isinstance(answer, GroupOut):
            self.refused += 1
            return
        for completion in answer.completions:
            self.completions += 1
            self.unscored += completion.reward is None
            self.total += completion.reward or 0.0
            for label, found in completion.components.items():
                self.reasons[f"{label}: {found.verdict}, {found.reason}"] += 1

    def show(self) -> None:
        scored = self.completions - self.unscored
        mean = f"{self.total / scored:.4f}" if scored else "none"
        say = f"{self.completions} completions, mean reward {mean}, {self.unscored} not judged"
        typer.echo(say + (f", {self.refused} rows refused" if self.refused else ""), err=True)
        for reason, count in self.reasons.most_common(12):
            typer.echo(f"  {count:>8}  {reason}", err=True)


async def _score(
    given: Source, url: str | None, settings: Settings, tally: _Tally, sink: TextIO
) -> None:
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("judging", total=None)
        async with judge_at(url, settings) as judge:
            async for row, answer in judged(judge, _groups(given)):
                sink.write(json.dumps(_row(row, answer), ensure_ascii=False) + "\n")
                tally.add(answer)
                bar.advance(task)


def _groups(given: Source) -> Iterator[tuple[Row, Group]]:
    for row in given.rows:
        texts = completions(row, given.columns)
        yield row, group(row, given.columns, given.rewards, texts)


def _row(row: Row, answer: GroupOut | tuple[Fault, ...]) -> dict[str, object]:
    if isinstance(answer, GroupOut):
        told = answer.model_dump(mode="json")
        return {**row.columns, "rewards": told["rewards"], "judged": told["completions"]}
    faults = [f"{fault.path}: {fault.message}" for fault in answer]
    return {**row.columns, "rewards": None, "faults": faults}
