"""Rows to a judge, and back in order: what `check`, `score` and `bench` share."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from adjudge.service.api import Fault, Group, GroupOut, RewardRequest, RewardResponse, Rewards
from adjudge.service.errors import BadRequest, QueueFull
from adjudge.service.local import local_desk
from adjudge.service.plan import plan
from adjudge.service.remote_desk import remote_judge
from adjudge.service.rows import Asked, Row, batches, mapping, read
from adjudge.service.settings import Settings
from adjudge.service.shorthand import rewards_of
from adjudge.verifiers.registry import registry

AHEAD = 8
"""Requests under way at once."""


@dataclass(frozen=True, slots=True)
class Source:
    """What the flags of a command say of its rows."""

    name: str
    """Of the file."""
    rows: Iterator[Row]
    columns: Mapping[str, str]
    rewards: Rewards | None
    """For rows that have none of their own."""


def source(
    file: Path, kind: str | None, columns: Iterable[str] | None, url: str | None = None
) -> Source:
    """Raises BadRequest: also for rewards that no row could be judged by."""
    rewards = rewards_of(kind, "--kind") if kind else None
    if rewards is not None and url is None:  # a service elsewhere may have other kinds
        _check_rewards(rewards)
    return Source(str(file), read(file), mapping(columns or ()), rewards)


def _check_rewards(rewards: Rewards) -> None:
    probe = Group(completions=("",), reference={})
    try:
        plan(RewardRequest(groups=(probe,), rewards=rewards), registry())
    except BadRequest as error:
        own = [fault for fault in error.faults if fault.path.startswith("rewards")]
        if own:
            raise BadRequest(
                Fault(path=fault.path.replace("rewards", "--kind", 1), message=fault.message)
                for fault in own
            ) from error


class Judge(Protocol):
    async def judge(self, request: RewardRequest) -> RewardResponse: ...


@asynccontextmanager
async def judge_at(url: str | None, settings: Settings) -> AsyncIterator[Judge]:
    """The service at `url`, or one of our own for as long as it takes."""
    key = settings.api_key.get_secret_value() if settings.api_key else None
    if url is None:
        async with local_desk(settings) as desk:
            yield desk
    else:
        async with remote_judge(url, key) as judge:
            yield judge


Judged = tuple[Row, GroupOut | tuple[Fault, ...]]
"""A row with its answer, or with what is wrong with it."""


@contextmanager
def progress(console: Console, total: int | None, done: int = 0) -> Iterator[Callable[[], None]]:
    """A bar that a call moves on by a row; gone at the end, and not there without a terminal."""
    parts = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*parts, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("judging", total=total, completed=done)
        yield lambda: bar.advance(task)


async def judged(judge: Judge, groups: Iterable[Asked]) -> AsyncIterator[Judged]:
    """Every row, in order; a request that is refused is asked again row by row."""
    waiting: list[asyncio.Task[list[Judged]]] = []
    for batch in batches(groups):
        waiting.append(asyncio.create_task(_batch(judge, batch)))
        if len(waiting) >= AHEAD:
            for one in await waiting.pop(0):
                yield one
    for task in waiting:
        for one in await task:
            yield one


async def _batch(judge: Judge, batch: list[Asked]) -> list[Judged]:
    sound = [(row, asked) for row, asked in batch if isinstance(asked, Group)]
    answers = iter(await _answers(judge, sound))
    return [next(answers) if isinstance(asked, Group) else (row, asked) for row, asked in batch]


async def _answers(judge: Judge, batch: list[tuple[Row, Group]]) -> list[Judged]:
    if not batch:
        return []
    request = RewardRequest(groups=tuple(group for _, group in batch), deadline_s=600)
    try:
        response = await _patiently(judge, request)
    except BadRequest as error:
        if len(batch) == 1:
            return [(batch[0][0], tuple(_own(fault) for fault in error.faults))]
        alone = [await _answers(judge, [one]) for one in batch]
        return [judged for rows in alone for judged in rows]
    rows = (row for row, _ in batch)
    return list(zip(rows, response.groups, strict=True))


def _own(fault: Fault) -> Fault:
    """A row knows nothing of the request that it travelled in."""
    return Fault(path=fault.path.removeprefix("groups[0]."), message=fault.message)


async def _patiently(judge: Judge, request: RewardRequest) -> RewardResponse:
    while True:
        try:
            return await judge.judge(request)
        except QueueFull as error:
            await asyncio.sleep(error.retry_after_s)
