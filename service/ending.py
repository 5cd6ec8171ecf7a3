"""The end of background tasks."""

import asyncio
from collections.abc import Iterable
from typing import Any


async def end(tasks: Iterable["asyncio.Task[Any]"]) -> None:
    """Cancel them until they have ended.

    Once is not enough: `asyncio.wait_for` of Python 3.11, with which redis-py sends a command,
    swallows a cancellation that meets its result.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=0.2)
