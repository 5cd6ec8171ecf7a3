"""Children of one lane, seen from the supervisor: start, ask, watch, kill, replace."""

import asyncio
import logging
import mmap
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from adjudge.service.worker.frames import PROGRESS, REPLY, Frame, Progress

log = logging.getLogger(__name__)

WATCH_S = 0.05
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Lost(Exception):
    """A child died with a frame that it had begun. `unit` is where it was."""

    def __init__(self, unit: int, cause: str) -> None:
        super().__init__(cause)
        self.unit = unit
        self.cause = cause
        """`cpu` or `memory`: we killed it; `self`: it brought a signal on itself; `killed`: from
        outside, or it left."""


class _NotBegun(Exception):
    """A child died before it looked at the frame: ask another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrewOptions:
    size: int
    """Child processes."""
    threads: int = 1
    """Frames that one child works on at once (more than one: sandboxed or waiting work)."""
    cpu_s: float = 5.0
    """CPU seconds for one unit of work, from its start; 0: not bounded here."""
    memory_mb: int = 1024
    """Resident memory of a child; 0: not bounded here."""
    wall_s: float = 600.0
    """A far backstop for a child that hangs without computing."""
    kinds: str = "adjudge.verifiers.registry:registry"
    sandbox: str = ""
    sandbox_options: str = "{}"
    remotes: str = "{}"
    """The servers of `remote`, as JSON with their keys in clear."""


_SELF_INFLICTED = {
    signal.SIGABRT,
    signal.SIGSEGV,
    signal.SIGBUS,
    signal.SIGFPE,
    signal.SIGILL,
    signal.SIGSYS,
    signal.SIGXCPU,
}


class _Link(asyncio.Protocol):
    """Cuts what a child sends into its replies."""

    def __init__(self, answered: Callable[[int, bytes], None]) -> None:
        self._answered = answered
        self._held = bytearray()
        self.lost = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        held = self._held
        held += data
        while len(held) >= REPLY.size:
            number, size = REPLY.unpack_from(held)
            if len(held) < REPLY.size + size:
                return
            self._answered(number, bytes(held[REPLY.size : REPLY.size + size]))
            del held[: REPLY.size + size]

    def connection_lost(self, _: Exception | None) -> None:
        self.lost.set()


class Child:
    """One child process and the frames that it holds."""

    def __init__(self, options: CrewOptions) -> None:
        self.options = options
        self.asked: dict[int, asyncio.Future[bytes]] = {}
        self.since = time.monotonic()
        self.ready = asyncio.Event()
        self.alive = True
        self.greeting = b"{}"
        self._count = 0
        self._cause = ""
        self._progress_fd = os.memfd_create("progress")
        os.ftruncate(self._progress_fd, PROGRESS.size)
        self._progress = mmap.mmap(self._progress_fd, PROGRESS.size)
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                self._command(theirs.fileno()),
                pass_fds=(theirs.fileno(), self._progress_fd),
                stdin=subprocess.DEVNULL,
                env={**os.environ, "ADJUDGE_CHILD_REMOTES": options.remotes},
            )
        self._link = ours
        self._writer: asyncio.WriteTransport | None = None

    def _command(self, link: int) -> list[str]:
        options = self.options
        return [
            *(sys.executable, "-P", "-m", "adjudge.service.worker.child"),
            *("--link", str(link), "--progress", str(self._progress_fd)),
            *("--parent", str(os.getpid()), "--threads", str(options.threads)),
            *("--address-space-mb", str(options.memory_mb * 4)),
            *("--kinds", options.kinds),
            *("--sandbox", options.sandbox, "--sandbox-options", options.sandbox_options),
        ]

    async def serve(self) -> None:
        """Deliver the child's answers until it is gone; then fail what it held."""
        loop = asyncio.get_running_loop()
        link = _Link(self._answered)
        self._writer, _ = await loop.create_connection(lambda: link, sock=self._link)
        await link.lost.wait()
        self.alive = False
        self._writer.close()
        await asyncio.to_thread(self.process.wait)
        self._fail_asked()

    def _answered(self, number: int, body: bytes) -> None:
        if number == 0:
            self.greeting = body
            self.ready.set()
            return
        self.since = time.monotonic()
        future = self.asked.pop(number, None)
        if future is not None and not future.done():
            future.set_result(body)

    def _fail_asked(self) -> None:
        at = self.progress()
        for number, future in self.asked.items():
            if future.done():
                continue
            if self.options.threads > 1:
                future.set_exception(Lost(0, self._why()))
            elif number == at.number:
                future.set_exception(Lost(at.unit, self._why()))
            else:
                future.set_exception(_NotBegun())
        self.asked.clear()
        os.close(self._progress_fd)

    def _why(self) -> str:
        if self._cause:
            return self._cause
        code = self.process.returncode
        return "self" if code is not None and -code in _SELF_INFLICTED else "killed"

    async def ask(self, frame: Frame) -> bytes:
        """Raises Lost, or _NotBegun."""
        if self._writer is None or not self.alive:
            raise _NotBegun
        if not self.asked:
            self.since = time.monotonic()
        self._count += 1
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.asked[self._count] = future
        self._writer.write(frame.encode(self._count))
        return await future

    def progress(self) -> Progress:
        return Progress(*PROGRESS.unpack_from(self._progress))

    # -- watching --------------------------------------------------------------------------------

    def look(self) -> None:
        """Kill it if it is over a limit."""
        if not self.asked or self._cause:
            return
        self._cause = self._over()
        if self._cause:
            at = self.progress()
            log.warning("child %d killed: %s at unit %d", self.process.pid, self._cause, at.unit)
            self.process.kill()

    def _over(self) -> str:
        try:
            cpu_s, memory_mb = usage(self.process.pid)
        except OSError:
            return ""
        options, at = self.options, self.progress()
        begun = at.number in self.asked
        if options.cpu_s and begun and cpu_s - at.cpu_ns / 1e9 > options.cpu_s:
            return "cpu"
        if options.memory_mb and memory_mb > options.memory_mb:
            return "memory"
        return "hung" if time.monotonic() - self.since > options.wall_s else ""


def usage(pid: int) -> tuple[float, float]:
    """CPU seconds and resident MB of a process. Raises OSError when it is gone."""
    stat = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    resident = int(Path(f"/proc/{pid}/statm").read_bytes().split()[1])
    return (int(stat[11]) + int(stat[12])) / _TICKS, resident * _PAGE / (1 << 20)


class Crew:
    """So many children; each that dies is replaced. `start` before use, `stop` after."""

    def __init__(self, options: CrewOptions) -> None:
        self.options = options
        self.children: list[Child] = []
        self._idle: asyncio.Queue[Child] = asyncio.Queue()
        self._up = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def capacity(self) -> int:
        """Frames at once."""
        return self.options.size * self.options.threads

    async def start(self) -> None:
        self._tasks = [asyncio.create_task(self._keep()) for _ in range(self.options.size)]
        self._tasks.append(asyncio.create_task(self._watch()))

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        for child in self.children:
            child.process.kill()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for child in self.children:
            await asyncio.to_thread(child.process.wait)

    async def ask(self, frame: Frame) -> bytes:
        """One frame's answer, from whichever child is free. Raises Lost."""
        while True:
            child = await self._take()
            try:
                return await child.ask(frame)
            except _NotBegun:
                continue
            finally:
                self._free(child)

    async def first_ready(self) -> None:
        """Wait until a child is up: jobs are better left to others until then."""
        await self._up.wait()

    def greetings(self) -> Sequence[bytes]:
        """What the living children said of themselves when they were ready."""
        return [child.greeting for child in self.children if child.ready.is_set()]

    async def _take(self) -> Child:
        while not (child := await self._idle.get()).alive:
            pass  # it died in the queue
        return child

    def _free(self, child: Child) -> None:
        if child.alive:
            self._idle.put_nowait(child)

    async def _keep(self) -> None:
        """Keep one place filled."""
        while True:
            began = time.monotonic()
            child = Child(self.options)
            self.children.append(child)
            serving = asyncio.create_task(child.serve())
            opening = asyncio.create_task(self._open(child))
            try:
                await asyncio.shield(serving)
            finally:
                opening.cancel()
                self.children.remove(child)
                if not self.greetings():
                    self._up.clear()
                child.process.kill()
            if time.monotonic() - began < 1.0:
                await asyncio.sleep(0.5)

    async def _open(self, child: Child) -> None:
        await child.ready.wait()
        self._up.set()
        for _ in range(self.options.threads):
            self._idle.put_nowait(child)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_S)
            for child in self.children:
                child.look()
