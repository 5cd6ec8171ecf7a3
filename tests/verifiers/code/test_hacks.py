"""Programs that want to be paid without solving anything; and honest ones that look alike.

Each is judged through the whole kind: split processes, codec, checkers.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.verifiers.code.conftest import Judge

CASES = Path(__file__).parents[2] / "cases" / "sandbox"
FILES = (
    "hacks.jsonl",
    "attacks.jsonl",
    "more_attacks.jsonl",
    "cpp_attacks.jsonl",
    "js_attacks.jsonl",
)
LIMITS = {"cpu_s": 1.0, "idle_s": 0.5}
Row = dict[str, Any]


def rows() -> Iterator[Row]:
    for name in FILES:
        for line in (CASES / name).read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row["kind"] == "reward_hack" and row["expect"] != "contained":
                yield row


def asked_of(row: Row) -> dict[str, Any]:
    if isinstance(row.get("tests"), dict):
        return dict(row["tests"])
    if row["mode"] == "assert":
        return {"type": "assert", "code": row["tests"]}
    case = {"input": row.get("stdin", ""), "output": row.get("expected_stdout", "")}
    return {"type": "stdio", "cases": [case]}


@pytest.mark.parametrize("row", [pytest.param(row, id=row["id"]) for row in rows()])
def test_hack(judge: Judge, row: Row) -> None:
    fenced = f"```{row['language']}\n{row['code']}\n```"
    verdict = judge(fenced, asked_of(row), language=row["language"], limits=LIMITS)
    if verdict.reason == "language_unavailable":
        pytest.skip(f"no tool for {row['language']} here")
    assert verdict.score == (1.0 if row["expect"] == "pass" else 0.0), verdict
