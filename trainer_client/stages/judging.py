"""Completions of a model, judged by the service: what evaluation and sampling have in common."""

from collections.abc import Sequence
from itertools import islice
from typing import Any

from adjudge.trainer_client.answers import GroupScores
from adjudge.trainer_client.client import RewardClient
from adjudge.trainer_client.estimate import Estimate, mean, pass_at_k
from adjudge.trainer_client.jsonl import Row, read_rows
from adjudge.trainer_client.rows import references
from adjudge.trainer_client.settings import Sampling, Service

Written = list[list[str]]
"""Problem by problem, its completions."""


def client_for(settings: Service, stats: Sequence[str] = ()) -> RewardClient:
    return RewardClient(
        settings.url,
        settings.rewards,
        stats=stats,
        deadline_s=settings.deadline_s,
    )


def problems_of(settings: Sampling) -> list[Row]:
    return list(islice(read_rows(settings.data), settings.rows))


def groups_for(rows: Sequence[Row], written: Written, settings: Service) -> list[dict[str, Any]]:
    """Groups of the wire, one a problem."""
    columns = {"reference": [row.get("reference", {}) for row in rows]}
    found = references(columns, len(rows), settings.columns)
    return [
        {
            "prompt": row["prompt"],
            "prefill": settings.prefill,
            "reference": reference,
            "completions": completions,
        }
        for row, reference, completions in zip(rows, found, written, strict=True)
    ]


def correctness(group: GroupScores) -> list[bool]:
    """Was the answer right: the first component's verdict. What nobody could tell is left out."""
    first = [next(iter(score.components.values()), None) for score in group.scores]
    return [part.verdict == "correct" for part in first if part and part.score is not None]


def figures(judged: Sequence[GroupScores], k: int) -> dict[str, Estimate | float]:
    """pass@1, pass@k and cons@k over problems, the components' means and the share unscored."""
    scored = [found for found in map(correctness, judged) if found]
    most = min((len(found) for found in scored), default=1)
    wide = min(k, most)
    scores = [score for group in judged for score in group.scores]
    result: dict[str, Estimate | float] = {
        "pass@1": mean([sum(found) / len(found) for found in scored]),
        f"pass@{wide}": mean([pass_at_k(sum(found), len(found), wide) for found in scored]),
        "unscored": sum(score.reward is None for score in scores) / max(1, len(scores)),
    }
    votes = [vote for group in judged if (vote := _vote(group)) is not None]
    if votes:
        result[f"cons@{wide}"] = mean(votes)
    for name in sorted({name for score in scores for name in score.components}):
        parts = [s.components[name].score for s in scores if name in s.components]
        result[f"mean/{name}"] = mean([part for part in parts if part is not None]).mean
    return result


def _vote(group: GroupScores) -> float | None:
    """Is the group's most common answer right (self-consistency, arXiv 2203.11171)?"""
    cons = group.stats.get("cons")
    score = cons.get("score") if isinstance(cons, dict) else None
    return float(score) if isinstance(score, int | float) else None
