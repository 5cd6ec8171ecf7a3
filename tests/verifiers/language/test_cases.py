"""The estimate against texts whose share is known: it may not fall behind these bounds."""

import json
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from adjudge.verifiers.language.estimate import measure
from adjudge.verifiers.language.scripts import SCRIPT_OF

CASES = Path(__file__).parents[2] / "cases" / "language"
ALARM = 0.9
Row = dict[str, Any]


@cache
def rows(name: str) -> tuple[Row, ...]:
    lines = (CASES / f"{name}.jsonl").read_text("utf-8").splitlines()
    return tuple(json.loads(line) for line in lines)


@cache
def shares(name: str) -> tuple[float, ...]:
    return tuple(measure(row["text"], row["target"]).share for row in rows(name))


def errors(name: str) -> list[tuple[Row, float]]:
    pairs = zip(rows(name), shares(name), strict=True)
    return [(row, abs(share - row["proportion"])) for row, share in pairs]


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def by_pair(name: str) -> dict[tuple[str, str], list[float]]:
    pairs: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row, error in errors(name):
        if "other" in row:
            pairs[row["target"], row["other"]].append(error)
    return pairs


@pytest.mark.parametrize(
    ("name", "bound"), [("mixed", 0.010), ("fresh", 0.006), ("thoughts", 0.010)]
)
def test_mean_error(name: str, bound: float) -> None:
    assert mean([error for _, error in errors(name)]) < bound


def test_no_pair_of_languages_is_far_off() -> None:
    for pair, found in by_pair("mixed").items():
        other_script = SCRIPT_OF[pair[0]] != SCRIPT_OF[pair[1]]
        assert mean(found) < (0.005 if other_script else 0.03), pair


@pytest.mark.parametrize("name", ["single", "fresh", "thoughts"])
def test_pure_text_raises_no_alarm(name: str) -> None:
    pure = [
        (row, share)
        for row, share in zip(rows(name), shares(name), strict=True)
        if row["kind"].startswith("pure") and row["kind"] != "pure_terms"
    ]
    alarms = [(row["id"], row["target"], share) for row, share in pure if share < ALARM]
    assert len(pure) > 100
    assert len(alarms) <= len(pure) / 200, alarms


def test_text_in_another_language_scores_nothing() -> None:
    for row, share in zip(rows("single"), shares("single"), strict=True):
        if row["kind"] == "wrong":
            assert share < 0.02, row["id"]
