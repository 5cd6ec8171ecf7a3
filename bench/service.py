"""What HTTP, queue and workers add to judging, and what they cost in throughput.

    python bench/service.py [--data FILE.jsonl] [--children 2] [--fronts 1] [--groups 4]

Runs the whole service (`adjudge serve`, embedded Valkey) on a free port and, in the same run, the
same requests judged in process: one at a time for the latency (one group a request), in as many
processes as the service has worker children for the throughput (four groups a request, which is
what `RewardClient` sends). Clients, front and Valkey need cores of their own, or the ratio is that
of a machine shared with them. Rows of FILE have `answer`; without one, a built-in list.
"""

import argparse
import http.client
import json
import multiprocessing
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil

from adjudge.service import embedded
from adjudge.service.api import RewardRequest
from adjudge.service.in_process import judge

ANSWERS = ["\\frac{1}{2}", "42", "x^2+1", "(3, 5)", "\\sqrt{2}", "120^\\circ", "\\pi", "17.5"]
GROUP = 16
NAMES = ("adjudge serve", "worker.main", "worker.child", "valkey-server")


def answers(path: str | None) -> list[str]:
    if path is None:
        return ANSWERS
    return [json.loads(line)["answer"] for line in Path(path).read_text().splitlines()]


def bodies(pool: list[str], count: int, chars: int, groups: int = 1) -> list[bytes]:
    """Requests of so many groups of 16 completions: half right, half another problem's answer."""
    draw = random.Random(0)
    made = []
    for _ in range(count):
        asked = [group(pool, draw, chars) for _ in range(groups)]
        made.append(json.dumps({"groups": asked, "rewards": [{"kind": "math"}]}).encode())
    return made


def group(pool: list[str], draw: random.Random, chars: int) -> dict[str, object]:
    gold = draw.choice(pool)
    texts = [
        f"<think>{'so we see that ' * (chars // 15)}</think> \\boxed{{{answer}}}"
        for answer in (gold, draw.choice(pool)) * (GROUP // 2)
    ]
    return {"completions": texts, "reference": {"answer": gold}}


def judged(body: bytes) -> bytes:
    return judge(RewardRequest.model_validate_json(body)).model_dump_json().encode()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def service(children: int, fronts: int = 1) -> Iterator[tuple[list[int], list[int]]]:
    """Ports and ids of the fronts: several share a Valkey, and the first has the workers."""
    with ExitStack() as stack:
        shared = ()
        if fronts > 1:
            valkey = embedded.start()
            stack.callback(valkey.stop)
            shared = ("--redis-url", valkey.url)
        started = [
            stack.enter_context(front(("--workers", str(0 if at else children), *shared)))
            for at in range(fronts)
        ]
        yield [port for port, _ in started], [pid for _, pid in started]


@contextmanager
def front(options: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    port = free_port()
    command = [str(Path(sys.executable).with_name("adjudge")), "serve", "--port", str(port)]
    process = subprocess.Popen([*command, *options])
    try:
        wait_until_ready(port)
        yield port, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def wait_until_ready(port: int) -> None:
    for _ in range(300):
        time.sleep(0.1)
        try:
            link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            link.request("GET", "/ready")
            if json.loads(link.getresponse().read())["workers"]:
                return
        except (OSError, ValueError):
            continue
    raise SystemExit("the service did not start")


def post(link: http.client.HTTPConnection, body: bytes) -> bytes:
    link.request("POST", "/reward", body, {"Content-Type": "application/json"})
    answer = link.getresponse()
    content = answer.read()
    if answer.status != 200:
        raise SystemExit(content.decode())
    return content


def quantiles(seconds: list[float]) -> tuple[float, float]:
    ordered = sorted(seconds)
    late = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
    return 1000 * statistics.median(ordered), 1000 * late


def spent_s(front: int) -> float:
    """CPU time of every process of the service so far."""
    total = 0.0
    for process in (psutil.Process(front), *psutil.Process(front).children(recursive=True)):
        with suppress(psutil.Error):  # what looks for a sandbox ends soon
            total += sum(process.cpu_times()[:2])
    return total


def wait_until_idle(front: int) -> None:
    """The first child makes a service ready; what the others' start costs is no group's."""
    for _ in range(60):
        before = spent_s(front)
        time.sleep(0.5)
        if spent_s(front) - before < 0.05:
            return
    raise SystemExit("the service does not come to rest")


def latency(port: int, front: int, requests: list[bytes]) -> None:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    here, there = [], []
    before, judging = spent_s(front), 0.0
    for index, body in enumerate(requests):
        cpu, began = time.process_time(), time.perf_counter()
        judged(body)
        middle = time.perf_counter()
        judging += time.process_time() - cpu
        post(link, body)
        if index >= 10:
            here.append(middle - began)
            there.append(time.perf_counter() - middle)
    (p50, p99), (q50, q99) = quantiles(here), quantiles(there)
    print(f"latency of a group of {GROUP}, one at a time (p50 / p99 ms)")
    print(f"  in process {p50:.2f} / {p99:.2f}   service {q50:.2f} / {q99:.2f}")
    print(f"  added p50 {q50 - p50:.2f} ms (goal: at most 3)")
    ours = 1000 * (spent_s(front) - before) / len(requests)
    alone = 1000 * judging / len(requests)
    print(f"  CPU ms a group: in process {alone:.2f}, all of the service {ours:.2f}")
    tenth = len(here) // 10
    quick = sorted(there)[tenth] - sorted(here)[tenth]
    print(f"  added in the quickest tenth {1000 * quick:.2f} ms (load {os.getloadavg()[0]:.1f})")


def _spin(requests: list[bytes], seconds: float, counted: "multiprocessing.Queue[int]") -> None:
    judged(requests[0])
    until, count = time.perf_counter() + seconds, 0
    while time.perf_counter() < until:
        judged(requests[count % len(requests)])
        count += 1
    counted.put(count)


def in_process_rate(requests: list[bytes], children: int, seconds: float) -> float:
    context = multiprocessing.get_context("fork")
    counted: multiprocessing.Queue[int] = context.Queue()
    processes = [
        context.Process(target=_spin, args=(requests, seconds, counted)) for _ in range(children)
    ]
    for process in processes:
        process.start()
    total = sum(counted.get() for _ in processes)
    for process in processes:
        process.join()
    return total / seconds


def service_rate(ports: list[int], requests: list[bytes], clients: int, seconds: float) -> float:
    counts = [0] * clients
    until = time.perf_counter() + seconds

    def run(client: int) -> None:
        link = http.client.HTTPConnection("127.0.0.1", ports[client % len(ports)], timeout=60)
        while time.perf_counter() < until:
            post(link, requests[(client * 7 + counts[client]) % len(requests)])
            counts[client] += 1

    threads = [threading.Thread(target=run, args=(client,)) for client in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


def memory(front: int) -> None:
    """Of the processes of this service, before anything was judged."""
    print("resident memory, MB (goals: front at most 120, a child of maths at most 60)")
    for process in (psutil.Process(front), *psutil.Process(front).children(recursive=True)):
        try:
            command, resident = " ".join(process.cmdline()), process.memory_info().rss
        except psutil.Error:
            continue
        if name := next((name for name in NAMES if name in command), ""):
            print(f"  {name:14} {resident / 2**20:6.1f}")


def help_seconds(times: int = 9) -> None:
    """The whole command, the interpreter's own start apart."""
    command = [str(Path(sys.executable).with_name("adjudge")), "--help"]
    found, bare = [], []
    for _ in range(times):
        for words, into in ((command, found), ([sys.executable, "-c", "pass"], bare)):
            before = os.times()
            began = time.perf_counter()
            subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
            after = os.times()
            cpu = after.children_user + after.children_system
            into.append((time.perf_counter() - began, cpu - before[2] - before[3]))
    wall, cpu = (statistics.median(column) for column in zip(*found, strict=True))
    bare_wall, bare_cpu = (statistics.median(column) for column in zip(*bare, strict=True))
    print(f"adjudge --help: {wall:.2f} s, CPU {cpu:.2f} s (goal: at most 0.4 s)")
    print(f"  python -c pass: {bare_wall:.2f} s, CPU {bare_cpu:.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data")
    parser.add_argument("--children", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--chars", type=int, default=600, help="of each completion")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--fronts", type=int, default=1, help="on one Valkey; clients take turns")
    parser.add_argument("--groups", type=int, default=4, help="of each request, for throughput")
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    requests = bodies(answers(options.data), 200, options.chars)
    help_seconds()
    with service(options.children, options.fronts) as (ports, pids):
        wait_until_idle(pids[0])
        memory(pids[0])
        latency(ports[0], pids[0], requests)
        several = bodies(answers(options.data), 200, options.chars, options.groups)
        throughput(ports, several, options)


def throughput(ports: list[int], requests: list[bytes], options: argparse.Namespace) -> None:
    """Three rounds of both in turn, the one with the median ratio."""
    rounds = []
    for _ in range(3):
        alone = in_process_rate(requests, options.children, options.seconds / 3)
        served = service_rate(ports, requests, options.clients, options.seconds / 3)
        rounds.append((served / alone, served, alone))
    ratio, served, alone = sorted(rounds)[1]
    each = GROUP * options.groups
    print(f"throughput, completions/s: service {served * each:.0f}, in process {alone * each:.0f}")
    cores = len(os.sched_getaffinity(0))
    print(f"  ratio {ratio:.2f} (goal: at least 0.8); {cores} cores, {options.children} children")


if __name__ == "__main__":
    main()
