"""System calls that a run never gets: BPF assembled by hand, for x86-64 and aarch64.

Security rests on this module. It covers: kernel surfaces with a history of escapes (bpf, io_uring,
userfaultfd, perf, keyrings, mounts and namespaces, modules), looking into or steering other
processes (ptrace, process_vm_*, pidfd_getfd, prlimit of another, priorities), sockets of every
family (socketpair stays: event loops need it), memory outside of the accounts (memfd, System V,
message queues), and 32-bit entry points (killed).
It does not cover: system calls that are not listed. It is a list of refusals, because five
languages' run-times live behind it; namespaces, Landlock and the uid stand behind what it lets by.
"""

import ctypes
import struct

from adjudge.sandbox.inside import kernel

EPERM, ENOSYS = 1, 38
_Numbers = tuple[int | None, int | None]

# name: (x86-64, aarch64); None: the machine has no such call.
REFUSED: dict[str, _Numbers] = {
    "acct": (163, 89),
    "add_key": (248, 217),
    "adjtimex": (159, 171),
    "bind": (49, 200),
    "bpf": (321, 280),
    "chroot": (161, 51),
    "clock_adjtime": (305, 266),
    "clock_settime": (227, 112),
    "connect": (42, 203),
    "delete_module": (176, 106),
    "fanotify_init": (300, 262),
    "finit_module": (313, 273),
    "fsconfig": (431, 431),
    "fsetxattr": (190, 7),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "init_module": (175, 105),
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    "ioperm": (173, None),
    "iopl": (172, None),
    "ioprio_set": (251, 30),
    "kcmp": (312, 272),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "listen": (50, 201),
    "lookup_dcookie": (212, 18),
    "lsetxattr": (189, 6),
    "mbind": (237, 235),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "migrate_pages": (256, 238),
    "mknod": (133, None),
    "mknodat": (259, 33),
    "modify_ldt": (154, None),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "move_pages": (279, 239),
    "mq_open": (240, 180),
    "msgget": (68, 186),
    "name_to_handle_at": (303, 264),
    "nfsservctl": (180, 42),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "open_tree_attr": (467, 467),
    "perf_event_open": (298, 241),
    "personality": (135, 92),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "reboot": (169, 142),
    "request_key": (249, 218),
    "sched_setaffinity": (203, 122),
    "sched_setattr": (314, 274),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "seccomp": (317, 277),
    "semget": (64, 190),
    "sendmmsg": (307, 269),
    "sendmsg": (46, 211),
    "set_mempolicy": (238, 237),
    "setdomainname": (171, 162),
    "sethostname": (170, 161),
    "setns": (308, 268),
    "setpriority": (141, 140),
    "settimeofday": (164, 170),
    "setxattr": (188, 5),
    "setxattrat": (463, 463),
    "shmget": (29, 194),
    "socket": (41, 198),
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "uselib": (134, None),
    "userfaultfd": (323, 282),
    "vhangup": (153, 58),
    "vmsplice": (278, 75),
}
# "Not there" rather than "not allowed": the C library and run-times then take the older call.
ABSENT: dict[str, _Numbers] = {
    "clone3": (435, 435),
    "io_setup": (206, 0),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
}
CLONE, PRLIMIT = (56, 220), (302, 261)
KILL_CALLS: tuple[_Numbers, ...] = ((62, 129), (200, 130), (234, 131))  # kill, tkill, tgkill
FORK_CALLS: tuple[_Numbers, ...] = ((57, None), (58, None))  # fork, vfork
QUEUEINFO_CALLS: tuple[_Numbers, ...] = (
    (129, 138),
    (297, 240),
)  # rt_sigqueueinfo, rt_tgsigqueueinfo
PIDFD_SEND_SIGNAL: _Numbers = (424, 424)
NAMESPACE_FLAGS = 0x7E020080
CLONE_THREAD = 0x10000
X32_BIT = 0x40000000
_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

_LOAD, _EQUAL, _AT_LEAST, _HAS_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _ARCH, _ARGUMENT = 0, 4, 16

Instruction = tuple[int, int, int, int]


def supported() -> bool:
    """Whether a filter is known for this machine."""
    return kernel.MACHINE in _ARCHITECTURE


def _pick(numbers: _Numbers) -> int | None:
    return numbers[0 if kernel.X86_64 else 1]


def _refuse(numbers: _Numbers, code: int) -> list[Instruction]:
    number = _pick(numbers)
    if number is None:
        return []
    return [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | code)]


def _gate() -> list[Instruction]:
    """Kill anything but this machine's own 64-bit entry point."""
    gate = [
        (_LOAD, 0, 0, _ARCH),
        (_EQUAL, 1, 0, _ARCHITECTURE[kernel.MACHINE]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    return gate + [(_AT_LEAST, 0, 1, X32_BIT), (_RETURN, 0, 0, _KILL)] * kernel.X86_64


def _clone(refused_flags: int) -> list[Instruction]:
    """clone(flags): refused when it asks for a namespace."""
    return [
        (_EQUAL, 0, 4, _pick(CLONE) or 0),
        (_LOAD, 0, 0, _ARGUMENT),
        (_HAS_BIT, 0, 1, refused_flags),
        (_RETURN, 0, 0, _ERRNO | EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]


def _prlimit() -> list[Instruction]:
    """prlimit64(pid): only of oneself (0). Under one uid, pid 1's limits are else in reach."""
    return [
        (_EQUAL, 0, 4, _pick(PRLIMIT) or 0),
        (_LOAD, 0, 0, _ARGUMENT),
        (_EQUAL, 1, 0, 0),
        (_RETURN, 0, 0, _ERRNO | EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]


def standard() -> list[Instruction]:
    """The filter that every run lives under."""
    code = _gate() + _clone(NAMESPACE_FLAGS) + _prlimit()
    for numbers in ABSENT.values():
        code += _refuse(numbers, ENOSYS)
    for numbers in REFUSED.values():
        code += _refuse(numbers, EPERM)
    return [*code, (_RETURN, 0, 0, _ALLOW)]


def _only_self(numbers: _Numbers, pid: int) -> list[Instruction]:
    return [
        (_EQUAL, 0, 5, _pick(numbers) or 0),
        (_LOAD, 0, 0, _ARGUMENT),
        (_EQUAL, 2, 0, pid),
        (_EQUAL, 1, 0, 0),
        (_RETURN, 0, 0, _ERRNO | EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]


def alone(pid: int) -> list[Instruction]:
    """On top of `standard`, where the judge's own uid must be used: no processes, no signals.

    Threads stay. kill(0) stays too: the caller has put the run in a process group of its own.
    """
    code = _gate()
    for numbers in FORK_CALLS:
        code += _refuse(numbers, EPERM)
    code += [
        (_EQUAL, 0, 4, _pick(CLONE) or 0),
        (_LOAD, 0, 0, _ARGUMENT),
        (_HAS_BIT, 1, 0, CLONE_THREAD),
        (_RETURN, 0, 0, _ERRNO | EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]
    for numbers in (KILL_CALLS[0], KILL_CALLS[2]):
        code += _only_self(numbers, pid)
    for numbers in (KILL_CALLS[1], *QUEUEINFO_CALLS, PIDFD_SEND_SIGNAL):
        code += _refuse(numbers, EPERM)
    return [*code, (_RETURN, 0, 0, _ALLOW)]


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))


def apply(code: list[Instruction]) -> None:
    """Put this process, and all that it will start, under the filter."""
    raw = b"".join(struct.pack("HBBI", *instruction) for instruction in code)
    buffer = ctypes.create_string_buffer(raw, len(raw))
    program = _Program(len(code), ctypes.addressof(buffer))
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    address = ctypes.byref(program)
    kernel.check(kernel.libc.prctl(kernel.PR_SET_SECCOMP, 2, address, 0, 0), "seccomp")
