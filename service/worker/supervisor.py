"""A worker's supervisor: between the queue and the children.

Each lane has a loop that takes no more jobs than its crew can hold, a heartbeat keeps the leases of
all that is held, and one flusher acknowledges and replies in batches. Redis going away stops none
of them: they wait, and come back by themselves.
"""

import asyncio
import contextlib
import gc
import logging
import os
import random
import secrets
import socket
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from pydantic import ValidationError
from redis.exceptions import RedisError, ResponseError

from adjudge.service.desk import SandboxState
from adjudge.service.ending import end
from adjudge.service.queue.keys import BLOCK_S, WAIT_S, QueueOptions, prompt_client
from adjudge.service.queue.leases import Finished, Lease, Leases
from adjudge.service.queue.line import Line
from adjudge.service.worker.crew import Crew, CrewOptions
from adjudge.service.worker.frames import Frame
from adjudge.service.worker.settle import crashed, settle
from adjudge.verifiers.types import Frozen, Lane

log = logging.getLogger(__name__)

FLUSH = 64
"""Replies in one MULTI."""
UNANSWERED = 4 * FLUSH
"""Replies that may wait for Redis before nothing more is taken."""
TROUBLE_S = 10.0
BLOBS = 64
"""Large references kept in memory."""


class WorkerState(Frozen):
    """What a worker tells the fronts of itself."""

    host: str
    pid: int
    lanes: tuple[Lane, ...]
    children: int
    sandbox: SandboxState


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerOptions:
    queue: QueueOptions
    crews: Mapping[Lane, CrewOptions]
    grace_s: float = 30.0
    """How long a stop waits for the jobs that were taken."""


@dataclass(slots=True)
class _Held:
    """Everything that this worker has taken and not yet answered."""

    leases: dict[str, Lease] = field(default_factory=dict)
    judging: Counter[Lane] = field(default_factory=Counter)
    """Of the leases, those whose work is not done; the others wait to be acknowledged."""
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    empty: asyncio.Event = field(default_factory=asyncio.Event)


class Trouble:
    """Tells of the same trouble once in ten seconds: six loops try three times a second."""

    def __init__(self) -> None:
        self._told: dict[str, float] = {}

    def tell(self, message: str) -> None:
        now = time.monotonic()
        if now - self._told.get(message, -TROUBLE_S) >= TROUBLE_S:
            self._told = {message: now}
            log.warning("%s", message)


class Supervisor:
    """`run` until `stop`; safe to kill at any moment."""

    def __init__(self, options: WorkerOptions) -> None:
        self.options = options
        self.name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        self._redis = prompt_client(options.queue.url, timeout_s=5.0)
        self._answers = Line(options.queue.url, 5.0)
        self._leases = Leases(options.queue, self._redis, self._answers, self.name)
        self._crews = {lane: Crew(crew) for lane, crew in options.crews.items()}
        self._held = _Held()
        self._done: asyncio.Queue[Finished] = asyncio.Queue()
        self._freed = asyncio.Event()
        self._stopping = asyncio.Event()
        self._held.empty.set()
        self._blobs: dict[str, bytes] = {}
        self._trouble = Trouble()

    def stop(self) -> None:
        """Take nothing more; `run` returns when what was taken is answered."""
        self._stopping.set()

    async def run(self) -> None:
        for crew in self._crews.values():
            await crew.start()
        loops = [self._forever(self._heartbeat), self._forever(self._flush)]
        for lane in self._crews:
            loops += [
                self._take_forever(lane),
                self._forever(partial(self._reclaim, lane)),
            ]
        tasks = [asyncio.create_task(loop) for loop in loops]
        gc.freeze()  # what is loaded now stays: not to be looked through again and again
        await self._stopping.wait()
        await self._drain()
        await end(tasks)
        for crew in self._crews.values():
            await crew.stop()
        with contextlib.suppress(RedisError, OSError):
            await self._leases.leave()
        await self._redis.aclose()
        await self._answers.close()

    async def _drain(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.options.grace_s):
                await self._held.empty.wait()

    async def _forever(self, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await step()
            except (RedisError, OSError, TimeoutError) as error:
                await self._recover(error)
            except Exception:
                log.exception("a loop of the supervisor failed; it goes on")
                await asyncio.sleep(0.2)

    async def _recover(self, error: Exception) -> None:
        if isinstance(error, ResponseError) and "NOGROUP" in str(error):
            with contextlib.suppress(RedisError, OSError):
                await self._leases.open()
            return
        self._trouble.tell(f"queue: {error}; trying again")
        await asyncio.sleep(0.2 + 0.3 * random.random())  # noqa: S311 - only to spread reconnects

    # -- taking ----------------------------------------------------------------------------------

    async def _take_forever(self, lane: Lane) -> None:
        waiter = Line(self.options.queue.url, WAIT_S)
        await self._crews[lane].first_ready()
        try:
            await self._forever(partial(self._take, waiter, lane))
        finally:
            await waiter.close()

    def _room(self, lane: Lane) -> int:
        """Jobs that this lane can take now: one for each free place, and a few in hand so that no
        place waits for Redis."""
        capacity = self._crews[lane].capacity
        places = capacity + (capacity if lane == "pure" else 0)
        unanswered = len(self._held.leases) - self._held.judging.total()
        return places - self._held.judging[lane] if unanswered < UNANSWERED else 0

    async def _take(self, waiter: Line, lane: Lane) -> None:
        if self._stopping.is_set():
            await asyncio.sleep(1.0)
            return
        room = self._room(lane)
        if room <= 0:
            self._freed.clear()
            await self._freed.wait()
            return
        for lease in await self._leases.take(waiter, lane, room, int(BLOCK_S * 1000)):
            self._accept(lease)
        await asyncio.sleep(0)  # The children get their jobs first: the next read wakes Redis.

    async def _reclaim(self, lane: Lane) -> None:
        await asyncio.sleep(self.options.queue.lease_s / 5)
        await self._crews[lane].first_ready()
        room = self._room(lane)
        if room <= 0 or self._stopping.is_set():
            return
        for lease in await self._leases.reclaim(lane, room):
            if lease.id not in self._held.leases:
                log.info("took over job %s, delivery %d", lease.id, lease.deliveries)
                self._accept(lease)

    def _accept(self, lease: Lease) -> None:
        self._held.leases[lease.id] = lease
        self._held.judging[lease.lane] += 1
        self._held.empty.clear()
        task = asyncio.create_task(self._work(lease))
        self._held.tasks.add(task)
        task.add_done_callback(self._held.tasks.discard)

    # -- working ---------------------------------------------------------------------------------

    async def _work(self, lease: Lease) -> None:
        try:
            body, buried = await self._body(lease)
        except (RedisError, OSError, TimeoutError, ValidationError) as error:
            log.warning("job %s given back: %s", lease.id, error)
            self._let_go(lease)
            return
        finally:
            self._held.judging[lease.lane] -= 1
            self._freed.set()
        self._done.put_nowait(Finished(lease, body, buried))

    async def _body(self, lease: Lease) -> tuple[bytes, str]:
        if lease.expired():
            return b"", ""
        frame = Frame(lease.op, lease.payload, await self._blob(lease.blob))
        if lease.deliveries > self.options.queue.deliveries:
            return crashed(frame), f"its worker died {lease.deliveries - 1} times"
        return await settle(self._crews[lease.lane], frame)

    async def _blob(self, key: str) -> bytes:
        if not key:
            return b""
        if key not in self._blobs:
            found = await self._leases.blob(key)
            if found is None:
                raise TimeoutError(f"{key} is gone")
            while len(self._blobs) >= BLOBS:
                del self._blobs[next(iter(self._blobs))]
            self._blobs[key] = found
        return self._blobs[key]

    def _let_go(self, lease: Lease) -> None:
        self._held.leases.pop(lease.id, None)
        if not self._held.leases:
            self._held.empty.set()
        self._freed.set()

    # -- answering -------------------------------------------------------------------------------

    async def _flush(self) -> None:
        done = [await self._done.get()]
        while len(done) < FLUSH and not self._done.empty():
            done.append(self._done.get_nowait())
        try:
            await self._leases.finish(done)
        except (RedisError, OSError, TimeoutError):
            for item in done:
                self._done.put_nowait(item)
            raise
        for item in done:
            self._let_go(item.lease)

    async def _heartbeat(self) -> None:
        await self._leases.keep(list(self._held.leases.values()))
        await self._leases.register(self._state().model_dump_json(), self.options.queue.lease_s)
        settled = self._state().children > 0
        await asyncio.sleep(self.options.queue.lease_s / 4 if settled else 0.1)

    def _state(self) -> WorkerState:
        code = self._crews.get("code")
        greetings = code.greetings() if code else ()
        sandbox = SandboxState.model_validate_json(greetings[0]) if greetings else SandboxState()
        return WorkerState(
            host=socket.gethostname(),
            pid=os.getpid(),
            lanes=tuple(self._crews),
            children=sum(len(crew.greetings()) for crew in self._crews.values()),
            sandbox=sandbox,
        )
