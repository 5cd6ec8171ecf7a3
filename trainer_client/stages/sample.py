"""Rejection sampling: many completions of every problem, of which the service keeps the good ones.

R1's third stage (arXiv 2501.12948, §2.3.3): the converged policy writes the next round's training
data; what is wrong, malformed, in mixed languages or unreadable is dropped. The rules are the
service's (`POST /filter`), so that data and rewards are judged by the same code.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from adjudge.trainer_client.client import RewardClient
from adjudge.trainer_client.jsonl import Row, write_json, write_rows
from adjudge.trainer_client.settings import Sample
from adjudge.trainer_client.stages.judging import Written, client_for, groups_for, problems_of


def sample(settings: Sample) -> dict[str, Any]:
    """Writes `kept.jsonl` (rows to learn from) and `sample.json` (counts) under `out`."""
    from adjudge.trainer_client.stages.evaluate import load, write_completions

    model, tokenizer = load(settings.model)
    rows = problems_of(settings)
    written = write_completions(model, tokenizer, rows, settings)
    dropped: Counter[str] = Counter()
    out = Path(settings.out)
    with client_for(settings) as client:
        kept = write_rows(out / "kept.jsonl", keep(rows, written, settings, client, dropped))
    counts = {"written": len(rows) * settings.k, "kept": kept, "dropped": dict(dropped)}
    write_json(out / "sample.json", {"settings": settings.model_dump(), "counts": counts})
    return counts


def keep(
    rows: Sequence[Row],
    written: Written,
    settings: Sample,
    client: RewardClient,
    dropped: Counter[str],
) -> Iterator[Row]:
    """The rows that the service kept; why the others were not goes to `dropped`."""
    verdicts = client.filter(groups_for(rows, written, settings), settings.rules)
    for row, texts, sifted in zip(rows, written, verdicts, strict=True):
        for text, verdict in zip(texts, sifted, strict=True):
            if verdict.kept:
                yield _learnable(row, text)
            else:
                dropped[verdict.rule or ""] += 1


def _learnable(row: Row, text: str) -> Row:
    said: Any = text
    if not isinstance(row["prompt"], str):
        said = [{"role": "assistant", "content": text}]
    return {"prompt": row["prompt"], "reference": row.get("reference", {}), "completion": said}
