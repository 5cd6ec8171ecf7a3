"""The sandbox that the rest of the house sees: slots shared by many threads.

A session holds no slot between its runs: each run takes whichever is free. Who runs one program
from within the conversation of another (an assert's tests beside its candidate) holds two slots;
so that such pairs never wait for each other in a ring, each depth of nesting has slots of its own
number: a thread waits only for threads that are no less deep than itself.

A slot that died in a run is replaced and the run is tried again. If that kills a second slot while
an innocent program runs well on a third, it was the program's doing (`runtime_error`); else ours.
"""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from adjudge.sandbox.inside.child import BROKEN, whole
from adjudge.sandbox.job import (
    Backend,
    Blob,
    Conversation,
    Job,
    PreparingBackend,
    Ran,
    Shape,
    Slot,
    SlotDied,
    WarmBackend,
    fetched,
    judge_run,
)
from adjudge.sandbox.language import Language
from adjudge.sandbox.languages.prepared import Prepared
from adjudge.sandbox.languages.registry import languages
from adjudge.sandbox.types import (
    Ending,
    LanguageUnavailable,
    Limits,
    Program,
    Result,
    SandboxError,
)

SLOTS_PER_CORE = 4
"""With one slot a core, four endless loops held their neighbours up for seconds; with four, not."""
_MOST_DEPTH = 4
_CANARY = Program(source="print(sum(map(int, input().split())))")
_CANARY_LIMITS = Limits(cpu_s=10, idle_s=10)
_KILLED = 9


_Kind = tuple[Shape, bool]
"""Shape, and whether the heavy packages are loaded."""


class Slots:
    """Slots to borrow."""

    def __init__(self, backend: Backend, size: int) -> None:
        self._backend = backend
        self._size = size
        self._free: list[tuple[_Kind, Slot]] = []
        self._lent: dict[int, int] = {}
        self._changed = threading.Condition()
        self._depth = threading.local()
        self._closed = False

    @contextmanager
    def borrow(self, shape: Shape, *, warm: bool = False) -> Iterator[Slot]:
        """A live slot of that shape, for the length of the block."""
        kind = (shape, warm)
        depth = getattr(self._depth, "now", 0)
        if depth >= _MOST_DEPTH:
            raise SandboxError("too many runs within runs")
        found = self._admit(depth, kind)
        self._depth.now = depth + 1
        slot = None
        try:
            slot = found or self._make(kind)
            yield slot
        finally:
            self._depth.now = depth
            self._give_back(depth, kind, slot)

    def _make(self, kind: _Kind) -> Slot:
        shape, warm = kind
        if warm and isinstance(self._backend, WarmBackend):
            return self._backend.make_warm(shape)
        return self._backend.make(shape)

    def _admit(self, depth: int, kind: _Kind) -> Slot | None:
        """Wait for our turn; a slot that is free, or None: make one."""
        with self._changed:
            while not self._closed and self._lent.get(depth, 0) >= self._size:
                self._changed.wait()
            if self._closed:
                raise SandboxError("the sandbox is closed")
            self._lent[depth] = self._lent.get(depth, 0) + 1
            return self._take(kind)

    def _take(self, kind: _Kind) -> Slot | None:
        for index in range(len(self._free) - 1, -1, -1):
            if self._free[index][0] == kind:
                return self._free.pop(index)[1]
        return None

    def _give_back(self, depth: int, kind: _Kind, slot: Slot | None) -> None:
        surplus = [] if slot is None else [slot]
        with self._changed:
            self._lent[depth] -= 1
            if slot is not None and slot.alive and not self._closed:
                self._free.append((kind, slot))
                surplus = [self._free.pop(0)[1]] if len(self._free) > 2 * self._size else []
            self._changed.notify_all()
        for old in surplus:
            old.close()

    def close(self) -> None:
        """End the free ones now, and each lent one when it comes back."""
        with self._changed:
            self._closed = True
            free, self._free = self._free, []
            self._changed.notify_all()
        for _, slot in free:
            slot.close()


class Pool:
    """`types.Sandbox` over a back end."""

    def __init__(
        self, backend: Backend, slots: int | None = None, isolation: tuple[str, ...] = ()
    ) -> None:
        self._backend = backend
        self._slots = Slots(backend, slots or SLOTS_PER_CORE * len(os.sched_getaffinity(0)))
        folder = backend.prepared if isinstance(backend, PreparingBackend) else None
        self._prepared = Prepared(folder, self.run_job)
        self._languages = languages(backend.python_version, self.run_job, self._prepared)
        self._isolation = isolation

    @property
    def backend(self) -> str:
        return self._backend.name

    @property
    def isolation(self) -> tuple[str, ...]:
        return self._isolation

    def vouch(self, isolation: tuple[str, ...]) -> None:
        """Note what the start-up probe has seen to hold."""
        self._isolation = isolation

    @property
    def languages(self) -> Mapping[str, str]:
        return {name: item.version for name, item in self._languages.items() if item.version}

    def prepare(self) -> None:
        """Wait for what is being made for all programs (precompiled headers)."""
        self._prepared.wait()

    @contextmanager
    def open(self, program: Program, limits: Limits | None = None) -> Iterator["PoolSession"]:
        """Prepare a program (see `types.Sandbox`)."""
        language = self._language(program.language)
        prepared = language.build(program, limits or Limits(), self.run_job)
        session = PoolSession(self, prepared)
        try:
            yield session
        finally:
            session.close()

    def _language(self, name: str) -> Language:
        language = self._languages.get(name)
        if language is None or language.version is None:
            raise LanguageUnavailable(name)
        return language

    def run_job(
        self, job: Job, stdin: bytes = b"", conversation: Conversation | None = None
    ) -> Ran:
        """One run in a free slot. Raises SandboxError."""
        ran = self._try_twice(job, stdin, conversation)
        if ran.cause == "setup":
            raise SandboxError(f"the run could not be set up: {ran.error}")
        if ran.cause == "wall":
            raise SandboxError(
                f"no end after {ran.wall_s:.0f} s, on a machine too busy to tell why"
            )
        return ran

    def _try_twice(self, job: Job, stdin: bytes, conversation: Conversation | None) -> Ran:
        for _ in range(2):
            try:
                return self._run_once(job, stdin, conversation)
            except SlotDied:
                continue
        if not self.self_test():
            raise SandboxError("slots die, and not only of this program")
        return _broken_slot()

    def _run_once(self, job: Job, stdin: bytes, conversation: Conversation | None) -> Ran:
        shape = (job.limits.tmp_mb, job.limits.tmp_inodes)
        with self._slots.borrow(shape, warm=job.warm) as slot:
            return slot.run(job, stdin, conversation)

    def self_test(self) -> bool:
        """Run one innocent program now; False: this sandbox is not fit for use."""
        job = self._languages["python"].build(_CANARY, _CANARY_LIMITS, self.run_job)
        assert isinstance(job, Job)
        try:
            return self._run_once(job, b"40 2", None).stdout == b"42\n"
        except (SandboxError, SlotDied):
            return False
        finally:
            job.close()

    def close(self) -> None:
        """End every slot."""
        self._slots.close()
        self._backend.close()


def _broken_slot() -> Ran:
    return Ran(
        status=_KILLED,
        cause="",
        cpu_s=0.0,
        wall_s=0.0,
        memory_mb=0.0,
        stdout=b"",
        stdout_size=0,
        stderr=b"the program ended its slot\n",
        stderr_size=27,
    )


class PoolSession:
    """`types.Session`: for one thread at a time."""

    def __init__(self, pool: Pool, prepared: Job | Result) -> None:
        self._pool = pool
        self._prepared = prepared

    def run(self, stdin: bytes = b"") -> Result:
        return self._run(stdin, None)

    def talk(self, conversation: Conversation, stdin: bytes = b"") -> Result:
        return self._run(stdin, conversation)

    def _run(self, stdin: bytes, conversation: Conversation | None) -> Result:
        if isinstance(self._prepared, Result):
            return self._prepared
        job = self._prepared
        ran = self._pool.run_job(job, stdin, conversation)
        result = judge_run(ran, job.limits)
        if job.fetch:
            result = replace(result, files=fetched(job.fetch, ran.artefact))
        if ran.cache == BROKEN or job.broken(ran):
            result = self._settle(replace(result, ending=Ending.COMPILE_ERROR))
        elif whole(ran.cache):
            job.keep(ran.cache)
            self._prepared = replace(job, cache=Blob(ran.cache), keep_cache=False)
        return result

    def _settle(self, result: Result) -> Result:
        self.close()
        self._prepared = result
        return result

    def close(self) -> None:
        """Give its files back."""
        if isinstance(self._prepared, Job):
            self._prepared.close()
