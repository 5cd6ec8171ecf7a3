"""`adjudge serve`: the front in this process, and beside it the worker and the embedded Valkey.

Both are processes of their own, tethered to this one, and started again when they die. On SIGTERM
or Ctrl-C the order is: no new requests, what was taken is answered, the worker ends, Valkey ends.
"""

import asyncio
import contextlib
import logging
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator

import uvicorn
import uvloop
from fastapi import FastAPI

from adjudge.service import embedded
from adjudge.service.app import create_app
from adjudge.service.queue.front import Front
from adjudge.service.queue.keys import QueueOptions
from adjudge.service.queue_desk import DeskOptions, QueueDesk
from adjudge.service.settings import Settings
from adjudge.service.worker.main import spawn, worker_options
from adjudge.verifiers.registry import registry

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
    """Until SIGTERM or SIGINT. Raises QueueUnreachable where no Valkey can be started."""
    uvloop.run(serve(settings))


async def serve(settings: Settings) -> None:
    async with _redis_url(settings) as url:
        queue = QueueOptions(url=url)
        async with _worker(settings, queue):
            await _listen(Server(_config(_app(settings, queue), settings)))


class Server(uvicorn.Server):
    """Uvicorn, with the signals left to us: it would raise them again when it is done, and end
    this process before the worker and Valkey have ended."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _listen(server: Server) -> None:
    """The first signal ends it gently, the second at once."""

    def stop() -> None:
        server.force_exit = server.should_exit
        server.should_exit = True

    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop)
    await server.serve()


@contextlib.asynccontextmanager
async def _redis_url(settings: Settings) -> AsyncIterator[str]:
    if settings.redis_url is not None:
        yield settings.redis_url.get_secret_value()
        return
    server = embedded.start()
    first = [server.process]

    def start() -> "subprocess.Popen[bytes]":
        if first:
            return first.pop()
        server.restart()
        return server.process

    async with _kept(start, "embedded Valkey"):
        yield server.url


@contextlib.asynccontextmanager
async def _worker(settings: Settings, queue: QueueOptions) -> AsyncIterator[None]:
    if settings.workers == 0:
        yield
        return
    options = worker_options(queue, children=settings.workers)
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
    kinds = registry()
    desk = QueueDesk(Front(queue), kinds, DeskOptions())
    app = create_app(desk, settings.http, kinds)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await desk.start()
        yield
        await desk.stop()

    app.router.lifespan_context = lifespan
    return app


def _config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=int(settings.stop_s),
        timeout_keep_alive=75,
    )
