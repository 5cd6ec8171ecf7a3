"""Desk, queue and workers together: real Valkey, real processes, real deaths."""

import asyncio
import signal
import time
from dataclasses import replace
from typing import Any

import psutil
import pytest

from adjudge.service.api import RewardRequest, RewardResponse
from adjudge.service.errors import QueueFull, QueueUnreachable
from adjudge.service.queue import dead
from adjudge.service.queue.front import Front, Ticket
from adjudge.service.queue.keys import QueueOptions
from adjudge.service.queue_desk import DeskOptions, QueueDesk
from adjudge.service.worker.supervisor import WorkerOptions
from tests.service.conftest import Start
from tests.service.kinds import kinds


def request(*texts: str, kind: str = "act", **more: Any) -> RewardRequest:
    body = {"groups": [{"completions": texts}], "rewards": [{"kind": kind}], **more}
    return RewardRequest.model_validate(body)


def reasons(response: RewardResponse) -> list[str]:
    return [
        component.reason
        for group in response.groups
        for completion in group.completions
        for component in completion.components.values()
    ]


async def test_a_request_goes_all_the_way(
    desk: QueueDesk, options: WorkerOptions, start_worker: Start
) -> None:
    start_worker(options)
    texts = [f"word{n}" for n in range(100)]
    response = await desk.judge(request(*texts, stats=["cons", "mean"]))
    found = [c.components["act"].extracted for c in response.groups[0].completions]
    assert found == texts
    assert response.groups[0].stats["mean"] == 1.0
    assert response.timing_ms.total > 0.0


async def test_lanes_and_a_large_reference(
    desk: QueueDesk, options: WorkerOptions, start_worker: Start
) -> None:
    start_worker(options)
    reference = {"answer": "a", "beside": "x" * 100_000}
    body = {
        "groups": [{"completions": ["a", "b" * 100] * 20, "reference": reference}],
        "rewards": [{"kind": "exact"}, {"kind": "slow"}, {"kind": "rank"}],
    }
    response = await desk.judge(RewardRequest.model_validate(body))
    assert response.groups[0].rewards == (2.01, 2.0) * 20


@pytest.mark.parametrize("act", ["spin", "eat"])
async def test_what_runs_away_is_incorrect_and_its_neighbours_are_judged(
    act: str, desk: QueueDesk, options: WorkerOptions, start_worker: Start
) -> None:
    pure = replace(options.crews["pure"], cpu_s=0.5, memory_mb=300)
    start_worker(replace(options, crews={**options.crews, "pure": pure}))
    response = await desk.judge(request("a", act, "b", *"cdefgh"))
    assert reasons(response) == ["done", "limit", *["done"] * 7]
    assert response.groups[0].rewards[1] == 0.0


async def test_a_crash_of_the_completion_s_making_is_incorrect(
    desk: QueueDesk, options: WorkerOptions, start_worker: Start
) -> None:
    start_worker(options)
    assert reasons(await desk.judge(request("a", "abort", "b"))) == ["done", "limit", "done"]


async def test_what_kills_its_child_three_times_is_a_dead_letter(
    desk: QueueDesk, front: Front, options: WorkerOptions, start_worker: Start
) -> None:
    start_worker(options)
    response = await desk.judge(request("a", "die", "b", deadline_s=150))
    assert reasons(response) == ["done", "crashed_verifier", "done"]
    assert response.groups[0].rewards == (1.0, None, 1.0)
    letters = await dead.letters(front.redis, options.queue)
    assert [letter.lane for letter in letters] == ["pure"]
    assert "died 3 times" in letters[0].why
    assert await dead.retry(front.redis, options.queue, [letters[0].id]) == 1


async def test_a_child_killed_from_outside_costs_nothing(
    desk: QueueDesk, options: WorkerOptions, start_worker: Start
) -> None:
    supervisor = start_worker(options)
    judging = asyncio.create_task(desk.judge(request(*[f"nap#{n}" for n in range(8)])))
    await asyncio.sleep(1.5)
    for child in psutil.Process(supervisor.pid).children():
        child.kill()
    assert reasons(await judging) == ["done"] * 8


async def test_a_dead_worker_s_jobs_are_taken_over(
    desk: QueueDesk, options: WorkerOptions, start_worker: Start
) -> None:
    first = start_worker(options)
    judging = asyncio.create_task(desk.judge(request(*[f"nap#{n}" for n in range(6)])))
    await asyncio.sleep(1.5)
    first.send_signal(signal.SIGKILL)
    start_worker(options)
    assert reasons(await judging) == ["done"] * 6


async def test_children_do_not_outlive_their_supervisor(
    desk: QueueDesk, options: WorkerOptions, start_worker: Start
) -> None:
    supervisor = start_worker(options)
    await desk.judge(request("a"))
    children = psutil.Process(supervisor.pid).children(recursive=True)
    assert len(children) == 3
    supervisor.kill()
    supervisor.wait()
    gone, alive = psutil.wait_procs(children, timeout=5.0)
    assert (len(gone), alive) == (3, [])


async def test_a_stopped_worker_answers_what_it_took(
    desk: QueueDesk, options: WorkerOptions, start_worker: Start
) -> None:
    worker = start_worker(options)
    await desk.judge(request("a"))
    judging = asyncio.create_task(desk.judge(request("nap#1", "nap#2")))
    await asyncio.sleep(0.2)
    worker.send_signal(signal.SIGTERM)
    assert reasons(await judging) == ["done"] * 2
    assert await asyncio.to_thread(worker.wait, 10.0) == 0


async def test_deadline(desk: QueueDesk) -> None:
    began = time.monotonic()
    response = await desk.judge(request("a", "b", deadline_s=0.3))
    assert reasons(response) == ["deadline", "deadline"]
    assert response.groups[0].rewards == (None, None)
    assert time.monotonic() - began < 5.0


async def test_a_full_queue_takes_nothing(queue: QueueOptions) -> None:
    front = Front(replace(queue, limit=3))
    desk = QueueDesk(front, kinds(), DeskOptions())
    await desk.start()
    first = asyncio.create_task(desk.judge(request("a", "b", kind="slow", deadline_s=2.0)))
    await asyncio.sleep(0.3)
    with pytest.raises(QueueFull) as caught:
        await desk.judge(request("c", "d", kind="slow"))
    assert caught.value.retry_after_s >= 1.0
    assert (await front.waiting())["code"] == 2
    await first
    await desk.stop()


async def test_no_redis_is_told_within_a_second(queue: QueueOptions) -> None:
    desk = QueueDesk(Front(replace(queue, url="redis://127.0.0.1:1/0")), kinds(), DeskOptions())
    await desk.start()
    began = time.monotonic()
    with pytest.raises(QueueUnreachable):
        await desk.judge(request("a"))
    assert time.monotonic() - began < 1.0
    readiness = await desk.readiness()
    assert (readiness.ready, readiness.queue) == (False, False)
    await desk.stop()


async def test_a_resend_joins_the_first_run_or_gets_its_answer(
    desk: QueueDesk, options: WorkerOptions, start_worker: Start
) -> None:
    start_worker(options)
    same = request("nap", "b", request_id="step-1")
    first, joined = await asyncio.gather(desk.judge(same), desk.judge(same))
    assert joined is first
    await asyncio.sleep(0.2)
    again = await desk.judge(same)
    assert again.model_dump() == first.model_dump()
    other = await desk.judge(request("c", request_id="step-1"))
    assert len(other.groups[0].rewards) == 1


async def test_a_resend_to_another_front_joins_too(
    desk: QueueDesk, queue: QueueOptions, options: WorkerOptions, start_worker: Start
) -> None:
    start_worker(options)
    second = QueueDesk(Front(queue), kinds(), DeskOptions())
    await second.start()
    same = request("nap", "b", request_id="step-1")
    first, other = await asyncio.gather(desk.judge(same), second.judge(same))
    assert first.model_dump() == other.model_dump()
    await second.stop()


async def test_costly_rows_are_remembered_and_unscored_ones_never(
    desk: QueueDesk, options: WorkerOptions, start_worker: Start
) -> None:
    start_worker(options)
    once = request("nap#1", "nap#2", "raise", "quick")
    assert reasons(await desk.judge(once)) == ["done", "done", "verifier_error", "done"]
    await asyncio.sleep(0.2)
    began = time.monotonic()
    more = await desk.judge(request("quick", "nap#2", "raise", "nap#1"))
    assert reasons(more) == ["done", "done", "verifier_error", "done"]
    assert [c.components["act"].extracted for c in more.groups[0].completions] == [
        "quick",
        "nap",
        None,
        "nap",
    ]
    assert time.monotonic() - began < 0.3


async def test_readiness(desk: QueueDesk, options: WorkerOptions, start_worker: Start) -> None:
    assert (await desk.readiness()).ready is False
    start_worker(options)
    await desk.judge(request("a"))
    await asyncio.sleep(0.5)
    readiness = await desk.readiness()
    assert (readiness.ready, readiness.workers) == (True, 1)
    assert readiness.waiting == {"pure": 0, "code": 0, "remote": 0}


async def test_a_front_ends_at_once_after_an_answer(
    queue: QueueOptions, options: WorkerOptions, start_worker: Start
) -> None:
    """Its pump is then sending, and Python 3.11 swallows a cancellation there."""
    start_worker(options)
    for _ in range(20):
        desk = QueueDesk(Front(queue), kinds(), DeskOptions(needs_sandbox=False))
        await desk.start()
        await desk.judge(request("a"))
        async with asyncio.timeout(10):
            await desk.stop()


async def test_a_redis_on_a_unix_socket(
    unix_valkey: str, queue: QueueOptions, options: WorkerOptions, start_worker: Start
) -> None:
    there = replace(queue, url=unix_valkey)
    start_worker(replace(options, queue=there))
    desk = QueueDesk(Front(there), kinds(), DeskOptions(needs_sandbox=False))
    await desk.start()
    assert reasons(await desk.judge(request("a", "b"))) == ["done", "done"]
    await desk.stop()


async def test_a_redis_without_memory_is_a_full_queue(
    unix_valkey: str, queue: QueueOptions
) -> None:
    front = Front(replace(queue, url=unix_valkey))
    await front.start()
    await front.redis.config_set("maxmemory", "1mb")
    with pytest.raises(QueueFull, match="maxmemory"):
        await front.put([Ticket("pure", "judge", b"x" * 2**21)], 5.0)
    await front.stop()
