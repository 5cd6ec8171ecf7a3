"""The seam between HTTP and everything behind it.

A route parses its body, asks the `Desk`, and writes the answer. There are two desks: one puts the
work into the queue (`adjudge serve`), one judges in this process (tests, `adjudge score`).
"""

from typing import Protocol

from pydantic import Field

from adjudge.sandbox.types import Limits, Program, Result, Sandbox
from adjudge.service.api import RewardRequest, RewardResponse
from adjudge.verifiers.types import Frozen


class SandboxState(Frozen):
    """What the code workers' start-up probe found."""

    backend: str | None = None
    isolation: tuple[str, ...] = ()
    self_test: bool = False
    languages: dict[str, str] = Field(default_factory=dict)


def sandbox_state(sandbox: Sandbox | None) -> SandboxState:
    """What `GET /ready` says of a sandbox that passed its probe (or of none)."""
    if sandbox is None:
        return SandboxState()
    return SandboxState(
        backend=sandbox.backend,
        isolation=sandbox.isolation,
        self_test=True,
        languages=dict(sandbox.languages),
    )


class Readiness(Frozen):
    """`GET /ready`."""

    ready: bool
    queue: bool
    workers: int
    sandbox: SandboxState
    waiting: dict[str, int] = Field(default_factory=dict)
    """Jobs in each lane of the queue."""


class Desk(Protocol):
    """Raises BadRequest, TooLarge, QueueFull, QueueUnreachable (adjudge.service.errors)."""

    async def judge(self, request: RewardRequest) -> RewardResponse: ...

    async def run(
        self, program: Program, limits: Limits, stdin: bytes, deadline_s: float
    ) -> Result:
        """One run of a program in a sandbox slot (`POST /run_code`).

        Raises TimeoutError when it was not done by the deadline, SandboxError for faults of ours.
        """
        ...

    async def readiness(self) -> Readiness: ...
