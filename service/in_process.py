"""`from adjudge import judge`: the whole service as a function call, without queue or HTTP.

It judges in this very process: nothing here can be killed when it runs away, so text from a policy
that is paid to find our bugs belongs to the service. `code` needs a sandbox, which `judge` opens on
first use.
"""

import asyncio
import atexit
import time
from functools import cache

from adjudge.sandbox.types import Limits, Program, Result, Sandbox, SandboxError
from adjudge.service.api import RewardRequest, RewardResponse, Timing
from adjudge.service.desk import Readiness, sandbox_state
from adjudge.service.judge import Kinds, Watch, judge_job
from adjudge.service.plan import plan
from adjudge.verifiers.registry import Tools, registry


@cache
def _kinds() -> Kinds:
    return registry(Tools())


@cache
def _kinds_with_programs() -> Kinds:
    """Opens the sandbox: only a request with programs to run pays for it."""
    from adjudge.service.worker.programs import SANDBOX, open_sandbox

    sandbox = open_sandbox(SANDBOX, "{}")
    if sandbox is not None:
        atexit.register(sandbox.close)
    return registry(Tools(sandbox=sandbox))


def judge(request: RewardRequest, kinds: Kinds | None = None) -> RewardResponse:
    """Judge a request here and now.

    Raises BadRequest or TooLarge (adjudge.service.errors) as the service would answer 422 or 413.
    `deadline_s` is not looked at: nothing waits in a queue.
    """
    began = time.perf_counter()
    planned = plan(request, _kinds() if kinds is None else kinds)
    if kinds is None:
        programs = any(part.lane == "code" for part in planned.parts)
        kinds = _kinds_with_programs() if programs else _kinds()
    watch = Watch(clock=time.perf_counter)
    results = [judge_job(part.job, kinds, watch) for part in planned.parts]
    spent = round((time.perf_counter() - began) * 1000.0, 3)
    return planned.assemble(results, Timing(queue=0.0, work=spent, total=spent))


class InProcessDesk:
    """A `Desk` (adjudge.service.desk) over `judge`: one process, one request at a time."""

    def __init__(self, sandbox: Sandbox | None = None) -> None:
        self._sandbox = sandbox
        self._kinds = registry(Tools(sandbox=sandbox))

    @property
    def kinds(self) -> Kinds:
        return self._kinds

    async def judge(self, request: RewardRequest) -> RewardResponse:
        return await asyncio.to_thread(judge, request, self._kinds)

    async def run(
        self, program: Program, limits: Limits, stdin: bytes, deadline_s: float
    ) -> Result:
        if self._sandbox is None:
            raise SandboxError("no sandbox")
        async with asyncio.timeout(deadline_s):
            return await asyncio.to_thread(_run, self._sandbox, program, limits, stdin)

    async def readiness(self) -> Readiness:
        return Readiness(ready=True, queue=True, workers=1, sandbox=sandbox_state(self._sandbox))


def _run(sandbox: Sandbox, program: Program, limits: Limits, stdin: bytes) -> Result:
    with sandbox.open(program, limits) as session:
        return session.run(stdin)
