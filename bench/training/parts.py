"""What is measured, one function a part."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from adjudge import judge
from adjudge.service.api import RewardRequest
from adjudge.trainer_client.jsonl import write_json
from adjudge.trainer_client.reward import reward_function
from training.bench import Bench
from training.figures import facts
from training.rewards import local_reward, shuffled
from training.stock import stock_trl

Rewards = list[str | dict[str, Any]]


def learn(bench: Bench) -> None:
    """Held-out pass@1 before and after so many minutes of GRPO."""
    bench.note("learn", before=bench.evaluate(bench.cold))
    began = time.monotonic()
    run = bench.grpo(
        "learned",
        max_minutes=bench.plan.minutes,
        heldout=str(bench.heldout),
        logging_steps=5,
        report_to=["tensorboard"],
        trl={"log_completions": True, "num_completions_to_print": 0},
    )
    bench.note("learn", **facts(run), seconds=time.monotonic() - began)
    bench.note("learn", after=bench.evaluate(bench.work / "learned"))


def control(bench: Bench) -> None:
    """The same with the rewards dealt at random: nothing may be gained."""
    reward = shuffled(reward_function(bench.judge.url, bench.rewards), bench.seed)
    minutes = bench.plan.control_minutes
    run = bench.grpo("control", [reward], max_minutes=minutes, heldout=str(bench.heldout))
    bench.note("control", **facts(run), after=bench.evaluate(bench.work / "control"))


def times(bench: Bench) -> None:
    """Step times of runs that differ in one thing, turn by turn, each twice."""
    steps = bench.plan.timed_steps // 2
    local, service = [local_reward], [reward_function(bench.judge.url, bench.rewards)]
    variants: dict[str, Callable[[], Mapping[str, Any]]] = {
        "stock TRL, local function": lambda: stock_trl(bench.settings("stock", steps=steps), local),
        "stock TRL, service": lambda: stock_trl(bench.settings("stock", steps=steps), service),
        "fast generation, local function": lambda: bench.grpo("local", local, steps=steps),
        "fast generation, service": lambda: bench.grpo("service", steps=steps),
    }
    runs: dict[str, list[Mapping[str, Any]]] = {name: [] for name in variants}
    for name in (*variants, *variants):
        runs[name].append(variants[name]())
        bench.note("times", **{name: facts(*runs[name])})


def generation(bench: Bench) -> None:
    """Does the fast way write as well as the ordinary one?"""
    for fast in (True, False):
        found = bench.evaluate(bench.cold, fast_generation=fast)
        bench.note("generation", **{"fast" if fast else "ordinary": found})


def long(bench: Bench) -> None:
    """The reward's share where no completion ends before so many tokens."""
    least = bench.plan.long_tokens
    for fast in (True, False):
        run = bench.grpo(
            "long",
            steps=bench.plan.long_steps,
            fast_generation=fast,
            max_completion_length=least + 32,
            trl={"generation_kwargs": {"min_new_tokens": least}},
        )
        bench.note("long", **{"fast generation" if fast else "ordinary generation": facts(run)})


def outage(bench: Bench) -> None:
    """Kill the service, start it again so much later; the run must go on by itself."""
    down_s, events = bench.plan.outage_s, dict[str, float]()

    def break_it() -> None:
        time.sleep(15.0)
        events["killed"] = time.time()
        bench.judge.kill()
        time.sleep(down_s)
        bench.judge.start()
        events["ready"] = time.time()

    breaking = threading.Thread(target=break_it)
    breaking.start()
    minutes = (35.0 + 1.5 * down_s) / 60.0
    run = bench.grpo("outage", max_minutes=minutes, deadline_s=5.0, unscored_abort=1.0)
    breaking.join()
    shares = [p["adjudge/unscored_share"] for p in run["history"] if "adjudge/unscored_share" in p]
    bench.note(
        "outage",
        **facts(run),
        outage_s=events["ready"] - events["killed"],
        unscored_steps=sum(share == 1.0 for share in shares),
        partly_scored_steps=sum(0.0 < share < 1.0 for share in shares),
        scored_steps_at_the_end=sum(share == 0.0 for share in shares[-5:]),
        finite_loss=all(p["loss"] == p["loss"] for p in run["history"] if "loss" in p),
    )


def recipe(bench: Bench) -> None:
    """GRPO → rejection sampling → fine-tuning on what was kept → GRPO, from the cold start."""
    from adjudge.trainer_client.stages.recipe import Recipe, run_recipe

    plan, out = bench.plan, bench.work / "recipe"
    copied = {*Recipe.model_fields} & {"url", "rewards"}
    asked = bench.asked(bench.cold)
    grpo = bench.settings("recipe", max_minutes=plan.stage_minutes).model_dump()
    shared = {k: v for k, v in grpo.items() if k not in {"model", "data", "out", *copied}}
    writing = {"temperature": 1.0, "top_p": 1.0, "batch": asked.batch}
    writing |= {"max_new_tokens": plan.tokens}
    run = Recipe(
        model=str(bench.cold),
        train=str(bench.train),
        heldout=str(bench.heldout),
        out=str(out),
        url=bench.judge.url,
        rewards=bench.rewards,
        skip=["cold_start", "sample_again", "distill"],
        grpo=shared,
        grpo_again=shared,
        sample=writing | {"rows": plan.sampled_rows, "k": 2},
        tune={
            "steps": plan.tune_steps,
            "batch": plan.cold_batch,
            "micro_batch": plan.cold_batch,
            "learning_rate": plan.cold_rate / 10,
            "max_length": 128,
            "report_to": [],
        },
        eval=writing | {"rows": plan.rows, "k": plan.k},
    )
    bench.note("recipe", stages=run_recipe(run))


def ranks(bench: Bench) -> None:
    """GRPO on several processes; every reward of every process against one judged here."""
    out = bench.work / "ranks"
    settings = bench.settings(
        "ranks",
        steps=bench.plan.rank_steps,
        micro_batch=bench.plan.micro_batch // bench.plan.ranks,
        trl={"log_completions": True, "num_completions_to_print": 0},
    )
    config = bench.work / "ranks.json"
    write_json(config, settings.model_dump())
    cpu = [] if bench.results["device"].startswith(tuple("123456789")) else ["--cpu"]
    launch = [sys.executable, "-m", "accelerate.commands.launch", *cpu, "--mixed_precision", "no"]
    launch += ["--num_machines", "1", "--dynamo_backend", "no"]
    launch += ["--num_processes", str(bench.plan.ranks), "--multi_gpu"][: 2 if cpu else None]
    stage = ["-m", "adjudge.trainer_client.stages", "grpo", "--config", str(config)]
    began = time.monotonic()
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    env["CUDA_VISIBLE_DEVICES"] = env["ALL_GPUS"] or ",".join(map(str, range(bench.plan.ranks)))
    done = subprocess.run([*launch, *stage], env=env, timeout=240)
    found = compared(out, bench.plan.ranks, bench.rewards) if done.returncode == 0 else {}
    bench.note("ranks", status=done.returncode, seconds=time.monotonic() - began, **found)


def compared(out: Path, processes: int, rewards: Rewards) -> dict[str, Any]:
    """Rewards in TRL's tables, whose rows lie process by process, against those judged here."""
    import json

    from pyarrow.parquet import read_table

    run = json.loads((out / "run.json").read_text())
    checked, wrong = [0] * processes, [0] * processes
    shown: list[dict[str, Any]] = []
    tables = sorted((out / "completions").glob("*.parquet"))
    for table in tables:
        rows = read_table(table).to_pylist()
        for number, row in enumerate(rows):
            rank = number * processes // len(rows)
            expected = judged(row["completion"], str(total(row["prompt"])), rewards)
            checked[rank] += 1
            if abs(row["reward"] - expected) > 1e-6:
                wrong[rank] += 1
                shown.append({"expected": expected, **row})
    counted = {"tables": len(tables), "checked": checked, "wrong": wrong, "shown": shown[:20]}
    return facts(run) | counted


def judged(completion: str, answer: str, rewards: Rewards) -> float:
    """The verdict without service, queue or trainer."""
    group = {"completions": [completion], "reference": {"answer": answer}}
    asked = RewardRequest.model_validate({"groups": [group], "rewards": rewards})
    return judge(asked).groups[0].rewards[0] or 0.0


def total(prompt: str) -> int:
    """What `12-3+45=` comes to."""
    terms = prompt.rstrip("=").replace("-", "+-").split("+")
    return sum(map(int, terms))


PARTS: dict[str, Callable[[Bench], None]] = {
    part.__name__: part for part in (times, generation, long, learn, control, outage, recipe, ranks)
}
