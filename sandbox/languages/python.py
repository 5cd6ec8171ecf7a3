"""Python: run by the slot's own warm interpreter, compiled once, in the first run's process; the
compiled code of recent programs is kept."""

from dataclasses import dataclass, field, replace
from functools import lru_cache

from adjudge.sandbox.inside.spec import pack
from adjudge.sandbox.job import NAMED, Blob, Job, Prelude
from adjudge.sandbox.language import Compile
from adjudge.sandbox.recent import Recent, key_of
from adjudge.sandbox.types import Limits, Program


@dataclass(frozen=True)
class Python:
    """The interpreter that the slots fork from."""

    version: str | None
    name: str = "python"
    recent: Recent = field(default_factory=lambda: Recent(capacity_mb=32))

    def build(self, program: Program, limits: Limits, compile_: Compile) -> Job:  # noqa: ARG002
        """Nothing to do yet: the first run compiles, before the program's first line."""
        key = key_of(program.source)
        job = Job(
            launch="python",
            argv=("main.py", *program.arguments),
            program=Blob(program.source.encode("utf-8", "surrogatepass")),
            files=Blob(pack(program.files)) if program.files else None,
            limits=limits,
            warm="numpy" in program.source,
            keep_cache=True,
            prelude=_prelude(program.prelude) if program.prelude else None,
            fetch=program.fetch,
            named_stdin=NAMED in program.source,
            keep=lambda compiled: self.recent.put(key, compiled),
        )
        known = self.recent.get(key)
        return job if known is None else replace(job, cache=Blob(known), keep_cache=False)


@lru_cache(maxsize=8)
def _prelude(text: str) -> Prelude:
    return Prelude(key_of(text).hex(), text.encode())
