"""TRL's GRPOTrainer with what a run against a remote judge needs besides.

It adds: where a step's time went (generate, reward, update), the share of completions that nobody
could score, with a warning and an end to a run that learns from nothing, and the faster generation.
It changes nothing of the algorithm. What it overrides of TRL is private there
(`_generate_single_turn`, `_calculate_rewards`, and `_metrics`, which they log to): hence the exact
pin.
"""

import logging
import time
from collections import deque
from typing import Any

import torch
from transformers import TrainerCallback
from trl import GRPOTrainer

from adjudge.trainer_client.training.callbacks import NonFiniteGuard
from adjudge.trainer_client.training.generation import Writer, why_not_fast

logger = logging.getLogger(__name__)
_WINDOW = 50


class TooManyUnscored(RuntimeError):
    """The service scored too little for the run to learn from."""


class UnscoredWatch:
    """Keeps the share of unscored completions of the latest steps."""

    def __init__(self, warn: float, abort: float) -> None:
        self.warn, self.abort = warn, abort
        self._shares: deque[float] = deque(maxlen=_WINDOW)

    def see(self, share: float) -> None:
        """Raises TooManyUnscored when the window is full and its mean above `abort`."""
        self._shares.append(share)
        if share > self.warn:
            logger.warning("%.1f %% of this step's completions are unscored", 100 * share)
        mean = sum(self._shares) / len(self._shares)
        if len(self._shares) == _WINDOW and mean > self.abort:
            raise TooManyUnscored(
                f"{100 * mean:.0f} % of the last {_WINDOW} steps' completions were unscored"
            )


class AdjudgeTrainer(GRPOTrainer):
    """See the module."""

    def __init__(
        self,
        *args: Any,
        fast_generation: bool = False,
        unscored: UnscoredWatch | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._unscored = unscored or UnscoredWatch(1.0, 1.0)
        self.spent = {"generate": 0.0, "reward": 0.0}
        """Seconds since the start."""
        self.guard = NonFiniteGuard()
        self.add_callback(self.guard)
        # First in line: what other callbacks do at a step's end is none of its time.
        self.callback_handler.callbacks.insert(0, StepClock(self))
        self._writer = self._fast_writer() if fast_generation else None

    def _fast_writer(self) -> Writer | None:
        reason = why_not_fast(self.accelerator.unwrap_model(self.model), self)
        if reason:
            logger.warning("fast generation does not apply: %s", reason)
            return None
        return Writer(
            self.generation_kwargs,  # what TRL itself would generate with
            pad=self.generation_kwargs["pad_token_id"],
            batch=self.args.generation_batch_size // self.accelerator.num_processes,
            fast=True,
        )

    def _generate_single_turn(
        self,
        prompt_ids: list[list[int]],
        images: Any,
        multimodal_fields: Any,
        *args: Any,
        **kw: Any,
    ) -> Any:
        began = time.perf_counter()
        if self._writer is not None and self.model.training and not multimodal_fields:
            # with its autocast wrapper: taking that off would take TRL's fused head off as well
            model = self.accelerator.unwrap_model(self.model)
            written = self._writer.write(model, prompt_ids), None
        else:
            written = super()._generate_single_turn(
                prompt_ids, images, multimodal_fields, *args, **kw
            )
        self._spend("generate", began)
        return written

    def _calculate_rewards(self, *args: Any, **kwargs: Any) -> Any:
        began = time.perf_counter()
        rewards = super()._calculate_rewards(*args, **kwargs)
        self._spend("reward", began)
        if self.model.training:
            self._unscored.see(torch.isnan(rewards).all(dim=1).float().mean().item())
        return rewards

    def note(self, name: str, value: float) -> None:
        """A point of a curve, averaged with the others of its logging step."""
        self._metrics["train"][name].append(value)

    def _spend(self, phase: str, began: float) -> None:
        self.spent[phase] += time.perf_counter() - began

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Adds the guard's count to every point, so that its curve is there when it is zero."""
        super().log(logs | {"nonfinite_grad_steps": float(self.guard.steps)}, start_time)


class StepClock(TrainerCallback):
    """Parts each optimiser step's wall clock into generating, judging and updating."""

    def __init__(self, trainer: AdjudgeTrainer) -> None:
        self._trainer = trainer
        self._began = 0.0
        self._before: dict[str, float] = {}

    def on_step_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        self._began, self._before = time.perf_counter(), dict(self._trainer.spent)

    def on_step_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        whole = time.perf_counter() - self._began
        spent = {key: now - self._before[key] for key, now in self._trainer.spent.items()}
        spent |= {"update": whole - sum(spent.values()), "step": whole}
        for phase, seconds in spent.items():
            self._trainer.note(f"time/{phase}", seconds)
