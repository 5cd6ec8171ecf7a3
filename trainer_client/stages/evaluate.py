"""How good is a model: pass@1 of k samples, cons@k and pass@k, with standard errors.

DeepSeek-R1's protocol (arXiv 2501.12948, §3): k samples a problem at temperature 0.6 and top-p
0.95, pass@1 their mean. A greedy score varies more than the differences of interest.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from adjudge.trainer_client.client import RewardClient
from adjudge.trainer_client.estimate import Estimate
from adjudge.trainer_client.jsonl import Row, write_json, write_rows
from adjudge.trainer_client.settings import Evaluate, Sampling
from adjudge.trainer_client.stages.judging import (
    Written,
    client_for,
    figures,
    groups_for,
    problems_of,
)
from adjudge.trainer_client.training.generation import Writer, prompt_ids, why_not_fast
from adjudge.trainer_client.training.models import load_tokenizer

Figures = dict[str, Estimate | float]


def evaluate(settings: Evaluate) -> Figures:
    """Writes `evaluation.json` and `samples.jsonl` under `out`."""
    model, tokenizer = load(settings.model)
    rows = problems_of(settings)
    written = write_completions(model, tokenizer, rows, settings)
    with client_for(settings, stats=("cons",)) as client:
        judged = client.judge(groups_for(rows, written, settings))
    found = figures(judged, settings.k)
    out = Path(settings.out)
    write_json(
        out / "evaluation.json", {"settings": settings.model_dump(), "figures": plain(found)}
    )
    write_rows(
        out / "samples.jsonl",
        (
            {
                "prompt": row["prompt"],
                "completion": text,
                "reward": score.reward,
                "reason": {name: part.reason for name, part in score.components.items()},
            }
            for row, texts, group in zip(rows, written, judged, strict=True)
            for text, score in zip(texts, group.scores, strict=True)
        ),
    )
    return found


def load(path: str) -> tuple[Any, Any]:
    """Model (on the best device there is, in fp32) and tokenizer."""
    import torch
    from transformers import AutoModelForCausalLM

    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32)
    return model.to(device).eval(), load_tokenizer(path)


def writer_for(settings: Sampling, model: Any, tokenizer: Any) -> Writer:
    options: dict[str, Any] = {
        "max_new_tokens": settings.max_new_tokens,
        "do_sample": settings.temperature > 0,
    }
    if settings.temperature > 0:
        options |= {"temperature": settings.temperature, "top_p": settings.top_p, "top_k": 0}
    return Writer(
        options,
        pad=tokenizer.pad_token_id,
        batch=settings.batch,
        fast=settings.fast_generation and why_not_fast(model) is None,
    )


def write_completions(
    model: Any,
    tokenizer: Any,
    rows: Sequence[Row],
    settings: Sampling,
    writer: Writer | None = None,
) -> Written:
    """k completions of every problem."""
    from transformers import set_seed

    set_seed(settings.seed)
    writer = writer or writer_for(settings, model, tokenizer)
    asked = [ids for row in rows for ids in [prompt_ids(tokenizer, row["prompt"])] * settings.k]
    texts = tokenizer.batch_decode(writer.write(model, asked), skip_special_tokens=True)
    return [texts[i : i + settings.k] for i in range(0, len(texts), settings.k)]


def measure_with(settings: Evaluate, tokenizer: Any, client: RewardClient) -> Callable[[Any], Any]:
    """A function from a model in training to its figures, as plain numbers."""
    rows = problems_of(settings)
    kept: list[Writer] = []

    def measure(model: Any) -> dict[str, float]:
        if not kept:
            kept.append(writer_for(settings, model, tokenizer))
        written = write_completions(model, tokenizer, rows, settings, kept[0])
        found = figures(client.judge(groups_for(rows, written, settings)), settings.k)
        return {k: v.mean if isinstance(v, Estimate) else v for k, v in found.items()} | {
            f"{k}_error": v.error for k, v in found.items() if isinstance(v, Estimate)
        }

    return measure


def plain(found: Figures) -> dict[str, Any]:
    return {k: v.as_json() if isinstance(v, Estimate) else round(v, 6) for k, v in found.items()}
