"""A control group a slot, where one can be made: memory and processes of a whole run.

Security rests on this module where it finds something: without it, memory is bounded for each
process (RLIMIT_AS) and by looking (every 50 ms), and processes by RLIMIT_NPROC alone. Version 1
(hierarchies `memory` and `pids`) and version 2 are both handled, and neither.
"""

import contextlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

_PREFIX = "adjudge-"
_OWN_MB = 64
"""For the slot's own process, and kernel memory."""
_PIDS = 512
"""Far above `Limits.processes`, which RLIMIT_NPROC holds: a net for what that does not count."""


def _mounts() -> dict[str, Path]:
    """Controller (v1) or "" (v2) → mount point."""
    found = {}
    for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines():
        _, point, kind, options, *_ = line.split()
        if kind == "cgroup2":
            found[""] = Path(point)
        elif kind == "cgroup":
            for name in options.split(","):
                found[name] = Path(point)
    return found


@dataclass(frozen=True)
class Group:
    """One slot's."""

    version: str
    paths: tuple[Path, ...]

    def bound(self, memory_mb: int) -> None:
        """Hold it to so much memory (a bound below what is in use stays as it was)."""
        if _bounds.get(self.paths[0]) == memory_mb:
            return
        name = "memory.max" if self.version == "cgroup-v2" else "memory.limit_in_bytes"
        with contextlib.suppress(OSError):
            size = (memory_mb + _OWN_MB) << 20
            (self.paths[0] / name).write_text(str(size), encoding="ascii")
            _bounds[self.paths[0]] = memory_mb

    @property
    def join_files(self) -> tuple[str, ...]:
        """Where a process writes itself."""
        return tuple(str(path / "cgroup.procs") for path in self.paths)

    def out_of_memory(self) -> bool:
        """Whether the kernel has killed here since the last time that we asked."""
        name = "memory.events" if self.version == "cgroup-v2" else "memory.oom_control"
        with contextlib.suppress(OSError):
            for line in (self.paths[0] / name).read_text(encoding="ascii").splitlines():
                word, _, number = line.partition(" ")
                if word == "oom_kill":
                    return _risen(self.paths[0], int(number))
        return False

    def remove(self) -> None:
        """Take it away; it must be empty."""
        _kills.pop(self.paths[0], None)
        _bounds.pop(self.paths[0], None)
        for path in self.paths:
            with contextlib.suppress(OSError):
                path.rmdir()


_kills: dict[Path, int] = {}
_bounds: dict[Path, int] = {}


def _risen(path: Path, number: int) -> bool:
    before = _kills.get(path, 0)
    _kills[path] = number
    return number > before


@dataclass(frozen=True)
class Groups:
    """The parent of every slot's group."""

    version: str
    parents: tuple[Path, ...]
    """memory first, then pids (v1); or the one (v2)."""

    def make(self) -> Group | None:
        """A group with bounds; None if it cannot be made."""
        name = secrets.token_hex(8)
        group = Group(self.version, tuple(parent / name for parent in self.parents))
        try:
            for path in group.paths:
                path.mkdir()
            (group.paths[-1] / "pids.max").write_text(str(_PIDS), encoding="ascii")
            if (
                self.version == "cgroup-v2"
                and (swap := group.paths[0] / "memory.swap.max").exists()
            ):
                swap.write_text("0", encoding="ascii")
        except OSError:
            group.remove()
            return None
        return group

    def close(self) -> None:
        """Take away the parents."""
        for parent in self.parents:
            with contextlib.suppress(OSError):
                parent.rmdir()


def find() -> Groups | None:
    """A place to make groups in; None where there is none."""
    mounts = _mounts()
    name = f"{_PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
    if "memory" in mounts and "pids" in mounts:
        candidates = [Groups("cgroup-v1", (mounts["memory"] / name, mounts["pids"] / name))]
    elif "" in mounts:
        candidates = [Groups("cgroup-v2", (place / name,)) for place in _places(mounts[""])]
    else:
        candidates = []
    for parents in (mounts[key] for key in ("memory", "pids", "") if key in mounts):
        _remove_orphans(parents)
    return next(filter(_usable, candidates), None)


def _places(mount: Path) -> list[Path]:
    """Version 2: our own group, then the root of what we see."""
    lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    own = next((line[3:] for line in lines if line.startswith("0::")), "/")
    return [mount / own.lstrip("/"), mount]


def _usable(groups: Groups) -> bool:
    try:
        for parent in groups.parents:
            parent.mkdir()
        if groups.version == "cgroup-v2":
            (groups.parents[0] / "cgroup.subtree_control").write_text("+memory +pids", "ascii")
    except OSError:
        groups.close()
        return False
    trial = groups.make()
    if trial is None:
        groups.close()
        return False
    trial.remove()
    return True


def _remove_orphans(place: Path) -> None:
    """Groups of a service that is no more."""
    for parent in place.glob(f"{_PREFIX}*-*"):
        pid = parent.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            with contextlib.suppress(OSError):
                for child in parent.iterdir():
                    if child.is_dir():
                        child.rmdir()
                parent.rmdir()
