"""Kinds that read strings, numbers and choices: cases as data, through the heart."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from adjudge.service.api import RewardRequest
from adjudge.service.in_process import judge
from adjudge.verifiers.exact import ExactParams, f1
from adjudge.verifiers.number import read
from adjudge.verifiers.types import Outcome

CASES = Path(__file__).parents[1] / "cases"
KINDS = ("exact", "number", "choice")


def rows(kind: str) -> list[tuple[str, dict[str, Any]]]:
    lines = (CASES / f"{kind}.jsonl").read_text(encoding="utf-8").splitlines()
    return [(kind, json.loads(line)) for line in lines]


def judged(kind: str, row: dict[str, Any]) -> Any:
    reference = {key: row[key] for key in ("answer", "choices") if key in row}
    spec = {"kind": kind, "params": row.get("params", {})}
    group = {"completions": [row["text"]], "reference": reference}
    response = judge(RewardRequest.model_validate({"groups": [group], "rewards": [spec]}))
    return response.groups[0].completions[0].components[kind]


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        pytest.param(*case, id=f"{kind}-{line}")
        for kind in KINDS
        for line, case in enumerate(rows(kind), 1)
    ],
)
def test_case(kind: str, row: dict[str, Any]) -> None:
    found = judged(kind, row)
    assert found.score == (None if row["score"] is None else pytest.approx(row["score"])), found
    assert found.reason == row.get("reason", found.reason), found


@given(some.text(max_size=300), some.sampled_from(KINDS))
def test_any_text_is_judged(text: str, kind: str) -> None:
    row = {"text": text, "answer": "B" if kind == "choice" else "3", "choices": ["x", "3"]}
    assert judged(kind, row).verdict is not Outcome.UNSCORED


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "piece", ["1,", "9", "1/", "(B", "answer is ", "{", "\\text{", "a ", "10^{"]
)
def test_hostile_text_takes_no_time(kind: str, piece: str) -> None:
    text = piece * (100_000 // len(piece))
    judged(kind, {"text": text, "answer": "B", "choices": ["x", "y"]})
    judged(kind, {"text": f"\\boxed{{{text[:8000]}}}", "answer": "A", "choices": ["x", "y"]})


@given(some.integers(-(10**12), 10**12), some.integers(0, 6))
def test_a_number_is_read_however_it_is_written(value: int, places: int) -> None:
    plain = read(str(value))
    assert plain == value
    assert read(f"{value:,}") == plain
    assert read(f"{value}.{'0' * places}") == plain
    assert read(f"\\frac{{{value}}}{{1}}") == plain


def test_f1_is_symmetric() -> None:
    assert f1("a b c", "b c d e") == f1("b c d e", "a b c") == pytest.approx(4 / 7)
    assert (f1("", ""), f1("a", "")) == (1.0, 0.0)
    assert ExactParams().extract == "auto"


@pytest.mark.parametrize(
    ("kind", "params", "reference", "texts", "share"),
    [
        ("number", {}, {"answer": "0.5"}, ["1/2", "0.50", "nothing", "2"], 0.5),
        ("exact", {"ignore_case": True}, {"answer": "yes"}, ["Yes", "yes", "no", "YES"], 0.75),
        ("choice", {}, {"answer": "A", "choices": ["x", "y"]}, ["A", "(A)", "B", "A"], 0.75),
    ],
)
def test_the_vote_goes_by_what_is_equal(
    kind: str, params: dict[str, Any], reference: dict[str, Any], texts: list[str], share: float
) -> None:
    boxed = [f"\\boxed{{{text}}}" for text in texts]
    body = {
        "groups": [{"completions": boxed, "reference": reference}],
        "rewards": [{"kind": kind, "params": params}],
        "stats": ["cons"],
    }
    found = judge(RewardRequest.model_validate(body)).groups[0].stats["cons"]
    assert isinstance(found, dict)
    assert (found["share"], found["score"]) == (share, 1.0)


@pytest.mark.parametrize(
    ("completion", "reason"),
    [
        ({"text": "a", "finish_reason": "length"}, "truncated"),
        ({"text": "<think>a"}, "unclosed_think"),
        ({"text": "a" * 9000}, "limit"),
        ({"text": " \n "}, "empty"),
        ({"text": "<think>b</think> a "}, "equal"),
    ],
)
def test_all_of_the_final_text(completion: dict[str, str], reason: str) -> None:
    body = {
        "groups": [{"completions": [completion], "reference": {"answer": "a"}}],
        "rewards": [{"kind": "exact", "params": {"extract": "final"}}],
    }
    judged = judge(RewardRequest.model_validate(body)).groups[0].completions[0]
    assert judged.components["exact"].reason == reason
