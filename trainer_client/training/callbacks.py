"""What watches a run from outside the trainer: the guard, the clock and the held-out problems."""

import logging
import time
from collections.abc import Callable
from typing import Any

import torch
from transformers import TrainerCallback

from adjudge.trainer_client.training.generation import is_spread

logger = logging.getLogger(__name__)


class NonFiniteGuard(TrainerCallback):
    """Skips an optimiser step whose gradients are not finite, and counts it.

    One such step would make every weight NaN, and the next generation dies of it.
    """

    def __init__(self) -> None:
        self.steps = 0

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        gradients = [p.grad for p in given["model"].parameters() if p.grad is not None]
        if not gradients:
            return
        norms = torch.stack(torch._foreach_norm(gradients))
        if bool(torch.isfinite(norms).all()):
            return
        self.steps += 1
        logger.warning("step %d: gradients are not finite; step skipped", state.global_step)
        for parameter in given["model"].parameters():
            parameter.grad = None


class Clock(TrainerCallback):
    """Ends a run after so many minutes."""

    def __init__(self, minutes: float) -> None:
        self.seconds = minutes * 60.0
        self._began = 0.0

    def on_train_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        self._began = time.monotonic()

    def on_step_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        if time.monotonic() - self._began > self.seconds:
            control.should_training_stop = True


class HeldOut(TrainerCallback):
    """Measures at the start, every so many steps and at the end; keeps what it measured."""

    def __init__(
        self,
        measure: Callable[[Any], dict[str, float]],
        every: int,
        close: Callable[[], None] = lambda: None,
    ) -> None:
        self.measure = measure
        self.every = every
        self.close = close
        self.points: list[dict[str, float]] = []
        self.trainer: Any = None
        """An AdjudgeTrainer to tell, once there is one."""
        self.stop_at: float | None = None
        """End the run when pass@1 reaches this."""

    def on_train_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        self._log(self._measure(state, control, given["model"]))

    def on_step_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        if state.global_step % self.every:
            return
        found = self._measure(state, control, given["model"])
        if self.trainer is not None:  # its log would empty the step's other curves
            for name, value in found.items():
                self.trainer.note(f"heldout/{name}", value)

    def on_train_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        if not self.points or self.points[-1]["step"] != state.global_step:
            self._log(self._measure(state, control, given["model"]))

    def _log(self, found: dict[str, float]) -> None:
        if self.trainer is not None and found:
            self.trainer.log({f"heldout/{name}": value for name, value in found.items()})

    def _measure(self, state: Any, control: Any, model: Any) -> dict[str, float]:
        """On one process alone, which has to hold all weights: else nothing."""
        spread = self.trainer is not None and is_spread(self.trainer)
        if spread or not state.is_world_process_zero:
            return {}
        found = self.measure(model)
        self.points.append({"step": state.global_step, "time": time.time()} | found)
        if self.stop_at is not None and found["pass@1"] >= self.stop_at:
            control.should_training_stop = True
        return found
