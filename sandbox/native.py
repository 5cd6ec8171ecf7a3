"""Slots without a container: `native-root`, `native-userns` and `lite`.

Security rests on this module for one thing: the nursery is started by exec, with an empty
environment and no descriptor but its socket, so nothing of this process can reach a run.
"""

import contextlib
import json
import os
import random
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path

from adjudge.sandbox import cgroups
from adjudge.sandbox.channel import SocketChannel
from adjudge.sandbox.inside import kernel
from adjudge.sandbox.inside.spec import LINKS_PREFIX, SITE, WORK, Spec, dump_spec
from adjudge.sandbox.inside.sweep import MAX_ARTEFACT
from adjudge.sandbox.interpreter import PRELOAD, Interpreter, interpreter_for_anybody
from adjudge.sandbox.job import (
    Blob,
    Conversation,
    Job,
    Learnt,
    Ran,
    Shape,
    SlotDied,
    bounds,
    read_whole,
)
from adjudge.sandbox.languages.prepared import default_folder
from adjudge.sandbox.languages.tools import tool_settings
from adjudge.sandbox.types import SandboxError

__all__ = ["PRELOAD", "Interpreter", "Native", "NativeSlot", "Nursery", "run_uids"]

_BOOT = (
    "import sys; sys.path.append({source!r}); "
    "from adjudge.sandbox.inside.nursery import main; "
    "main({number}, {preload!r}, {source!r}, {site!r}, {packages!r})"
)
_TO_SWITCH = (
    *(kernel.CAP_CHOWN, kernel.CAP_DAC_OVERRIDE),
    *(kernel.CAP_KILL, kernel.CAP_SETGID, kernel.CAP_SETUID),
)
"""What it takes to run programs under a uid of their own, and to clean up after them."""
_START_S = 30.0
_GRACE_S = 15.0
_END_S = 2.0
_RUN_UIDS = range(2_001_000_000, 2_147_000_000, 2)
"""Given to nobody by systemd's and sssd's accounts; two a slot (`sweep` needs a spare)."""


def run_uids(uid_map: str) -> range:
    """Uids for runs that exist here: a rootless container has some 65,000, and not from the top."""
    mapped = [tuple(map(int, line.split())) for line in uid_map.splitlines()]
    spans = [range(first, first + count) for first, _, count in mapped]
    if any(_RUN_UIDS.start in span and _RUN_UIDS.stop in span for span in spans):
        return _RUN_UIDS
    largest = max(spans, key=len)
    return range(largest.start + len(largest) // 2, largest.stop - 1, 2)


def _holds(wanted: tuple[int, ...]) -> bool:
    """Whether we have these capabilities (root in a container may have none)."""
    mask = kernel.capabilities()
    return all(mask >> number & 1 for number in wanted)


class Nursery:
    """The process that forks slots (see `inside.nursery`)."""

    def __init__(
        self, interpreter: Interpreter, site: str, user: int | None = None, *, warm: bool = False
    ) -> None:
        self._lock = threading.Lock()
        preload = [*interpreter.preload, *(interpreter.heavy if warm else ())]
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        source = str(Path(__file__).parent.parent.parent)
        code = _BOOT.format(
            source=source,
            number=theirs.fileno(),
            preload=preload,
            site=site,
            packages=interpreter.package_paths() if warm else {},
        )
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own configuration
                [interpreter.path, "-s", "-S", "-P", "-B", "-X", "utf8", "-c", code],
                env={"PYTHONHASHSEED": "0"},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                user=user,
                group=user,
                extra_groups=[] if user is not None else None,
                start_new_session=True,
            )
        self._control = ours
        self._control.settimeout(_START_S)

    def fork(self, spec: Spec) -> tuple[socket.socket, int]:
        """A new slot: our end of its socket, and a pidfd to end it with."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        message = json.dumps({"op": "slot", "spec": dump_spec(spec)}).encode()
        try:
            with self._lock, theirs:
                socket.send_fds(self._control, [message], [theirs.fileno()])
                answer = self._control.recv(4096)
            pid: int = json.loads(answer)["pid"]
            return ours, os.pidfd_open(pid)
        except (OSError, ValueError, KeyError) as error:
            ours.close()
            raise SandboxError(f"no slot: {error}") from error

    @property
    def alive(self) -> bool:
        """Whether it can make slots."""
        return self._process.poll() is None

    def close(self) -> None:
        """End it, and every slot with it."""
        self._control.close()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class NativeSlot:
    """One zygote, by its socket."""

    def __init__(self, nursery: Nursery, spec: Spec, group: cgroups.Group | None) -> None:
        self.shape = (spec.tmp_mb, spec.tmp_inodes)
        self.facts: dict[str, object] = {"cgroup": "" if group is None else group.version}
        self._spec = spec
        self._group = group
        self._learnt = Learnt()
        self._socket, self._pidfd = nursery.fork(spec)
        self.alive = True
        try:
            self._await_ready()
        except BaseException:
            self.close()
            raise

    def _await_ready(self) -> None:
        self._socket.settimeout(_START_S)
        try:
            answer = json.loads(self._socket.recv(65536) or b'{"error": "it ended"}')
        except (OSError, ValueError) as error:
            raise SandboxError(f"slot did not start: {error}") from error
        if "error" in answer:
            raise SandboxError(f"slot did not start: {answer['error']}")
        self.facts.update(answer)

    def run(self, job: Job, stdin: bytes, conversation: Conversation | None = None) -> Ran:
        """One job (see `job.Slot`)."""
        limits = bounds(job)
        if self._group is not None:
            self._group.bound(limits.memory_mb + self._spec.tmp_mb)
        with contextlib.ExitStack() as stack:
            passed, filled = self._blobs(job, stdin, stack)
            channel = self._open_channel(passed, stack) if conversation else None
            header = {**job.header(self._spec.work), "blobs": list(passed)}
            self._send(header, list(passed.values()))
            if channel is not None and conversation is not None:
                channel.converse(passed.pop("channel"), conversation, limits.wall_s + _GRACE_S)
            outcome = self._receive(limits.wall_s + _GRACE_S)
            return self._read(outcome, filled, limits.output_bytes)

    def _blobs(
        self, job: Job, stdin: bytes, stack: contextlib.ExitStack
    ) -> tuple[dict[str, int], dict[str, int]]:
        passed = {}
        for name, blob in (("program", job.program), ("files", job.files)):
            if blob is not None:
                passed[name] = blob.descriptor()
        names = ["stdout", "stderr", *["artefact"] * bool(job.collect or job.fetch)]
        if job.cache is not None:
            passed["cache"] = job.cache.descriptor()
        elif job.keep_cache:
            names.append("cache")
        filled = {name: _anonymous(stack) for name in names}
        for name, data in {"stdin": stdin, **self._learnt.first(job)}.items():
            blob = Blob(data)
            stack.callback(blob.close)
            passed[name] = blob.descriptor()
        return {**passed, **filled}, filled

    def _open_channel(self, passed: dict[str, int], stack: contextlib.ExitStack) -> SocketChannel:
        turn = _anonymous(stack)
        channel = SocketChannel(turn)
        stack.callback(channel.close)
        passed["channel"], passed["turn"] = channel.theirs.fileno(), turn
        return channel

    def _send(self, header: Mapping[str, object], opened: list[int]) -> None:
        try:
            socket.send_fds(self._socket, [json.dumps(header).encode()], opened)
        except OSError as error:
            self.alive = False
            raise SlotDied from error

    def _receive(self, patience_s: float) -> dict[str, object]:
        self._socket.settimeout(patience_s)
        try:
            message = self._socket.recv(65536)
        except TimeoutError as error:
            self.alive = False
            raise SandboxError("slot did not answer") from error
        except OSError:
            message = b""
        if not message:
            self.alive = False
            raise SlotDied
        outcome: dict[str, object] = json.loads(message)
        self.alive = not outcome.pop("recycle")
        return outcome

    def _read(self, outcome: dict[str, object], filled: dict[str, int], most: int) -> Ran:
        outcome.pop("orphans")
        data = {
            name: read_whole(opened, most if name in ("stdout", "stderr") else MAX_ARTEFACT)
            for name, opened in filled.items()
        }
        failed = bool(outcome["status"])
        killed = bool(outcome.pop("out_of_memory"))
        killed = killed or (failed and self._group is not None and self._group.out_of_memory())
        return Ran(
            **outcome,  # type: ignore[arg-type] # the zygote's own, see `inside.spec`
            **data,  # type: ignore[arg-type] # stdout, stderr, artefact, cache
            out_of_memory=killed,
        )

    def close(self) -> None:
        """End it: by its socket, and if it does not, by force."""
        self.alive = False
        self._socket.close()
        if self._pidfd < 0:
            return
        if not select.select([self._pidfd], [], [], _END_S)[0]:
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            select.select([self._pidfd], [], [], _END_S)
        os.close(self._pidfd)
        self._pidfd = -1
        if self._group is not None:
            self._group.remove()


def _anonymous(stack: contextlib.ExitStack) -> int:
    opened = os.memfd_create("run", os.MFD_CLOEXEC)
    stack.callback(os.close, opened)
    return opened


class Native:
    """A back end: makes slots of one mode."""

    def __init__(
        self,
        mode: str,
        *,
        interpreter: Interpreter | None = None,
        readable: tuple[str, ...] = (),
        user: int | None = None,
    ) -> None:
        self.name = mode
        drops = mode == "lite" and user is None and os.getuid() == 0 and _holds(_TO_SWITCH)
        self._interpreter = interpreter or (interpreter_for_anybody() if drops else Interpreter())
        self.python_version, prefixes = self._interpreter.describe()
        self.prepared = default_folder()
        beside = [str(self.prepared)] if self.prepared else []
        usual = ("/usr", *prefixes, *tool_settings(), *beside)
        self._readable = tuple(dict.fromkeys((*usual, *readable)))
        self._packages = self._interpreter.package_paths()
        self._site = "" if mode == "lite" else SITE
        self._own_uid = user if user is not None else os.getuid()
        self._uids = run_uids(Path("/proc/self/uid_map").read_text(encoding="ascii"))
        self._can_switch = self._own_uid == 0 and _holds(_TO_SWITCH) and len(self._uids) > 0
        self._nursery_user = user
        self._lock = threading.Lock()
        self._nurseries: dict[bool, Nursery] = {}
        self._groups = cgroups.find() if user is None else None

    def _nursery_now(self, *, warm: bool) -> Nursery:
        with self._lock:
            self._site = self._site or self._make_site()
            nursery = self._nurseries.get(warm)
            if nursery is not None and not nursery.alive:
                nursery.close()
                nursery = None
            if nursery is None:
                nursery = Nursery(self._interpreter, self._site, self._nursery_user, warm=warm)
                self._nurseries[warm] = nursery
            return nursery

    @property
    def cgroup(self) -> str:
        """`cgroup-v1`, `cgroup-v2`, or "" where none can be written."""
        return "" if self._groups is None else self._groups.version

    def make(self, shape: Shape) -> NativeSlot:
        """A slot of its own control group, uid and namespaces."""
        return self._make(shape, warm=False)

    def make_warm(self, shape: Shape) -> NativeSlot:
        """The same, with the heavy packages loaded."""
        return self._make(shape, warm=True)

    def _make(self, shape: Shape, *, warm: bool) -> NativeSlot:
        tmp_mb, tmp_inodes = shape
        nursery = self._nursery_now(warm=warm)
        group = None if self._groups is None else self._groups.make()
        uid = self._pick_uid()
        spec = Spec(
            mode=self.name,
            uid=uid,
            work=self._make_work(uid) if self.name == "lite" else WORK,
            tmp_mb=tmp_mb,
            tmp_inodes=tmp_inodes,
            readable=self._readable,
            packages=self._packages,
            site=self._site,
            cgroups=() if group is None else group.join_files,
        )
        return NativeSlot(nursery, spec, group)

    def _make_site(self) -> str:
        """Without mounts: a directory of links to the packages."""
        site = tempfile.mkdtemp(prefix=LINKS_PREFIX)
        os.chmod(site, 0o755)  # noqa: S103 - every run reads it
        for name, path in self._packages.items():
            os.symlink(path, os.path.join(site, name))
        return site

    def _make_work(self, uid: int | None) -> str:
        path = tempfile.mkdtemp(prefix="adjudge-slot-")
        owner = self._own_uid if uid is None else uid
        os.chown(path, owner, owner if os.getuid() == 0 else -1)
        return path

    def _pick_uid(self) -> int | None:
        if not self._can_switch or self.name == "native-userns":
            return None
        return random.choice(self._uids)  # noqa: S311 - a place, not a secret

    def close(self) -> None:
        """End everything of this back end."""
        for nursery in self._nurseries.values():
            nursery.close()
        if self._groups is not None:
            self._groups.close()
        if self._site not in ("", SITE):
            shutil.rmtree(self._site, ignore_errors=True)
