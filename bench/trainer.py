"""GRPO on one GPU with the whole service as its judge: does it learn, and what does judging cost?

    python -P bench/trainer.py --plan full --out results       about nine minutes on an H200
    python -P bench/trainer.py --plan smoke --out results      a few minutes on two CPU cores

A Llama of ten million weights, made from nothing, learns the form of an answer to sums of four
numbers by supervised steps, stopped early; then, against `adjudge serve` (HTTP, Valkey, workers):

    times    step times, stock and fast, with a local function and with the service
    generation  does the fast way write as well?
    long     the reward's share where completions have 256 tokens or more
    learn    held-out pass@1 (512 problems x 8, temperature 1) before and after GRPO
    control  the same with shuffled rewards
    outage   the service killed for 30 s in mid-run
    recipe   GRPO, rejection sampling, fine-tuning, GRPO: what each stage gains
    ranks    two processes, one a GPU: every reward compared with the local function's

`--smollm2 FILE` starts from SmolLM2-135M instead and trains on a task of reasoning-gym.
Writes `trainer.json` (each part as soon as it is done), `trainer.png` and, of `learn`, a report.
"""

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent))  # last: `http.py` beside this is no http

from training.bench import Bench
from training.figures import plot
from training.judge import serving
from training.parts import PARTS
from training.plans import PLANS, Plan
from training.smollm2 import PLAN as SMOLLM2
from training.smollm2 import prepare as prepare_smollm2

from adjudge.trainer_client.stages.report import write_report


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--plan", choices=PLANS, default="full")
    parser.add_argument("--out", type=Path, default=Path("results"))
    parser.add_argument("--work", type=Path, help="for checkpoints; default: OUT/work")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--after", type=Path, help="an earlier run's work folder: its cold start")
    parser.add_argument("--rate", type=float, help="GRPO's learning rate")
    parser.add_argument("--minutes", type=float, help="GRPO's time")
    parser.add_argument("--kind", help="the kind that judges the answer")
    parser.add_argument("--parts", help=f"of {','.join(PARTS)}")
    parser.add_argument("--smollm2", type=Path, help="SmolLM2's GGUF file")
    parser.add_argument("--data", type=Path, help="a folder with its task's rows, once written")
    return parser.parse_args()


def plan_of(given: argparse.Namespace) -> Plan:
    plan = SMOLLM2 if given.smollm2 else PLANS[given.plan]
    over = {name: getattr(given, name) for name in ("kind", "rate", "minutes")}
    if given.parts:
        over["parts"] = tuple(given.parts.split(","))
    return replace(plan, **{name: value for name, value in over.items() if value})


def one_gpu() -> None:
    """TRL refuses one process with several GPUs; the part `ranks` gives its processes all."""
    os.environ.setdefault("ALL_GPUS", os.environ.get("CUDA_VISIBLE_DEVICES", ""))
    os.environ["CUDA_VISIBLE_DEVICES"] = os.environ["ALL_GPUS"].split(",")[0] or "0"


def main() -> None:
    given = arguments()
    plan = plan_of(given)
    work = given.work or given.out / "work"
    given.out.mkdir(parents=True, exist_ok=True)
    work.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    one_gpu()
    with serving(given.out / "serve.log") as judge:
        bench = Bench(plan, given.out, work, given.seed, judge)
        bench.note("service", ready=True)
        if given.after:
            bench.take_over(given.after)
        elif given.smollm2:
            prepare_smollm2(bench, given.smollm2, given.data)
        else:
            bench.prepare()
        for part in plan.parts:
            PARTS[part](bench)
    plot(bench.results, given.out / "trainer.png")
    if "learn" in plan.parts:
        write_report(str(work / "learned"), str(given.out / "report"))


if __name__ == "__main__":
    main()
