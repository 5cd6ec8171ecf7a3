"""The worker's end of the queue: take jobs under a lease, keep it, finish, bury."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from redis.exceptions import ResponseError

from adjudge.service.queue.keys import LANES, WORKERS, Client, QueueOptions
from adjudge.service.queue.line import Answer, Command, Line
from adjudge.verifiers.types import Lane

REPLY_TTL_MS = 600_000
"""Replies to a front that is gone are dropped after so long."""
DEAD_KEPT = 10_000
"""Dead letters kept, the newest."""


@dataclass(frozen=True, slots=True)
class Lease:
    """One job, ours for as long as we are heard of."""

    id: str
    """Of the stream's entry."""
    lane: Lane
    job: str
    """The front's name for it."""
    op: str
    payload: bytes
    blob: str
    reply: str
    deadline_ms: int
    """Epoch milliseconds after which nobody waits for it."""
    deliveries: int = 1

    def expired(self) -> bool:
        return time.time() * 1000 > self.deadline_ms


@dataclass(frozen=True, slots=True)
class Finished:
    lease: Lease
    body: bytes
    buried: str = ""
    """Why it becomes a dead letter as well; empty: it does not."""


class Leases:
    """`commands` for what answers at once, `answers` for the replies alone, and a line for the
    blocking read of each lane."""

    def __init__(self, options: QueueOptions, commands: Client, answers: Line, worker: str) -> None:
        self._options = options
        self._redis = commands
        self._answers = answers
        self._worker = worker

    async def open(self) -> None:
        """Make the streams and their consumer group, where they are not there yet."""
        for lane in LANES:
            try:
                await self._redis.xgroup_create(
                    self._options.stream(lane), WORKERS, id="0", mkstream=True
                )
            except ResponseError as error:
                if "BUSYGROUP" not in str(error):
                    raise

    async def take(self, waiter: Line, lane: Lane, count: int, block_ms: int) -> list[Lease]:
        """Wait for jobs, and take up to `count` at once."""
        bounds = ("COUNT", count, "BLOCK", block_ms)
        streams = ("STREAMS", self._options.stream(lane), ">")
        command = ("XREADGROUP", "GROUP", WORKERS, self._worker, *bounds, *streams)
        found = _done(await waiter.ask(command))[0]
        return [
            _lease(lane, entry_id, dict(zip(fields[::2], fields[1::2], strict=True)), 1)
            for entry_id, fields in (found[0][1] if found else ())
        ]

    async def reclaim(self, lane: Lane, count: int) -> list[Lease]:
        """Take over what dead workers left behind."""
        stream = self._options.stream(lane)
        idle_ms = int(self._options.lease_s * 1000)
        claimed = await self._redis.xautoclaim(
            stream, WORKERS, self._worker, idle_ms, start_id="0-0", count=count
        )
        return [
            _lease(lane, entry_id, fields, await self._deliveries(stream, entry_id))
            for entry_id, fields in claimed[1]
            if fields
        ]

    async def _deliveries(self, stream: str, entry_id: bytes) -> int:
        pending = await self._redis.xpending_range(stream, WORKERS, entry_id, entry_id, 1)
        return int(pending[0]["times_delivered"]) if pending else 1

    async def keep(self, leases: Iterable[Lease]) -> None:
        """Say that we live: resets the idle time, leaves the count of deliveries."""
        by_lane: dict[Lane, list[str]] = {}
        for lease in leases:
            by_lane.setdefault(lease.lane, []).append(lease.id)
        async with self._redis.pipeline(transaction=False) as pipe:
            for lane, ids in by_lane.items():
                stream = self._options.stream(lane)
                pipe.xclaim(stream, WORKERS, self._worker, 0, ids, justid=True)
            await pipe.execute()

    async def finish(self, done: Sequence[Finished]) -> None:
        """Acknowledge, delete and reply in one MULTI: nothing is lost or left between."""
        answers = await self._answers.ask(("MULTI",), *self._finish(done), ("EXEC",))
        _done(_done(answers)[-1])

    def _finish(self, done: Sequence[Finished]) -> Iterator[Command]:
        for lane in {item.lease.lane for item in done}:
            ids = [item.lease.id for item in done if item.lease.lane == lane]
            yield ("XACK", self._options.stream(lane), WORKERS, *ids)
            yield ("XDEL", self._options.stream(lane), *ids)
        replies: dict[str, list[bytes]] = {}
        for item in done:
            body = item.lease.job.encode() + b" " + item.body
            replies.setdefault(item.lease.reply, []).append(body)
            if item.buried:
                yield ("XADD", self._options.dead, "MAXLEN", "~", DEAD_KEPT, "*", *_letter(item))
        for reply, bodies in replies.items():
            yield ("LPUSH", reply, *bodies)
            yield ("PEXPIRE", reply, REPLY_TTL_MS)

    async def blob(self, key: str) -> bytes | None:
        found: bytes | None = await self._redis.get(key)
        return found

    async def register(self, state: str, alive_s: float) -> None:
        """Tell the fronts that we live, and what we are; forget those that do not."""
        now_ms = int(time.time() * 1000)
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.zadd(self._options.workers, {self._worker: now_ms + int(alive_s * 1000)})
            pipe.hset(self._options.states, self._worker, state)
            pipe.zrangebyscore(self._options.workers, "-inf", now_ms - 60_000)
            gone = (await pipe.execute())[-1]
        for worker in gone:
            await self._forget(worker)

    async def leave(self) -> None:
        await self._forget(self._worker.encode())

    async def _forget(self, worker: bytes) -> None:
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.zrem(self._options.workers, worker)
            pipe.hdel(self._options.states, worker.decode())
            await pipe.execute()


def _letter(item: Finished) -> Iterator[bytes | str | int]:
    """Names and values in turn."""
    lease = item.lease
    yield from ("why", item.buried)
    yield from ("at", int(time.time() * 1000))
    yield from ("lane", lease.lane)
    yield from ("o", lease.op)
    yield from ("d", lease.payload)
    yield from ("b", lease.blob)


def _done(answers: list[Answer]) -> list[Answer]:
    """Raises the first error among them."""
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return answers


def _lease(lane: Lane, entry_id: bytes, fields: dict[bytes, bytes], deliveries: int) -> Lease:
    return Lease(
        id=entry_id.decode(),
        lane=lane,
        job=fields[b"j"].decode(),
        op=fields[b"o"].decode(),
        payload=fields[b"d"],
        blob=fields[b"b"].decode(),
        reply=fields[b"r"].decode(),
        deadline_ms=int(fields[b"x"]),
        deliveries=deliveries,
    )
