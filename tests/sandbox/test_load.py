"""Verdicts do not depend on how busy the machine is."""

import os
import threading

import pytest
from tests.sandbox.conftest import MakePool

from adjudge.sandbox.pool import Pool
from adjudge.sandbox.types import Ending, Limits, Program

LIMITS = Limits(cpu_s=0.6, idle_s=0.6, memory_mb=256, output_mb=1)
BUSY = "import time\nwhile time.process_time() < {seconds}: pass\nprint('done')"
PROGRAMS = {
    "print(sum(range(10)))": Ending.OK,
    BUSY.format(seconds=0.25): Ending.OK,
    "import time; time.sleep(0.2); print('done')": Ending.OK,
    "while True: pass": Ending.TIME_LIMIT,
    "import time; time.sleep(30)": Ending.IDLE_LIMIT,
    "x = [0] * 10**9": Ending.MEMORY_LIMIT,
    "while True: print('x' * 999)": Ending.OUTPUT_LIMIT,
    "raise SystemExit(3)": Ending.RUNTIME_ERROR,
}


@pytest.fixture
def wide(make_pool: MakePool, backend_name: str) -> Pool:
    if backend_name in ("piped", "lite-one-uid"):
        pytest.skip("the limits are lite's")
    return make_pool(slots=4 * len(os.sched_getaffinity(0)))


@pytest.mark.parametrize("load", [1, 5])
def test_the_same_verdicts_at_any_load(wide: Pool, load: int) -> None:
    """`load` copies of every program at once for each core, all of them right."""
    found: list[tuple[str, Ending]] = []

    def judge(source: str) -> None:
        with wide.open(Program(source=source), LIMITS) as session:
            found.append((source, session.run().ending))

    copies = load * len(os.sched_getaffinity(0)) // 2
    threads = [
        threading.Thread(target=judge, args=(source,))
        for source in PROGRAMS
        for _ in range(max(1, copies))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wide.close()
    wrong = [(source, ending) for source, ending in found if PROGRAMS[source] is not ending]
    assert not wrong
    assert len(found) == len(threads)
