"""`adjudge serve`: the front in this process, and beside it the worker and the embedded Valkey.

Both are processes of their own, tethered to this one, and started again when they die. On SIGTERM
or Ctrl-C the order is: no new requests, what was taken is answered, the worker ends, Valkey ends.
"""

import asyncio
import contextlib
import gc
import logging
import socket
import subprocess
from collections.abc import AsyncIterator, Callable
from functools import partial

import uvloop
from fastapi import FastAPI

from adjudge.service import embedded
from adjudge.service.app import create_app
from adjudge.service.http import dead
from adjudge.service.http.server import address, listen, serve_until_signal, server
from adjudge.service.queue.front import Front
from adjudge.service.queue.keys import QueueOptions
from adjudge.service.queue_desk import DeskOptions, QueueDesk
from adjudge.service.settings import Settings
from adjudge.service.worker.main import spawn, worker_options
from adjudge.verifiers.registry import Tools, registry

log = logging.getLogger(__name__)


async def keep(start: Callable[[], "subprocess.Popen[bytes]"], what: str) -> None:
    """Start a process, again whenever it dies, until cancelled; it is then ended gently."""
    process = start()
    try:
        while True:
            status = await asyncio.to_thread(process.wait)
            log.error("the %s ended with status %d; starting another", what, status)
            await asyncio.sleep(0.1)
            process = start()
    finally:
        process.terminate()
        await asyncio.to_thread(_end, process)


def _end(process: "subprocess.Popen[bytes]", grace_s: float = 40.0) -> None:
    try:
        process.wait(grace_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def run(settings: Settings) -> None:
    """Until SIGTERM or SIGINT.

    Raises BadSettings where the port is taken, QueueUnreachable where no Valkey can be started.
    """
    with listen(settings) as bound:
        uvloop.run(serve(settings, bound))


async def serve(settings: Settings, bound: socket.socket) -> None:
    async with backing(settings) as queue:
        app = _app(settings, queue)
        log.info("listening on %s", address(bound))
        await serve_until_signal(server(app, settings), bound)


@contextlib.asynccontextmanager
async def backing(settings: Settings) -> AsyncIterator[QueueOptions]:
    """What stands behind a front: the queue, and a worker on this machine."""
    async with _redis_url(settings) as url:
        queue = QueueOptions(url=url)
        async with _worker(settings, queue):
            yield queue


@contextlib.asynccontextmanager
async def _redis_url(settings: Settings) -> AsyncIterator[str]:
    if settings.redis_url is not None:
        yield settings.redis_url.get_secret_value()
        return
    valkey = embedded.start()
    first = [valkey.process]

    def start() -> "subprocess.Popen[bytes]":
        if first:
            return first.pop()
        valkey.restart()
        return valkey.process

    async with _kept(start, "embedded Valkey"):
        yield valkey.url


@contextlib.asynccontextmanager
async def _worker(settings: Settings, queue: QueueOptions) -> AsyncIterator[None]:
    if settings.workers == 0:
        yield
        return
    options = worker_options(
        queue,
        children=settings.workers,
        backend=settings.sandbox,
        allow_unsafe=settings.allow_unsafe,
        remotes=settings.remotes,
    )
    async with _kept(lambda: spawn(options), "worker"):
        yield


@contextlib.asynccontextmanager
async def _kept(start: Callable[[], "subprocess.Popen[bytes]"], what: str) -> AsyncIterator[None]:
    keeping = asyncio.create_task(keep(start, what))
    await asyncio.sleep(0)
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


def _app(settings: Settings, queue: QueueOptions) -> FastAPI:
    kinds = registry(Tools(remotes=settings.remotes))
    queue_front = Front(queue)
    desk = QueueDesk(queue_front, kinds, DeskOptions())
    app = create_app(desk, settings.http, kinds, (partial(dead.routes, queue_front),))

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await desk.start()
        gc.collect()
        gc.freeze()  # what is loaded now stays: not to be looked through again and again
        yield
        await desk.stop()

    app.router.lifespan_context = lifespan
    return app
