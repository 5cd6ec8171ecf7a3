"""HTTP to the service, for as long as the deadline lasts; the one file that knows httpx.

A request is sent until it is answered, refused or out of time. A hung connection is given up after
a third of the deadline and the same bytes are sent again: with the same `request_id` in them the
service joins them to the run under way. Each event loop has a session of its own (trainers start
loops of their own); the synchronous calls run on one in a thread of ours, so that they also work
inside a running loop.
"""

import asyncio
import os
import re
import sys
import threading
from collections.abc import Callable, Coroutine
from importlib.util import find_spec
from time import monotonic
from typing import Any, TypeVar
from urllib.request import getproxies, proxy_bypass
from weakref import WeakKeyDictionary

import httpx

from adjudge.trainer_client.answers import BadAnswer, read_object, read_refusal
from adjudge.trainer_client.counts import Counts
from adjudge.trainer_client.retry import (
    RETRIED_STATUSES,
    Deadline,
    Failure,
    pause_s,
    status_failure,
)

if find_spec("sniffio") is None:
    # httpcore imports it at every lock that it makes. A failed import is not remembered, and looks
    # through the whole path again: a fifth of the client's time. This remembers it.
    sys.modules["sniffio"] = None  # type: ignore[assignment]

_GROUP_PATH = re.compile(r"groups\[(\d{1,7})\]")
_Sessions = WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient]
T = TypeVar("T")
Read = Callable[[bytes], T]
"""Reads an answer's body. Raises BadAnswer."""


class RequestRefused(Exception):
    """The service understood enough to say no, and would again: a fault of configuration."""

    def __init__(self, status: int, message: str, groups: frozenset[int] = frozenset()) -> None:
        super().__init__(status, message, groups)
        self.status = status
        self.message = message
        self.groups = groups
        """The groups at fault, where all faults lie in groups."""

    def __str__(self) -> str:
        return f"status {self.status}: {self.message}"


class Transport:
    """Sessions with the service at `url`; safe to share between threads, loops, and to pickle."""

    def __init__(self, url: str, api_key: str | None, connections: int, deadline_s: float) -> None:
        if httpx.URL(url).scheme not in ("http", "https"):
            raise ValueError(f"not an http(s) address: {url!r}")
        self.url = url.rstrip("/")
        self.deadline_s = deadline_s
        self.counts = Counts()
        self._api_key = api_key or os.environ.get("ADJUDGE_API_KEY")
        self._connections = connections
        self._pid = os.getpid()
        self._lock = threading.RLock()
        self._background: _Background | None = None
        self._sessions: _Sessions = WeakKeyDictionary()

    async def post(self, path: str, body: bytes, deadline: Deadline, read: Read[T]) -> T:
        """Raises RequestRefused, or Failure when there was no good answer by the deadline."""
        self.counts.requests += 1
        began = monotonic()
        attempt = 0
        cause: Failure | None = None
        while True:
            try:
                answer = await self._attempt(path, body, deadline, read)
            except Failure as failure:
                # that time ran out says less than what it ran out over
                cause = failure if cause is None or failure.reason != "deadline" else cause
                pause = pause_s(attempt, failure)
                if pause >= deadline.left_s:
                    raise cause from failure
            else:
                self.counts.seconds.append(monotonic() - began)
                return answer
            await asyncio.sleep(pause)
            attempt += 1
            self.counts.retries += 1

    async def get(self, path: str) -> tuple[int, dict[str, Any]]:
        """One GET, without retries: (status, body). Raises Failure when it cannot be reached."""
        try:
            answer = await self._session().get(path, timeout=min(10.0, self.deadline_s))
            return answer.status_code, read_object(answer.content)
        except httpx.HTTPError as error:
            raise Failure("unreachable", repr(error)) from error
        except BadAnswer as error:
            raise Failure("bad_answer", str(error)) from error

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` on this client's own loop, from any thread, and wait for it."""
        with self._lock:
            if self._background is None or self._background.pid != os.getpid():
                self._background = _Background()  # a forked child has no threads
            background = self._background
        return asyncio.run_coroutine_threadsafe(work, background.loop).result()

    async def aclose(self) -> None:
        """Close this event loop's session."""
        with self._lock:
            session = self._sessions.pop(asyncio.get_running_loop(), None)
        if session is not None:
            await session.aclose()

    def close(self) -> None:
        """Close what `wait` opened."""
        if self._background is not None and self._background.pid == os.getpid():
            self.wait(self.aclose())
            self._background.stop()
        self._background = None

    async def _attempt(self, path: str, body: bytes, deadline: Deadline, read: Read[T]) -> T:
        answer = await self._send(path, body, deadline)
        if answer.status_code in RETRIED_STATUSES:
            raise status_failure(answer.status_code, answer.headers.get("Retry-After"))
        if not answer.is_success:
            raise _refusal(answer)
        try:
            return read(answer.content)
        except BadAnswer as error:
            raise Failure("bad_answer", str(error)) from error

    async def _send(self, path: str, body: bytes, deadline: Deadline) -> httpx.Response:
        limit = min(deadline.left_s, max(2.0, self.deadline_s / 3.0))
        try:
            async with asyncio.timeout(limit):
                return await self._session().post(path, content=body)
        except TimeoutError as error:
            raise Failure("deadline", f"no answer in {limit:.1f} s") from error
        except httpx.ConnectError as error:
            raise Failure("unreachable", repr(error)) from error
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise Failure("connection_lost", repr(error)) from error

    def _session(self) -> httpx.AsyncClient:
        loop = asyncio.get_running_loop()
        with self._lock:
            session = self._sessions.get(loop)
            if session is None or session.is_closed or self._pid != os.getpid():
                self._pid = os.getpid()
                session = self._sessions[loop] = self._new_session()
        return session

    def _new_session(self) -> httpx.AsyncClient:
        headers = {"Content-Type": "application/json"}
        if self._api_key:
            headers["Authorization"] = f"Bearer {self._api_key}"
        # `_send` bounds an attempt as a whole, waiting for a free connection included.
        return httpx.AsyncClient(
            base_url=self.url,
            headers=headers,
            timeout=None,  # noqa: S113
            limits=_limits(self._connections),
            transport=None if _proxied(self.url) else _Separate(self.url, self._connections),
        )

    def __getstate__(self) -> dict[str, Any]:
        live = ("_lock", "_sessions", "_background", "_pid")
        return {key: value for key, value in self.__dict__.items() if key not in live}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._pid = os.getpid()
        self._lock = threading.RLock()
        self._background = None
        self._sessions = WeakKeyDictionary()


def _limits(connections: int) -> httpx.Limits:
    return httpx.Limits(max_connections=connections, max_keepalive_connections=connections)


def _proxied(url: str) -> bool:
    """Does the environment name a proxy for it? httpx's own transport then goes there."""
    named = {httpx.URL(url).scheme, "all"} & set(getproxies())
    return bool(named) and not proxy_bypass(httpx.URL(url).host)


class _Separate(httpx.AsyncBaseTransport):
    """Connections that know nothing of each other, the latest used first.

    In httpx's pool each step of each request looks at all connections and requests: for eight at
    once that is half of the client's time, for thirty-two three quarters.
    """

    def __init__(self, url: str, connections: int) -> None:
        trust = httpx.create_ssl_context() if httpx.URL(url).scheme == "https" else False
        self._all = [
            httpx.AsyncHTTPTransport(verify=trust, limits=_limits(1)) for _ in range(connections)
        ]
        self._idle = asyncio.LifoQueue[httpx.AsyncHTTPTransport]()
        for transport in self._all:
            self._idle.put_nowait(transport)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        transport = await self._idle.get()
        try:
            response = await transport.handle_async_request(request)
            await response.aread()
            return response
        finally:
            self._idle.put_nowait(transport)

    async def aclose(self) -> None:
        for transport in self._all:
            await transport.aclose()


class _Background:
    """An event loop in a thread."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self.loop.run_forever, name="adjudge-client", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


def _refusal(answer: httpx.Response) -> RequestRefused:
    body = read_refusal(answer.content)
    places = [_GROUP_PATH.match(fault.path) for fault in body.faults]
    inside = frozenset(int(place[1]) for place in places if place)
    told = "; ".join(f"{fault.path}: {fault.message}" for fault in body.faults[:3])
    return RequestRefused(
        answer.status_code,
        (told or body.message or body.error)[:500],
        inside if all(places) else frozenset(),
    )
