"""What the sandbox takes and gives. Imports nothing of this project.

A `Sandbox` is a pool of slots behind one of four back ends (`native-root`, `native-userns`, `lite`,
`docker`). A `Session` is one program, prepared once (compiled, or loaded), run many times: each run
is a fresh process, and nothing of one run is seen by another. A `Result` says how a run ended, and
whose fault it was: everything in `Ending` is the program's doing; a fault of ours is a
`SandboxError`, and never looks like the program's.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class SandboxError(Exception):
    """The sandbox itself failed (or its far wall backstop fired): nothing is known. Never a 0."""


class LanguageUnavailable(SandboxError):
    """This machine has no tool for the language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one run, before the language's factors are applied."""

    cpu_s: float = 4.0
    """CPU seconds, of the process and all that it started."""
    idle_s: float = 2.0
    """Seconds neither running nor waiting for a core (wall − cpu − run delay)."""
    memory_mb: int = 512
    output_mb: float = 8.0
    """Bytes of standard output and of standard error, each."""
    processes: int = 32
    """Processes and threads at once."""
    files: int = 64
    """Open file descriptors."""
    tmp_mb: int = 32
    tmp_inodes: int = 4096
    compile_s: float = 30.0
    """CPU seconds of a compiler, before the first run; its memory has a bound of its own."""


class Ending(StrEnum):
    """How a run ended."""

    OK = "ok"
    RUNTIME_ERROR = "runtime_error"
    TIME_LIMIT = "time_limit"
    IDLE_LIMIT = "idle_limit"
    MEMORY_LIMIT = "memory_limit"
    OUTPUT_LIMIT = "output_limit"
    COMPILE_ERROR = "compile_error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    source: str
    language: str = "python"
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Relative path → content, put in the working directory of each run."""
    arguments: tuple[str, ...] = ()
    """The command line behind the program's name."""
    prelude: str = ""
    """Python: text of the caller's own, the same for many programs. Each slot runs it once, before
    any run, and the program begins with the names that it has bound. Never of a completion."""
    fetch: tuple[str, ...] = ()
    """Relative paths of files to bring back after each run, 64 MiB in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One run."""

    ending: Ending
    return_code: int
    """Exit status, or −signal."""
    stdout: bytes
    """Whole, unless the ending is `output_limit`."""
    stderr: bytes
    cpu_s: float
    wall_s: float
    memory_mb: float
    """Peak resident memory."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Those of `Program.fetch` that there were."""


class Channel(Protocol):
    """A message stream to a running program (bounded frames of bytes, in order)."""

    def send(self, message: bytes) -> None: ...

    def receive(self) -> bytes | None:
        """The next message; None: the program ended, broke the framing or ran out of time."""
        ...


class Session(Protocol):
    """A prepared program. For one thread at a time; it holds a slot only during a run, and a run
    within the conversation of another is fine (each depth has slots of its own)."""

    def run(self, stdin: bytes = b"") -> Result:
        """One fresh process. A program that does not compile gives `compile_error` each time."""
        ...

    def talk(self, conversation: Callable[[Channel], None], stdin: bytes = b"") -> Result:
        """One fresh process with a channel to us (its file descriptor 3), held while
        `conversation` runs in the calling thread; the result is as of `run`. Time in which the
        program waits for us is not its idle time. `conversation` is called once more, from its
        beginning, if the slot is lost."""
        ...


class Sandbox(Protocol):
    """A pool of slots, safe to use from many threads; a caller waits for a free slot."""

    @property
    def backend(self) -> str: ...

    @property
    def isolation(self) -> tuple[str, ...]:
        """What holds here, as probed at the start: `pid-namespace`, `seccomp`, `landlock`, …"""
        ...

    @property
    def languages(self) -> Mapping[str, str]:
        """Language → version of its tool, of those that this machine can run."""
        ...

    def open(
        self, program: Program, limits: Limits | None = None
    ) -> AbstractContextManager[Session]:
        """Prepare a program. Raises SandboxError for faults of ours only."""
        ...

    def self_test(self) -> bool:
        """Run one innocent program now; False: not fit for use (`GET /ready`)."""
        ...

    def close(self) -> None:
        """End every slot."""
        ...
