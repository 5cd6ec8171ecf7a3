"""The whole service inside a command: queue, workers and sandbox, without HTTP.

What judges here can be killed when it runs away, which is why `adjudge check` and `adjudge score`
do not judge in their own process.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adjudge.service.desk import Desk
from adjudge.service.queue.front import Front
from adjudge.service.queue_desk import DeskOptions, QueueDesk
from adjudge.service.serve import backing
from adjudge.service.settings import Settings
from adjudge.verifiers.registry import registry


@asynccontextmanager
async def local_desk(settings: Settings) -> AsyncIterator[Desk]:
    """Raises QueueUnreachable."""
    async with backing(settings) as queue:
        desk = QueueDesk(Front(queue), registry(), DeskOptions())
        await desk.start()
        try:
            yield desk
        finally:
            await desk.stop()
