"""The front's end of the queue: jobs in, replies out."""

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from redis.exceptions import OutOfMemoryError, RedisError

from adjudge.service.ending import end
from adjudge.service.errors import QueueFull, QueueUnreachable
from adjudge.service.queue.keys import (
    BLOCK_S,
    LANES,
    PROMPT_S,
    WAIT_S,
    Client,
    QueueOptions,
    prompt_client,
)
from adjudge.service.queue.line import Answer, Command, Line
from adjudge.service.queue.rate import Rate
from adjudge.verifiers.types import Lane

log = logging.getLogger(__name__)

ADMIT = """
local streams, limit, jobs = #KEYS, tonumber(ARGV[1]), tonumber(ARGV[2])
local reply, deadline = ARGV[3], ARGV[4]
local coming = {}
for job = 0, jobs - 1 do
  local stream = tonumber(ARGV[5 + job * 5])
  coming[stream] = (coming[stream] or 0) + 1
end
for stream, count in pairs(coming) do
  local length = redis.call('XLEN', KEYS[stream])
  if length > 0 and length + count > limit then return length end
end
for job = 0, jobs - 1 do
  local at = 5 + job * 5
  redis.call('XADD', KEYS[tonumber(ARGV[at])], '*', 'j', ARGV[at + 1], 'o', ARGV[at + 2],
    'd', ARGV[at + 3], 'b', ARGV[at + 4], 'r', reply, 'x', deadline)
end
return -1
"""
"""All jobs of a request, or none. Returns −1, or the length of the lane that is full. A request
that is larger than the limit is taken when its lane is empty, or it could never be."""

BATCH = 64
"""Requests in one round trip, replies in one read."""
TURNS = 3
"""Of the loop, from a reply to the answer that is made of it and sent."""
UNREACHABLE = "the queue (Redis) cannot be reached"


@dataclass(frozen=True, slots=True)
class Ticket:
    """One job to put."""

    lane: Lane
    op: str
    """What the worker does with the payload: `judge` or `run`."""
    payload: bytes
    blob: str = ""
    """Key under which the large part lies (sent once for all jobs that share it)."""


@dataclass(slots=True)
class _Call:
    command: Command
    done: asyncio.Future[Answer]


class Front:
    """One front process's place at the queue. `start` before use, `stop` after.

    Raises QueueFull when a lane is full, QueueUnreachable when Redis does not answer; either way
    nothing of the call was taken, or its replies will be dropped.
    """

    def __init__(self, options: QueueOptions) -> None:
        self.options = options
        self.redis: Client = prompt_client(options.url)
        self._jobs = Line(options.url, PROMPT_S)
        self._replies = Line(options.url, WAIT_S)
        self._reply = options.reply(secrets.token_hex(8))
        self._streams = [options.stream(lane) for lane in LANES]
        self._waiting: dict[str, asyncio.Future[bytes]] = {}
        self._calls: asyncio.Queue[_Call] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._count = 0
        self._rate = Rate(time.monotonic)
        self._server: str | None = None

    async def start(self) -> None:
        self._tasks = [asyncio.create_task(self._submit()), asyncio.create_task(self._pump())]

    async def stop(self) -> None:
        await end(self._tasks)
        await self.redis.aclose()
        await self._jobs.close()
        await self._replies.close()

    async def put(self, tickets: Sequence[Ticket], deadline_s: float) -> list[bytes | None]:
        """The replies in the order of the tickets; None where none came by the deadline."""
        if not tickets:
            return []
        names = [self._name() for _ in tickets]
        loop = asyncio.get_running_loop()
        futures = [loop.create_future() for _ in names]
        self._waiting.update(zip(names, futures, strict=True))
        try:
            await self._admit(tickets, names, deadline_s)
            await asyncio.wait(futures, timeout=deadline_s)
            return [future.result() if future.done() else None for future in futures]
        finally:
            for name, future in zip(names, futures, strict=True):
                self._waiting.pop(name, None)
                _retrieve(future)

    def _name(self) -> str:
        self._count += 1
        return str(self._count)

    async def _admit(
        self, tickets: Sequence[Ticket], names: Sequence[str], deadline_s: float
    ) -> None:
        until = int((time.time() + deadline_s) * 1000)
        arguments: list[bytes | str | int | float] = []
        for ticket, name in zip(tickets, names, strict=True):
            arguments += [
                LANES.index(ticket.lane) + 1,
                name,
                ticket.op,
                ticket.payload,
                ticket.blob,
            ]
        script: Command = ("EVAL", ADMIT, len(self._streams), *self._streams)
        bounds = (self.options.limit, len(tickets), self._reply, until)
        length = await self.ask(*script, *bounds, *arguments)
        if length >= 0:
            wait_s = self._rate.seconds_for(length)
            raise QueueFull(f"{length:,} jobs are waiting or running; try again later", wait_s)

    async def ask(self, *command: bytes | str | int | float) -> Answer:
        """One command that answers at once, in one round trip with what others ask meanwhile.

        Raises QueueFull where Redis has no memory left, QueueUnreachable.
        """
        call = _Call(command, asyncio.get_running_loop().create_future())
        self._calls.put_nowait(call)
        return await call.done

    async def _submit(self) -> None:
        """Send what has gathered while the last round trip was under way."""
        while True:
            calls = [await self._calls.get(), *self._gathered(BATCH - 1)]
            try:
                answers = await self._send(calls)
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("queue: %s: %s", UNREACHABLE, error)
                # Those that came meanwhile have waited for this very Redis: they would wait twice.
                calls += self._gathered(self._calls.qsize())
                answers = [QueueUnreachable(f"{UNREACHABLE}: {error}")] * len(calls)
            for call, answer in zip(calls, answers, strict=True):
                _settle(call.done, answer)

    def _gathered(self, most: int) -> list[_Call]:
        return [self._calls.get_nowait() for _ in range(min(most, self._calls.qsize()))]

    async def _send(self, calls: Sequence[_Call]) -> list[Answer]:
        answers = await self._jobs.ask(*(call.command for call in calls))
        return [_refused(answer) if isinstance(answer, Exception) else answer for answer in answers]

    # -- replies ---------------------------------------------------------------------------------

    async def _pump(self) -> None:
        """Hand each reply to who waits for it. Redis gone for a second fails all that wait."""
        lost_at: float | None = None
        while True:
            try:
                if lost_at is not None or self._server is None:
                    await self._reconnected()
                found = await self._awaited()
                lost_at = None
            except (RedisError, OSError, TimeoutError) as error:
                now = time.monotonic()
                lost_at = lost_at or now
                if now - lost_at >= 0.8:
                    self._fail_waiting(f"{UNREACHABLE}: {error}")
                await asyncio.sleep(0.1)
                continue
            for reply in found:
                self._deliver(reply)
            for _ in range(TURNS):  # Who waited answers first: the next read wakes Redis.
                await asyncio.sleep(0)

    async def _awaited(self) -> list[bytes]:
        wait = ("BLMPOP", BLOCK_S, 1, self._reply, "RIGHT", "COUNT", BATCH)
        answer = (await self._replies.ask(wait))[0]
        if isinstance(answer, Exception):
            raise answer
        return answer[1] if answer else []

    async def _reconnected(self) -> None:
        """A Redis that was restarted without its data has lost our jobs: say so at once."""
        server = (await self.redis.info("server"))["run_id"]
        if self._server not in (None, server) and not await self._kept():
            self._fail_waiting("the queue (Redis) was restarted and lost the work")
        self._server = server

    async def _kept(self) -> bool:
        lengths = [await self.redis.xlen(stream) for stream in self._streams]
        return not self._waiting or sum(lengths) > 0

    def _deliver(self, reply: bytes) -> None:
        name, _, body = reply.partition(b" ")
        self._rate.count()
        future = self._waiting.get(name.decode())
        if future is not None and not future.done():
            future.set_result(body)

    def _fail_waiting(self, why: str) -> None:
        for future in self._waiting.values():
            _settle(future, QueueUnreachable(why))

    # -- looking in ------------------------------------------------------------------------------

    async def waiting(self) -> dict[str, int]:
        """Jobs waiting or running in each lane. Raises QueueUnreachable."""
        with reaching():
            async with self.redis.pipeline(transaction=False) as pipe:
                for stream in self._streams:
                    pipe.xlen(stream)
                lengths = await pipe.execute()
        return dict(zip(LANES, lengths, strict=True))

    async def workers(self) -> list[str]:
        """What each living worker last told of itself (JSON). Raises QueueUnreachable."""
        with reaching():
            alive = await self.redis.zrangebyscore(
                self.options.workers, int(time.time() * 1000), "+inf"
            )
            states = await self.redis.hmget(self.options.states, alive) if alive else []
        return [state.decode() for state in states if state is not None]


def _refused(error: Exception) -> QueueFull | QueueUnreachable:
    """What Redis answered, in our words."""
    if isinstance(error, OutOfMemoryError):
        return QueueFull("the queue's memory (Redis, `maxmemory`) is full; try again later")
    return QueueUnreachable(f"{UNREACHABLE}: {error}")


@contextlib.contextmanager
def reaching() -> Iterator[None]:
    """Redis's failures in our words: QueueFull where it has no memory left, QueueUnreachable."""
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        raise _refused(error) from error


def _settle(future: "asyncio.Future[Any]", answer: object) -> None:
    if future.done():
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)


def _retrieve(future: "asyncio.Future[bytes]") -> None:
    """Mark an exception as seen; nobody else will look at it."""
    if future.done() and not future.cancelled():
        future.exception()
