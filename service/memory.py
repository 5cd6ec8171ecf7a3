"""What the front remembers in Redis: rows of results, and whole requests.

Only what is certain is remembered: never a component that could not be scored, so that what failed
once is tried again.
"""

import asyncio
import hashlib
import json
import logging
import zlib
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import JsonValue, TypeAdapter
from pydantic_core import to_json
from redis.exceptions import RedisError

from adjudge.service.api import RewardRequest, RewardResponse
from adjudge.service.job import Entry, JobResult, Row
from adjudge.service.plan import Kinds, Part
from adjudge.service.queue.front import Front, reaching

log = logging.getLogger(__name__)

_ROW = TypeAdapter(Row)

RUNNING = b"running"
RUNNING_MS = 10_000
"""A first run that is not renewed for so long died with its front."""
POLL_S = 0.05
REMEMBER_S = 0.05
LASTING = 0.9
"""Share of the mean of a kind's cost that one more job leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryOptions:
    row_min_ms: float = 2.0
    """Rows that took less are not worth a round trip to keep."""
    row_ttl_s: int = 3600
    """How long rows are kept; 0: none are."""
    request_ttl_s: int = 600
    """How long a request's answer is kept for resends with its `request_id`."""
    request_max_bytes: int = 16 << 20
    """Larger answers are not kept."""


@dataclass(frozen=True, slots=True)
class Recalled:
    """What is left to do, and how its results and the remembered rows become one."""

    whole: tuple[Part, ...]
    rows: tuple[dict[int, Row], ...]
    """For each of `whole`: position in the part → the remembered row."""
    parts: tuple[Part, ...]
    """What is left of each of `whole`; parts of which nothing is left are not here."""

    def merge(self, results: Sequence[JobResult | None]) -> list[JobResult | None]:
        """By the parts of `whole`."""
        left = iter(results)
        merged = []
        for part, rows in zip(self.whole, self.rows, strict=True):
            result = None if len(rows) == len(part.members) else next(left)
            merged.append(_merge(part, rows, result))
        return merged


def _merge(part: Part, rows: dict[int, Row], result: JobResult | None) -> JobResult | None:
    if not rows:
        return result
    if result is None and len(rows) < len(part.members):
        return None
    fresh = iter(result.rows if result is not None else ())
    return JobResult.model_construct(
        rows=tuple(rows[at] if at in rows else next(fresh) for at in range(len(part.members))),
        classes=None,
        work_ms=0.0,
    )


class Memory:
    def __init__(self, front: Front, kinds: Kinds, options: MemoryOptions) -> None:
        self._front = front
        self._redis = front.redis
        self._queue = front.options
        self._kinds = kinds
        self._options = options
        self._cost_ms: dict[str, float] = {}
        """Of one row with this kind, as of late."""
        self._running: dict[str, asyncio.Task[RewardResponse]] = {}
        self._background: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        for task in (*self._running.values(), *self._background):
            task.cancel()

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        """Off the caller's path; a failure costs a repeated judgement, no more."""

        async def quiet() -> None:
            try:
                await work
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("not remembered: %s", error)

        task = asyncio.create_task(quiet())
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    # -- rows ------------------------------------------------------------------------------------

    async def recall(self, parts: Sequence[Part]) -> Recalled:
        """Look up the rows of these parts. Raises QueueUnreachable."""
        whole = tuple(parts)
        places = [
            (index, at, key)
            for index, part in enumerate(whole)
            if self._rememberable(part) and self._may_be_known(part)
            for at, key in enumerate(self._keys(part))
        ]
        rows: tuple[dict[int, Row], ...] = tuple({} for _ in whole)
        if places:
            with reaching():
                found = await self._redis.mget([key for _, _, key in places])
            for (index, at, _), body in zip(places, found, strict=True):
                if body is not None:
                    rows[index][at] = _ROW.validate_json(body)
        left = tuple(
            _without(part, rows[index])
            for index, part in enumerate(whole)
            if len(rows[index]) < len(part.members)
        )
        return Recalled(whole, rows, left)

    def keep(self, parts: Sequence[Part], results: Sequence[JobResult | None]) -> None:
        """Remember the rows that cost enough, of the kinds that are looked up."""
        kept: list[tuple[str, Row]] = []
        for part, result in zip(parts, results, strict=True):
            if result is None or not self._rememberable(part):
                continue
            self._learn(part, result)
            if self._may_be_known(part) and any(map(self._worth_keeping, result.rows)):
                rows = zip(self._keys(part), result.rows, strict=True)
                kept += [(key, row) for key, row in rows if self._worth_keeping(row)]
        if kept:
            self._later(self._store(kept))

    def _learn(self, part: Part, result: JobResult) -> None:
        """A running mean: one row that had to wait for a core must not have its kind looked up
        for ever, at a round trip for each group."""
        for task in part.job.tasks:
            spent = [row.components[task.label].ms for row in result.rows]
            mean = sum(spent) / len(spent)
            self._cost_ms[task.kind] = mean + LASTING * (self._cost_ms.get(task.kind, mean) - mean)

    def _rememberable(self, part: Part) -> bool:
        return part.cacheable and self._options.row_ttl_s > 0

    def _may_be_known(self, part: Part) -> bool:
        """Judging most kinds is quicker than asking Redis."""
        if part.lane != "pure":
            return True
        cost_ms = sum(self._cost_ms.get(task.kind, 0.0) for task in part.job.tasks)
        return cost_ms >= self._options.row_min_ms

    def _worth_keeping(self, row: Row) -> bool:
        components = row.components.values()
        certain = all(component.score is not None for component in components)
        return certain and sum(c.ms for c in components) >= self._options.row_min_ms

    async def _store(self, kept: Sequence[tuple[str, Row]]) -> None:
        async with self._redis.pipeline(transaction=False) as pipe:
            for key, row in kept:
                pipe.set(key, _ROW.dump_json(row), ex=self._options.row_ttl_s)
            await pipe.execute()

    def _keys(self, part: Part) -> Iterator[str]:
        """One for each entry: a hash of all that the verdict depends on."""
        job = part.job
        tasks = [(t.label, t.kind, self._kinds[t.kind].version, t.params) for t in job.tasks]
        common = hashlib.blake2b(
            to_json((tasks, job.reference, job.prompt, job.prefill, job.flags)), digest_size=20
        )
        for entry in job.entries:
            whole = common.copy()
            whole.update(_entry_bytes(entry))
            yield self._queue.row(whole.hexdigest())

    # -- large references ------------------------------------------------------------------------

    async def put_aside(
        self, reference: dict[str, JsonValue], threshold: int, deadline_s: float
    ) -> str:
        """The key under which a large reference now lies; empty for a small one."""
        body = to_json(reference)
        if len(body) <= threshold:
            return ""
        key = self._queue.blob(hashlib.blake2b(body, digest_size=20).hexdigest())
        with reaching():
            await self._redis.set(key, body, ex=int(max(600.0, 2 * deadline_s)))
        return key

    # -- requests --------------------------------------------------------------------------------

    async def once(
        self, request: RewardRequest, run: Callable[[], Awaitable[RewardResponse]]
    ) -> RewardResponse:
        """Run this request, join the run of the same one, or give its answer again."""
        key = self._queue.request(_digest(request))
        task = self._running.get(key)
        if task is None:
            task = asyncio.create_task(self._first_or_known(key, run))
            self._running[key] = task
            task.add_done_callback(lambda _: self._running.pop(key, None))
        return await asyncio.shield(task)

    async def _first_or_known(
        self, key: str, run: Callable[[], Awaitable[RewardResponse]]
    ) -> RewardResponse:
        while True:
            known = await self._front.ask("SET", key, RUNNING, "NX", "GET", "PX", RUNNING_MS)
            if known is None:
                return await self._first(key, run)
            if known != RUNNING:
                return RewardResponse.model_validate_json(zlib.decompress(known))
            await asyncio.sleep(POLL_S)

    async def _first(
        self, key: str, run: Callable[[], Awaitable[RewardResponse]]
    ) -> RewardResponse:
        renewing = asyncio.create_task(self._renew(key))
        try:
            response = await run()
        except BaseException:
            self._later(self._redis.delete(key))
            raise
        finally:
            renewing.cancel()
        self._later(self._remember(key, response))
        return response

    async def _renew(self, key: str) -> None:
        while True:
            await asyncio.sleep(RUNNING_MS / 3000)
            try:
                await self._redis.pexpire(key, RUNNING_MS)
            except (RedisError, OSError, TimeoutError):
                continue

    async def _remember(self, key: str, response: RewardResponse) -> None:
        """A little later: a trainer's other chunks, sent with this one, go first."""
        await asyncio.sleep(REMEMBER_S)
        body = response.model_dump_json().encode() if _lasting(response) else b""
        if not body or len(body) > self._options.request_max_bytes:
            await self._redis.delete(key)
            return
        await self._redis.set(key, zlib.compress(body, 1), ex=self._options.request_ttl_s)


def _without(part: Part, rows: dict[int, Row]) -> Part:
    if not rows:
        return part
    left = [at for at in range(len(part.members)) if at not in rows]
    entries = tuple(part.job.entries[at] for at in left)
    return replace(
        part,
        job=part.job.model_copy(update={"entries": entries}),
        members=tuple(part.members[at] for at in left),
    )


def _entry_bytes(entry: Entry) -> bytes:
    head = json.dumps((entry.tokens, entry.finish_reason))
    return f"{head}\0{entry.text}".encode()


def _digest(request: RewardRequest) -> str:
    body = request.__pydantic_serializer__.to_json(request)
    return hashlib.blake2b(body, digest_size=20).hexdigest()


def _lasting(response: RewardResponse) -> bool:
    """Is every verdict the same when asked again? Faults of ours are worth another try."""
    return all(
        component.score is not None or component.reason == "bad_reference"
        for group in response.groups
        for completion in group.completions
        for component in completion.components.values()
    )
