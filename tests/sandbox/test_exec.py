"""Programs that are a process image: what compiled languages and their compilers need."""

import os
import shutil
from pathlib import Path

import pytest

from adjudge.sandbox.inside.spec import pack
from adjudge.sandbox.job import Blob, Job, Ran
from adjudge.sandbox.pool import Pool
from adjudge.sandbox.types import Limits, SandboxError

LIMITS = Limits(cpu_s=20, idle_s=10, memory_mb=512)


def ran(sandbox: Pool, job: Job, stdin: bytes = b"") -> Ran:
    try:
        return sandbox.run_job(job, stdin)
    finally:
        job.close()


def test_a_program_of_the_system(sandbox: Pool) -> None:
    result = ran(sandbox, Job(launch="exec", argv=("/bin/cat",), limits=LIMITS), b"cat")
    assert (result.status, result.stdout, result.stderr) == (0, b"cat", b"")


def test_an_executable_from_memory(sandbox: Pool) -> None:
    program = Blob(Path(shutil.which("cat") or "").read_bytes())
    job = Job(launch="exec", argv=("main",), program=program, limits=LIMITS)
    assert ran(sandbox, job, b"cat").stdout == b"cat"


def test_files_and_environment(sandbox: Pool) -> None:
    files = Blob(pack({"data/a.txt": b"cat", "run.sh": b"cat data/a.txt; echo $NAME"}, ["run.sh"]))
    argv = ("/bin/sh", "run.sh")
    job = Job(
        launch="exec",
        argv=argv,
        files=files,
        environment={"NAME": "dog"},
        limits=LIMITS,
        trusted=True,
    )
    assert ran(sandbox, job).stdout == b"catdog\n"


def test_what_it_made_comes_back(sandbox: Pool) -> None:
    argv = ("/bin/sh", "-c", "head -c 3000000 /dev/zero > out")
    job = Job(launch="exec", argv=argv, collect="out", limits=LIMITS, trusted=True)
    assert ran(sandbox, job).artefact == bytes(3_000_000)


@pytest.mark.parametrize("made", ["ln -s /etc/passwd out", "mkdir out", "mkfifo out", "true"])
def test_only_a_plain_file_comes_back(sandbox: Pool, made: str) -> None:
    argv = ("/bin/sh", "-c", made)
    job = Job(launch="exec", argv=argv, collect="out", limits=LIMITS)
    assert ran(sandbox, job).artefact == b""


def test_no_such_program_is_our_fault(sandbox: Pool) -> None:
    with pytest.raises(SandboxError, match="set up"):
        ran(sandbox, Job(launch="exec", argv=("/no/such",), limits=LIMITS))


def test_a_program_cannot_claim_a_fault_of_ours(sandbox: Pool) -> None:
    argv = ("/bin/sh", "-c", "echo 'OSError: no' >&2; exit 211")
    assert ran(sandbox, Job(launch="exec", argv=argv, limits=LIMITS)).cause == ""


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
def test_a_compiler_and_what_it_makes(sandbox: Pool) -> None:
    source = Blob(pack({"main.c": b'#include <stdio.h>\nint main(){puts("cat");return 7;}'}))
    argv = ("/usr/bin/gcc", "-O2", "-o", "a.out", "main.c")
    built = ran(
        sandbox,
        Job(launch="exec", argv=argv, files=source, collect="a.out", limits=LIMITS, trusted=True),
    )
    assert built.status == 0, built
    job = Job(launch="exec", argv=("main",), program=Blob(built.artefact), limits=LIMITS)
    result = ran(sandbox, job)
    assert (os.waitstatus_to_exitcode(result.status), result.stdout) == (7, b"cat\n")


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_a_run_time_that_reserves_much_memory(sandbox: Pool) -> None:
    files = Blob(pack({"main.js": b"console.log(1 + 1)"}))
    argv = (os.path.realpath(shutil.which("node") or ""), "main.js")
    job = Job(launch="exec", argv=argv, files=files, address_mb=0, limits=LIMITS)
    result = ran(sandbox, job)
    assert result.stdout == b"2\n", result
