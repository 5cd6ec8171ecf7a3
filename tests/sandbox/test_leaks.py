"""Nothing of a run stays, and nothing of a sandbox stays when it is closed."""

import gc
import os
from pathlib import Path

import pytest
from tests.sandbox.conftest import MakePool

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
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [below for child in map(int, children) for below in (child, *descendants(child))]


def mounts() -> int:
    return len(Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines())


def groups() -> list[Path]:
    pattern = f"adjudge-{os.getpid()}-*/*"
    return [path for path in Path("/sys/fs/cgroup").glob(f"*/{pattern}") if path.is_dir()]


@pytest.mark.timeout(120)
def test_many_runs_leave_nothing(make_pool: MakePool, backend_name: str) -> None:
    runs = RUNS if backend_name == "native-root" else RUNS // 5
    pool = make_pool(slots=2)
    try:
        _run(pool, 20)
        before = (descriptors(), len(descendants(os.getpid())), mounts(), len(groups()))
        _run(pool, runs)
        assert (
            descriptors(),
            len(descendants(os.getpid())),
            mounts(),
            len(groups()),
        ) == before
    finally:
        pool.close()


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
