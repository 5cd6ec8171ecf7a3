"""Every reward stays true while processes die: requests against a service whose processes we kill.

    python bench/chaos.py [--requests 150] [--completions 128] [--every 1.5]

Runs the whole service (`adjudge serve`, embedded Valkey). Every 1.5 s one of its processes dies by
SIGKILL, chosen at random: the worker's supervisor, its children, the sandbox's; the front and
Valkey alone are spared. What the service answers is held against what judging in process says of
the same request. Exits with 1 if a reward is null or another than that.
"""

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from adjudge.service.api import RewardRequest
from adjudge.service.in_process import judge

GOLDS = Path(__file__).parents[1] / "tests/cases/math500_golds.jsonl"
SPARED = ("valkey-server", "adjudge serve")


@dataclass
class Count:
    """What came of it all."""

    true: int = 0
    null: int = 0
    false: int = 0
    slowest_s: float = 0.0
    killed: Counter[str] = field(default_factory=Counter)


def request(draw: random.Random, golds: list[str], completions: int) -> bytes:
    """Half of the completions right, half with another problem's answer; two kinds."""
    gold = draw.choice(golds)
    texts = [
        f"<think>so we see {draw.random()}</think> \\boxed{{{answer}}}"
        for answer in (gold, draw.choice(golds)) * (completions // 2)
    ]
    rewards = [{"kind": "math"}, {"kind": "format", "params": {"style": "r1_summary_boxed"}}]
    group = {"completions": texts, "reference": {"answer": gold}}
    return json.dumps({"groups": [group], "rewards": rewards, "deadline_s": 300}).encode()


def expected(body: bytes) -> list[float | None]:
    return list(judge(RewardRequest.model_validate_json(body)).groups[0].rewards)


def victims(front: int) -> list[psutil.Process]:
    """Every process of the service but the front and Valkey."""
    found = []
    for process in psutil.Process(front).children(recursive=True):
        try:
            if not any(name in " ".join(process.cmdline()) for name in SPARED):
                found.append(process)
        except psutil.Error:
            continue
    return found


def name(process: psutil.Process) -> str:
    words = " ".join(process.cmdline())
    known = ("worker.main", "worker.child", "tether")
    return next((word for word in known if word in words), "sandbox")


@contextmanager
def killing(front: int, every_s: float, draw: random.Random, count: Count) -> Iterator[None]:
    done = threading.Event()

    def run() -> None:
        while not done.wait(every_s):
            try:
                victim = draw.choice(victims(front))
                count.killed[name(victim)] += 1
                victim.kill()
            except (psutil.Error, IndexError):
                continue

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def compare(body: bytes, answer: bytes, count: Count) -> None:
    told: dict[str, Any] = json.loads(answer)
    for got, wanted in zip(told["groups"][0]["rewards"], expected(body), strict=True):
        count.null += got is None
        count.true += got == wanted
        count.false += got is not None and got != wanted


@contextmanager
def service(workers: int) -> Iterator[tuple[str, int]]:
    """URL and pid of `adjudge serve` on a free port, once a worker is up."""
    command = [str(Path(sys.executable).with_name("adjudge")), "serve", "--port", "0"]
    process = subprocess.Popen(
        [*command, "--workers", str(workers)], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    try:
        found = (re.search(r"listening on (http://\S+)", line) for line in process.stderr)
        url = next(match[1] for match in found if match)
        threading.Thread(target=process.stderr.read, daemon=True).start()
        while not httpx.get(f"{url}/ready", timeout=30).json()["workers"]:
            time.sleep(0.1)
        yield url, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def ask(client: httpx.Client, body: bytes) -> bytes:
    answer = client.post("/reward", content=body)
    if answer.status_code != 200:
        raise SystemExit(answer.text)
    return answer.content


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=150)
    parser.add_argument("--completions", type=int, default=128)
    parser.add_argument("--every", type=float, default=1.5, help="seconds between two deaths")
    parser.add_argument("--workers", type=int, default=max(2, len(os.sched_getaffinity(0))))
    options = parser.parse_args()
    golds = [json.loads(line)["answer"] for line in GOLDS.read_text("utf-8").splitlines()]
    draw, count = random.Random(1), Count()
    bodies = [request(draw, golds, options.completions) for _ in range(options.requests)]
    began = time.monotonic()
    with service(options.workers) as (url, front), killing(front, options.every, draw, count):
        answer_all(url, bodies, count)
    spent = time.monotonic() - began
    deaths = ", ".join(f"{number} {what}" for what, number in count.killed.most_common())
    print(f"{options.requests} requests of {options.completions} completions in {spent:.0f} s")
    print(f"  killed {count.killed.total()}: {deaths}")
    print(f"  rewards true {count.true}, null {count.null}, false {count.false}")
    print(f"  slowest request {count.slowest_s:.1f} s")
    raise SystemExit(1 if count.null or count.false else 0)


def answer_all(url: str, bodies: list[bytes], count: Count) -> None:
    with httpx.Client(base_url=url, timeout=400) as client:
        for number, body in enumerate(bodies, 1):
            sent = time.monotonic()
            answer = ask(client, body)
            count.slowest_s = max(count.slowest_s, time.monotonic() - sent)
            compare(body, answer, count)
            if number % 10 == 0:
                print(f"{number} requests, {count.killed.total()} killed", file=sys.stderr)


if __name__ == "__main__":
    main()
