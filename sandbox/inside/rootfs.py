"""The world that a slot sees: its own namespaces, and a minimal read-only root.

Security rests on this module. It covers: no other process, network, IPC object or host name is in
reach; of the file system only `Spec.readable`, the packages, five devices and a private tmpfs of
bounded size and inode count; no /proc, no /sys. It does not cover: what lies under the paths that
were bound (they hold programs and libraries; keep secrets elsewhere), nor kernel faults.
"""

import os
from collections.abc import Iterable

from adjudge.sandbox.inside import kernel
from adjudge.sandbox.inside.kernel import (
    MS_BIND,
    MS_NODEV,
    MS_NOEXEC,
    MS_NOSUID,
    MS_PRIVATE,
    MS_RDONLY,
    MS_REC,
    MS_REMOUNT,
)
from adjudge.sandbox.inside.spec import NAMED_STDIN, SELF, SITE, WORK, Spec

_MOUNT_POINTS = ("/mnt", "/media", "/srv", "/opt", "/home", "/var")
_DEVICES = ("null", "zero", "full", "urandom", "random")
_LINKS = ("lib", "lib32", "lib64", "libx32", "bin", "sbin")
_ETC = ("/etc/ld.so.cache", "/etc/alternatives")
INNER_UID = 60001
"""Inside of a user namespace: not 0, so that no call "succeeds" only because of the mapping."""


def enter_namespaces(userns: bool) -> None:
    """Leave the machine's; the pid namespace begins with the next child."""
    uid, gid = os.getuid(), os.getgid()
    flags = kernel.NEWNS | kernel.NEWPID | kernel.NEWIPC | kernel.NEWUTS | kernel.NEWNET
    kernel.unshare(flags | (kernel.NEWUSER if userns else 0))
    if userns:
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{INNER_UID} {uid} 1")
        _write("/proc/self/gid_map", f"{INNER_UID} {gid} 1")


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def build(spec: Spec) -> int | None:
    """Make the root, enter it; returns a directory of /proc that nobody else can reach."""
    kernel.mount(None, "/", None, MS_REC | MS_PRIVATE)
    root = _mount_point(spec)
    kernel.mount("tmpfs", root, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=755,nr_inodes=512")
    for path in _outermost((*spec.readable, *filter(os.path.exists, _ETC))):
        _bind(path, root + path)
    for name, path in spec.packages.items():
        _bind(path, f"{root}{SITE}/{name}")
    _add_links(root)
    _add_devices(root)
    _add_accounts(root, spec)
    process_table = _open_process_table(root)
    _enter(root, spec)
    return process_table


def _mount_point(spec: Spec) -> str:
    used = (*spec.readable, *spec.packages.values())
    for path in _MOUNT_POINTS:
        if os.path.isdir(path) and not any(item.startswith(path + "/") for item in used):
            return path
    raise OSError("no directory to build the root on")


def _outermost(paths: Iterable[str]) -> list[str]:
    """Without those that lie below another."""
    kept: list[str] = []
    for path in sorted({os.path.normpath(path) for path in paths}):
        if not any(path.startswith(other + "/") for other in kept):
            kept.append(path)
    return kept


def _bind(source: str, target: str) -> None:
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        _write(target, "")
    kernel.mount(source, target, None, MS_BIND | MS_REC)
    kernel.make_read_only(target)


def _add_links(root: str) -> None:
    for name in _LINKS:
        if os.path.islink("/" + name) and not os.path.lexists(f"{root}/{name}"):
            os.symlink(os.readlink("/" + name), f"{root}/{name}")
        elif os.path.isdir("/" + name) and not os.path.lexists(f"{root}/{name}"):
            _bind("/" + name, f"{root}/{name}")


def _add_devices(root: str) -> None:
    os.mkdir(root + "/dev", 0o755)
    for name in _DEVICES:
        _write(f"{root}/dev/{name}", "")
        kernel.mount(f"/dev/{name}", f"{root}/dev/{name}", None, MS_BIND)
    os.symlink(f"{WORK}/{NAMED_STDIN}", root + "/dev/stdin")
    os.symlink("/tmp", root + "/dev/shm")  # noqa: S108 - POSIX semaphores; cleaned as /tmp is


def _add_accounts(root: str, spec: Spec) -> None:
    uid = INNER_UID if spec.uid is None else spec.uid
    os.makedirs(root + "/etc", exist_ok=True)
    _write(root + "/etc/passwd", f"user:x:{uid}:{uid}::{WORK}:/bin/false\n")
    _write(root + "/etc/group", f"user:x:{uid}:\n")


def _open_process_table(root: str) -> int | None:
    """A /proc of the new pid namespace, by descriptor only; None where none may be mounted."""
    path = root + "/proc"
    os.mkdir(path, 0o555)
    try:
        kernel.mount("proc", path, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    except OSError:
        return None
    opened = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    kernel.unmount(path)
    _add_self(path)
    return opened


def _add_self(path: str) -> None:
    """All that there is of a /proc: a name that leads into the working directory, for tools that
    cannot start without (rustc 1.63). Whoever starts one puts a link `exe` to it there."""
    os.symlink(f"{WORK}/{SELF}", path + "/self")


def _enter(root: str, spec: Spec) -> None:
    os.mkdir(root + WORK, 0o755)
    os.mkdir(root + "/old", 0o700)
    os.chdir(root)
    kernel.pivot_root(root, root + "/old")
    os.chdir("/")
    kernel.unmount("/old")
    os.rmdir("/old")
    size = f"size={spec.tmp_mb}m,mode=1777,nr_inodes={spec.tmp_inodes}"
    kernel.mount("tmpfs", WORK, "tmpfs", MS_NOSUID | MS_NODEV, size)
    kernel.mount(None, "/", None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)
