"""System calls that Python does not offer, by ctypes; numbers for x86-64 and aarch64."""

import ctypes
import os
import platform
import struct

libc = ctypes.CDLL(None, use_errno=True)
_holding_the_lock = ctypes.PyDLL(None)

MACHINE = platform.machine()
X86_64 = MACHINE == "x86_64"

NEWNS, NEWUTS, NEWIPC = 0x20000, 0x4000000, 0x8000000
NEWUSER, NEWPID, NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 32, 4096, 16384, 1 << 18
MNT_DETACH = 2
MOUNT_ATTR_RDONLY = 1
AT_RECURSIVE = 0x8000

PR_SET_PDEATHSIG, PR_SET_NAME, PR_SET_SECCOMP, PR_CAPBSET_DROP = 1, 15, 22, 24
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS, PR_SET_DUMPABLE = 36, 38, 4
CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_KILL, CAP_SETGID, CAP_SETUID = 0, 1, 3, 5, 6, 7
LAST_CAP = 63

_PIVOT_ROOT = 155 if X86_64 else 41
_MOUNT_SETATTR = 442


def fork() -> int:
    """fork(2) without the interpreter's own bookkeeping, for a process that has one thread.

    os.fork() makes every lock and the random state anew in the child; with one thread no lock is
    held by another, and that work was a third of what a run of one line cost. Who needs it seeds
    `random` (see `child`).
    """
    return check(int(_holding_the_lock.fork()), "fork")


def check(result: int, what: str) -> int:
    """`result`, or OSError when the call failed."""
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result


def syscall(number: int, *arguments: object) -> int:
    """The raw call: −1 and errno when it fails."""
    return int(libc.syscall(ctypes.c_long(number), *arguments))


def prctl(option: int, value: int = 0, *, optional: bool = False) -> None:
    """prctl(2) with one argument."""
    result = libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0)
    if not optional:
        check(result, f"prctl {option}")


def unshare(flags: int) -> None:
    """Enter new namespaces (a new pid namespace begins with the next child)."""
    check(libc.unshare(flags), f"unshare {flags:#x}")


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else os.fsencode(text)


def mount(
    source: str | None, target: str, kind: str | None = None, flags: int = 0, data: str = ""
) -> None:
    """mount(2)."""
    result = libc.mount(
        _bytes(source), _bytes(target), _bytes(kind), ctypes.c_ulong(flags), _bytes(data or None)
    )
    check(result, f"mount {target}")


def unmount(target: str) -> None:
    """Detach a mount."""
    check(libc.umount2(_bytes(target), MNT_DETACH), f"umount {target}")


def make_read_only(target: str) -> None:
    """Make a bind mount and all below it read-only, whatever other flags are locked on it."""
    attributes = struct.pack("QQQQ", MOUNT_ATTR_RDONLY, 0, 0, 0)
    path = os.fsencode(target)
    if syscall(_MOUNT_SETATTR, -100, path, AT_RECURSIVE, attributes, len(attributes)) == 0:
        return
    # Before Linux 5.12: only the top, and the flags that are locked must be given again.
    keep = os.statvfs(target).f_flag & (MS_NOSUID | MS_NODEV | MS_NOEXEC)
    mount(None, target, None, MS_REMOUNT | MS_BIND | MS_RDONLY | keep)


def pivot_root(new: str, old: str) -> None:
    """pivot_root(2)."""
    check(syscall(_PIVOT_ROOT, os.fsencode(new), os.fsencode(old)), "pivot_root")


def keep_capabilities(kept: tuple[int, ...]) -> None:
    """Drop every capability but `kept`, from the bounding set too."""
    for number in range(LAST_CAP + 1):
        if number not in kept:
            prctl(PR_CAPBSET_DROP, number, optional=True)
    mask = sum(1 << number for number in kept)
    low, high = mask & 0xFFFFFFFF, mask >> 32
    header = struct.pack("Ii", 0x20080522, 0)
    sets = struct.pack("6I", low, low, 0, high, high, 0)
    check(libc.capset(header, sets), "capset")


def capabilities() -> int:
    """The effective set, as a mask."""
    header = ctypes.create_string_buffer(struct.pack("Ii", 0x20080522, 0))
    sets = ctypes.create_string_buffer(24)
    check(libc.capget(header, sets), "capget")
    low, _, _, high, _, _ = struct.unpack("6I", sets.raw)
    return int(low | high << 32)
