"""What a language must give: its tool's version, and a `Job` from a `Program`."""

from collections.abc import Callable
from typing import Protocol

from adjudge.sandbox.job import Job, Ran
from adjudge.sandbox.types import Limits, Program, Result

Compile = Callable[[Job], Ran]
"""Run one job now, in a slot (a compiler's, with its larger limits)."""


class Language(Protocol):
    """One language of the sandbox."""

    @property
    def name(self) -> str:
        """As in `Program.language`."""
        ...

    @property
    def version(self) -> str | None:
        """Of its tool on this machine; None: there is none."""
        ...

    def build(self, program: Program, limits: Limits, compile_: Compile) -> Job | Result:
        """The job of each run; or the result that every run has, if it does not compile."""
        ...
