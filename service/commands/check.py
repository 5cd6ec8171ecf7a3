"""`adjudge check`: every reference must pass its own verifier.

A row's right answer is put into the places where a completion may have it (bare, boxed, in answer
tags); the row passes if one of them gets full marks from each reward that reads a reference. A list
of accepted answers is tried answer by answer. A row with a `completion` (a column of that name, or
mapped to it) is tried with that instead: code needs one. Where there is neither, the row passes if
its reference can be used at all, and the report says how many did.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated

import typer
from pydantic import JsonValue
from rich.console import Console

from adjudge.service.api import CompletionOut, Component, Fault, Group, GroupOut
from adjudge.service.commands.asking import Source, judge_at, judged, progress, source
from adjudge.service.commands.options import Config, Kind, Map, Rows, Url, Workers
from adjudge.service.commands.summary import counted
from adjudge.service.errors import BadRequest
from adjudge.service.rows import Asked, Row, count, group
from adjudge.service.settings import Settings, load
from adjudge.verifiers.types import Outcome

PLACES = ("\\boxed{{{}}}", "{}", "<answer>{}</answer>", "<answer>\\boxed{{{}}}</answer>")


@dataclass(slots=True)
class Tried:
    """What stands in one row's group: each right answer, and where its tries begin."""

    answers: list[str]
    tries: list[str] = field(default_factory=list)


def command(
    file: Rows,
    kind: Kind = None,
    columns: Map = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a failing row.")] = False,
    limit: Annotated[int, typer.Option(min=0, help="Show at most so many failing rows.")] = 50,
    url: Url = None,
    workers: Workers = None,
    config: Config = None,
) -> None:
    """Check a dataset: every reference must pass its own verifier.

    Rows are {"reference": {…}, "rewards": […]}, or any columns with --kind and --map:

    adjudge check train.jsonl --kind math --map answer=solution

    Lists the rows that fail, then how many for which reason, and exits with 1 if there are any:
    such a row pays no right answer.
    """
    settings = load(workers=workers, config=config, log_level="warning")
    console = Console(stderr=True)
    report = _Report(limit=limit, as_json=as_json)
    asyncio.run(
        _check(report, source(file, kind, columns, url), url, settings, count(file), console)
    )
    report.show(console)
    raise typer.Exit(1 if report.failed or not report.rows else 0)


@dataclass(frozen=True, slots=True)
class _Problem:
    reason: str
    """For programs to count."""
    text: str


@dataclass(slots=True)
class _Report:
    limit: int
    as_json: bool
    rows: int = 0
    untried: int = 0
    """Rows that passed because their reference can be used: nothing was there to try."""
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def failed(self) -> int:
        return self.reasons.total()

    def add(self, row: Row, problem: _Problem | None) -> None:
        self.rows += 1
        if problem is None:
            return
        self.reasons[problem.reason] += 1
        if self.failed <= self.limit:
            typer.echo(self._told(row, problem))

    def _told(self, row: Row, problem: _Problem) -> str:
        if not self.as_json:
            return f"{row.name}: {problem.text}"
        told = {"line": row.line, "id": row.columns.get("id"), "reason": problem.reason}
        return json.dumps({**told, "problem": problem.text})

    def show(self, console: Console) -> None:
        if self.failed > self.limit:
            typer.echo(f"… and {self.failed - self.limit} more", err=True)
        if self.failed:
            console.print(counted("why rows fail", self.reasons.most_common()))
        typer.echo(f"{self.rows} rows, {self.failed} fail", err=self.as_json)
        if self.untried:
            words = "have nothing to try, only their references were read: name the column of right"
            typer.echo(f"{self.untried} rows {words} programs with --map completion=…", err=True)


async def _check(
    report: _Report,
    given: Source,
    url: str | None,
    settings: Settings,
    total: int | None,
    console: Console,
) -> None:
    tried: dict[int, Tried] = {}
    with progress(console, total) as step:
        async with judge_at(url, settings) as judge:
            async for row, answer in judged(judge, _groups(given, tried)):
                found = tried.pop(row.line, None)
                problem = _problem(row, answer, found)
                report.untried += problem is None and not (found and found.tries)
                report.add(row, problem)
                step()


def _groups(given: Source, tried: dict[int, Tried]) -> Iterator[Asked]:
    for row in given.rows:
        try:
            made = group(row, given.columns, given.rewards, ["?"])
        except BadRequest as error:
            yield row, tuple(error.faults)
            continue
        tried[row.line] = found = _tried(row, given.columns, made)
        yield row, made.model_copy(update={"completions": tuple(found.tries or ["?"])})


def _tried(row: Row, columns: Mapping[str, str], made: Group) -> Tried:
    for name in ("completion", "solution"):
        given = row.columns.get(columns.get(name, name if name == "completion" else ""))
        if isinstance(given, str):
            return Tried([name], [given])
    answers = [*_answers(made.reference.get("answer"))]
    return Tried(answers, [place.format(answer) for answer in answers for place in PLACES])


def _answers(answer: JsonValue) -> Iterator[str]:
    if isinstance(answer, list):
        for one in answer:
            yield from _answers(one)
    elif isinstance(answer, str):
        yield answer
    elif isinstance(answer, int | float):
        yield json.dumps(answer)


def _problem(
    row: Row, answer: GroupOut | tuple[Fault, ...], tried: Tried | None
) -> _Problem | None:
    """Why the row fails; None if it passes."""
    if not isinstance(answer, GroupOut):
        said = "; ".join(f"{fault.path}: {fault.message}" for fault in answer)
        reason = answer[0].message.partition(":")[0][:60]
        return _Problem(reason, said.replace(f"{row.name}: ", ""))
    if tried is None or not tried.tries:
        return next((why for why in map(_unusable, answer.completions) if why), None)
    size = len(answer.completions) // len(tried.answers)
    for at, name in enumerate(tried.answers):
        own = answer.completions[at * size : (at + 1) * size]
        if not any(_passes(completion) for completion in own):
            told = _most_telling(own)
            return _Problem(told.reason, f"{name!r} does not pass: {_said(told)}")
    return None


def _unusable(completion: CompletionOut) -> _Problem | None:
    found = [c for c in completion.components.values() if c.verdict is Outcome.UNSCORED]
    return _Problem(found[0].reason, _said(found[0])) if found else None


def _passes(completion: CompletionOut) -> bool:
    """The first reward is the one about the answer; the others judge form, which no gold has."""
    return next(iter(completion.components.values())).verdict is Outcome.CORRECT


def _most_telling(tries: Iterable[CompletionOut]) -> Component:
    """Of the refusals: an unusable reference, else the first try's."""
    firsts: list[Component] = [next(iter(one.components.values())) for one in tries]
    return next((one for one in firsts if one.verdict is Outcome.UNSCORED), firsts[0])


def _said(told: Component) -> str:
    return f"{told.reason}: {told.detail}" if told.detail else told.reason
