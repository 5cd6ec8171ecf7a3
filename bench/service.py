"""What HTTP, queue and workers add to judging, and what they cost in throughput.

    python bench/service.py [--data FILE.jsonl] [--children 2] [--seconds 5]

Runs the whole service (`adjudge serve`, embedded Valkey) on a free port and, in the same run, the
same requests judged in process: one at a time for the latency, in as many processes as the service
has worker children for the throughput. Rows of FILE have `answer`; without one, a built-in list.
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
from contextlib import contextmanager
from pathlib import Path

from adjudge.service.api import RewardRequest
from adjudge.service.in_process import judge

ANSWERS = ["\\frac{1}{2}", "42", "x^2+1", "(3, 5)", "\\sqrt{2}", "120^\\circ", "\\pi", "17.5"]
GROUP = 16
NAMES = ("adjudge serve", "worker.main", "worker.child", "valkey-server")


def answers(path: str | None) -> list[str]:
    if path is None:
        return ANSWERS
    return [json.loads(line)["answer"] for line in Path(path).read_text().splitlines()]


def bodies(pool: list[str], count: int, chars: int) -> list[bytes]:
    """Groups of 16 completions: half right, half another problem's answer."""
    draw = random.Random(0)
    made = []
    for _ in range(count):
        gold = draw.choice(pool)
        texts = [
            f"<think>{'so we see that ' * (chars // 15)}</think> \\boxed{{{answer}}}"
            for answer in (gold, draw.choice(pool)) * (GROUP // 2)
        ]
        group = {"completions": texts, "reference": {"answer": gold}}
        made.append(json.dumps({"groups": [group], "rewards": [{"kind": "math"}]}).encode())
    return made


def judged(body: bytes) -> bytes:
    return judge(RewardRequest.model_validate_json(body)).model_dump_json().encode()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def service(children: int) -> Iterator[int]:
    port = free_port()
    command = [str(Path(sys.executable).with_name("adjudge")), "serve"]
    process = subprocess.Popen([*command, "--port", str(port), "--workers", str(children)])
    try:
        wait_until_ready(port)
        yield port
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


def latency(port: int, requests: list[bytes]) -> None:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    here, there = [], []
    for index, body in enumerate(requests):
        began = time.perf_counter()
        judged(body)
        middle = time.perf_counter()
        post(link, body)
        if index >= 10:
            here.append(middle - began)
            there.append(time.perf_counter() - middle)
    (p50, p99), (q50, q99) = quantiles(here), quantiles(there)
    print(f"latency of a group of {GROUP}, one at a time (p50 / p99 ms)")
    print(f"  in process {p50:.2f} / {p99:.2f}   service {q50:.2f} / {q99:.2f}")
    print(f"  added p50 {q50 - p50:.2f} ms (goal: at most 3)")


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


def service_rate(port: int, requests: list[bytes], clients: int, seconds: float) -> float:
    counts = [0] * clients
    until = time.perf_counter() + seconds

    def run(client: int) -> None:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while time.perf_counter() < until:
            post(link, requests[(client * 7 + counts[client]) % len(requests)])
            counts[client] += 1

    threads = [threading.Thread(target=run, args=(client,)) for client in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


def memory() -> None:
    print("resident memory of the service's processes, MB")
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (line := _ours(entry)):
            print(f"  {line}")


def _ours(entry: Path) -> str:
    try:
        command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        pages = int((entry / "statm").read_bytes().split()[1])
    except (OSError, ValueError):
        return ""
    name = next((name for name in NAMES if name in command), "")
    return f"{name:14} {pages * os.sysconf('SC_PAGE_SIZE') / 2**20:6.1f}" if name else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data")
    parser.add_argument("--children", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--chars", type=int, default=600, help="of each completion")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    requests = bodies(answers(options.data), 200, options.chars)
    with service(options.children) as port:
        latency(port, requests)
        memory()
        rounds = []
        for _ in range(3):
            alone = in_process_rate(requests, options.children, options.seconds / 3)
            served = service_rate(port, requests, options.clients, options.seconds / 3)
            rounds.append((served / alone, served * GROUP, alone * GROUP))
        ratio, served, alone = sorted(rounds)[1]
        print(f"throughput, completions/s: service {served:.0f}, in process {alone:.0f}")
        print(f"  ratio {ratio:.2f} (goal: at least 0.8; the clients share the machine)")


if __name__ == "__main__":
    main()
