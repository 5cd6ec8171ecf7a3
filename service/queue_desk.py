"""The `Desk` over the queue: plan, look into the cache, put, gather in order.

Two things are remembered in Redis beside the jobs. A *row* is what one job says of one completion,
under a hash of all that went into it (verifier versions, params, reference, completion); rows with
an unscored component are never kept. A *request* that carries a `request_id` is kept for ten
minutes by its id and body: a resend joins the run under way, or gets its answer again.
"""

import asyncio
import base64
import dataclasses
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from adjudge.sandbox.types import Ending, LanguageUnavailable, Limits, Program, Result, SandboxError
from adjudge.service.api import RewardRequest, RewardResponse, Timing
from adjudge.service.desk import Readiness, SandboxState
from adjudge.service.errors import QueueUnreachable
from adjudge.service.job import JobResult, RunDone, RunJob
from adjudge.service.memory import Memory, MemoryOptions
from adjudge.service.plan import Kinds, Part, Plan, plan
from adjudge.service.queue.front import Front, Ticket
from adjudge.service.worker.supervisor import WorkerState

T = TypeVar("T")

BLOB_BYTES = 32_768
"""A reference larger than this travels once for all jobs of its group."""
OFFLOAD_CHARS = 500_000
"""A request larger than this is cut and put together on a thread, not on the event loop."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DeskOptions:
    deadline_s: float = 120.0
    """For requests that name none."""
    needs_sandbox: bool = True
    """Whether `/ready` wants a sandbox that passed its self-test."""
    memory: MemoryOptions = dataclasses.field(default_factory=MemoryOptions)


class QueueDesk:
    """`start` before use, `stop` after."""

    def __init__(self, front: Front, kinds: Kinds, options: DeskOptions) -> None:
        self._front = front
        self._kinds = kinds
        self._options = options
        self._memory = Memory(front, kinds, options.memory)

    async def start(self) -> None:
        await self._front.start()

    async def stop(self) -> None:
        await self._memory.close()
        await self._front.stop()

    async def judge(self, request: RewardRequest) -> RewardResponse:
        began = time.perf_counter()
        size = sum(_chars(group.completions) for group in request.groups)
        planned = await _maybe_on_a_thread(size, plan, request, self._kinds)
        if request.request_id is None:
            return await self._judge(planned, began, size)
        return await self._memory.once(request, lambda: self._judge(planned, began, size))

    async def _judge(self, planned: Plan, began: float, size: int) -> RewardResponse:
        rest = await self._memory.recall(planned.parts)
        deadline_s = planned.request.deadline_s or self._options.deadline_s
        left_s = max(deadline_s - (time.perf_counter() - began), 0.01)
        results = await self._work(rest.parts, left_s)
        self._memory.keep(rest.parts, results)
        total = (time.perf_counter() - began) * 1000.0
        work = max((result.work_ms for result in results if result is not None), default=0.0)
        timing = Timing(
            queue=round(max(total - work, 0.0), 3), work=round(work, 3), total=round(total, 3)
        )
        return await _maybe_on_a_thread(size, planned.assemble, rest.merge(results), timing)

    async def _work(self, parts: Sequence[Part], deadline_s: float) -> list[JobResult | None]:
        tickets = await self._tickets(parts, deadline_s)
        bodies = await self._front.put(tickets, deadline_s)
        return [JobResult.model_validate_json(body) if body else None for body in bodies]

    async def _tickets(self, parts: Sequence[Part], deadline_s: float) -> list[Ticket]:
        """Large references are put aside, once for each group."""
        blobs: dict[int, str] = {}
        tickets = []
        for part in parts:
            if part.group not in blobs:
                blobs[part.group] = await self._put_aside(part, deadline_s)
            job = part.job
            if blobs[part.group]:
                job = job.model_copy(update={"reference": {}})
            payload = job.model_dump_json().encode()
            tickets.append(Ticket(part.lane, "judge", payload, blobs[part.group]))
        return tickets

    async def _put_aside(self, part: Part, deadline_s: float) -> str:
        return await self._memory.put_aside(part.job.reference, BLOB_BYTES, deadline_s)

    async def run(
        self, program: Program, limits: Limits, stdin: bytes, deadline_s: float
    ) -> Result:
        job = RunJob(
            source=program.source,
            language=program.language,
            limits=dataclasses.asdict(limits),
            stdin_base64=base64.b64encode(stdin).decode(),
            files_base64={
                path: base64.b64encode(content).decode() for path, content in program.files.items()
            },
            fetch=program.fetch,
        )
        ticket = Ticket("code", "run", job.model_dump_json().encode())
        body = (await self._front.put([ticket], deadline_s))[0]
        if body is None:
            raise TimeoutError("the program was not run by the deadline")
        return _result(RunDone.model_validate_json(body or b'{"fault": "its worker died"}'))

    async def readiness(self) -> Readiness:
        try:
            waiting = await self._front.waiting()
            told = await self._front.workers()
        except QueueUnreachable:
            return Readiness(ready=False, queue=False, workers=0, sandbox=SandboxState())
        states = [WorkerState.model_validate_json(state) for state in told]
        states = [state for state in states if state.children]
        sandbox = next((s.sandbox for s in states if s.sandbox.self_test), SandboxState())
        ready = bool(states) and (sandbox.self_test or not self._options.needs_sandbox)
        return Readiness(
            ready=ready, queue=True, workers=len(states), sandbox=sandbox, waiting=waiting
        )


def _chars(completions: Sequence[object]) -> int:
    return sum(len(c) if isinstance(c, str) else len(getattr(c, "text", "")) for c in completions)


async def _maybe_on_a_thread(size: int, run: Callable[..., T], *given: object) -> T:
    """A large request must not hold up the small ones."""
    return await asyncio.to_thread(run, *given) if size > OFFLOAD_CHARS else run(*given)


def _result(done: RunDone) -> Result:
    if done.unavailable:
        raise LanguageUnavailable(done.fault)
    if done.fault:
        raise SandboxError(done.fault)
    return Result(
        ending=Ending(done.ending),
        return_code=done.return_code,
        stdout=base64.b64decode(done.stdout_base64),
        stderr=base64.b64decode(done.stderr_base64),
        cpu_s=done.cpu_s,
        wall_s=done.wall_s,
        memory_mb=done.memory_mb,
        files={path: base64.b64decode(content) for path, content in done.files_base64.items()},
    )
