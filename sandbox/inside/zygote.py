"""A slot: the process that forks each run, watches its limits, and leaves nothing of it behind.

Security rests on this module. After each run every process that it started is killed (all of the
pid namespace, or all of the uid), and the working directory is empty; if that cannot be done, the
slot says `recycle` and ends. Outcomes come from wait4(2) and the kernel's counters alone. The
zygote never reads a run's data. It is pid 1 of its namespace (unkillable from inside), or of
another uid than its runs; where neither is so (`lite` without a spare uid), runs get no fork and no
signals, by seccomp.
"""

import contextlib
import gc
import os
import resource
import select
import signal
import struct
import sys
import time
from dataclasses import dataclass, field

from adjudge.sandbox.inside import child, kernel, landlock, rootfs, seccomp, sweep
from adjudge.sandbox.inside.clock import Kills, Table, Usage
from adjudge.sandbox.inside.links import Blobs, Header, Link
from adjudge.sandbox.inside.spec import Bounds, Spec, usual_environment

_OUTPUTS = ("stdout", "stderr")
_FIRST_LOOK_S, _LONGEST_LOOK_S = 0.02, 0.05
_BLIND_LOOK_S = 0.002
_PATIENCE = 5
"""So many idle limits long a run may seem idle while it waits for a disk, or for children that
have lived and died unseen with their run delay. Both can be feigned, so not for ever."""
_INEXACT = 5
"""How much longer a run may be idle where waiting for a core cannot be told from it."""
_TURN = struct.Struct("=qq")
_KEPT = (
    *(kernel.CAP_DAC_OVERRIDE, kernel.CAP_FOWNER),  # to clean up after a run
    *(kernel.CAP_KILL, kernel.CAP_SETGID, kernel.CAP_SETUID),  # to end it, to become it
)


@dataclass(slots=True)
class Watch:
    """The account of one run."""

    main: int
    bounds: Bounds
    blobs: Blobs
    table: Table
    disk: "sweep.Disk"
    started: float = field(default_factory=time.monotonic)
    cause: str = ""
    status: int | None = None
    reaped_cpu_s: float = 0.0
    orphans: int = 0
    idle_s: float = 0.0
    peak_mb: float = 0.0
    _unsure_s: float = 0.0
    _seen: Usage = field(default_factory=Usage)
    _seen_at: float = 0.0
    _seen_theirs: float = 0.0

    def look(self) -> None:
        """Bring the account up to date; sets `cause` when a limit is passed."""
        self.reap()
        if self.status is not None:
            return
        wall = time.monotonic() - self.started
        used = self.table.usage(self.main)
        used.cpu_s += self.reaped_cpu_s
        used.reaped += self.orphans
        self._count_idle(used, wall)
        self.peak_mb = max(self.peak_mb, used.memory_mb)
        self.cause = self._passed(used, wall)

    def _count_idle(self, used: Usage, wall: float) -> None:
        busy = (used.cpu_s + used.delay_s) - (self._seen.cpu_s + self._seen.delay_s)
        theirs = self._theirs(wall)
        span = min(wall - self._seen_at, theirs - self._seen_theirs)
        idle = span - busy  # negative, when a wait for a core is told late: at its end
        unsure = used.blocked or used.reaped != self._seen.reaped
        if unsure and idle > 0 and self._unsure_s < _PATIENCE * self.bounds.idle_s:
            self._unsure_s += idle
        else:
            self.idle_s = max(0.0, self.idle_s + idle)
        self._seen, self._seen_at, self._seen_theirs = used, wall, theirs

    def _theirs(self, wall: float) -> float:
        """Seconds for which the caller has waited for the run: all, unless they talk."""
        if "turn" not in self.blobs:
            return wall
        total, since = _TURN.unpack(os.pread(self.blobs["turn"], _TURN.size, 0))
        waited: int = total + (time.monotonic_ns() - since if since else 0)
        return waited / 1e9

    def _passed(self, used: Usage, wall: float) -> str:
        bounds = self.bounds
        checks = (
            ("cpu", used.cpu_s >= bounds.cpu_s),
            ("memory", used.memory_mb >= bounds.memory_mb),
            ("idle", self.idle_s >= self._most_idle() and not used.runnable),
            ("output", self._output() > bounds.output_bytes),
            ("processes", used.tasks > 2 * bounds.processes),
            ("wall", wall >= bounds.wall_s),
        )
        found = next((name for name, passed in checks if passed), "")
        return found or ("disk" if self.disk.exceeds(bounds.disk_mb) else "")

    def _most_idle(self) -> float:
        return self.bounds.idle_s * (1 if self.table.reads_delay else _INEXACT)

    def _output(self) -> int:
        return max(os.fstat(self.blobs[name]).st_size for name in _OUTPUTS)

    def reap(self) -> None:
        """Take what has ended, our first process or orphans."""
        while True:
            try:
                pid, status, used = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            self.note(pid, status, used)

    def note(self, pid: int, status: int, used: resource.struct_rusage) -> None:
        """One process has ended."""
        self.reaped_cpu_s += used.ru_utime + used.ru_stime
        self.peak_mb = max(self.peak_mb, used.ru_maxrss / 1024)
        if pid == self.main:
            self.status = status
        else:
            self.orphans += 1

    def wait(self, link: Link) -> None:
        """Until the first process has ended, by itself or by a limit."""
        opened = _open_process(self.main)
        pause = _FIRST_LOOK_S
        due = self.started + pause
        try:
            while self.status is None and not self.cause:
                self._poll(link, opened, pause)
                if self.status is None and time.monotonic() >= due:
                    self.look()
                    pause = min(pause * 1.5, _LONGEST_LOOK_S)
                    due = time.monotonic() + pause
        finally:
            if opened >= 0:
                os.close(opened)

    def _poll(self, link: Link, opened: int, pause: float) -> None:
        poll = select.poll()
        if opened >= 0:
            poll.register(opened, select.POLLIN)
        else:
            self.reap()
            pause = min(pause, _BLIND_LOOK_S)
        for other, events in link.watched():
            poll.register(other, events)
        for number, _ in poll.poll(pause * 1000):
            if number == opened:
                self.reap()
            else:
                link.pump(number)


def _open_process(pid: int) -> int:
    """A pidfd; −1 where there are none (gVisor): then it is looked at ever so often."""
    try:
        return os.pidfd_open(pid)
    except OSError:
        return -1


class Zygote:
    """One slot's process."""

    def __init__(self, spec: Spec, link: Link, process_table: int | None) -> None:
        self._spec = spec
        self._link = link
        self._rules: int | None = None
        self._private = spec.mode != "lite"
        self._mode = sweep.mode_of(spec.work)
        self._harden(process_table)
        self._table = Table(process_table, self._private)
        self._report, reporting = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._for_child = {"report": reporting}
        if self._rules is not None:
            self._for_child["rules"] = self._rules
        self._disk = sweep.Disk(spec.work, polled=not self._private)
        self._kills = Kills(spec.kill_counters)

    @property
    def reads_delay(self) -> bool:
        """Whether idle time is exact (see `clock`)."""
        return self._table.reads_delay

    def _harden(self, process_table: int | None) -> None:
        """Once, for the slot and all of its runs; in `lite` each run does it for itself."""
        spec = self._spec
        readable, writable = (
            (*spec.readable, spec.site, *spec.packages.values(), *_system()),
            (spec.work, "/dev/null"),
        )
        extra = () if process_table is None or not self._private else (process_table,)
        if self._private:
            readable = ("/",)
        self._rules = landlock.ruleset(readable, writable, *extra)
        if not self._private:
            return
        kernel.keep_capabilities(_KEPT)
        if self._rules is not None:
            landlock.apply(self._rules)
            os.close(self._rules)
            self._rules = None
        seccomp.apply(seccomp.standard())

    def serve(self) -> None:
        """Run jobs until the other side is gone, or the slot cannot be cleaned."""
        gc.disable()
        _settle()
        while (received := self._link.receive()) is not None:
            job, blobs = received
            if "prelude" in blobs:
                _learn(job["prelude"], blobs.pop("prelude"))
            outcome = self._run(job, blobs)
            self._link.reply(outcome, blobs, job["bounds"]["output_bytes"])
            for opened in blobs.values():
                os.close(opened)
            if outcome["recycle"]:
                return

    def _run(self, job: Header, blobs: Blobs) -> Header:
        bounds = Bounds(**job["bounds"])
        given = {**blobs, **self._for_child}
        pid = kernel.fork()
        if pid == 0:
            child.become(job, bounds, given, self._spec)
        if "channel" in blobs:  # the run alone holds it: its end is theirs
            os.close(blobs.pop("channel"))
        watch = Watch(pid, bounds, blobs, self._table, self._disk)
        try:
            watch.wait(self._link)
        finally:
            wall = time.monotonic() - watch.started
            sweep.kill_all(self._spec, self._table, watch.note)
        return self._outcome(job, watch, wall)

    def _fault(self, watch: Watch) -> str:
        """What went wrong before the program began. Its exit status alone proves nothing."""
        if watch.status is None or not os.WIFEXITED(watch.status):
            return ""
        if os.WEXITSTATUS(watch.status) != child.SETUP_FAILED:
            return ""
        try:
            return os.read(self._report, 1000).decode(errors="replace")
        except BlockingIOError:
            return ""

    def _outcome(self, job: Header, watch: Watch, wall: float) -> Header:
        fault = self._fault(watch)
        if job.get("collect"):
            sweep.collect(job["collect"], self._spec.work, watch.blobs["artefact"])
        elif job.get("fetch"):
            sweep.collect_all(job["fetch"], self._spec.work, watch.blobs["artefact"])
        sizes = {f"{name}_size": os.fstat(watch.blobs[name]).st_size for name in _OUTPUTS}
        return {
            **sizes,
            "status": watch.status or 0,
            "cause": "setup" if fault else watch.cause,
            "error": fault,
            "cpu_s": watch.reaped_cpu_s,
            "wall_s": wall,
            "idle_s": watch.idle_s,
            "memory_mb": watch.peak_mb,
            "orphans": watch.orphans,
            "out_of_memory": self._kills.risen() and bool(watch.status),
            "recycle": not sweep.empty(self._spec.work, self._mode),
        }


def _settle() -> None:
    """What there is now stays: no run's collector looks through it."""
    gc.collect()
    gc.freeze()


def _learn(key: str, opened: int) -> None:
    child.learn(key, opened)
    _settle()


def _system() -> tuple[str, ...]:
    """What a dynamic executable needs beside /usr, where the root is not ours."""
    return (
        "/lib",
        "/lib64",
        "/bin",
        "/etc/ld.so.cache",
        "/etc/alternatives",
        "/etc/ssl/openssl.cnf",
        "/dev/urandom",
        "/dev/zero",
        "/dev/full",
        "/dev/random",
    )


def prepare_process() -> None:
    """Limits and settings that every run inherits."""
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_SIGPENDING: 64,
    }
    for kind, most in limits.items():
        with contextlib.suppress(ValueError):  # Linux always lowers; gVisor knows but a few
            resource.setrlimit(kind, (most, most))
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    # Python's own SIGINT handler would make even a pid 1 killable by its runs.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for name in [name for name in sys.modules if name.startswith("adjudge")]:
        del sys.modules[name]


def start(spec: Spec, link: Link) -> None:
    """Become the slot and serve it; the caller has entered namespaces already, if any."""
    if spec.mode == "lite":
        kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
        process_table = _open_proc()
        sweep.check_private(spec)
    else:
        process_table = rootfs.build(spec)
        sweep.check_mounted(spec)
    prepare_process()
    child.expect(usual_environment(spec.work))
    zygote = Zygote(spec, link, process_table)
    link.greet({"landlock": landlock.version(), "idle_clock": zygote.reads_delay})
    zygote.serve()


def _open_proc() -> int | None:
    try:
        return os.open("/proc", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return None
