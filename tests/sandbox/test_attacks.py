"""Programs that try to get out, to be rewarded for nothing, or to leave something behind.

After each one, an innocent program in the same slot must find a clean place and run.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adjudge.sandbox.pool import Pool
from adjudge.sandbox.types import Ending, Limits, Program, Result

CASES = Path(__file__).parent.parent / "cases" / "sandbox"
LIMITS = Limits(cpu_s=0.25, idle_s=0.25, memory_mb=256, processes=16, output_mb=4)
CANARY = Program(source="import os, json\nprint(len(os.listdir('.')), 'canary', len('abc'))")


def rows() -> Iterator[dict[str, Any]]:
    for name in ("attacks.jsonl", "more_attacks.jsonl"):
        for line in (CASES / name).read_text(encoding="utf-8").splitlines():
            yield json.loads(line)


def passes(row: dict[str, Any], result: Result) -> bool:
    """As a token checker would say."""
    expected = row.get("expected_stdout")
    return (
        expected is not None
        and result.ending is Ending.OK
        and result.stdout.split() == expected.encode().split()
    )


@pytest.fixture(scope="session")
def one_slot(make_pool: Any) -> Iterator[Pool]:
    pool = make_pool(slots=1)
    yield pool
    pool.close()


@pytest.mark.parametrize("row", [pytest.param(row, id=row["id"]) for row in rows()])
def test_attack(one_slot: Pool, row: dict[str, Any], backend_name: str) -> None:
    if backend_name in row.get("skip", ()):
        pytest.skip("this back end lets no run have children or signals")
    with one_slot.open(Program(source=row["code"]), LIMITS) as session:
        result = session.run(row.get("stdin", "").encode())
    assert b"ESCAPED" not in result.stdout, result
    if row["mode"] == "stdio":
        assert passes(row, result) is (row["expect"] == "pass"), result
    if "ending" in row:
        assert result.ending == row["ending"], result
    with one_slot.open(CANARY, Limits(cpu_s=10, idle_s=10)) as session:
        assert session.run().stdout == b"0 canary 3\n"
