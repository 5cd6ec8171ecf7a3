"""After a run: nothing that it started lives, and nothing that it wrote stays.

Security rests on this module: a later run must not meet an earlier one.
"""

import contextlib
import os
import resource
import signal
import stat
import struct
from collections.abc import Callable, Sequence

from adjudge.sandbox.inside.clock import Table
from adjudge.sandbox.inside.spec import Spec

_MAX_DEPTH = 60
_MAX_ENTRIES = 8192
MAX_ARTEFACT = 256 << 20
MAX_FETCHED = 64 << 20
FETCHED = struct.Struct("<IQ")
_PLAIN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

Note = Callable[[int, int, resource.struct_rusage], None]


def kill_all(spec: Spec, table: Table, note: Note) -> None:
    """Kill and reap every process of the run."""
    if spec.mode != "lite":
        _kill(-1)
    elif spec.uid is not None:
        _kill_uid(spec.uid)
    else:
        while living := table.processes():
            for pid in living:
                _kill(int(pid))
            _reap(note)
    while True:
        try:
            note(*os.wait4(-1, 0))
        except ChildProcessError:
            return


def kill_left(spec: Spec, known: set[str]) -> None:
    """What a `lite` slot that was killed left running: its uid's, or our own but the `known`."""
    if spec.uid is not None:
        _kill_uid(spec.uid)
        return
    opened = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
    for pid in Table(opened, private=False).children(known):
        _kill(int(pid))
    os.close(opened)


def _reap(note: Note) -> None:
    with contextlib.suppress(ChildProcessError):
        while (ended := os.wait4(-1, os.WNOHANG))[0]:
            note(*ended)


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _kill_uid(uid: int) -> None:
    """All of one uid at once: kill(−1) by a process that acts as it (fork bombs cannot race).

    Its real and saved uid are another unused one: so it may signal the run, but not the run it.
    """
    pid = os.fork()
    if pid == 0:
        try:
            os.setresuid(uid + 1, uid, uid + 1)
            os.kill(-1, signal.SIGKILL)
        finally:
            os._exit(0)
    with contextlib.suppress(ChildProcessError):  # where children are reaped by themselves
        os.waitpid(pid, 0)


def check_private(spec: Spec) -> None:
    """Refuse a directory that is not this slot's alone: whatever lies in it will be removed."""
    found = os.lstat(spec.work)
    owner = os.getuid() if spec.uid is None else spec.uid
    private = found.st_uid == owner and stat.S_IMODE(found.st_mode) == 0o700
    if not (private and stat.S_ISDIR(found.st_mode)) or os.listdir(spec.work):
        raise OSError(f"{spec.work} is not an empty directory of uid {owner}, mode 0700")


def check_mounted(spec: Spec) -> None:
    """The same, where the directory is a file system of the slot's own."""
    if os.lstat(spec.work).st_dev == os.lstat("/").st_dev or os.listdir(spec.work):
        raise OSError(f"{spec.work} is not a fresh mount")


def mode_of(work: str) -> int:
    """What `empty` is to restore."""
    return stat.S_IMODE(os.lstat(work).st_mode)


def empty(work: str, mode: int, most: int = _MAX_ENTRIES) -> bool:
    """Empty the working directory; False: it could not be done within `most` entries.

    A run that owns it may have changed its mode, to shut later runs out, or its times, to tell
    them something: both are as they were.
    """
    try:
        if mode_of(work) != mode:
            os.chmod(work, mode)
        clean = _empty(work, most)
        os.utime(work, (0, 0))
    except OSError:
        return False
    return clean


def _empty(work: str, most: int) -> bool:
    if not os.listdir(work):
        return True
    opened = os.open(work, _DIRECTORY)
    try:
        _remove_all(opened, most)
    finally:
        os.close(opened)
    return not os.listdir(work)


def _remove_all(top: int, most: int) -> None:
    """Breadth first: what lies in a directory is lifted to the top before the directory goes, so
    no depth matters. By descriptors and never through a link, so no name leads elsewhere.
    """
    prefix = f".{os.urandom(8).hex()}-"
    left = most
    while names := os.listdir(top):
        for name in names:
            left -= 1
            if left < 0:
                raise OSError("too much to clean")
            if _is_directory(top, name):
                left -= _lift(top, name, f"{prefix}{left}-")
                os.rmdir(name, dir_fd=top)
            else:
                os.unlink(name, dir_fd=top)


def _is_directory(parent: int, name: str) -> bool:
    return stat.S_ISDIR(os.lstat(name, dir_fd=parent).st_mode)


def _unlock(parent: int, name: str) -> None:
    with contextlib.suppress(PermissionError):  # who may not change it may pass it all the same
        os.chmod(name, 0o700, dir_fd=parent)


def _open_directory(parent: int, name: str) -> int:
    _unlock(parent, name)
    return os.open(name, _DIRECTORY, dir_fd=parent)


def _lift(top: int, name: str, prefix: str) -> int:
    """Empty one directory: files go, directories move up; how many there were."""
    opened = _open_directory(top, name)
    try:
        names = os.listdir(opened)
        for number, inner in enumerate(names):
            if _is_directory(opened, inner):
                _unlock(opened, inner)
                os.rename(inner, f"{prefix}{number}", src_dir_fd=opened, dst_dir_fd=top)
            else:
                os.unlink(inner, dir_fd=opened)
        return len(names)
    finally:
        os.close(opened)


def collect(path: str, work: str, target: int) -> None:
    """Copy one file that the run made; nothing, if there is no such plain file."""
    try:
        opened, size = _open_file(os.path.basename(path), work)
    except OSError:
        return
    try:
        _copy(opened, target, min(size, MAX_ARTEFACT))
    finally:
        os.close(opened)


def collect_all(paths: Sequence[str], work: str, target: int) -> None:
    """Copy those plain files that there are, each behind its number among the paths (u32) and its
    size (u64), as long as `MAX_FETCHED` bytes are not passed."""
    left = MAX_FETCHED
    for number, path in enumerate(paths):
        try:
            opened, size = _open_file(path, work)
        except OSError:
            continue
        try:
            left -= size
            if left >= 0:
                os.write(target, FETCHED.pack(number, size))
                _copy(opened, target, size)
        finally:
            os.close(opened)


def _open_file(path: str, work: str) -> tuple[int, int]:
    """A plain file below `work`, by descriptors and through no link; and its size."""
    *folders, name = [part for part in path.split("/") if part not in ("", ".")] or [""]
    if ".." in (*folders, name):
        raise FileNotFoundError(path)
    parent = os.open(work, _DIRECTORY)
    try:
        for folder in folders:
            inner = os.open(folder, _DIRECTORY, dir_fd=parent)
            os.close(parent)
            parent = inner
        opened = os.open(name, _PLAIN, dir_fd=parent)
    finally:
        os.close(parent)
    found = os.fstat(opened)
    if not stat.S_ISREG(found.st_mode):
        os.close(opened)
        raise FileNotFoundError(path)
    return opened, found.st_size


def _copy(opened: int, target: int, size: int) -> None:
    at = 0
    while at < size:
        moved = os.sendfile(target, opened, at, size - at)
        if not moved:
            return
        at += moved


class Disk:
    """The space below the working directory, where no file system bounds it."""

    def __init__(self, work: str, *, polled: bool) -> None:
        self._work = work
        self._polled = polled

    def exceeds(self, limit_mb: int) -> bool:
        """Whether more than `limit_mb` (or too many entries) lie there."""
        if not self._polled:
            return False
        left = [_MAX_ENTRIES]
        return self._blocks(self._work, 0, left) > limit_mb << 11 or left[0] < 0

    def _blocks(self, path: str, depth: int, left: list[int]) -> int:
        total = 0
        try:
            entries = os.scandir(path)
        except OSError:
            return 0
        with entries:
            for entry in entries:
                left[0] -= 1
                if left[0] < 0:
                    break
                total += self._size(entry, depth, left)
        return total

    def _size(self, entry: "os.DirEntry[str]", depth: int, left: list[int]) -> int:
        try:
            size = entry.stat(follow_symlinks=False).st_blocks
        except OSError:
            return 0
        if depth < _MAX_DEPTH and entry.is_dir(follow_symlinks=False):
            size += self._blocks(entry.path, depth + 1, left)
        return size
