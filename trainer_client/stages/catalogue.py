"""The stages by name: what each takes and what runs it. Imports no torch until one is run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from adjudge.trainer_client.settings import Evaluate, Grpo, Sample, Settings, Supervised


@dataclass(frozen=True, slots=True)
class Stage:
    name: str
    settings: type[Settings]
    module: str
    function: str
    summary: str

    def load(self) -> Callable[[Settings], Any]:
        module = import_module(f"adjudge.trainer_client.stages.{self.module}")
        run: Callable[[Settings], Any] = getattr(module, self.function)
        return run


STAGES: Mapping[str, Stage] = {
    stage.name: stage
    for stage in (
        Stage(
            "cold-start",
            Supervised,
            "cold_start",
            "cold_start",
            "Fine-tune on worked solutions, so that a model knows the form.",
        ),
        Stage(
            "grpo",
            Grpo,
            "grpo",
            "grpo",
            "Reinforcement learning against the service (R1-Zero from a base model).",
        ),
        Stage(
            "sample",
            Sample,
            "sample",
            "sample",
            "Rejection sampling: keep the completions that the service's rules let through.",
        ),
        Stage(
            "distill",
            Supervised,
            "cold_start",
            "cold_start",
            "Fine-tune a student on what a teacher's rejection sampling kept.",
        ),
        Stage(
            "eval",
            Evaluate,
            "evaluate",
            "evaluate",
            "pass@1 of k, cons@k and pass@k, with standard errors.",
        ),
    )
}
