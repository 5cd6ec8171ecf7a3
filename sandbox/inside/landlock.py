"""Landlock: which files a run may read and write, and that its signals stay at home.

Security rests on this module. It covers: opening, creating, renaming and executing files outside of
what is granted, whatever the uid; TCP (ABI 4), abstract sockets and signals to processes outside of
the sandbox (ABI 6). It does not cover: files that were open before, stat and chmod/chown of what is
visible (mounts and the uid do), or kernels before 5.13, where it is absent.
"""

import os
import struct
from collections.abc import Sequence

from adjudge.sandbox.inside import kernel

_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
TRUNCATE, IOCTL_DEV = 1 << 14, 1 << 15
READ = EXECUTE | READ_FILE | READ_DIR
OF_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
_SCOPES = 3  # abstract sockets, signals


def version() -> int:
    """The kernel's Landlock ABI; 0: none."""
    return max(0, kernel.syscall(_CREATE, None, 0, 1))


def _all_rights(abi: int) -> int:
    bits = 13 if abi < 2 else 14 if abi < 3 else 15 if abi < 5 else 16
    return (1 << bits) - 1


def _create(abi: int) -> int:
    attributes = struct.pack("QQQ", _all_rights(abi), 3 if abi >= 4 else 0, _SCOPES)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    return kernel.check(kernel.syscall(_CREATE, attributes, size, 0), "landlock_create_ruleset")


def _grant(ruleset: int, opened: int, rights: int) -> None:
    rule = struct.pack("=Qi", rights, opened)
    kernel.check(kernel.syscall(_ADD_RULE, ruleset, 1, rule, 0), "landlock_add_rule")


def _grant_path(ruleset: int, path: str, rights: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        _grant(ruleset, opened, rights if os.path.isdir(path) else rights & OF_A_FILE)
    finally:
        os.close(opened)


def ruleset(readable: Sequence[str], writable: Sequence[str], *also_readable: int) -> int | None:
    """A ruleset's descriptor; None where the kernel has no Landlock.

    `also_readable` are open directories, for those who hold them.
    """
    abi = version()
    if abi < 1:
        return None
    rules = _create(abi)
    for path in readable:
        _grant_path(rules, path, READ)
    for path in writable:
        _grant_path(rules, path, _all_rights(abi))
    for opened in also_readable:
        _grant(rules, opened, READ_FILE | READ_DIR)
    return rules


def apply(rules: int) -> None:
    """Put this process, and all that it will start, under the rules."""
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    kernel.check(kernel.syscall(_RESTRICT, rules, 0), "landlock_restrict_self")
