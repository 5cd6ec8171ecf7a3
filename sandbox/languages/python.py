"""Python: run by the slot's own warm interpreter, compiled once, in the first run's process."""

from dataclasses import dataclass

from adjudge.sandbox.inside.spec import pack
from adjudge.sandbox.job import Blob, Job
from adjudge.sandbox.language import Compile
from adjudge.sandbox.types import Limits, Program


@dataclass(frozen=True)
class Python:
    """The interpreter that the slots fork from."""

    version: str | None
    name: str = "python"
    readable: tuple[str, ...] = ()

    def build(self, program: Program, limits: Limits, compile_: Compile) -> Job:  # noqa: ARG002
        """Nothing to do yet: the first run compiles, before the program's first line."""
        return Job(
            launch="python",
            argv=("main.py", *program.arguments),
            program=Blob(program.source.encode("utf-8", "surrogatepass")),
            files=Blob(pack(program.files)) if program.files else None,
            limits=limits,
            keep_cache=True,
        )
