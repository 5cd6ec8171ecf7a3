"""Programs and tests as data: what is right is paid, what is wrong is not, and the reason is told.

A row has `code`, `tests`, `params`, and the `score`, `reason`, words of the `detail` and flag
`weak` that must come. An input or output may be a list of [text, how often].
"""

import json
from pathlib import Path
from typing import Any

import pytest

from adjudge.sandbox.types import Sandbox
from adjudge.verifiers.types import Verdict

SETS = ("stdio", "function", "assert", "hacks")
FOLDER = Path(__file__).parents[2] / "cases" / "code"


def rows(name: str) -> list[Any]:
    lines = (FOLDER / f"{name}.jsonl").read_text("utf-8").splitlines()
    return [pytest.param(row, id=f"{name}: {row['note']}") for row in map(json.loads, lines)]


def spelt_out(text: Any) -> str:
    return text if isinstance(text, str) else "".join(part * count for part, count in text)


def spelt_tests(row: dict[str, Any]) -> dict[str, Any]:
    tests: dict[str, Any] = row["tests"]
    if tests["type"] == "stdio":
        cases = [{key: spelt_out(case[key]) for key in case} for case in tests["cases"]]
        return {**tests, "cases": cases}
    return tests


@pytest.mark.parametrize("row", [row for name in SETS for row in rows(name)])
def test_case(judge: Any, sandbox: Sandbox, row: dict[str, Any]) -> None:
    if row.get("params", {}).get("language", "python") not in ("python", "c++", *sandbox.languages):
        pytest.skip("no tool for the language here")
    verdict: Verdict = judge(f"```\n{row['code']}\n```", spelt_tests(row), **row.get("params", {}))
    assert verdict.score == row["score"], verdict
    assert row["reason"] in (None, verdict.reason), verdict
    assert row.get("detail", "") in verdict.detail
    assert ("integrity_weak" in verdict.flags) == row.get("weak", False), verdict


FIELD = [json.loads(line) for line in (FOLDER / "field.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("row", FIELD, ids=[row["name"] for row in FIELD])
def test_problem_of_the_field(judge: Any, row: dict[str, Any]) -> None:
    """Its own solution passes, split from its tests; with what breaks it appended, it does not."""
    verdict: Verdict = judge(f"```\n{row['code']}\n```", row["tests"])
    assert (verdict.score, verdict.flags) == (1.0, ()), verdict
    for broken in row["broken"]:
        assert judge(f"```\n{row['code']}{broken}\n```", row["tests"]).score == 0.0
