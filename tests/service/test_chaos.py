"""Any process of ours but the front and Valkey may die at any moment: every reward stays true."""

import asyncio
import contextlib
import os
import random
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from adjudge.service.api import RewardRequest
from adjudge.service.queue_desk import QueueDesk
from adjudge.service.serve import keep
from adjudge.service.worker.main import spawn
from adjudge.service.worker.supervisor import WorkerOptions

REQUESTS = 24
COMPLETIONS = 128


@contextlib.asynccontextmanager
async def kept(options: WorkerOptions) -> AsyncIterator[None]:
    keeping = asyncio.create_task(keep(lambda: spawn(options), "worker"))
    yield
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)


async def kill_something_forever(draw: random.Random, killed: list[str]) -> None:
    me = psutil.Process()
    while True:
        await asyncio.sleep(1.5)
        ours = [p for p in me.children(recursive=True) if "adjudge.service.worker" in command(p)]
        if ours:
            victim = draw.choice(ours)
            killed.append(command(victim)[:80])
            with contextlib.suppress(psutil.NoSuchProcess):
                victim.kill()


def command(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
        return " ".join(process.cmdline())
    return ""


def request(number: int) -> RewardRequest:
    """The even ones right; each a millisecond of sleep, so that deaths meet work under way."""
    texts = [f"{number}-{at}" if at % 2 else f"nap#{number}-{at}" for at in range(COMPLETIONS)]
    group = {"completions": texts[:4] + [str(number)] * (COMPLETIONS - 4)}
    rewards = [{"kind": "exact"}, {"kind": "act"}, {"kind": "rank", "weight": 0}]
    body = {"groups": [{**group, "reference": {"answer": str(number)}}], "rewards": rewards}
    return RewardRequest.model_validate({**body, "request_id": f"r{number}", "deadline_s": 120})


@pytest.mark.slow
async def test_every_reward_is_true_while_processes_die(
    desk: QueueDesk, options: WorkerOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = str(Path(__file__).parents[2])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((root, os.environ.get("PYTHONPATH", ""))))
    killed: list[str] = []
    async with kept(options):
        killing = asyncio.create_task(kill_something_forever(random.Random(7), killed))
        for number in range(REQUESTS):
            response = await desk.judge(request(number))
            assert response.groups[0].rewards == (1.0,) * 4 + (2.0,) * (COMPLETIONS - 4)
        killing.cancel()
    assert len(killed) >= 3
