"""What a run has used: CPU time, time spent waiting for a core, memory; of all its processes.

Idle time is `wall − CPU − run delay`: a machine that is busy with others adds to the run delay and
so never to a program's account, where a limit on wall time would. Run delay: field 2 of
/proc/PID/schedstat (Linux, Documentation/scheduler/sched-stats.rst). Where the table cannot be
read, run delay is taken as 0 and `Table.reads_delay` says so.
"""

import os
import time
from collections.abc import Sequence, Set
from dataclasses import dataclass

_TICK = os.sysconf("SC_CLK_TCK")
_CHILDREN_FAULTS = slice(8, 9)  # cminflt
_CHILDREN_TICKS = slice(13, 15)  # cutime, cstime, counted from behind the command's name


@dataclass(slots=True)
class Usage:
    """Of everything that is alive now, and of what it has waited for."""

    cpu_s: float = 0.0
    delay_s: float = 0.0
    memory_mb: float = 0.0
    tasks: int = 0
    """Processes and threads."""
    reaped: int = 0
    """Changes when a child was waited for."""
    runnable: bool = False
    """One of them runs, or waits for a core and may have done so for long."""
    blocked: bool = False
    """One of them waits for a disk or the like."""


def cpu_seconds(pid: int) -> float:
    """CPU time of all threads of a process, by its own clock (clock_getcpuclockid(3))."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


class Table:
    """A process table, by an open /proc directory."""

    def __init__(self, opened: int | None, private: bool) -> None:
        self._opened = opened
        self._private = private
        self._own = str(os.getpid())
        if opened is not None and not private and not self._knows_children():
            self._opened = opened = None
        self.reads_delay = opened is not None
        self._baseline = 0.0
        if opened is not None:
            self._baseline = self._memory(self._own)

    def _knows_children(self) -> bool:
        path = f"{self._own}/task/{self._own}/children"
        return os.access(path, os.R_OK, dir_fd=self._opened)

    def usage(self, main: int) -> Usage:
        """Of the run whose first process is `main`."""
        if self._opened is None:
            return Usage(cpu_s=cpu_seconds(main), tasks=1)
        used = Usage()
        for pid in self.processes():
            self._add(used, pid)
        return used

    def processes(self) -> list[str]:
        """Every living process but our own: in a shared table, our descendants."""
        if self._opened is None:
            return []
        if self._private:
            return [n for n in os.listdir(self._opened) if n.isdigit() and n != self._own]
        return self._below(self._own)

    def children(self, but: set[str]) -> list[str]:
        """Our descendants, without some children and theirs."""
        return self._below(self._own, but)

    def _below(self, pid: str, but: Set[str] = frozenset()) -> list[str]:
        found: list[str] = []
        for task in self._list(f"{pid}/task"):
            for child in self._read(f"{pid}/task/{task}/children").decode().split():
                if child not in but:
                    found += [child, *self._below(child)]
        return found

    def _add(self, used: Usage, pid: str) -> None:
        fields = self._read(f"{pid}/stat").rpartition(b")")[2].split()
        waited_for = sum(int(ticks) for ticks in fields[_CHILDREN_TICKS]) / _TICK
        used.cpu_s += cpu_seconds(int(pid)) + waited_for
        used.reaped += sum(map(int, fields[_CHILDREN_FAULTS]))
        for task in self._list(f"{pid}/task"):
            used.tasks += 1
            state = self._read(f"{pid}/task/{task}/stat").rpartition(b")")[2].split()
            used.blocked = used.blocked or state[:1] == [b"D"]
            used.runnable = used.runnable or state[:1] == [b"R"]
            numbers = self._read(f"{pid}/task/{task}/schedstat").split()
            used.delay_s += int(numbers[1]) / 1e9 if len(numbers) > 1 else 0.0
        used.memory_mb += max(0.0, self._memory(pid) - self._baseline)

    def _memory(self, pid: str) -> float:
        """Resident memory that is not of files."""
        status = self._read(f"{pid}/status")
        total = 0
        for name in (b"\nRssAnon:", b"\nRssShmem:"):  # a name cannot hold a new line
            _, found, rest = status.partition(name)
            total += int(rest.split(None, 1)[0]) if found else 0
        return total / 1024

    def _list(self, path: str) -> list[str]:
        try:
            opened = os.open(path, os.O_RDONLY | os.O_DIRECTORY, dir_fd=self._opened)
        except OSError:
            return []
        try:
            return os.listdir(opened)
        except OSError:
            return []
        finally:
            os.close(opened)

    def _read(self, path: str) -> bytes:
        try:
            opened = os.open(path, os.O_RDONLY, dir_fd=self._opened)
        except OSError:
            return b""
        try:
            return os.read(opened, 4096)
        except OSError:
            return b""
        finally:
            os.close(opened)


class Kills:
    """The kernel's count of its out-of-memory kills in a control group (version 1 or 2)."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._path = next((path for path in paths if os.access(path, os.R_OK)), None)
        self._seen = self._count()

    def _count(self) -> int:
        if self._path is None:
            return 0
        with open(self._path, encoding="ascii") as file:
            for line in file:
                word, _, number = line.partition(" ")
                if word == "oom_kill":
                    return int(number)
        return 0

    def risen(self) -> bool:
        """Since the last time that we asked."""
        before, self._seen = self._seen, self._count()
        return self._seen > before
