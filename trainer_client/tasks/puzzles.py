"""Any of reasoning-gym's hundred tasks (extra `puzzles`), judged by that library in the service."""

from collections.abc import Iterator
from typing import Any

from adjudge.trainer_client.jsonl import Row
from adjudge.trainer_client.plain import plain


def puzzles(
    seed: int,
    task: str,
    size: int = 10_000,
    **options: Any,  # noqa: ANN401 - the task's own
) -> Iterator[Row]:
    """Raises ValueError for a task that reasoning-gym does not know."""
    from reasoning_gym import create_dataset

    for entry in create_dataset(task, seed=seed, size=size, **options):
        answer = entry["answer"]
        row: Row = {
            "prompt": entry["question"],
            "reference": {"task": task, "entry": plain(dict(entry)), "answer": answer},
        }
        if isinstance(answer, str):
            row["completion"] = f"<think>\n</think><answer>\\boxed{{{answer}}}</answer>"
        yield row
