"""`puzzle`: every task of reasoning-gym accepts its own solution, and no answer is executed."""

import ast
import importlib
import json
import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from adjudge.verifiers.puzzle import (
    EXPRESSIONS,
    LITERALS,
    PuzzleParams,
    PuzzleReference,
    check,
    parse_expression,
)
from adjudge.verifiers.types import BadReference, Completion, Verdict

pytest.importorskip("reasoning_gym", reason="the extra `puzzles` is not installed")

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    FACTORY = importlib.import_module("reasoning_gym.factory")

NO_ANSWER_OF_ITS_OWN = {"boxnet", "graph_color", "propositional_logic", "rubiks_cube", "rush_hour"}
"""Their entries come with `answer: null`: many answers are right."""
TASKS = sorted(set(FACTORY.DATASETS) - {"composite"} - NO_ANSWER_OF_ITS_OWN)


def entry_of(task: str, seed: int = 5) -> dict[str, Any]:
    """As a dataset on disk has it: through JSON."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        entry = FACTORY.create_dataset(task, size=1, seed=seed)[0]
    parsed: dict[str, Any] = json.loads(json.dumps(entry, default=str))
    return parsed


def scored(task: str, entry: dict[str, Any], answer: str) -> Verdict:
    completion = Completion(f"<think>x</think><answer>{answer}</answer>")
    reference = PuzzleReference(task=task, entry=entry)
    return check(completion, reference, PuzzleParams(extract="answer_tag"))


@pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.parametrize("task", TASKS)
def test_own_solution_is_accepted(task: str) -> None:
    entry = entry_of(task)
    assert scored(task, entry, entry["answer"]).score == 1.0
    assert scored(task, entry, "certainly not this").score is not None


RISKY = [name.rpartition(".")[2] for name in (*LITERALS, *EXPRESSIONS)]


@pytest.mark.parametrize("task", RISKY)
def test_no_answer_is_executed(task: str, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    attacks = [
        f"open({str(mark)!r}, 'w')",
        f"__import__('pathlib').Path({str(mark)!r}).touch()",
        f"[open({str(mark)!r}, 'w')]",
        f"(lambda: open({str(mark)!r}, 'w'))()",
        f"x.__class__.__base__.__subclasses__()[0]({str(mark)!r})",
    ]
    entry = entry_of(task)
    for attack in attacks:
        verdict = scored(task, entry, attack)
        assert verdict.score is not None
        assert verdict.score < 0.5
    assert not mark.exists()


def test_faults_of_the_reference() -> None:
    with pytest.raises(BadReference, match="is not one of"):
        scored("no_such_task", {}, "4")
    with pytest.raises(BadReference, match="entry"):
        scored("chain_sum", {}, "4")


@pytest.mark.parametrize(
    "text", ["9**9**9", "2**201", "x.y", "f(x)", "__import__", "[1]", "1 if x else 2", "(", "'a'"]
)
def test_refused_expressions(text: str) -> None:
    with pytest.raises(ValueError):
        parse_expression(text)


@given(some.text(alphabet="0123456789xyC+-*/() .sincolg", max_size=30))
def test_expressions_are_built_or_refused(text: str) -> None:
    try:
        parse_expression(text)
    except (ValueError, ZeroDivisionError):
        return
    ast.parse(text.strip(), mode="eval")
