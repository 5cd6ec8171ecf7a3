"""What a back end finds out about its machine, and slots that do not start or answer."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from adjudge.sandbox import job, native
from adjudge.sandbox.interpreter import Interpreter
from adjudge.sandbox.job import Job, SlotDied
from adjudge.sandbox.languages.python import Python
from adjudge.sandbox.native import Native, run_uids
from adjudge.sandbox.types import Limits, Program, SandboxError

SHAPE = (8, 512)


@pytest.mark.parametrize(
    ("uid_map", "first", "last"),
    [
        ("         0          0 4294967295\n", 2_001_000_000, 2_146_999_998),
        ("0 100000 65536\n", 32768, 65534),
        ("0 1000 1\n1 100000 65536\n", 32769, 65535),
    ],
)
def test_uids_of_runs_exist(uid_map: str, first: int, last: int) -> None:
    found = run_uids(uid_map)
    assert (found[0], found[-1]) == (first, last)


def test_one_uid_is_none_to_spare() -> None:
    assert len(run_uids("1000 1000 1\n")) == 0


def test_the_interpreter_is_no_shim() -> None:
    interpreter = Interpreter()
    version, prefixes = interpreter.describe()
    assert version.count(".") >= 1
    assert prefixes
    with open(interpreter.path, "rb") as file:
        assert file.read(4) == b"\x7fELF"


def test_packages_that_are_missing_are_left_out() -> None:
    found = Interpreter(packages=("sortedcontainers", "no_such_package_at_all")).package_paths()
    assert list(found) == ["sortedcontainers"]


@pytest.fixture
def lite() -> Iterator[Native]:
    backend = Native("lite")
    yield backend
    backend.close()


def job_of(source: str) -> Job:
    limits = Limits(cpu_s=0.01, idle_s=0.01)
    return Python("3").build(Program(source=source), limits, lambda _: pytest.fail("no compiler"))


def test_a_slot_that_cannot_start(
    lite: Native, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its directory is somebody's: nothing in it may be touched."""
    (tmp_path / "precious").touch()
    monkeypatch.setattr(lite, "_make_work", lambda uid: str(tmp_path))
    with pytest.raises(SandboxError, match=r"did not start: .* is not an empty directory"):
        lite.make(SHAPE)
    assert os.listdir(tmp_path) == ["precious"]


def test_a_slot_that_does_not_answer(lite: Native, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "_GRACE_S", 0.1)
    monkeypatch.setattr(job, "BACKSTOP_LEAST_S", 0.1)
    slot = lite.make(SHAPE)
    signal.pidfd_send_signal(slot._pidfd, signal.SIGSTOP)
    with pytest.raises(SandboxError, match="did not answer"):
        slot.run(job_of("pass"), b"")
    assert not slot.alive
    slot.close()  # by force


def test_a_slot_that_is_gone(lite: Native) -> None:
    slot = lite.make(SHAPE)
    signal.pidfd_send_signal(slot._pidfd, signal.SIGKILL)
    for _ in range(2):
        with pytest.raises(SlotDied):
            slot.run(job_of("pass"), b"")
        assert not slot.alive
    slot.close()


def test_a_nursery_that_is_gone_is_replaced(lite: Native) -> None:
    slot = lite.make(SHAPE)
    nursery = lite._nurseries[False]
    nursery._process.kill()
    nursery._process.wait()
    with pytest.raises(SandboxError, match="no slot"):
        nursery.fork(slot._spec)
    other = lite.make(SHAPE)
    assert other.run(job_of("print(1)"), b"").stdout == b"1\n"
    for each in (slot, other):
        each.close()
    os.rmdir(slot._spec.work)  # there was nobody left to do that
