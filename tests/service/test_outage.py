"""Redis goes away and comes back: callers are told within a second, all else waits."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from adjudge.service import embedded
from adjudge.service.api import RewardResponse
from adjudge.service.embedded import Embedded
from adjudge.service.errors import QueueUnreachable
from adjudge.service.queue.front import Front
from adjudge.service.queue.keys import QueueOptions
from adjudge.service.queue_desk import DeskOptions, QueueDesk
from adjudge.service.worker.main import worker_options
from tests.service.conftest import KINDS, Start
from tests.service.kinds import kinds
from tests.service.test_work import reasons, request


@pytest.fixture
async def server() -> AsyncIterator[Embedded]:
    server = embedded.start()
    yield server
    server.stop()


@pytest.fixture
async def desk(server: Embedded) -> AsyncIterator[QueueDesk]:
    front = Front(QueueOptions(url=server.url, lease_s=1.0))
    desk = QueueDesk(front, kinds(), DeskOptions(deadline_s=20.0, needs_sandbox=False))
    await desk.start()
    yield desk
    await desk.stop()


async def test_redis_dies_and_comes_back_empty(
    desk: QueueDesk, server: Embedded, start_worker: Start
) -> None:
    queue = QueueOptions(url=server.url, lease_s=1.0)
    start_worker(worker_options(queue, children=1, kinds=KINDS, lanes=("pure",), sandbox=""))
    assert reasons(await desk.judge(request("a"))) == ["done"]

    under_way = asyncio.create_task(desk.judge(request("nap#1", "nap#2", "nap#3", "nap#4")))
    await asyncio.sleep(0.2)
    server.process.kill()
    server.process.wait()
    began = time.monotonic()
    with pytest.raises(QueueUnreachable):
        await desk.judge(request("b"))
    with pytest.raises(QueueUnreachable):
        await under_way
    assert time.monotonic() - began < 2.0

    server.restart()
    async with asyncio.timeout(15):
        assert reasons(await judged_again(desk)) == ["done"]


async def judged_again(desk: QueueDesk) -> RewardResponse:
    while True:
        try:
            return await desk.judge(request("c"))
        except QueueUnreachable:
            await asyncio.sleep(0.1)


async def test_an_embedded_server_wants_its_password(server: Embedded) -> None:
    url = f"redis://127.0.0.1:{server.url.rpartition(':')[2]}"
    desk = QueueDesk(Front(QueueOptions(url=url)), kinds(), DeskOptions())
    await desk.start()
    with pytest.raises(QueueUnreachable, match=r"(?i)auth"):
        await desk.judge(request("a"))
    await desk.stop()
