"""Slots in containers: a pool of long-lived ones, each with one zygote behind its standard streams.

Security rests on this module. It covers, by the engine: no network, a read-only root, a private
/tmp of bounded size and inodes, no capability but those with which a slot becomes another user,
ends its runs and cleans up, no new privileges, a seccomp profile, a bound on processes and on
memory (with no swap); and inside, by the same zygote as in `lite`: a uid that no other slot has,
Landlock, a stricter seccomp filter, rlimits. With gVisor's `runsc` as the runtime, which is taken
when the engine has it, runs do not meet the machine's kernel at all.
It does not cover: whoever reaches the engine's socket is root on its machine; no run does (no
container holds it), but this process does. Without `runsc`, kernel faults.

A container ends with its input, so with this process, even if that is killed; what a crash at the
wrong moment left is reaped by the next start (`reap`).
"""

import calendar
import contextlib
import itertools
import json
import os
import random
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import docker
from docker.errors import DockerException
from docker.models.containers import Container
from docker.types import LogConfig, Ulimit

from adjudge.sandbox.attached import Attached
from adjudge.sandbox.image import LABEL, SOURCE, Image, Recipe, prepare
from adjudge.sandbox.inside import seccomp
from adjudge.sandbox.inside.spec import SITE, WORK, Spec
from adjudge.sandbox.interpreter import HEAVY, PACKAGES, PRELOAD
from adjudge.sandbox.job import Conversation, Job, Ran, Shape
from adjudge.sandbox.native import run_uids
from adjudge.sandbox.piped import PipedSlot, boot
from adjudge.sandbox.types import SandboxError

RUNS_EACH = 2000
"""After so many a container is replaced: nothing that builds up in it can build up for long."""
OWNER = "adjudge.owner"
_CAPABILITIES = ("SETUID", "SETGID", "KILL", "DAC_OVERRIDE", "FOWNER")
_PROCESSES = 512
"""A net, far above `Limits.processes`, which RLIMIT_NPROC holds."""
_OWN_MB = 64
_LEAST_MB = 512
_FIXED_MB = 4096
"""Where no `update` is to be had (gVisor): room for a compiler."""
_UNUSED_S = 600
_ROOTLESS_UIDS = "0 0 65536\n"
_ANY_UIDS = "0 0 4294967295\n"
_KILL_COUNTERS = ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control")
_BY_THE_ZYGOTE = {"memfd_create"}


def profile() -> str:
    """The container's seccomp profile (JSON): what runs are refused, but for what a zygote needs.

    32-bit calls are refused by naming one architecture.
    """
    refused = [name for name in seccomp.REFUSED if name not in _BY_THE_ZYGOTE]
    flags = [1 << bit for bit in range(32) if seccomp.NAMESPACE_FLAGS >> bit & 1]
    clone = [
        _refuse(["clone"], args=[{"index": 0, "value": f, "valueTwo": f, "op": _MASKED}])
        for f in flags
    ]
    rules = [_refuse(refused), _refuse([*seccomp.ABSENT], seccomp.ENOSYS), *clone]
    machine = "SCMP_ARCH_X86_64" if os.uname().machine == "x86_64" else "SCMP_ARCH_AARCH64"
    allow = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": [machine], "syscalls": rules}
    return json.dumps(allow)


_MASKED = "SCMP_CMP_MASKED_EQ"


def _refuse(names: list[str], code: int = seccomp.EPERM, **more: object) -> dict[str, object]:
    return {"names": names, "action": "SCMP_ACT_ERRNO", "errnoRet": code, **more}


def memory_step(memory_mb: int) -> int:
    """A container's memory bound for a run's: coarse, since each change is a call to the engine;
    the run's own limit is held by looking (`inside.zygote`)."""
    return max(_LEAST_MB, 1 << (memory_mb + _OWN_MB - 1).bit_length())


class DockerSlot(PipedSlot):
    """A zygote in a container of its own."""

    def __init__(
        self, container: Container, stream: Attached, spec: Spec, fixed_mb: int | None
    ) -> None:
        """`fixed_mb`: its memory bound, where the runtime cannot change it."""
        self._container = container
        self._runs = 0
        self._fixed = fixed_mb is not None
        self._bound_mb = fixed_mb
        super().__init__(stream, spec)

    def run(self, job: Job, stdin: bytes, conversation: Conversation | None = None) -> Ran:
        """One job (see `job.Slot`)."""
        self._bound(memory_step(job.limits.memory_mb + self.shape[0]))
        ran = super().run(job, stdin, conversation)
        self._runs += 1
        self.alive = self.alive and self._runs < RUNS_EACH
        return ran

    def _bound(self, memory_mb: int) -> None:
        if self._fixed or memory_mb == self._bound_mb:
            return
        size = memory_mb << 20
        try:
            self._container.update(mem_limit=size, memswap_limit=size)
        except (DockerException, OSError) as error:
            self.alive = False
            raise SandboxError(f"no memory bound: {error}") from error
        self._bound_mb = memory_mb


class Docker:
    """A back end: makes slots in containers."""

    name = "docker"

    def __init__(self, recipe: Recipe | None = None, runtime: str | None = None) -> None:
        """`runtime`: None: `runsc` where the engine has it, else the engine's own."""
        try:
            self._client = docker.from_env(timeout=60)
        except (DockerException, OSError) as error:
            raise SandboxError(f"no engine: {error}") from error
        self._client.api.trust_env = False  # no proxy stands between us and the engine
        with contextlib.ExitStack() as undone:
            undone.callback(self._client.close)
            self._prepare(recipe or Recipe(), runtime)
            undone.pop_all()

    def _prepare(self, recipe: Recipe, runtime: str | None) -> None:
        try:
            about: dict[str, Any] = self._client.info()
        except (DockerException, OSError) as error:
            raise SandboxError(f"no engine: {error}") from error
        self.runtime = _runtime(about) if runtime is None else runtime
        self._fixed_mb = _FIXED_MB if self.runtime.startswith("runsc") else None
        self._labels = {LABEL: "slot", OWNER: _owner(), "adjudge.pid": str(os.getpid())}
        self._uids = _uids(about)
        reap(self._client)
        self._image: Image = prepare(self._client, recipe)
        self._profile = profile()

    @property
    def python_version(self) -> str:
        """Of the image's interpreter."""
        return self._image.python_version

    def make(self, shape: Shape) -> DockerSlot:
        """A container of its own."""
        return self._make(shape, PRELOAD, ())

    def make_warm(self, shape: Shape) -> DockerSlot:
        """The same, with the heavy packages loaded."""
        return self._make(shape, (*PRELOAD, *HEAVY), PACKAGES)

    def _make(
        self, shape: Shape, preload: tuple[str, ...], packages: tuple[str, ...]
    ) -> DockerSlot:
        tmp_mb, tmp_inodes = shape
        spec = Spec(
            mode="lite",
            uid=next(self._uids),
            tmp_mb=tmp_mb,
            tmp_inodes=tmp_inodes,
            readable=("/usr", *self._image.prefixes),
            site=SITE,
            packages={name: f"{SITE}/{name}" for name in packages},
            kill_counters=_KILL_COUNTERS,
        )
        try:
            container = self._create(spec, boot(spec, preload, SOURCE))
        except (DockerException, OSError) as error:
            raise SandboxError(f"no container: {error}") from error
        return self._start(container, spec)

    def _create(self, spec: Spec, code: str) -> Container:
        size = (self._fixed_mb or memory_step(spec.tmp_mb + _LEAST_MB)) << 20
        return self._client.containers.create(
            self._image.name,
            [self._image.python, "-s", "-S", "-P", "-B", "-X", "utf8", "-c", code],
            entrypoint=[],
            user="0:0",
            working_dir="/",
            stdin_open=True,
            auto_remove=True,
            init=False,
            network_mode="none",
            ipc_mode="none",
            read_only=True,
            tmpfs={WORK: _tmpfs(spec)},
            cap_drop=["ALL"],
            cap_add=[*_CAPABILITIES],
            security_opt=["no-new-privileges", f"seccomp={self._profile}"],
            pids_limit=_PROCESSES,
            mem_limit=size,
            memswap_limit=size,
            ulimits=[Ulimit(name="core", soft=0, hard=0)],
            log_config=LogConfig(type="none"),
            labels=self._labels,
            environment={"PYTHONHASHSEED": "0"},
            runtime=self.runtime or None,
        )

    def _start(self, container: Container, spec: Spec) -> DockerSlot:
        def remove() -> None:
            with contextlib.suppress(DockerException, OSError):  # it may be gone by itself
                container.remove(force=True)

        try:
            streams = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
            stream = Attached(container.attach_socket(params=streams), remove)
            container.start()
        except (DockerException, OSError) as error:
            remove()
            raise SandboxError(f"no container: {error}") from error
        return DockerSlot(container, stream, spec, self._fixed_mb)

    def close(self) -> None:
        """Slots are closed by those who hold them."""
        self._client.close()


def _tmpfs(spec: Spec) -> str:
    return (
        f"rw,nosuid,nodev,exec,size={spec.tmp_mb}m,nr_inodes={spec.tmp_inodes},"
        f"mode=0700,uid={spec.uid},gid={spec.uid}"
    )


def _runtime(about: Mapping[str, Any]) -> str:
    return "runsc" if "runsc" in (about.get("Runtimes") or {}) else ""


def _uids(about: Mapping[str, Any]) -> "itertools.cycle[int]":
    """Uids for runs, one container each: processes of one uid are counted and killed together."""
    options = " ".join(about.get("SecurityOptions") or ())
    few = "name=rootless" in options or "name=userns" in options
    uids = run_uids(_ROOTLESS_UIDS if few else _ANY_UIDS)
    first = random.randrange(len(uids) - 10_000)  # noqa: S311 - a place, not a secret
    return itertools.cycle(uids[first : first + 10_000])


# -- orphans ------------------------------------------------------------------------------------


def _place() -> str:
    """Where a pid means something: this boot, this pid namespace."""
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return f"{boot_id}/{os.readlink('/proc/self/ns/pid')}"


def _born(pid: str) -> str:
    """When a process began, in ticks; "": there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return ""
    return fields[19]


def _owner() -> str:
    return f"{_place()} {os.getpid()} {_born(str(os.getpid()))}"


def _abandoned(container: Container) -> bool:
    """Its owner is known to be dead; or, of an owner elsewhere, it has not run for long."""
    place, _, process = container.labels.get(OWNER, "").partition(" ")
    if place == _place():
        pid, _, born = process.partition(" ")
        return _born(pid) != born
    return container.status in ("created", "exited", "dead") and _age_s(container) > _UNUSED_S


def _age_s(container: Container) -> float:
    created = str(container.attrs["Created"])[:19]  # UTC
    return time.time() - calendar.timegm(time.strptime(created, "%Y-%m-%dT%H:%M:%S"))


def reap(client: docker.DockerClient) -> int:
    """Remove the containers of services that are no more; how many there were."""
    removed = 0
    label: dict[str, str | list[str] | bool] = {"label": f"{LABEL}=slot"}
    with contextlib.suppress(DockerException, OSError):  # the next start tries again
        for container in client.containers.list(all=True, filters=label, ignore_removed=True):
            if _abandoned(container):
                with contextlib.suppress(DockerException):  # it may be gone by itself
                    container.remove(force=True)
                    removed += 1
    return removed
