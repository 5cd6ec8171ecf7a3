"""The whole service on mathematics, beside an OpenRLHF-style math-verify server, in the same run.

    python bench/math_service.py [--problems 60] [--rounds 3]     needs: pip install math-verify

60 problems of MATH-500 with 16 completions of about 2,000 characters each, half of them right, new
ones in each round so that nobody answers from what was judged before; ours is `adjudge serve` with
two worker children, theirs a FastAPI `/get_reward` with two uvicorn workers, golds parsed once and
the time-outs of math-verify at work. Then one bomb in fifty completions (`BOMBS`, in turn): what is
left of the throughput, how long the groups without a bomb wait, and what is said of the bombs.
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
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import psutil

CASES = Path(__file__).parents[1] / "tests" / "cases" / "math500_golds.jsonl"
GROUP = 16
SHARE = 0.02
"""Of bombs among completions."""
BOMBS = (
    "9^{9^{9^{9}}}",
    "99999999!",
    "\\binom{10^9}{5\\cdot 10^8}",
    "\\sum_{k=1}^{10^9} \\frac{1}{k^k+1}",
    "\\prod_{k=1}^{10^8} (1+\\frac{1}{k})",
    "(x+1)^{5000}",
    "\\frac{1}{" * 300 + "2" + "}" * 300,
    "(" * 1500 + "1" + ")" * 1500,
    "\\begin{pmatrix}" + "\\\\".join(["&".join("7" * 40)] * 40) + "\\end{pmatrix}",
    "7" * 20_000,
)

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
    bombs: list[bool]


@dataclass(frozen=True)
class Outcome:
    per_s: float
    clean_ms: list[float]
    bombed_ms: list[float]
    wrong: int
    said: Counter[str]
    """Of bombs, where the server says anything."""
    cpu_ms: float
    """Of all the server's processes, for each completion."""


def groups(problems: int, seed: int, bombs: bool = False) -> list[Group]:
    """`seed` draws the completions' words and answers; the problems are the same ones."""
    draw = random.Random(1)
    golds = [json.loads(line)["answer"] for line in CASES.read_text("utf-8").splitlines()]
    draw.shuffle(golds)
    draw, made, bomb = random.Random(seed), [], cycle(BOMBS)
    for gold in golds[:problems]:
        answers = [gold if at % 2 else draw.choice(golds[:problems]) for at in range(GROUP)]
        hit = [bombs and draw.random() < SHARE for _ in answers]
        given = [next(bomb) if heavy else a for a, heavy in zip(answers, hit, strict=True)]
        right = [a == gold and not heavy for a, heavy in zip(answers, hit, strict=True)]
        made.append(Group(gold, [_text(draw, a) for a in given], right, hit))
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


Said = tuple[float | None, str]
"""Reward and reason."""


def our_rewards(body: bytes) -> list[Said]:
    completions = json.loads(body)["groups"][0]["completions"]
    return [(one["reward"], one["components"]["math"]["reason"]) for one in completions]


def their_rewards(body: bytes) -> list[Said]:
    return [(reward, "") for reward in json.loads(body)["rewards"]]


@dataclass(frozen=True)
class Server:
    port: int
    process: psutil.Process

    def cpu_s(self) -> float:
        """Of its processes that live, and of those that they waited for."""
        family = [self.process, *self.process.children(recursive=True)]
        return sum(sum(one.cpu_times()[:4]) for one in family if one.is_running())


@contextmanager
def server(name: str) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        command = _command(name, port, folder)
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            _wait(int(port), "/ready" if name == "adjudge" else "/health")
            yield Server(int(port), psutil.Process(process.pid))
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
Read = Callable[[bytes], list[Said]]


def load(at: Server, todo: list[Group], shape: Shape, read: Read, clients: int) -> Outcome:
    """Send all groups, so many at a time."""
    queue, lock = list(enumerate(todo)), threading.Lock()
    clean: list[float] = []
    bombed: list[float] = []
    wrong, reasons = [0], Counter[str]()

    def run() -> None:
        link = http.client.HTTPConnection("127.0.0.1", at.port, timeout=120)
        while True:
            with lock:
                if not queue:
                    return
                _, group = queue.pop()
            path, body = shape(group)
            began = time.perf_counter()
            link.request("POST", path, body, {"Content-Type": "application/json"})
            try:
                said = read(link.getresponse().read())
            except (OSError, http.client.HTTPException):
                link.close()  # a server that a bomb brought down says nothing
                said = [(None, "connection lost")] * GROUP
            spent = 1000 * (time.perf_counter() - began)
            with lock:
                (bombed if any(group.bombs) else clean).append(spent)
                pairs = zip(said, group.right, strict=True)
                wrong[0] += sum((reward == 1.0) != right for (reward, _), right in pairs)
                reasons.update(
                    why for (_, why), heavy in zip(said, group.bombs, strict=True) if heavy and why
                )

    began, cpu_s = time.perf_counter(), at.cpu_s()
    threads = [threading.Thread(target=run) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent = time.perf_counter() - began
    count = GROUP * len(todo)
    cpu_ms = 1000 * (at.cpu_s() - cpu_s) / count
    return Outcome(count / spent, clean, bombed, wrong[0], reasons, cpu_ms)


def _quantiles(ms: list[float]) -> str:
    if not ms:
        return "-"
    ordered = sorted(ms)
    late = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
    return f"{statistics.median(ordered):.1f} / {late:.1f}"


def measure(name: str, problems: int, rounds: int) -> tuple[float, float]:
    """Prints the rows of one server; completions/s cold, and the share kept with bombs."""
    shape, read = (ours, our_rewards) if name == "adjudge" else (theirs, their_rewards)
    with server(name) as at:
        cold = load(at, groups(problems, seed=0), shape, read, 4)
        row(name, "4 groups in flight, cold", cold)
        for seed in range(1, rounds):
            row(name, "4 groups in flight, warm", load(at, groups(problems, seed), shape, read, 4))
        row(name, "1 group in flight", load(at, groups(problems, rounds), shape, read, 1))
        pairs = [
            _with_and_without(at, problems, 100 + 2 * turn, shape, read) for turn in range(rounds)
        ]
        kept = statistics.median(after.per_s / before.per_s for before, after in pairs)
        for before, after in pairs:
            row(name, "clean", before)
            row(name, "one bomb in fifty", after)
        said = ", ".join(f"{why} {n}" for _, after in pairs for why, n in after.said.items())
        print(
            f"{'':20}  keeps {kept:.0%} of its throughput (median); groups with a bomb "
            f"{_quantiles([ms for _, after in pairs for ms in after.bombed_ms])} ms; bombs: {said}"
        )
    return cold.per_s, kept


def _with_and_without(
    at: Server, problems: int, seed: int, shape: Shape, read: Read
) -> tuple[Outcome, Outcome]:
    before = load(at, groups(problems, seed), shape, read, 4)
    return before, load(at, groups(problems, seed + 1, bombs=True), shape, read, 4)


def row(name: str, what: str, outcome: Outcome) -> None:
    print(
        f"{name:20}  {what:26} {outcome.per_s:8.0f} completions/s   group p50 / p99 "
        f"{_quantiles(outcome.clean_ms)} ms   {outcome.cpu_ms:.2f} ms CPU a completion   "
        f"wrong {outcome.wrong}",
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
