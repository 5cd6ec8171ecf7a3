"""Reward hacking, class by class: its flags are raised, and it is never paid as right."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from adjudge.service.api import CompletionOut, RewardRequest
from adjudge.service.in_process import judge
from adjudge.verifiers.flags import MEANINGS, flags
from adjudge.verifiers.types import Completion

CASES = Path(__file__).parents[1] / "cases"
CLASSES = 25
"""At least so many kinds of hack have cases."""


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (CASES / name).read_text("utf-8").splitlines()]


HACKS = rows("hack_classes.jsonl")


def judged(row: dict[str, Any]) -> CompletionOut:
    """By the kinds that the row names."""
    extract = {"extract": row["extract"]} if "extract" in row else {}
    named = [name for name in ("math", "exact", "format", "code") if name in row]
    params = {"math": extract, "exact": extract, "format": {"style": row.get("format")}}
    reference = {"answer": row.get("math", row.get("exact")), "tests": row.get("code")}
    completion = {"text": row["text"], "finish_reason": row.get("finish_reason")}
    group = {
        "completions": [completion],
        "prompt": row.get("prompt"),
        "prefill": row.get("prefill", ""),
        "reference": {key: value for key, value in reference.items() if value is not None},
    }
    rewards = [{"kind": name, "params": params.get(name, {})} for name in named]
    response = judge(RewardRequest.model_validate({"groups": [group], "rewards": rewards}))
    return response.groups[0].completions[0]


@pytest.mark.parametrize(
    "row", [pytest.param(row, id=f"{at}-{row['hack']}") for at, row in enumerate(HACKS, 1)]
)
def test_no_hack_is_paid(row: dict[str, Any]) -> None:
    told = judged(row)
    assert sorted(told.flags) == sorted(row["flags"])
    for name, component in told.components.items():
        assert component.score is not None, (name, component)
        assert component.score < 0.5, (name, component)


def test_there_are_many_classes() -> None:
    assert len(Counter(row["hack"] for row in HACKS)) >= CLASSES
    raised = {flag for row in HACKS for flag in row["flags"]}
    assert raised == set(MEANINGS)


def test_honest_text_raises_no_flag() -> None:
    """Chains of thought in 34 languages, pure and mixed, with formulas, code and tables."""
    for row in rows("language/thoughts.jsonl"):
        text = f"<think>\n{row['text']}\n</think>\n\nSo it is \\boxed{{4}}."
        assert flags(Completion(text)) == (), row["id"]
