"""Kinds with many right answers: cases as data, through the heart."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from adjudge.service.api import RewardRequest
from adjudge.service.in_process import judge
from adjudge.verifiers.countdown import evaluate
from adjudge.verifiers.types import Outcome

CASES = Path(__file__).parents[1] / "cases" / "puzzles.jsonl"


def rows() -> list[dict[str, Any]]:
    return [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]


def judged(kind: str, reference: Any, text: str, params: dict[str, Any] | None = None) -> Any:
    group = {"completions": [text], "reference": reference}
    rewards = [{"kind": kind, "params": params or {}}]
    response = judge(RewardRequest.model_validate({"groups": [group], "rewards": rewards}))
    return response.groups[0].completions[0].components[kind]


@pytest.mark.parametrize(
    "row", [pytest.param(row, id=f"{row['kind']}-{at}") for at, row in enumerate(rows(), 1)]
)
def test_case(row: dict[str, Any]) -> None:
    found = judged(row["kind"], row["reference"], row["text"], row.get("params"))
    assert (found.score, found.reason) == (row["score"], row["reason"]), found


def test_what_was_cut_is_no_answer() -> None:
    cut: Any = {"text": "{}", "finish_reason": "length"}
    found = judged("json_schema", {"schema": {}}, cut)
    assert (found.score, found.verdict, found.reason) == (0.0, "no_answer", "truncated")


HOSTILE = ["(", "-", "1+", ")", "9", "{", "[", '{"a":', "```json\n", "\\frac{1}{", '"', "1 "]


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_is_incorrect(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    for kind, reference in (
        ("countdown", {"numbers": [1], "target": 2}),
        ("json_schema", {"schema": {"type": "object"}}),
    ):
        assert judged(kind, reference, text).score == 0.0
        assert judged(kind, reference, f"\\boxed{{{text[:8000]}}}").score == 0.0


@given(some.text(alphabet="0123456789+-*/() =.", max_size=40))
def test_any_expression_is_judged(text: str) -> None:
    found = judged("countdown", {"numbers": [1, 2], "target": 3}, f"<answer>{text}</answer>")
    assert found.verdict is not Outcome.UNSCORED


@given(
    some.recursive(
        some.integers(0, 99).map(str),
        lambda inner: some.tuples(inner, some.sampled_from("+-*"), inner).map(
            lambda t: f"({t[0]} {t[1]} {t[2]})"
        ),
        max_leaves=12,
    )
)
def test_values_are_python_s(text: str) -> None:
    value, _ = evaluate(text)
    assert value == Fraction(eval(text))  # made of digits and operators, by the line above
