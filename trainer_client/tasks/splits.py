"""A task by name, split so that no held-out problem is ever trained on."""

import hashlib
import json
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from adjudge.trainer_client.jsonl import Row, write_rows
from adjudge.trainer_client.tasks.chains import chains
from adjudge.trainer_client.tasks.countdown import countdown
from adjudge.trainer_client.tasks.files import gsm8k
from adjudge.trainer_client.tasks.puzzles import puzzles

TEMPLATES = ("plain", "r1_zero", "chat")

_R1_ZERO = (
    "A conversation between User and Assistant. The user asks a question, and the Assistant solves "
    "it. The assistant first thinks about the reasoning process in the mind and then provides the "
    "user with the answer. The reasoning process and answer are enclosed within <think> </think> "
    "and <answer> </answer> tags, respectively, i.e., <think> reasoning process here </think> "
    "<answer> answer here </answer>. User: {prompt} Assistant:"
)
"""DeepSeek-R1-Zero's template (arXiv 2501.12948, table 1)."""
_SYSTEM = (
    "Think first, between <think> and </think>. Then give the final answer between <answer> and "
    "</answer>, as \\boxed{...}."
)
_IDLE = 100_000


def problems(task: str, seed: int = 0, **options: Any) -> Iterator[Row]:  # noqa: ANN401 - a task's
    """`chains`, `countdown`, `gsm8k` (with `path`), or the name of a reasoning-gym task."""
    if task == "gsm8k":
        return gsm8k(**options)
    makers: dict[str, Callable[..., Iterator[Row]]] = {"chains": chains, "countdown": countdown}
    if task in makers:
        return makers[task](seed, **options)
    return puzzles(seed, task, **options)


def is_heldout(row: Row, share: float = 0.1) -> bool:
    """By the prompt alone, so that every seed, run and machine parts them alike."""
    digest = hashlib.sha256(json.dumps(row["prompt"], sort_keys=True).encode()).digest()
    return int.from_bytes(digest[:4], "big") < share * 2**32


def distinct(rows: Iterator[Row], heldout: bool) -> Iterator[Row]:
    """Each problem once; stops when a task brings nothing new any more."""
    seen: set[str] = set()
    idle = 0
    for row in rows:
        key = json.dumps(row["prompt"], sort_keys=True)
        if key in seen or is_heldout(row) is not heldout:
            idle += 1
            if idle > _IDLE:
                return
            continue
        idle = 0
        seen.add(key)
        yield row


def dress(row: Row, template: str) -> Row:
    """The prompt as the model shall see it."""
    if template == "r1_zero":
        return row | {"prompt": _R1_ZERO.format(prompt=row["prompt"])}
    if template == "chat":
        system = {"role": "system", "content": _SYSTEM}
        messages = [system, {"role": "user", "content": row["prompt"]}]
        said = (
            [{"role": "assistant", "content": row["completion"]}] if "completion" in row else None
        )
        return row | {"prompt": messages} | ({"completion": said} if said else {})
    return row


def write_splits(
    out: str | Path,
    task: str,
    *,
    train: int,
    heldout: int,
    seed: int = 0,
    template: str = "plain",
    **options: Any,  # noqa: ANN401 - the task's own
) -> tuple[int, int]:
    """`train.jsonl` and `heldout.jsonl` under `out`; how many rows each got."""
    if template not in TEMPLATES:
        raise ValueError(f"template is one of {', '.join(TEMPLATES)}")
    folder = Path(out)
    counts = []
    for name, most, held in (("train", train, False), ("heldout", heldout, True)):
        rows = islice(distinct(problems(task, seed, **options), held), most)
        counts.append(write_rows(folder / f"{name}.jsonl", (dress(row, template) for row in rows)))
    return counts[0], counts[1]
