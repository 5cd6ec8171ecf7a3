"""`adjudge score`: a file of completions in, the same rows with rewards out."""

import asyncio
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from pathlib import Path
from typing import Annotated, TextIO

import typer
from pydantic import JsonValue
from rich.console import Console

from adjudge.service.api import Fault, GroupOut
from adjudge.service.commands.asking import Source, judge_at, judged, progress, source
from adjudge.service.commands.options import Config, Kind, Map, Rows, Url, Workers
from adjudge.service.commands.summary import Scored, Tally
from adjudge.service.errors import BadRequest
from adjudge.service.rows import Asked, Row, completions, count, group
from adjudge.service.settings import Settings, load

ADDED = {"rewards", "judged", "faults"}
"""Columns that a row comes out with."""


def command(
    file: Rows,
    kind: Kind = None,
    columns: Map = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Where the rows go; default: standard output. A file that an interrupted run has "
            "left is gone on with."
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Start anew where --out has rows already.")
    ] = False,
    url: Url = None,
    workers: Workers = None,
    config: Config = None,
) -> None:
    """Score a file of completions, without a server.

    Rows are groups of `POST /reward` ({"completions": […], "reference": {…}}), or any columns:

    adjudge score out.jsonl --kind math,format --map completion=response --map answer=gold

    Each row comes out with `rewards` and `judged` added; one that cannot be judged with `rewards`
    null and `faults`, and the exit status is then 1. A summary goes to standard error.
    """
    settings = load(workers=workers, config=config, log_level="warning")
    given = source(file, kind, columns, url)
    console, tally = Console(stderr=True), Tally()
    if out is not None and out.exists() and file.exists() and out.samefile(file):
        raise BadRequest([Fault(path="--out", message="is the file that is read")])
    if out is not None and not overwrite:
        _take_up(out, given, tally)
    with _sink(out, overwrite) as sink:
        asyncio.run(_score(given, url, settings, tally, sink, count(file), console))
    tally.show(console)
    raise typer.Exit(1 if tally.refused else 0)


def _sink(out: Path | None, overwrite: bool) -> AbstractContextManager[TextIO]:
    """Written line by line: what a killed run has judged is not lost."""
    if out is None:
        return nullcontext(sys.stdout)
    if overwrite:
        return out.open("w", encoding="utf-8", buffering=1)
    return out.open("a", encoding="utf-8", buffering=1)


def _line(row: Scored) -> str:
    """A lone surrogate is written as JSON spells it, `\\ud800`: UTF-8 cannot hold it."""
    text = json.dumps(row, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode() + "\n"


def _take_up(out: Path, given: Source, tally: Tally) -> None:
    """Pass over the rows that an earlier run has scored into `out`; a torn last line is cut off.

    Raises BadRequest if what stands there is not made of these rows.
    """
    if not out.is_file():
        return
    _cut_torn_line(out)
    with out.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            done, row = _parsed(line), next(given.rows, None)
            if done is None or row is None or _own(done) != _own(row.columns):
                message = f"line {number} was not made of {given.name}; --overwrite starts anew"
                raise BadRequest([Fault(path=str(out), message=message)])
            tally.add(done)


def _cut_torn_line(out: Path) -> None:
    with out.open("rb+") as file:
        whole = end = 0
        for line in file:
            end += len(line)
            whole = end if line.endswith(b"\n") else whole
        file.truncate(whole)


def _parsed(line: str) -> Scored | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and "rewards" in found else None


def _own(columns: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {name: value for name, value in columns.items() if name not in ADDED}


async def _score(
    given: Source,
    url: str | None,
    settings: Settings,
    tally: Tally,
    sink: TextIO,
    total: int | None,
    console: Console,
) -> None:
    with progress(console, total, done=tally.rows) as step:
        async with judge_at(url, settings) as judge:
            async for row, answer in judged(judge, _groups(given)):
                scored = _row(row, answer)
                sink.write(_line(scored))
                tally.add(scored)
                step()


def _groups(given: Source) -> Iterator[Asked]:
    for row in given.rows:
        try:
            texts = completions(row, given.columns)
            yield row, group(row, given.columns, given.rewards, texts)
        except BadRequest as error:
            yield row, tuple(error.faults)


def _row(row: Row, answer: GroupOut | tuple[Fault, ...]) -> Scored:
    if isinstance(answer, GroupOut):
        told = answer.model_dump(mode="json")
        return {**row.columns, "rewards": told["rewards"], "judged": told["completions"]}
    return {**row.columns, "rewards": None, "faults": list(_said(answer))}


def _said(faults: Iterable[Fault]) -> Iterator[str]:
    for fault in islice(faults, 20):
        yield f"{fault.path}: {fault.message}"
