"""GRPO on one GPU with the whole service as its judge: does it learn, and what does judging cost?

    python bench/trainer.py --plan short --out results      under nine minutes on an H100
    python bench/trainer.py --plan smoke --out results      two minutes on two CPU cores

A Llama of ten million weights, made from nothing, learns the form of an answer to sums of four
numbers by supervised steps, stopped early; then GRPO against `adjudge serve` (HTTP, Valkey,
workers), with a control whose rewards are shuffled. Held-out pass@1 is of 512 problems x 8 at
temperature 1. Then step times: with and without the fast generation, and with the same judgement
as a local Python function. And a run whose service is killed in mid-run and started again.
Writes `trainer.json` and `trainer.png`; each part is written as soon as it is done.
"""

import argparse
import json
import os
import random
import re
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from adjudge.trainer_client.client import RewardClient
from adjudge.trainer_client.retry import Failure
from adjudge.trainer_client.reward import RewardFunction, reward_function
from adjudge.trainer_client.settings import Evaluate, Grpo, Supervised
from adjudge.trainer_client.stages.report import write_report
from adjudge.trainer_client.stages.run_file import device, versions
from adjudge.trainer_client.tasks.splits import write_splits

FORMAT = {"kind": "format", "weight": 0.1, "params": {"style": "r1_zero"}}
FORM = re.compile(r"<think>[^<]{1,500}</think>\s*<answer>\\boxed\{(-?\d{1,9})\}</answer>")


@dataclass(frozen=True)
class Plan:
    """What is run, for how long."""

    kind: str = "math"
    """The kind that judges the answer."""
    size: str = "10m"
    numbers: int = 4
    largest: int = 99
    tokens: int = 64
    train_rows: int = 60_000
    rows: int = 512
    k: int = 8
    prompts: int = 32
    group: int = 16
    cold_steps: int = 700
    cold_batch: int = 512
    cold_rate: float = 1e-3
    cold_minutes: float = 1.6
    stop_at: float = 0.34
    """Cold start ends when held-out pass@1 reaches this: knows the form, not yet the sums."""
    rate: float = 3e-5
    minutes: float = 2.7
    control_minutes: float = 0.9
    timed_steps: int = 36
    outage_s: float = 12.0
    parts: tuple[str, ...] = ("learn", "times", "control")
    heldout_every: int = 20


PLANS = {
    "short": Plan(),
    "outage": Plan(parts=("outage",), cold_minutes=0.7),
    "long": Plan(minutes=4.8, control_minutes=2.0),
    "smoke": Plan(
        size="1m",
        numbers=2,
        largest=9,
        tokens=40,
        train_rows=500,
        rows=16,
        k=2,
        prompts=4,
        group=4,
        cold_steps=20,
        cold_batch=32,
        cold_minutes=0.5,
        minutes=0.2,
        control_minutes=0.1,
        timed_steps=5,
        outage_s=3.0,
        heldout_every=10,
        parts=("learn", "control", "times", "outage"),
    ),
}


class Judge:
    """`adjudge serve` on a free port, to be killed and started again."""

    def __init__(self, log: Path) -> None:
        self.log = log
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        code = "from adjudge.service.cli import main; main()"
        command = [sys.executable, "-P", "-c", code, "serve", "--port", str(self.port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        client = RewardClient(self.url, deadline_s=2)
        for _ in range(240):
            try:
                if client.get("/ready")[0] == 200:
                    break
            except Failure:
                pass
            if self.process.poll() is not None:
                sys.exit(f"adjudge serve ended:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.25)
        client.close()

    def kill(self) -> None:
        """SIGKILL to the server and all that it started."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@contextmanager
def serving(log: Path) -> Iterator[Judge]:
    judge = Judge(log)
    judge.start()
    try:
        yield judge
    finally:
        if judge.process is not None and judge.process.poll() is None:
            judge.process.terminate()
            try:
                judge.process.wait(15)
            except subprocess.TimeoutExpired:
                judge.kill()


class Bench:
    """One plan's parts, over one cold-started model."""

    def __init__(self, plan: Plan, out: Path, work: Path, seed: int, judge: Judge) -> None:
        self.plan, self.out, self.work, self.seed, self.judge = plan, out, work, seed, judge
        self.results: dict[str, Any] = {
            "plan": {**plan.__dict__, "seed": seed},
            "device": device(),
            "versions": versions(),
            "parts": {},
        }
        self.began = time.monotonic()
        self.rewards: list[str | dict[str, Any]] = [{"kind": plan.kind}, FORMAT]

    def note(self, part: str, **found: Any) -> None:
        self.results["parts"].setdefault(part, {}).update(found)
        self.results["seconds"] = round(time.monotonic() - self.began, 1)
        (self.out / "trainer.json").write_text(json.dumps(self.results, indent=1))
        print(f"\n[{self.results['seconds']:7.1f} s] {part}: {_short(found)}", flush=True)

    def prepare(self) -> None:
        from adjudge.trainer_client.training.models import make_tiny_llama

        plan = self.plan
        write_splits(
            self.work / "data",
            "chains",
            train=plan.train_rows,
            heldout=plan.rows,
            seed=1,
            numbers=plan.numbers,
            largest=plan.largest,
        )
        weights = make_tiny_llama(self.work / "new", plan.size, seed=self.seed)
        self.note("model", weights=weights)

    def cold_start(self) -> None:
        from adjudge.trainer_client.stages.cold_start import cold_start
        from adjudge.trainer_client.stages.evaluate import measure_with
        from adjudge.trainer_client.stages.judging import client_for
        from adjudge.trainer_client.training.callbacks import HeldOut
        from adjudge.trainer_client.training.models import load_tokenizer

        plan = self.plan
        asked = self._asked("new", rows=min(128, plan.rows), k=4)
        measure = measure_with(asked, load_tokenizer(asked.model), client_for(asked))
        heldout = HeldOut(measure, plan.heldout_every)
        heldout.stop_at = plan.stop_at
        began = time.monotonic()
        run = cold_start(
            Supervised(
                model=str(self.work / "new"),
                data=str(self.work / "data/train.jsonl"),
                out=str(self.work / "cold"),
                steps=plan.cold_steps,
                batch=plan.cold_batch,
                micro_batch=plan.cold_batch,
                learning_rate=plan.cold_rate,
                max_minutes=plan.cold_minutes,
                max_length=128,
                seed=self.seed,
                report_to=[],
                logging_steps=50,
                trl={
                    "lr_scheduler_type": "constant_with_warmup",
                    "dataset_num_proc": _workers(),
                    "disable_tqdm": True,
                },
            ),
            callbacks=(heldout,),
        )
        points = [[point["step"], point["pass@1"]] for point in heldout.points]
        self.note("cold start", steps=run["steps"], seconds=time.monotonic() - began, points=points)

    def evaluate(self, model: str, **over: Any) -> dict[str, Any]:
        from adjudge.trainer_client.stages.evaluate import evaluate, plain

        return plain(evaluate(self._asked(model, **over)))

    def _asked(self, model: str, **over: Any) -> Evaluate:
        plan = self.plan
        given: dict[str, Any] = {
            "model": str(self.work / model),
            "data": str(self.work / "data/heldout.jsonl"),
            "out": str(self.work / f"eval-{model}"),
            "url": self.judge.url,
            "rewards": self.rewards,
            "rows": plan.rows,
            "k": plan.k,
            "temperature": 1.0,
            "top_p": 1.0,
            "max_new_tokens": plan.tokens,
            "batch": plan.prompts * plan.group,
        }
        return Evaluate(**given | over)

    def grpo(self, name: str, rewards: list[RewardFunction] | None = None, **over: Any) -> Any:
        from adjudge.trainer_client.stages.grpo import grpo

        plan = self.plan
        given: dict[str, Any] = {
            "model": str(self.work / "cold"),
            "data": str(self.work / "data/train.jsonl"),
            "out": str(self.work / name),
            "url": self.judge.url,
            "rewards": self.rewards,
            "preset": "dapo",
            "steps": 100_000,
            "prompts": plan.prompts,
            "num_generations": plan.group,
            "micro_batch": plan.prompts * plan.group,
            "max_completion_length": plan.tokens,
            "learning_rate": plan.rate,
            "fast_generation": True,
            "heldout_rows": min(128, plan.rows),
            "heldout_k": 4,
            "heldout_every": plan.heldout_every,
            "logging_steps": 1,
            "report_to": [],
            "seed": self.seed,
            "trl": {"log_completions": False, "disable_tqdm": True},
        }
        return grpo(Grpo(**given | over), rewards)

    def learn(self) -> None:
        before = self.evaluate("cold")
        self.note("learn", before=before)
        began = time.monotonic()
        run = self.grpo(
            "learned",
            max_minutes=self.plan.minutes,
            heldout=str(self.work / "data/heldout.jsonl"),
            report_to=["tensorboard"],
        )
        self.note("learn", **facts(run), seconds=time.monotonic() - began)
        self.note("learn", after=self.evaluate("learned"))

    def control(self) -> None:
        run = self.grpo(
            "control",
            [shuffled(reward_function(self.judge.url, self.rewards), self.seed)],
            max_minutes=self.plan.control_minutes,
        )
        self.note("control", **facts(run), after=self.evaluate("control"))

    def times(self) -> None:
        """Step times, after three steps of warming up, of runs that differ in one thing."""
        steps = self.plan.timed_steps
        variants: dict[str, Callable[[], Any]] = {
            "local function": lambda: self.grpo("local", [local_reward], steps=steps),
            "service": lambda: self.grpo("service", steps=steps),
            "service, slow generation": lambda: self.grpo(
                "slow", steps=steps, fast_generation=False
            ),
        }
        for name, run in variants.items():
            self.note("times", **{name: facts(run())["median"]})
        slow = self.evaluate("cold", fast_generation=False)
        self.note("times", cold_start_with_slow_generation=slow)

    def outage(self) -> None:
        """Kill the service, start it again so much later; the run must go on by itself."""
        plan, events = self.plan, {}

        def break_it() -> None:
            time.sleep(plan.outage_s)
            events["killed"] = time.time()
            self.judge.kill()
            time.sleep(plan.outage_s)
            self.judge.start()
            events["ready"] = time.time()

        breaking = threading.Thread(target=break_it)
        breaking.start()
        run = self.grpo(
            "outage", max_minutes=3.5 * plan.outage_s / 60, deadline_s=5.0, unscored_abort=1.0
        )
        breaking.join()
        shares = [point.get("adjudge/unscored_share") for point in run["history"]]
        known = [share for share in shares if share is not None]
        self.note(
            "outage",
            **facts(run),
            outage_s=events["ready"] - events["killed"],
            unscored_steps=sum(share == 1.0 for share in known),
            scored_steps_at_the_end=sum(share == 0.0 for share in known[-5:]),
            finite_loss=all(p["loss"] == p["loss"] for p in run["history"] if "loss" in p),
        )


def facts(run: dict[str, Any]) -> dict[str, Any]:
    """Medians over a run's steps after the first three, and what may not have happened."""
    steps = [point for point in run["history"] if "time/step" in point][3:]
    names = ("step", "generate", "reward", "update")
    median = {
        name: round(statistics.median(p[f"time/{name}"] for p in steps), 4) if steps else None
        for name in names
    }
    if steps:
        median["reward_share"] = round(median["reward"] / median["step"], 4)
        for name in ("p50", "p95"):
            key = f"adjudge/request_{name}_ms"
            found = [point[key] for point in steps if key in point]
            median[f"request_{name}_ms"] = round(found[-1], 2) if found else None
    last = [p for p in run["history"] if "nonfinite_grad_steps" in p][-1:]
    first, final = _thirds([p["reward"] for p in steps if "reward" in p])
    return {
        "steps": run["steps"],
        "median": median,
        "reward_first_tenth": first,
        "reward_last_tenth": final,
        "nonfinite_grad_steps": last[0]["nonfinite_grad_steps"] if last else None,
        "completion_tokens": _mean([p.get("completions/mean_length") for p in steps]),
        "zero_variance_share": _mean([p.get("frac_reward_zero_std") for p in steps]),
        "unscored_share": _mean([p.get("adjudge/unscored_share") for p in steps]),
        "heldout": [
            [p["step"], round(p["time"] - run["began"], 1), p["pass@1"]]
            for p in run.get("heldout", [])
        ],
    }


def shuffled(reward: RewardFunction, seed: int) -> RewardFunction:
    """The same rewards, dealt to the completions at random: nothing is to be learnt from them."""
    draw = random.Random(seed)

    async def shuffled_reward(completions: Any, **given: Any) -> list[float | None]:
        rewards = list(await reward(completions=completions, **given))
        draw.shuffle(rewards)
        return rewards

    return shuffled_reward


def local_reward(completions: Any, reference: Any, **_: Any) -> list[float]:
    """What a user would write without a service, good for this one task."""
    scores = []
    for text, row in zip(completions, reference, strict=True):
        found = FORM.fullmatch(text.strip())
        answer = json.loads(row)["answer"]
        scores.append(0.0 if found is None else 0.1 + float(int(found[1]) == int(answer)))
    return scores


def plot(results: dict[str, Any], path: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.add_subplot(1, 2, 1), figure.add_subplot(1, 2, 2)
    learn = results["parts"].get("learn", {})
    points = learn.get("heldout", [])
    left.plot([p[1] for p in points], [p[2] for p in points], marker=".", label="GRPO")
    control = results["parts"].get("control", {}).get("after")
    if control:
        left.axhline(control["pass@1"]["mean"], ls="--", c="gray", label="shuffled rewards, end")
    left.set(xlabel="seconds", ylabel="held-out pass@1", title="Learning")
    left.legend()
    variants = {
        name: found
        for name, found in results["parts"].get("times", {}).items()
        if found.get("step") is not None
    }
    bottom = [0.0] * len(variants)
    for phase in ("generate", "reward", "update"):
        heights = [found[phase] for found in variants.values()]
        right.bar(list(variants), heights, bottom=bottom, label=phase)
        bottom = [low + high for low, high in zip(bottom, heights, strict=True)]
    right.set(ylabel="seconds a step", title="Where a step's time goes")
    right.tick_params(axis="x", labelsize=7)
    right.legend()
    figure.savefig(path, dpi=110)


def _thirds(values: list[float]) -> tuple[float | None, float | None]:
    part = max(1, len(values) // 10)
    return _mean(values[:part]), _mean(values[-part:])


def _mean(values: list[Any]) -> float | None:
    found = [value for value in values if value is not None and value == value]
    return round(statistics.fmean(found), 4) if found else None


def _workers() -> int:
    return min(8, os.cpu_count() or 1)


def _short(found: dict[str, Any]) -> str:
    return json.dumps(found)[:900]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--plan", choices=PLANS, default="short")
    parser.add_argument("--out", type=Path, default=Path("results"))
    parser.add_argument("--work", type=Path, help="for checkpoints; default: OUT/work")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rate", type=float, help="GRPO's learning rate")
    parser.add_argument("--minutes", type=float, help="GRPO's time")
    parser.add_argument("--kind", help="the kind that judges the answer")
    parser.add_argument("--parts", help="of learn,control,times,outage")
    given = parser.parse_args()
    plan = PLANS[given.plan]
    plan = replace(
        plan,
        kind=given.kind or plan.kind,
        rate=given.rate or plan.rate,
        minutes=given.minutes or plan.minutes,
        parts=tuple(given.parts.split(",")) if given.parts else plan.parts,
    )
    given.out.mkdir(parents=True, exist_ok=True)
    work = given.work or given.out / "work"
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    with serving(given.out / "serve.log") as judge:
        bench = Bench(plan, given.out, work, given.seed, judge)
        bench.note("service", ready=True)
        bench.prepare()
        bench.cold_start()
        for part in plan.parts:
            getattr(bench, part)()
        plot(bench.results, given.out / "trainer.png")
    if "learn" in plan.parts:
        write_report(str(work / "learned"), str(given.out / "report"))


if __name__ == "__main__":
    main()
