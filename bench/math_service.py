"""The whole service on mathematics, beside an OpenRLHF-style math-verify server, in the same run.

    python bench/math_service.py [--problems 60] [--rounds 3]     needs: pip install math-verify

60 problems of MATH-500 with 16 completions of about 2,000 characters each, half of them right; ours
is `adjudge serve` with two worker children, theirs a FastAPI `/get_reward` with two uvicorn workers
and the gold parsed once. Then the same with one bomb in fifty completions, `9^{9^{9^{9}}}`: what is
left of the throughput, and how long the groups without a bomb wait.
"""

import argparse
import http.client
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CASES = Path(__file__).parents[1] / "tests" / "cases" / "math500_golds.jsonl"
GROUP = 16
BOMB = "9^{9^{9^{9}}}"

PEER = """
from functools import lru_cache
from fastapi import FastAPI, Request
from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse, verify
app = FastAPI()
WHERE = [LatexExtractionConfig(boxed_match_priority=0), ExprExtractionConfig()]
@lru_cache(4096)
def gold(answer):
    return tuple(parse("$" + answer + "$", extraction_config=WHERE))
@app.get("/health")
async def health():
    return {}
@app.post("/get_reward")
async def reward(request: Request):
    body = await request.json()
    scores = []
    for query, label in zip(body["query"], body["labels"]):
        found = parse(query, extraction_config=WHERE, extraction_mode="first_match")
        scores.append(float(verify(list(gold(label)), found)))
    return {"rewards": scores, "scores": scores}
"""


@dataclass(frozen=True)
class Group:
    gold: str
    completions: list[str]
    right: list[bool]
    bombed: bool


@dataclass(frozen=True)
class Outcome:
    per_s: float
    clean_ms: list[float]
    bombed_ms: list[float]
    wrong: int


def groups(problems: int, bombs: bool) -> list[Group]:
    draw = random.Random(1)
    golds = [json.loads(line)["answer"] for line in CASES.read_text("utf-8").splitlines()]
    draw.shuffle(golds)
    made = []
    for gold in golds[:problems]:
        answers = [gold if at % 2 else draw.choice(golds) for at in range(GROUP)]
        hit = [bombs and draw.random() < 0.02 for _ in answers]
        texts = [_text(draw, BOMB if bomb else a) for a, bomb in zip(answers, hit, strict=True)]
        right = [a == gold and not bomb for a, bomb in zip(answers, hit, strict=True)]
        made.append(Group(gold, texts, right, any(hit)))
    return made


def _text(draw: random.Random, answer: str) -> str:
    words = " ".join(draw.choice(WORDS) for _ in range(370))
    return f"<think>\n{words}\n</think>\nThe answer is $\\boxed{{{answer}}}$."


WORDS = (
    *("so", "we", "have", "that", "x", "equals", "the", "sum", "of", "both", "sides", "and"),
    *("then", "divide", "by", "two", "which", "gives"),
)


def ours(group: Group) -> tuple[str, bytes]:
    body = {
        "groups": [{"completions": group.completions, "reference": {"answer": group.gold}}],
        "rewards": [{"kind": "math"}],
    }
    return "/reward", json.dumps(body).encode()


def theirs(group: Group) -> tuple[str, bytes]:
    body = {"query": group.completions, "prompts": [""] * GROUP, "labels": [group.gold] * GROUP}
    return "/get_reward", json.dumps(body).encode()


def our_rewards(body: bytes) -> list[float | None]:
    rewards: list[float | None] = json.loads(body)["groups"][0]["rewards"]
    return rewards


def their_rewards(body: bytes) -> list[float | None]:
    rewards: list[float | None] = json.loads(body)["rewards"]
    return rewards


@contextmanager
def server(name: str) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        command = _command(name, port, folder)
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            _wait(int(port), "/ready" if name == "adjudge" else "/health")
            yield int(port)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _command(name: str, port: str, folder: str) -> list[str]:
    if name == "adjudge":
        code = "from adjudge.service.cli import main; main()"
        return [sys.executable, "-P", "-c", code, "serve", "--port", port, "--workers", "2"]
    Path(folder, "peer.py").write_text(PEER, encoding="utf-8")
    options = ["--host", "127.0.0.1", "--port", port, "--workers", "2", "--no-access-log"]
    return [sys.executable, "-m", "uvicorn", "--app-dir", folder, "peer:app", *options]


def _wait(port: int, path: str) -> None:
    for _ in range(600):
        time.sleep(0.1)
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            link.request("GET", path)
            body = json.loads(link.getresponse().read())
        except (OSError, ValueError):
            continue
        if path == "/health" or body["workers"]:
            return
    raise SystemExit("a server did not start")


Shape = Callable[[Group], tuple[str, bytes]]
Read = Callable[[bytes], list[float | None]]


def load(port: int, todo: list[Group], shape: Shape, read: Read, clients: int) -> Outcome:
    """Send all groups, so many at a time."""
    queue, lock = list(enumerate(todo)), threading.Lock()
    clean: list[float] = []
    bombed: list[float] = []
    wrong = [0]

    def run() -> None:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        while True:
            with lock:
                if not queue:
                    return
                _, group = queue.pop()
            path, body = shape(group)
            began = time.perf_counter()
            link.request("POST", path, body, {"Content-Type": "application/json"})
            rewards = read(link.getresponse().read())
            spent = 1000 * (time.perf_counter() - began)
            with lock:
                (bombed if group.bombed else clean).append(spent)
                pairs = zip(rewards, group.right, strict=True)
                wrong[0] += sum((reward == 1.0) != right for reward, right in pairs)

    began = time.perf_counter()
    threads = [threading.Thread(target=run) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent = time.perf_counter() - began
    return Outcome(GROUP * len(todo) / spent, clean, bombed, wrong[0])


def _quantiles(ms: list[float]) -> str:
    if not ms:
        return "-"
    ordered = sorted(ms)
    late = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
    return f"{statistics.median(ordered):.1f} / {late:.1f}"


def measure(name: str, problems: int, rounds: int) -> tuple[float, float]:
    """Prints the rows of one server; completions/s cold, and the share kept with bombs."""
    shape, read = (ours, our_rewards) if name == "adjudge" else (theirs, their_rewards)
    clean, dirty = groups(problems, bombs=False), groups(problems, bombs=True)
    with server(name) as port:
        cold = load(port, clean, shape, read, 4)
        row(name, "4 groups in flight, cold", cold)
        for _ in range(rounds - 1):
            row(name, "4 groups in flight, warm", load(port, clean, shape, read, 4))
        row(name, "1 group in flight", load(port, clean, shape, read, 1))
        before = load(port, clean, shape, read, 4)
        after = load(port, dirty, shape, read, 4)
        row(name, "one bomb in fifty", after)
        kept = after.per_s / before.per_s
        print(
            f"{'':20}  keeps {kept:.0%} of its throughput; groups with a bomb "
            f"{_quantiles(after.bombed_ms)} ms"
        )
    return cold.per_s, kept


def row(name: str, what: str, outcome: Outcome) -> None:
    print(
        f"{name:20}  {what:26} {outcome.per_s:8.0f} completions/s   group p50 / p99 "
        f"{_quantiles(outcome.clean_ms)} ms   wrong {outcome.wrong}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--problems", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("adjudge", "math-verify"))
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, shared by servers and clients")
    names = [options.only] if options.only else ["math-verify", "adjudge"]
    cold = [measure(name, options.problems, options.rounds)[0] for name in names]
    if len(cold) == 2:
        print(f"adjudge, cold: {cold[1] / cold[0]:.1f} times the math-verify server's throughput")


if __name__ == "__main__":
    main()
