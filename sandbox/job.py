"""One run, as a back end takes it and gives it back: between `pool` and the slots.

A language turns a `Program` into a `Job` once (`language.Language.build`), and the pool runs that
job as often as it is asked to, in whichever slot is free. `Slot` is what a back end implements.
"""

import fcntl
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from adjudge.sandbox.inside.spec import Bounds, usual_environment
from adjudge.sandbox.inside.sweep import FETCHED
from adjudge.sandbox.types import Channel, Ending, Limits, Result

Shape = tuple[int, int]
"""tmp_mb, tmp_inodes: what a slot is made with; all else goes with each job."""

Conversation = Callable[[Channel], None]

SHARED_PAGES_MB = 256
"""Address space that an interpreter takes without using it (libraries, arenas)."""
BACKSTOP_FACTOR, BACKSTOP_LEAST_S = 10, 30.0
_SEALS = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK


NAMED = "/dev/stdin"


class Blob:
    """Bytes that runs may read, and an anonymous file with them once somebody needs one."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._opened: int | None = None

    def descriptor(self) -> int:
        """Sealed: no holder can change it. Kept until `close`."""
        if self._opened is None:
            self._opened = os.memfd_create("blob", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
            write_all(self._opened, self.data)
            fcntl.fcntl(self._opened, fcntl.F_ADD_SEALS, _SEALS)
        os.lseek(self._opened, 0, os.SEEK_SET)
        return self._opened

    def close(self) -> None:
        """Give the file back."""
        if self._opened is not None:
            os.close(self._opened)
            self._opened = None


@dataclass(frozen=True, slots=True)
class Prelude:
    """What a slot runs once, before the runs that name it (see `types.Program.prelude`)."""

    key: str
    text: bytes


class Learnt:
    """The preludes that one slot has had."""

    def __init__(self) -> None:
        self._keys: set[str] = set()

    def first(self, job: "Job") -> dict[str, bytes]:
        """What goes along with the first job that names its prelude; else nothing."""
        if job.prelude is None or job.prelude.key in self._keys:
            return {}
        self._keys.add(job.prelude.key)
        return {"prelude": job.prelude.text}


def write_all(opened: int, data: bytes) -> None:
    """All of it, from the present position on."""
    view = memoryview(data)
    while view:
        view = view[os.write(opened, view) :]


def fetched(paths: Sequence[str], artefact: bytes) -> dict[str, bytes]:
    """The files that `inside.sweep.collect_all` has put there."""
    found, at = {}, 0
    while at + FETCHED.size <= len(artefact):
        number, size = FETCHED.unpack_from(artefact, at)
        at += FETCHED.size + size
        found[paths[number]] = artefact[at - size : at]
    return found


def read_whole(opened: int, most: int) -> bytes:
    """What an anonymous file holds, up to a bound."""
    return os.pread(opened, min(os.fstat(opened).st_size, most), 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to run, and within which bounds."""

    launch: str
    """`python`: `program` is source text for the slot's own warm interpreter. `exec`: a process
    image, `argv[0]`, or `program` itself (an executable) where it is given."""
    argv: tuple[str, ...] = ("main.py",)
    program: Blob | None = None
    files: Blob | None = None
    """`inside.spec.pack`ed; put into the working directory of each run."""
    limits: Limits
    address_mb: int | None = None
    """Bound of the address space; None: from the memory limit; 0: none."""
    stack_mb: int = 64
    environment: Mapping[str, str] = field(default_factory=dict)
    """Beside PATH, HOME, LANG and TMPDIR."""
    warm: bool = False
    """Python: best run where the heavy packages (numpy) are loaded."""
    trusted: bool = False
    """A tool of ours on a program's text (a compiler): it may have processes even where a run may
    not (`lite` without a spare uid)."""
    named_stdin: bool = False
    """It opens /dev/stdin by that name."""
    collect: str = ""
    """Name of a file in the working directory to bring back."""
    fetch: tuple[str, ...] = ()
    """Or several, by relative path; then `Ran.artefact` is as `inside.sweep.collect_all` has it."""
    cache: Blob | None = None
    """Python's compiled code, of an earlier `Ran.cache`."""
    keep_cache: bool = False
    prelude: Prelude | None = None
    keep: Callable[[bytes], None] = lambda _: None
    """Told what the first run has compiled."""
    broken: Callable[["Ran"], bool] = lambda _: False
    """Whether a run shows that the program cannot be compiled, where nothing tells it before."""

    def header(self, work: str) -> dict[str, object]:
        """What a slot is told of it (see `inside.spec`), but for its blobs."""
        return {
            "op": "run",
            "launch": self.launch,
            "argv": self.argv,
            "environment": {**usual_environment(work), **self.environment},
            "bounds": vars(bounds(self)),
            "collect": self.collect,
            "fetch": self.fetch,
            "trusted": self.trusted,
            "named_stdin": self.named_stdin,
            "prelude": self.prelude.key if self.prelude else "",
        }

    def close(self) -> None:
        """Give its files back."""
        for blob in (self.program, self.files, self.cache):
            if blob is not None:
                blob.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a run went, before anybody says what that means."""

    status: int
    """As of wait(2)."""
    cause: str
    """Which limit ended it; "" if none did."""
    error: str = ""
    """A fault before the program began: ours."""
    cpu_s: float
    wall_s: float
    idle_s: float = 0.0
    memory_mb: float
    stdout: bytes
    stdout_size: int
    stderr: bytes
    stderr_size: int
    artefact: bytes = b""
    cache: bytes = b""
    out_of_memory: bool = False
    """A control group's out-of-memory killer was at work."""


class Slot(Protocol):
    """A place where one run at a time can be."""

    @property
    def shape(self) -> Shape:
        """What it was made with."""
        ...

    @property
    def facts(self) -> Mapping[str, object]:
        """What it said of itself when it was ready."""
        ...

    @property
    def alive(self) -> bool:
        """Whether it can take another run."""
        ...

    def run(self, job: Job, stdin: bytes, conversation: Conversation | None = None) -> Ran:
        """Raises `SlotDied` if the slot ended with the run, SandboxError for other faults."""
        ...

    def close(self) -> None:
        """End it and all in it."""
        ...


class Backend(Protocol):
    """Makes slots."""

    @property
    def name(self) -> str:
        """As in `Sandbox.backend`."""
        ...

    @property
    def python_version(self) -> str:
        """Of the interpreter that its slots fork from."""
        ...

    def make(self, shape: Shape) -> Slot:
        """A new slot; SandboxError when it cannot be had."""
        ...

    def close(self) -> None:
        """End everything of it."""
        ...


@runtime_checkable
class WarmBackend(Backend, Protocol):
    """Makes slots that have the heavy packages loaded, too."""

    def make_warm(self, shape: Shape) -> Slot:
        """As `make`."""
        ...


@runtime_checkable
class PreparingBackend(Backend, Protocol):
    """Its slots see a directory of ours."""

    @property
    def prepared(self) -> Path | None:
        """The same path there as here; None: there is no place for one."""
        ...


class SlotDied(Exception):
    """The slot ended in the middle of a run."""


def bounds(job: Job) -> Bounds:
    """A job's limits in the slot's units."""
    limits = job.limits
    output = int(limits.output_mb * (1 << 20))
    address = limits.memory_mb + SHARED_PAGES_MB if job.address_mb is None else job.address_mb
    return Bounds(
        cpu_s=limits.cpu_s,
        idle_s=limits.idle_s,
        wall_s=max(BACKSTOP_FACTOR * (limits.cpu_s + limits.idle_s), BACKSTOP_LEAST_S),
        memory_mb=limits.memory_mb,
        address_mb=address,
        output_bytes=output,
        file_bytes=max(output, limits.tmp_mb << 20) + 1,
        processes=limits.processes,
        files=limits.files,
        stack_mb=job.stack_mb,
        disk_mb=limits.tmp_mb,
    )


_BY_CAUSE = {
    "cpu": Ending.TIME_LIMIT,
    "idle": Ending.IDLE_LIMIT,
    "memory": Ending.MEMORY_LIMIT,
    "output": Ending.OUTPUT_LIMIT,
    "disk": Ending.RUNTIME_ERROR,
    "processes": Ending.RUNTIME_ERROR,
}
_MEMORY_WORDS = (
    b"MemoryError",
    b"std::bad_alloc",
    b"memory allocation of",
    b"out of memory",
)


"""In the last line of what a program says as it ends."""
_MEMORY_REPORTS = (b"JavaScript heap out of memory", b"java.lang.OutOfMemoryError")
"""Somewhere before a long trace."""


def judge_run(ran: Ran, limits: Limits) -> Result:
    """Say how a run ended."""
    cut = int(limits.output_mb * (1 << 20))
    return Result(
        ending=_ending(ran, limits, cut),
        return_code=os.waitstatus_to_exitcode(ran.status),
        stdout=ran.stdout[:cut],
        stderr=ran.stderr[:cut],
        cpu_s=ran.cpu_s,
        wall_s=ran.wall_s,
        memory_mb=ran.memory_mb,
    )


def _ending(ran: Ran, limits: Limits, cut: int) -> Ending:
    code = os.waitstatus_to_exitcode(ran.status)
    if max(ran.stdout_size, ran.stderr_size) > cut:
        return Ending.OUTPUT_LIMIT
    if ran.cause:
        return _BY_CAUSE[ran.cause]
    if code == -signal.SIGXCPU or ran.cpu_s >= limits.cpu_s:
        return Ending.TIME_LIMIT
    if code == 0:
        return Ending.OK
    return Ending.MEMORY_LIMIT if _out_of_memory(ran, limits) else Ending.RUNTIME_ERROR


def _out_of_memory(ran: Ran, limits: Limits) -> bool:
    if ran.out_of_memory or ran.memory_mb >= limits.memory_mb:
        return True
    report = ran.stderr[-8000:]
    last = report[-2000:].strip().rpartition(b"\n")[2]
    return any(word in last for word in _MEMORY_WORDS) or any(
        words in report for words in _MEMORY_REPORTS
    )
