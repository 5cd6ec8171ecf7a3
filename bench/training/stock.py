"""TRL as it comes, with a stopwatch."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from adjudge.trainer_client.reward import aclose
from adjudge.trainer_client.settings import Grpo


def stock_trl(settings: Grpo, rewards: list[Any]) -> Mapping[str, Any]:
    """A run of TRL's own trainer with the same config; the record has step times alone."""
    import torch
    from transformers import TrainerCallback
    from trl import GRPOTrainer

    from adjudge.trainer_client.stages.grpo import config_of, dataset_of
    from adjudge.trainer_client.training.models import load_tokenizer

    class Stopwatch(TrainerCallback):
        def __init__(self) -> None:
            self.steps: list[dict[str, float]] = []
            self._began = 0.0

        def on_step_begin(self, *_: Any, **__: Any) -> None:
            self._began = time.perf_counter()

        def on_step_end(self, *_: Any, **__: Any) -> None:
            self.steps.append({"time/step": time.perf_counter() - self._began})

    torch.backends.cuda.enable_cudnn_sdp(False)
    watch = Stopwatch()
    trainer = GRPOTrainer(
        model=settings.model,
        reward_funcs=rewards,
        args=config_of(settings),
        train_dataset=dataset_of(settings.data),
        processing_class=load_tokenizer(settings.model),
        callbacks=[watch],
    )
    trainer.train()
    for function in trainer.reward_funcs:
        if asyncio.iscoroutinefunction(function):
            asyncio.run_coroutine_threadsafe(aclose(function), trainer.async_loop).result(10)
    return {"steps": trainer.state.global_step, "history": watch.steps}
