"""`adjudge bench`: how fast is a service here? Groups of maths completions, a few at a time."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Annotated

import typer

from adjudge.service.api import Group, RewardRequest
from adjudge.service.commands.asking import Judge, judge_at
from adjudge.service.commands.options import Config, Url, Workers
from adjudge.service.settings import Settings, load
from adjudge.service.shorthand import rewards_of


@dataclass(slots=True)
class Load:
    group: int
    at_once: int
    seconds: float
    kind: str
    chars: int


@dataclass(slots=True)
class Measured:
    latencies_ms: list[float] = field(default_factory=list)
    completions: int = 0
    unscored: int = 0
    wall_s: float = 0.0

    def quantile(self, share: float) -> float:
        ordered = sorted(self.latencies_ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def command(
    url: Url = None,
    group: Annotated[int, typer.Option(min=1, help="Completions in a request.")] = 16,
    at_once: Annotated[int, typer.Option(min=1, help="Requests under way at once.")] = 8,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long.")] = 5.0,
    kind: Annotated[str, typer.Option(help="What to judge by, as in --kind of `score`.")] = "math",
    chars: Annotated[int, typer.Option(min=1, help="Length of a completion.")] = 2000,
    workers: Workers = None,
    config: Config = None,
) -> None:
    """Measure a service: completions a second, and the latency of a group.

    Every completion is different, so that no cache answers for the workers.
    """
    settings = load(workers=workers, config=config, log_level="warning")
    shape = Load(group, at_once, seconds, kind, chars)
    found = asyncio.run(_bench(url, settings, shape))
    typer.echo(
        f"{found.completions / found.wall_s:,.0f} completions/s; a group of {group}: "
        f"p50 {found.quantile(0.5):.1f} ms, p99 {found.quantile(0.99):.1f} ms; "
        f"{found.unscored} of {found.completions} not judged"
    )
    raise typer.Exit(1 if found.unscored else 0)


async def _bench(url: str | None, settings: Settings, shape: Load) -> Measured:
    async with judge_at(url, settings) as judge:
        await _ask(judge, shape, -1, Measured())
        measured = Measured()
        began = time.perf_counter()
        until = began + shape.seconds
        await asyncio.gather(
            *(_stream(judge, shape, number, until, measured) for number in range(shape.at_once))
        )
        measured.wall_s = time.perf_counter() - began
    return measured


async def _stream(judge: Judge, shape: Load, number: int, until: float, measured: Measured) -> None:
    step = 0
    while time.perf_counter() < until:
        await _ask(judge, shape, step * shape.at_once + number, measured)
        step += 1


async def _ask(judge: Judge, shape: Load, seed: int, measured: Measured) -> None:
    began = time.perf_counter()
    response = await judge.judge(_request(shape, seed))
    measured.latencies_ms.append((time.perf_counter() - began) * 1000.0)
    rewards = response.groups[0].rewards
    measured.completions += len(rewards)
    measured.unscored += sum(reward is None for reward in rewards)


def _request(shape: Load, seed: int) -> RewardRequest:
    filler = "We add the two halves and look again. " * (shape.chars // 38)
    texts = tuple(
        f"<think>{filler}{seed}.{at}</think> so \\boxed{{\\frac{{{seed + at}}}{{7}}}}"
        for at in range(shape.group)
    )
    made = Group(completions=texts, reference={"answer": f"\\frac{{{seed}}}{{7}}"})
    return RewardRequest(groups=(made,), rewards=rewards_of(shape.kind, "--kind"), deadline_s=60)
