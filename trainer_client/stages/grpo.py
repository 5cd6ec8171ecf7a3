"""GRPO against the service (R1-Zero when started from a base model, R1's stages otherwise).

The script that the rest of this folder surrounds: load, build a config, train, save. Any number of
GPUs through `accelerate launch -m adjudge.trainer_client.stages grpo --config x.yaml`.
"""

from typing import Any

from adjudge.trainer_client.jsonl import read_rows
from adjudge.trainer_client.presets import trl_options
from adjudge.trainer_client.reward import (
    RewardFunction,
    aclose,
    reward_function,
    reward_functions,
)
from adjudge.trainer_client.settings import Evaluate, Grpo
from adjudge.trainer_client.stages.cold_start import clock, common_options, lora, merged
from adjudge.trainer_client.stages.run_file import begin, finish
from adjudge.trainer_client.training.models import load_tokenizer, save


def grpo(settings: Grpo, rewards: list[RewardFunction] | None = None) -> dict[str, Any]:
    """Writes a checkpoint and `run.json` to `out`; returns the run's record.

    `rewards` stands in for the service's (an experiment's control).
    """
    import torch

    from adjudge.trainer_client.training.grpo_trainer import AdjudgeTrainer, UnscoredWatch

    if torch.cuda.is_available() and not settings.cudnn_attention:
        torch.backends.cuda.enable_cudnn_sdp(False)
    run = begin(settings)
    tokenizer = load_tokenizer(settings.model)
    heldout = _heldout(settings, tokenizer)
    trainer = AdjudgeTrainer(
        model=settings.model,  # its path: with a KL term the reference is loaded from there
        reward_funcs=rewards or reward_functions_of(settings),
        args=config_of(settings),
        train_dataset=dataset_of(settings.data),
        processing_class=tokenizer,
        peft_config=lora(settings.lora_rank),
        callbacks=[*clock(settings), *heldout],
        fast_generation=settings.fast_generation,
        unscored=UnscoredWatch(settings.unscored_warn, settings.unscored_abort),
    )
    for callback in heldout:
        callback.trainer = trainer
    try:
        trainer.train()
    finally:
        _close(trainer, heldout)
    if trainer.accelerator.is_main_process:
        save(merged(trainer), tokenizer, settings.out)
    return finish(run | {"heldout": [p for c in heldout for p in c.points]}, trainer)


def _close(trainer: Any, heldout: list[Any]) -> None:
    """The sessions with the service: the trainer's loop has some, the measurements have one."""
    import asyncio

    for function in trainer.reward_funcs:
        if asyncio.iscoroutinefunction(function):
            asyncio.run_coroutine_threadsafe(aclose(function), trainer.async_loop).result(10)
    for callback in heldout:
        callback.close()


def reward_functions_of(settings: Grpo) -> list[RewardFunction]:
    given: dict[str, Any] = {
        "deadline_s": settings.deadline_s,
        "columns": settings.columns,
        "prefill": settings.prefill,
    }
    if settings.curves == "each" and not isinstance(settings.rewards, str):
        return reward_functions(settings.url, settings.rewards, **given)
    return [reward_function(settings.url, settings.rewards, **given)]


def config_of(settings: Grpo) -> Any:
    import os

    import torch
    from trl import GRPOConfig

    world = int(os.environ.get("WORLD_SIZE", "1"))
    completions = settings.prompts * settings.num_generations
    micro = min(settings.micro_batch, completions // world)
    options = common_options(settings) | {
        "per_device_train_batch_size": micro,
        "gradient_accumulation_steps": completions // (micro * world),
        "num_generations": settings.num_generations,
        "max_completion_length": settings.max_completion_length,
        "model_init_kwargs": {"dtype": torch.float32},
        "lr_scheduler_type": "constant",
        "log_completions": True,
        "num_completions_to_print": 2,
    }
    adapters = settings.lora_rank > 0
    return GRPOConfig(**trl_options(settings.preset, options | settings.trl, adapters))


def dataset_of(path: str) -> Any:
    """References as JSON: Arrow would give every row the keys of every other."""
    import json

    from datasets import Dataset

    return Dataset.from_list(
        [
            {"prompt": row["prompt"], "reference": json.dumps(row.get("reference", {}))}
            for row in read_rows(path)
        ]
    )


def _heldout(settings: Grpo, tokenizer: Any) -> list[Any]:
    from adjudge.trainer_client.stages.evaluate import measure_with
    from adjudge.trainer_client.stages.judging import client_for
    from adjudge.trainer_client.training.callbacks import HeldOut

    if settings.heldout is None:
        return []
    asked = Evaluate(
        model=settings.model,
        data=settings.heldout,
        out=settings.out,
        url=settings.url,
        rewards=settings.rewards,
        deadline_s=settings.deadline_s,
        prefill=settings.prefill,
        columns=settings.columns,
        rows=settings.heldout_rows,
        k=settings.heldout_k,
        temperature=1.0,
        top_p=1.0,
        max_new_tokens=settings.max_completion_length,
        fast_generation=settings.fast_generation,
    )
    client = client_for(settings)
    measure = measure_with(asked, tokenizer, client)
    return [HeldOut(measure, settings.heldout_every, client.close)]
