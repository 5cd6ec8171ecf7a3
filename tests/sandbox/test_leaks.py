"""Nothing of a run stays, and nothing of a sandbox stays when it is closed."""

import gc
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.sandbox.conftest import MakePool
from tests.sandboxes import process_of

from adjudge.sandbox.inside import rootfs
from adjudge.sandbox.inside.spec import WORK
from adjudge.sandbox.pool import Pool
from adjudge.sandbox.types import Limits, Program

RUNS = 1_000
MESS = """
import os, threading
open('file', 'w').write('x' * 9999)
os.mkdir('folder')
for number in range(3):
    try:
        if os.fork() == 0:
            os.setsid()
            os.read(os.pipe()[0], 1)
    except OSError:
        break
threading.Thread(target=os.read, args=(os.pipe()[0], 1), daemon=True).start()
print(len(os.listdir('.')))
os._exit(0)
"""


def descriptors() -> int:
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


def descendants(pid: int) -> list[int]:
    try:
        lists = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return []
    children = [int(word) for words in lists for word in words.split()]
    return [below for child in children for below in (child, *descendants(child))]


def mounts() -> list[str]:
    """Where a slot's root is built, had it been seen from here (others may mount elsewhere)."""
    places = tuple(f"{place}/" for place in (*rootfs._MOUNT_POINTS[:3], WORK))
    lines = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    return sorted(line for line in lines if f"{line.split()[1]}/".startswith(places))


def groups() -> list[Path]:
    pattern = f"adjudge-{os.getpid()}-*/*"
    return [path for path in Path("/sys/fs/cgroup").glob(f"*/{pattern}") if path.is_dir()]


@pytest.mark.timeout(120)
def test_many_runs_leave_nothing(make_pool: MakePool, backend_name: str) -> None:
    runs = RUNS if backend_name == "native-root" else RUNS // 10
    pool = make_pool(slots=2)
    try:
        _run(pool, 20)
        before = _counts()
        _run(pool, runs)
        after = _counts()
        # processes of earlier tests may still be ending, so there may be fewer
        assert all(now <= then for now, then in zip(after, before, strict=True)), (before, after)
    finally:
        pool.close()


def _counts() -> list[int]:
    """Descriptors, processes, mounts and control groups of ours."""
    return [descriptors(), len(descendants(os.getpid())), len(mounts()), len(groups())]


def _run(pool: Pool, times: int) -> None:
    for _ in range(times):
        with pool.open(Program(source=MESS), Limits(cpu_s=5, idle_s=5)) as session:
            result = session.run()
        assert result.stdout == b"2\n" or result.stdout == b"", result


def test_a_closed_sandbox_leaves_nothing(make_pool: MakePool) -> None:
    gc.collect()
    alive, opened, mounted, grouped = (
        set(descendants(os.getpid())),
        descriptors(),
        mounts(),
        groups(),
    )
    pool = make_pool(slots=3)
    _run(pool, 5)
    pool.close()
    assert set(descendants(os.getpid())) <= alive
    assert (descriptors(), mounts(), groups()) == (opened, mounted, grouped)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """One that every user may enter (pytest's own are for one)."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.parametrize("how", ["closed", "killed"])
def test_a_service_that_dies_leaves_nothing(how: str, backend_name: str, open_folder: Path) -> None:
    """Not even in mid-run, with children of the run alive: what namespaces do, or the nursery."""
    if backend_name in ("piped", "docker", "lite-one-uid"):
        pytest.skip("a container's end (see test_docker), or no children")
    code = (
        "import sys, threading, time\n"
        "from tests.sandbox.conftest import _backend\n"
        "from adjudge.sandbox.pool import Pool\n"
        "from adjudge.sandbox.types import Limits, Program\n"
        f"pool = Pool(_backend({backend_name!r}), slots=1)\n"
        "if not pool.self_test(): sys.exit()\n"
        "run = 'import os\\nfor _ in range(3):\\n    if os.fork() == 0: break\\n"
        "print(1)\\nwhile True: pass'\n"
        "def act():\n"
        "    with pool.open(Program(source=run), Limits(cpu_s=60)) as s: s.run()\n"
        "threading.Thread(target=act, daemon=True).start()\n"
        "time.sleep(0.7)\nprint('up', flush=True)\nsys.stdin.read()\n"
    )
    process = process_of(code, TMPDIR=str(open_folder))
    assert process.stdin
    assert process.stdout
    with process:
        if not process.stdout.readline():
            pytest.skip(f"{backend_name} does not run here")
        family = [started(pid) for pid in descendants(process.pid)]
        assert len(family) > 4
        if how == "killed":
            process.kill()
        process.stdin.close()
    deadline = time.monotonic() + 20
    while living := [who for who in family if started(who[0]) == who]:
        assert time.monotonic() < deadline, living
        time.sleep(0.05)
    while left := [path.name for path in open_folder.glob("adjudge-*")]:
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


def started(pid: int) -> tuple[int, str]:
    """A process, told apart from a later one of the same number."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return pid, ""
    return (pid, "") if fields[0] == "Z" else (pid, fields[19])
