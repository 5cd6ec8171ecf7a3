"""Programs that try to get out, to be rewarded for nothing, or to leave something behind.

After each one, an innocent program in the same slot must find a clean place and run.
"""

import json
import queue
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.sandbox.conftest import MakePool

from adjudge.sandbox.pool import Pool
from adjudge.sandbox.types import Ending, LanguageUnavailable, Limits, Program, Result

CASES = Path(__file__).parent.parent / "cases" / "sandbox"
LIMITS = Limits(cpu_s=0.25, idle_s=0.25, memory_mb=256, processes=16, output_mb=4)
CANARY = Program(source="import os, json\nprint(len(os.listdir('.')), 'canary', len('abc'))")
AT_ONCE = 4
FILES = ("attacks.jsonl", "more_attacks.jsonl", "cpp_attacks.jsonl", "js_attacks.jsonl")

Row = dict[str, Any]


def rows() -> Iterator[Row]:
    for name in FILES:
        for line in (CASES / name).read_text(encoding="utf-8").splitlines():
            yield json.loads(line)


class Arena:
    """Some sandboxes of one slot each, so that a canary follows its attack into the same slot."""

    def __init__(self, pools: list[Pool]) -> None:
        self._pools: queue.SimpleQueue[Pool] = queue.SimpleQueue()
        for pool in pools:
            self._pools.put(pool)

    @contextmanager
    def _pool(self) -> Iterator[Pool]:
        pool = self._pools.get()
        try:
            yield pool
        finally:
            self._pools.put(pool)

    def attack(self, row: Row) -> tuple[Result, bytes]:
        program = Program(source=row["code"], language=row["language"])
        limits = replace(LIMITS, **{name: row[name] for name in ("cpu_s", "idle_s") if name in row})
        with self._pool() as pool:
            with pool.open(program, limits) as session:
                result = session.run(row.get("stdin", "").encode())
            with pool.open(CANARY, Limits(cpu_s=10, idle_s=10)) as session:
                return result, session.run().stdout


@pytest.fixture(scope="session")
def fights(
    make_pool: MakePool, backend_name: str, request: pytest.FixtureRequest
) -> Iterator[dict[str, Future[tuple[Result, bytes]]]]:
    """Every attack that was asked for, on its way."""
    pools = [make_pool(slots=1) for _ in range(AT_ONCE)]
    arena = Arena(pools)
    calls = [getattr(item, "callspec", None) for item in request.session.items]
    chosen = {call.params["row"].get("id") for call in calls if call and "row" in call.params}
    with ThreadPoolExecutor(AT_ONCE) as executor:
        yield {
            row["id"]: executor.submit(arena.attack, row)
            for row in rows()
            if row["id"] in chosen and backend_name not in row.get("skip", ())
        }
    for pool in pools:
        pool.close()


def passes(row: Row, result: Result) -> bool:
    """As a token checker would say."""
    expected = row.get("expected_stdout")
    return (
        expected is not None
        and result.ending is Ending.OK
        and result.stdout.split() == expected.encode().split()
    )


@pytest.mark.parametrize("row", [pytest.param(row, id=row["id"]) for row in rows()])
def test_attack(
    fights: dict[str, Future[tuple[Result, bytes]]], row: Row, backend_name: str
) -> None:
    if backend_name in row.get("skip", ()):
        pytest.skip("this back end lets no run have children or signals")
    try:
        result, canary = fights[row["id"]].result()
    except LanguageUnavailable:
        pytest.skip(f"no tool for {row['language']} here")
    assert b"ESCAPED" not in result.stdout, result
    if row["mode"] == "stdio":
        assert passes(row, result) is (row["expect"] == "pass"), result
    if "ending" in row:
        assert result.ending == row["ending"], result
    assert canary == b"0 canary 3\n"
