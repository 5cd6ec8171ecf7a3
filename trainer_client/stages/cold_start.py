"""Cold start: supervised fine-tuning on worked solutions, so that a model knows the form.

R1's first stage (arXiv 2501.12948, §2.3.1); R1-Zero goes without. Also a student's distillation
(§2.4), on what rejection sampling kept: the same step on other rows.
"""

from itertools import islice
from typing import Any

from adjudge.trainer_client.jsonl import read_rows
from adjudge.trainer_client.settings import Supervised
from adjudge.trainer_client.stages.run_file import begin, finish
from adjudge.trainer_client.training.models import load_tokenizer, save


def cold_start(settings: Supervised, callbacks: tuple[Any, ...] = ()) -> dict[str, Any]:
    """Writes a checkpoint to `out`; returns the run's record."""
    from datasets import Dataset
    from trl import SFTTrainer

    from adjudge.trainer_client.training.callbacks import NonFiniteGuard

    run = begin(settings)
    rows = islice(read_rows(settings.data), settings.rows)
    pairs = [{"prompt": row["prompt"], "completion": row["completion"]} for row in rows]
    tokenizer = load_tokenizer(settings.model)
    trainer = SFTTrainer(
        model=load_model(settings),
        args=_config(settings),
        train_dataset=Dataset.from_list(pairs),
        processing_class=tokenizer,
        peft_config=lora(settings.lora_rank),
        callbacks=[NonFiniteGuard(), *clock(settings), *callbacks],
    )
    trainer.train()
    if trainer.accelerator.is_main_process:
        save(merged(trainer), tokenizer, settings.out)
    return finish(run, trainer)


def _config(settings: Supervised) -> Any:
    from trl import SFTConfig

    options = common_options(settings) | {
        "per_device_train_batch_size": min(settings.batch, settings.micro_batch),
        "gradient_accumulation_steps": max(1, settings.batch // settings.micro_batch),
        "max_length": settings.max_length,
        "warmup_steps": settings.warmup_steps,
        "lr_scheduler_type": "cosine",
        "packing": False,
    }
    return SFTConfig(**options | settings.trl)


def common_options(settings: Any) -> dict[str, Any]:
    """What every TRL config is told."""
    import torch

    cuda = torch.cuda.is_available()
    return {
        "output_dir": settings.out,
        "max_steps": settings.steps,
        "learning_rate": settings.learning_rate,
        "logging_steps": settings.logging_steps,
        "save_strategy": "steps" if settings.save_steps else "no",
        "save_steps": settings.save_steps or 500,
        "report_to": settings.report_to,
        "seed": settings.seed,
        "bf16": cuda,
        "use_cpu": not cuda,
        "gradient_checkpointing": False,
        "dataloader_num_workers": 0,
    }


def load_model(settings: Any) -> Any:
    """In fp32: the optimiser's small steps vanish in bf16 weights; autocast computes in bf16."""
    import torch
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(settings.model, dtype=torch.float32)


def lora(rank: int) -> Any:
    if rank == 0:
        return None
    from peft import LoraConfig

    return LoraConfig(r=rank, lora_alpha=2 * rank, target_modules="all-linear")


def merged(trainer: Any) -> Any:
    """The trained model, adapters merged into it: a stage hands over plain checkpoints."""
    model = trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False)
    return model.merge_and_unload() if hasattr(model, "peft_config") else model


def clock(settings: Any) -> list[Any]:
    from adjudge.trainer_client.training.callbacks import Clock

    return [Clock(settings.max_minutes)] if settings.max_minutes else []
