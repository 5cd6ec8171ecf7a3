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
    _scorers,
    check,
    parse_expression,
)
from adjudge.verifiers.types import BadReference, Completion, Verdict

pytest.importorskip("reasoning_gym", reason="the extra `puzzles` is not installed")

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    FACTORY = importlib.import_module("reasoning_gym.factory")

NO_ANSWER_OF_ITS_OWN = {"boxnet", "graph_color", "propositional_logic", "rubiks_cube", "rush_hour"}
"""Their entries come with `answer: null`: many answers are right, or it stands elsewhere."""
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


GARBAGE = ["{}", "[null]", "nan", "9" * 400, "((("]


@pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.parametrize("task", TASKS)
def test_own_solution_is_accepted_and_garbage_is_not(task: str) -> None:
    entry = entry_of(task)
    assert scored(task, entry, entry["answer"]).score == 1.0
    refuses(task, entry)


def refuses(task: str, entry: dict[str, Any]) -> None:
    for answer in GARBAGE:
        found = scored(task, entry, answer).score
        assert found is not None, answer
        assert found < 1.0, answer


def moves_of(config: str) -> str:
    """Breadth first through the library's own board."""
    board = importlib.import_module("reasoning_gym.games.rush_hour").Board
    letters = sorted(set(config) - {"o", "x"})
    seen, level = set(), [""]
    while level:
        further = []
        for path in level:
            here = board(config)
            here.perform_moves(path)
            if here.solved:
                return path
            if str(here) not in seen:
                seen.add(str(here))
                further += [f"{path} {letter}{step}" for letter in letters for step in ("+1", "-1")]
        level = further
    raise AssertionError("no way out")


def solution(task: str, entry: dict[str, Any]) -> str:
    about = entry["metadata"]
    match task:
        case "graph_color":
            return json.dumps(about["possible_answer"])
        case "propositional_logic":
            return str(about["example_answer"])
        case "rubiks_cube":
            return str(about["example_correct_answer"])
    raise LookupError(task)


@pytest.mark.parametrize("task", sorted(NO_ANSWER_OF_ITS_OWN - {"boxnet", "rush_hour"}))
def test_tasks_that_keep_their_solution_elsewhere(task: str) -> None:
    entry = entry_of(task)
    assert scored(task, entry, solution(task, entry)).score == 1.0
    refuses(task, entry)


def test_a_way_out_of_the_rush_hour() -> None:
    config = "ooooBo" + "ooooBo" + "AAooBo" + "oooooo" * 3
    entry = {"question": "", "answer": None, "metadata": {"board_config": config}}
    assert scored("rush_hour", entry, moves_of(config)).score == 1.0
    refuses("rush_hour", entry)


def test_boxes_that_reach_their_target() -> None:
    entry = entry_of("boxnet")
    assert scored("boxnet", entry, "[]").score == 0.05
    places = entry["metadata"]["initial_state"]
    at = next(place for place, things in places.items() if "target_red" in things)
    agent = f"Agent[{at.replace('_', ', ')}]"
    step = json.dumps([{agent: "move(box_red, target_red)"}])
    assert 0.3 < (scored("boxnet", entry, step).score or 0.0) < 1.0
    refuses("boxnet", entry)


def test_an_entry_of_a_composite_says_what_it_is() -> None:
    entry = entry_of("chain_sum")
    assert scored("composite", entry, entry["answer"]).score == 1.0
    for lost in ({"answer": "4", "metadata": {}}, {"answer": "4"}):
        with pytest.raises(BadReference, match="is not one of"):
            scored("composite", lost, "4")


def test_a_scorer_that_pays_anything_pays_only_its_own() -> None:
    entry = entry_of("game_of_life_halting")
    entry["answer"] = "True"
    assert scored("game_of_life_halting", entry, " true").score == 1.0
    for answer in ("False", "anything", "1"):
        assert scored("game_of_life_halting", entry, answer).score == 0.0


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


def test_several_answers_or_none() -> None:
    entry, params = entry_of("chain_sum"), PuzzleParams(extract="boxed")
    reference = PuzzleReference(task="chain_sum", entry=entry)
    for text, reason in (("\\boxed{4}, or \\boxed{5}", "ambiguous"), ("4", "no_box")):
        assert check(Completion(text), reference, params).reason == reason


def test_without_the_library_nothing_is_scored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adjudge.verifiers.puzzle.importlib.import_module", missing)
    _scorers.cache_clear()
    try:
        assert scored("chain_sum", {}, "4").reason == "puzzles_missing"
    finally:
        _scorers.cache_clear()


def missing(name: str) -> None:
    raise ModuleNotFoundError(name)


def test_faults_of_the_reference() -> None:
    with pytest.raises(BadReference, match="is not one of"):
        scored("no_such_task", {}, "4")
    with pytest.raises(BadReference, match="entry"):
        scored("chain_sum", {}, "4")


@pytest.mark.parametrize(
    "text",
    [
        "9**9**9",
        "2**201",
        "x.y",
        "f(x)",
        "__import__",
        "[1]",
        "1 if x else 2",
        "(",
        "'a'",
        "1+" * 2_100 + "1",
        "a" * 21,
    ],
)
def test_refused_expressions(text: str) -> None:
    with pytest.raises(ValueError):
        parse_expression(text)


def test_constants_belong_into_expressions() -> None:
    assert str(parse_expression("2*pi + E*x")) == "E*x + 2*pi"


@given(some.text(alphabet="0123456789xyC+-*/() .sincolg", max_size=30))
def test_expressions_are_built_or_refused(text: str) -> None:
    try:
        parse_expression(text)
    except (ValueError, ZeroDivisionError):
        return
    ast.parse(text.strip(), mode="eval")
