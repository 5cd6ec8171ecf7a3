"""One plan over one model: its data, cold start, evaluations, GRPO runs, and what they came to."""

import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from adjudge.trainer_client.reward import RewardFunction
from adjudge.trainer_client.settings import Evaluate, Grpo, Supervised
from adjudge.trainer_client.stages.run_file import device, versions
from adjudge.trainer_client.tasks.splits import write_splits
from training.judge import Judge
from training.plans import Plan
from training.rewards import FORMAT


class Bench:
    """`note` writes each part's results to `trainer.json` as soon as they are there."""

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
        self.cold = work / "cold"
        self.heldout = work / "data/heldout.jsonl"
        self.train = work / "data/train.jsonl"

    def note(self, part: str, **found: Any) -> None:
        self.results["parts"].setdefault(part, {}).update(found)
        self.results["seconds"] = round(time.monotonic() - self.began, 1)
        (self.out / "trainer.json").write_text(json.dumps(self.results, indent=1))
        told = json.dumps(found)[:900]
        print(f"\n[{self.out.name} {self.results['seconds']:6.1f} s] {part}: {told}", flush=True)

    def prepare(self) -> None:
        """Data and a model made from nothing, cold-started."""
        from adjudge.trainer_client.training.models import make_tiny_llama

        plan = self.plan
        write_splits(
            self.train.parent,
            "chains",
            train=plan.train_rows,
            heldout=plan.rows,
            seed=1,
            numbers=plan.numbers,
            largest=plan.largest,
        )
        new = self.work / "new"
        weights = make_tiny_llama(new, plan.size, context=512, seed=self.seed)
        self.note("model", weights=weights)
        self.cold_start(
            new,
            steps=plan.cold_steps,
            batch=plan.cold_batch,
            micro_batch=plan.cold_batch,
            learning_rate=plan.cold_rate,
            max_length=128,
        )

    def take_over(self, work: Path) -> None:
        """The data and the cold-started model of an earlier run."""
        self.cold = work / "cold"
        self.train, self.heldout = work / "data/train.jsonl", work / "data/heldout.jsonl"

    def cold_start(self, model: Path, **over: Any) -> None:
        """Supervised steps until held-out pass@1 is where GRPO shall begin."""
        from adjudge.trainer_client.stages.cold_start import cold_start
        from adjudge.trainer_client.stages.evaluate import measure_with
        from adjudge.trainer_client.stages.judging import client_for
        from adjudge.trainer_client.training.callbacks import HeldOut
        from adjudge.trainer_client.training.models import load_tokenizer

        asked = self.asked(model, rows=min(128, self.plan.rows), k=4)
        client = client_for(asked)
        measure = measure_with(asked, load_tokenizer(asked.model), client)
        heldout = HeldOut(measure, 20, client.close)
        heldout.stop_at = self.plan.stop_at
        given: dict[str, Any] = {
            "model": str(model),
            "data": str(self.train),
            "out": str(self.cold),
            "max_minutes": self.plan.cold_minutes,
            "seed": self.seed,
            "report_to": [],
            "logging_steps": 20,
            "trl": {
                "lr_scheduler_type": "constant_with_warmup",
                "dataset_num_proc": min(8, os.cpu_count() or 1),
                "disable_tqdm": True,
            },
        }
        began = time.monotonic()
        run = cold_start(Supervised(**given | over), callbacks=(heldout,))
        points = [[point["step"], point["pass@1"]] for point in heldout.points]
        self.note("cold start", steps=run["steps"], seconds=time.monotonic() - began, points=points)

    def evaluate(self, model: Path, **over: Any) -> dict[str, Any]:
        from adjudge.trainer_client.stages.evaluate import evaluate, plain

        return plain(evaluate(self.asked(model, **over)))

    def asked(self, model: Path, **over: Any) -> Evaluate:
        plan = self.plan
        given: dict[str, Any] = {
            "model": str(model),
            "data": str(self.heldout),
            "out": str(self.work / f"eval-{model.name}"),
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

    def settings(self, name: str, **over: Any) -> Grpo:
        plan = self.plan
        given: dict[str, Any] = {
            "model": str(self.cold),
            "data": str(self.train),
            "out": str(self.work / name),
            "url": self.judge.url,
            "rewards": self.rewards,
            "preset": "dapo",
            "steps": 100_000,
            "prompts": plan.prompts,
            "num_generations": plan.group,
            "micro_batch": plan.micro_batch,
            "max_completion_length": plan.tokens,
            "learning_rate": plan.rate,
            "fast_generation": True,
            "heldout_rows": min(128, plan.rows),
            "heldout_k": 4,
            "heldout_every": plan.heldout_every,
            "logging_steps": 1,
            "report_to": [],
            "seed": self.seed,
        }
        trl = {"log_completions": False, "disable_tqdm": True} | over.pop("trl", {})
        return Grpo(**given | over, trl=trl)

    def grpo(
        self, name: str, rewards: Sequence[RewardFunction] | None = None, **over: Any
    ) -> Mapping[str, Any]:
        from adjudge.trainer_client.stages.grpo import grpo

        return grpo(self.settings(name, **over), list(rewards) if rewards else None)
