"""Real data through the whole service: HTTP, queue, workers."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

CASES = Path(__file__).parents[1] / "cases"
SETS = ("math500_golds", "gsm8k_golds")


def golds(name: str) -> list[str]:
    lines = (CASES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["answer"] for line in lines]


def judged(service: httpx.Client, pairs: list[tuple[str, str]], **more: Any) -> list[Any]:
    """The maths component for each (gold, completion)."""
    groups = [{"reference": {"answer": gold}, "completions": [text]} for gold, text in pairs]
    found = []
    for start in range(0, len(groups), 1000):
        body = {"groups": groups[start : start + 1000], "rewards": [{"kind": "math"}], **more}
        answer = service.post("/reward", json=body)
        assert answer.status_code == 200, answer.text[:1000]
        found += [g["completions"][0]["components"]["math"] for g in answer.json()["groups"]]
    return found


def boxed(answer: str) -> str:
    return f"<think>Let me see.</think> The answer is $\\boxed{{{answer}}}$."


@pytest.mark.parametrize("name", SETS)
def test_every_gold_is_its_own_answer(service: httpx.Client, name: str) -> None:
    pairs = [(gold, boxed(gold)) for gold in golds(name)]
    refused = [
        (gold, verdict)
        for (gold, _), verdict in zip(pairs, judged(service, pairs), strict=True)
        if verdict["score"] != 1.0
    ]
    assert refused == []


@pytest.mark.parametrize("name", SETS)
def test_another_problem_s_gold_is_refused(service: httpx.Client, name: str) -> None:
    """Each gold against the next few that differ in more than their spelling."""
    answers = golds(name)
    pairs = [
        (gold, boxed(other))
        for shift in (1, 7)
        for gold, other in zip(answers, answers[shift:] + answers[:shift], strict=True)
        if _bare(gold) != _bare(other)
    ]
    accepted = [
        (pair, verdict)
        for pair, verdict in zip(pairs, judged(service, pairs), strict=True)
        if verdict["score"] != 0.0
    ]
    assert accepted == []


def _bare(answer: str) -> str:
    plain = answer.removeprefix("x=").replace(" ", "")
    return plain.replace("^\\circ", "").replace("\\$", "").replace(",\\!", "")
