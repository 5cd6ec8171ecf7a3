"""uvicorn, as this service runs it."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator
from typing import cast

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from adjudge.service.settings import BadSettings, Settings

KEEP_ALIVE_S = 120
"""Trainers pause between steps; a connection closed under a client's hands costs it a retry."""
BACKLOG = 2048


class Gathered:
    """A transport that sends at once what is written in one turn of the loop: uvicorn writes an
    answer's head and body apart, and each is a packet that wakes the client."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._held: list[bytes] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._held:
            asyncio.get_running_loop().call_soon(self._send)
        self._held.append(data)

    def _send(self) -> None:
        if self._held:
            self._transport.write(b"".join(self._held))
            self._held.clear()

    def close(self) -> None:
        self._send()
        self._transport.close()


class Protocol(HttpToolsProtocol):
    """Uvicorn's, over a `Gathered` transport."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(cast(asyncio.Transport, Gathered(transport)))


class Server(uvicorn.Server):
    """Uvicorn, with the signals left to us: it would raise them again when it is done, and end
    this process before the worker and Valkey have ended."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def server(app: FastAPI, settings: Settings) -> Server:
    """Told to stop, it takes no more, and gives what it took `stop_s` to be answered."""
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=Protocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=max(1, round(settings.stop_s)),
    )
    return Server(config)


async def serve_until_signal(running: Server, bound: socket.socket) -> None:
    """The first SIGTERM or SIGINT ends it gently, the second at once."""

    def stop() -> None:
        running.force_exit = running.should_exit
        running.should_exit = True

    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop)
    await running.serve(sockets=[bound])


def listen(settings: Settings) -> socket.socket:
    """Bind before anything else starts, so that a port in use is told at once.

    Raises BadSettings.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((settings.host, settings.port))
    except OSError as error:
        bound.close()
        where = f"{settings.host} port {settings.port}"
        raise BadSettings(f"cannot listen on {where}: {error.strerror}; try --port") from error
    bound.listen(BACKLOG)
    return bound


def address(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
