"""R1's stages in order, each one resumable (arXiv 2501.12948, §2.3 and §2.4).

cold start → GRPO → rejection sampling → fine-tuning on what was kept → GRPO again → a student
distilled from the last policy's samples; each model measured on the same held-out problems. Every
stage runs as a process of its own (`launch` puts accelerate in front), from a settings file that is
written beside its results; a stage whose settings and inputs did not change is not run again.
"""

import hashlib
import json
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from adjudge.trainer_client.jsonl import write_json
from adjudge.trainer_client.settings import Service, merge, parse
from adjudge.trainer_client.stages.catalogue import STAGES

ORDER = ("cold_start", "grpo", "sample", "tune", "grpo_again", "sample_again", "distill")
_KINDS = {
    "cold_start": "cold-start",
    "tune": "cold-start",
    "grpo_again": "grpo",
    "sample_again": "sample",
}


class Recipe(Service):
    """The whole recipe; a stage's own settings under its name."""

    model: str
    """The base model."""
    student: str | None = None
    """The model to distil into; none: no distillation."""
    train: str
    """JSONL of worked problems to train on."""
    heldout: str
    """JSONL of problems to measure on."""
    out: str
    skip: list[str] = Field(default_factory=list)
    """Stages to leave out; without `cold_start` this is R1-Zero."""
    launch: str = ""
    """What to put in front of the training stages: `accelerate launch --num_processes 8`."""
    cold_start: dict[str, Any] = Field(default_factory=dict)
    grpo: dict[str, Any] = Field(default_factory=dict)
    sample: dict[str, Any] = Field(default_factory=dict)
    tune: dict[str, Any] = Field(default_factory=dict)
    grpo_again: dict[str, Any] = Field(default_factory=dict)
    sample_again: dict[str, Any] = Field(default_factory=dict)
    distill: dict[str, Any] = Field(default_factory=dict)
    eval: dict[str, Any] = Field(default_factory=dict)


class StageFailed(RuntimeError):
    """A stage's process ended with an error; its own output says why."""


@dataclass(frozen=True, slots=True)
class Step:
    """One process of the recipe."""

    name: str
    kind: str
    settings: Mapping[str, Any]

    @property
    def out(self) -> Path:
        return Path(self.settings["out"])


def plan(recipe: Recipe) -> Iterator[Step]:
    """Every step in order, with the paths that lead from one to the next."""
    model, data = recipe.model, recipe.train
    yield _evaluation(recipe, "base", model)
    for name in ORDER:
        if name in recipe.skip or (name.endswith(("again", "distill")) and _needless(recipe, name)):
            continue
        kind = _KINDS.get(name, name)
        start = _start(recipe, name, model)
        given: dict[str, Any] = {"model": start, "out": str(Path(recipe.out) / name)}
        given["data"] = data if name in ("tune", "distill") else recipe.train
        if kind in ("grpo", "sample"):
            given |= _service(recipe)
        step = Step(name, kind, merge(given, getattr(recipe, name)))
        yield step
        if kind == "sample":
            data = str(step.out / "kept.jsonl")
            continue
        model = str(step.out)
        yield _evaluation(recipe, name, model)


def _needless(recipe: Recipe, name: str) -> bool:
    return name in ("sample_again", "distill") and recipe.student is None


def _start(recipe: Recipe, name: str, latest: str) -> str:
    """R1 fine-tunes the base model again on what its policy wrote (§2.3.3)."""
    if name == "tune":
        return recipe.model
    return recipe.student if name == "distill" and recipe.student else latest


def _service(recipe: Recipe) -> dict[str, Any]:
    return {name: getattr(recipe, name) for name in Service.model_fields}


def _evaluation(recipe: Recipe, name: str, model: str) -> Step:
    given = _service(recipe) | {
        "model": model,
        "data": recipe.heldout,
        "out": str(Path(recipe.out) / "eval" / name),
    }
    return Step(f"eval {name}", "eval", merge(given, recipe.eval))


def run_recipe(recipe: Recipe) -> list[dict[str, Any]]:
    """Runs what is not done yet; what each stage came to, also in `recipe.json`."""
    results = []
    for step in plan(recipe):
        parse(STAGES[step.kind].settings, step.settings)  # a misspelt setting is told before night
    for step in plan(recipe):
        skipped = is_done(step)
        if not skipped:
            run_step(step, recipe.launch if step.kind in ("cold-start", "grpo", "distill") else "")
        results.append({"stage": step.name, "out": str(step.out), "skipped": skipped} | _read(step))
        write_json(Path(recipe.out) / "recipe.json", {"stages": results})
    return results


def fingerprint(step: Step) -> str:
    """Of the settings, and of the files that they name as they are now."""
    parts = [json.dumps(step.settings, sort_keys=True, default=str)]
    for key in ("model", "data"):
        path = Path(str(step.settings[key]))
        files = sorted(path.glob("*.safetensors")) if path.is_dir() else [path]
        parts += [f"{f}:{f.stat().st_mtime_ns}:{f.stat().st_size}" for f in files if f.is_file()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def is_done(step: Step) -> bool:
    mark = step.out / "done.json"
    return mark.is_file() and json.loads(mark.read_text())["fingerprint"] == fingerprint(step)


def run_step(step: Step, launch: str) -> None:
    config = step.out / "settings.json"  # JSON is YAML
    write_json(config, step.settings)
    module = ["-m", "adjudge.trainer_client.stages", step.kind, "--config", str(config)]
    command = [*shlex.split(launch), *module] if launch else [sys.executable, *module]
    if subprocess.run(command, check=False).returncode != 0:  # noqa: S603 - the user's own launcher
        raise StageFailed(f"{step.name}: {shlex.join(command)}")
    write_json(step.out / "done.json", {"fingerprint": fingerprint(step)})


def _read(step: Step) -> dict[str, Any]:
    names = {"eval": "evaluation.json", "sample": "sample.json"}
    path = step.out / names.get(step.kind, "")
    if step.kind not in names or not path.is_file():
        return {}
    found = json.loads(path.read_text())
    return {key: found[key] for key in ("figures", "counts") if key in found}
