"""Slots that die, and what that means."""

import threading
from dataclasses import replace

import pytest

from adjudge.sandbox.job import Conversation, Job, Ran, Shape, SlotDied
from adjudge.sandbox.pool import Pool
from adjudge.sandbox.types import Ending, LanguageUnavailable, Limits, Program, SandboxError

GOOD = Ran(
    status=0,
    cause="",
    cpu_s=0.1,
    wall_s=0.1,
    memory_mb=1,
    stdout=b"42\n",
    stdout_size=3,
    stderr=b"",
    stderr_size=0,
)


class ScriptedSlot:
    """Does what its back end's script says."""

    def __init__(self, shape: Shape, backend: "Scripted") -> None:
        self.shape, self.facts, self.alive = shape, {}, True  # type: ignore[var-annotated]
        self._backend = backend

    def run(self, job: Job, stdin: bytes, conversation: Conversation | None = None) -> Ran:
        assert job.program
        deadly = b"deadly" in job.program.data
        self._backend.runs += 1
        if deadly or self._backend.all_die:
            self.alive = False
            raise SlotDied
        return replace(GOOD, cause=self._backend.cause)

    def close(self) -> None:
        self._backend.closed += 1


class Scripted:
    name, python_version = "scripted", "3"

    def __init__(self) -> None:
        self.made = self.closed = self.runs = 0
        self.all_die = False
        self.cause = ""

    def make(self, shape: Shape) -> ScriptedSlot:
        self.made += 1
        return ScriptedSlot(shape, self)

    def close(self) -> None:
        pass


def test_a_program_that_kills_two_slots_is_to_blame() -> None:
    backend = Scripted()
    pool = Pool(backend, slots=2)
    with pool.open(Program(source="deadly")) as session:
        result = session.run()
    assert result.ending is Ending.RUNTIME_ERROR
    assert backend.runs == 3
    pool.close()
    assert backend.closed == backend.made == 3


def test_slots_that_die_of_anything_are_our_fault() -> None:
    backend = Scripted()
    backend.all_die = True
    pool = Pool(backend, slots=2)
    with pool.open(Program(source="innocent")) as session, pytest.raises(SandboxError):
        session.run()
    assert not pool.self_test()


@pytest.mark.parametrize("cause", ["wall", "setup"])
def test_causes_that_are_ours(cause: str) -> None:
    backend = Scripted()
    backend.cause = cause
    with Pool(backend, slots=1).open(Program(source="")) as session, pytest.raises(SandboxError):
        session.run()


def test_slots_are_used_again_and_by_shape() -> None:
    backend = Scripted()
    pool = Pool(backend, slots=2)
    for tmp_mb in (32, 32, 64, 32, 64):
        with pool.open(Program(source=""), Limits(tmp_mb=tmp_mb)) as session:
            session.run()
    assert backend.made == 2
    pool.close()
    assert backend.closed == 2


def test_a_closed_pool_takes_nothing() -> None:
    pool = Pool(Scripted(), slots=1)
    pool.close()
    with pool.open(Program(source="")) as session, pytest.raises(SandboxError, match="closed"):
        session.run()


def test_an_unknown_language() -> None:
    with (
        pytest.raises(LanguageUnavailable),
        Pool(Scripted(), slots=1).open(Program(source="", language="cobol")),
    ):
        pass


def test_no_more_slots_than_allowed() -> None:
    backend = Scripted()
    pool = Pool(backend, slots=3)

    def work() -> None:
        with pool.open(Program(source="")) as session:
            session.run()

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert backend.made <= 3
