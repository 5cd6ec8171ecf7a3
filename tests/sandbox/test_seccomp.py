"""The filters, interpreted: as the kernel would, for both machines, whichever this one is."""

from collections.abc import Callable

import pytest

from adjudge.sandbox.inside import kernel, seccomp
from adjudge.sandbox.inside.seccomp import Instruction

ALLOW, KILL = "allow", "kill"
X86, ARM, I386 = 0xC000003E, 0xC00000B7, 0x40000003
LOAD, EQUAL, AT_LEAST, HAS_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
TESTS: dict[int, Callable[[int, int], bool]] = {
    EQUAL: lambda a, k: a == k,
    AT_LEAST: lambda a, k: a >= k,
    HAS_BIT: lambda a, k: bool(a & k),
}
NEW_USER, THREAD = 0x10000000, 0x10000


def judge(code: list[Instruction], arch: int, number: int, argument: int = 0) -> str | int:
    """What a system call gets: allowed, killed, or an errno."""
    data = {0: number, 4: arch, 16: argument & 0xFFFFFFFF}
    at, accumulator = 0, 0
    while True:
        kind, if_true, if_false, value = code[at]
        at += 1
        if kind == LOAD:
            accumulator = data[value]
        elif kind == RETURN:
            named = {0x7FFF0000: ALLOW, 0x80000000: KILL}
            return named.get(value, value & 0xFFFF)
        else:
            at += if_true if TESTS[kind](accumulator, value) else if_false


@pytest.fixture(params=["x86_64", "aarch64"])
def machine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    name: str = request.param
    monkeypatch.setattr(kernel, "MACHINE", name)
    monkeypatch.setattr(kernel, "X86_64", name == "x86_64")
    return name


def number(numbers: tuple[int | None, int | None], machine: str) -> int:
    found = numbers[0 if machine == "x86_64" else 1]
    assert found is not None
    return found


def test_refusals(machine: str) -> None:
    arch = X86 if machine == "x86_64" else ARM
    code = seccomp.standard()
    for table, answer in ((seccomp.REFUSED, seccomp.EPERM), (seccomp.ABSENT, seccomp.ENOSYS)):
        for pair in table.values():
            if pair[0 if machine == "x86_64" else 1] is not None:
                assert judge(code, arch, number(pair, machine)) == answer


def test_what_every_program_needs(machine: str) -> None:
    arch = X86 if machine == "x86_64" else ARM
    code = seccomp.standard()
    # read, write, close, mmap, exit_group, execve, futex, getrandom
    needed = (
        (0, 1, 3, 9, 231, 59, 202, 318)
        if machine == "x86_64"
        else (*(63, 64, 57, 222, 94, 221, 98, 278),)
    )
    assert {judge(code, arch, call) for call in needed} == {ALLOW}


def test_other_entry_points_kill(machine: str) -> None:
    code = seccomp.standard()
    assert judge(code, I386, 20) == KILL
    assert judge(code, ARM if machine == "x86_64" else X86, 0) == KILL
    if machine == "x86_64":
        assert judge(code, X86, 0x40000000) == KILL


def test_arguments(machine: str) -> None:
    arch = X86 if machine == "x86_64" else ARM
    code = seccomp.standard()
    clone, prlimit = number(seccomp.CLONE, machine), number(seccomp.PRLIMIT, machine)
    assert judge(code, arch, clone, NEW_USER | 17) == seccomp.EPERM
    assert judge(code, arch, clone, 17) == ALLOW
    assert judge(code, arch, prlimit, 0) == ALLOW
    assert judge(code, arch, prlimit, 1) == seccomp.EPERM


def test_alone(machine: str) -> None:
    arch = X86 if machine == "x86_64" else ARM
    code = seccomp.alone(pid=700)
    clone = number(seccomp.CLONE, machine)
    kill, _, tgkill = (number(pair, machine) for pair in seccomp.KILL_CALLS)
    assert judge(code, arch, clone, 17) == seccomp.EPERM
    assert judge(code, arch, clone, THREAD) == ALLOW
    for call in (kill, tgkill):
        assert [judge(code, arch, call, pid) for pid in (700, 0, 1, -1, 701)] == [
            *(ALLOW, ALLOW, seccomp.EPERM, seccomp.EPERM, seccomp.EPERM)
        ]
    for pair in (*seccomp.QUEUEINFO_CALLS, seccomp.PIDFD_SEND_SIGNAL, seccomp.KILL_CALLS[1]):
        assert judge(code, arch, number(pair, machine), 700) == seccomp.EPERM
    if machine == "x86_64":
        assert {judge(code, arch, call) for call in (57, 58)} == {seccomp.EPERM}
