"""Problems: right answers, no overlap between training and held-out, the same on every machine."""

import ast
import itertools
import json
import operator
from pathlib import Path
from typing import Any

import pytest

from adjudge import judge
from adjudge.service.api import RewardRequest
from adjudge.trainer_client.jsonl import BadRow, Row, read_rows, write_rows
from adjudge.trainer_client.tasks.files import gsm8k
from adjudge.trainer_client.tasks.splits import dress, problems, write_splits

OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def value(text: str) -> float:
    def walk(node: Any) -> float:
        if isinstance(node, ast.BinOp):
            found: float = OPERATORS[type(node.op)](walk(node.left), walk(node.right))
            return found
        if isinstance(node, ast.UnaryOp):
            return -walk(node.operand)
        return float(node.value)

    return walk(ast.parse(text, mode="eval").body)


def take(task: str, count: int, **options: Any) -> list[Row]:
    return list(itertools.islice(problems(task, 7, **options), count))


def test_chains_are_worked_right() -> None:
    for row in take("chains", 200):
        sums = row["completion"].partition("</think>")[0].removeprefix("<think>").split(";")
        assert all(value(left) == value(right) for left, right in (s.split("=") for s in sums))
        assert value(row["prompt"].removesuffix("=")) == float(row["reference"]["answer"])


def test_a_worked_chain_is_full_marks_and_its_neighbour_is_not() -> None:
    row = take("chains", 1)[0]
    wrong = row["completion"].replace("}</answer>", "0}</answer>")
    request = RewardRequest.model_validate(
        {
            "groups": [{"completions": [row["completion"], wrong], "reference": row["reference"]}],
            "rewards": [{"kind": "number"}, {"kind": "format", "params": {"style": "r1_zero"}}],
        }
    )
    assert judge(request).groups[0].rewards == (2.0, 1.0)


def test_countdown_can_be_reached_with_its_numbers() -> None:
    for row in take("countdown", 200, numbers=4):
        expression = row["completion"].partition("<answer>")[2].removesuffix("</answer>")
        assert value(expression) == row["reference"]["target"]
        used = [int(word) for word in expression.replace("(", "").replace(")", "").split()[::2]]
        assert sorted(used) == sorted(row["reference"]["numbers"])


def test_reasoning_gym_rows_are_judged_by_that_library() -> None:
    gym = pytest.importorskip("reasoning_gym")
    for row in take("chain_sum", 5, size=5):
        entry = row["reference"]["entry"]
        assert gym.get_score_answer_fn("chain_sum")(entry["answer"], entry) == 1.0
        assert json.loads(json.dumps(row)) == row
    with pytest.raises(ValueError, match="nonsense"):
        take("nonsense", 1)


def test_gsm8k_as_published(tmp_path: Path) -> None:
    path = tmp_path / "gsm8k.jsonl"
    worked = "He ate 1,000*2 = <<1000*2=2000>>2,000.\n#### 2,000"
    write_rows(path, [{"question": "How many?", "answer": worked}])
    assert list(gsm8k(path)) == [
        {
            "prompt": "How many?",
            "reference": {"answer": "2000"},
            "completion": "<think>He ate 1,000*2 = 2,000.</think><answer>\\boxed{2000}</answer>",
        }
    ]
    write_rows(path, [{"question": "How many?", "answer": "2"}])
    with pytest.raises(BadRow, match=r"gsm8k\.jsonl:1"):
        list(gsm8k(path))


def test_no_heldout_problem_is_trained_on(tmp_path: Path) -> None:
    counts = write_splits(tmp_path, "chains", train=300, heldout=50, numbers=2, largest=30)
    assert counts == (300, 50)
    train = {row["prompt"] for row in read_rows(tmp_path / "train.jsonl")}
    heldout = {row["prompt"] for row in read_rows(tmp_path / "heldout.jsonl")}
    assert (len(train), len(heldout)) == (300, 50)
    assert train.isdisjoint(heldout)
    again = tmp_path / "again"
    write_splits(again, "chains", train=300, heldout=50, numbers=2, largest=30)
    assert (again / "train.jsonl").read_text() == (tmp_path / "train.jsonl").read_text()


def test_a_small_task_ends(tmp_path: Path) -> None:
    train, heldout = write_splits(
        tmp_path, "chains", train=9999, heldout=9999, numbers=2, largest=3
    )
    assert train + heldout == 18


@pytest.mark.parametrize("template", ["plain", "r1_zero", "chat"])
def test_templates(template: str) -> None:
    row = dress({"prompt": "1+1=", "reference": {}, "completion": "2"}, template)
    assert "1+1=" in json.dumps(row["prompt"])
    if template == "chat":
        assert [message["role"] for message in row["prompt"]] == ["system", "user"]
        assert row["completion"] == [{"role": "assistant", "content": "2"}]


def test_lines_that_are_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    for line in ("[1]", "{", "[" * 100_000):
        path.write_text("{}\n\n" + line + "\n")
        with pytest.raises(BadRow, match=r"bad\.jsonl:3"):
            list(read_rows(path))
    assert list(read_rows(path, most=2)) == [{}]


def test_a_broken_write_leaves_no_file(tmp_path: Path) -> None:
    def rows() -> Any:
        yield {}
        raise KeyError

    with pytest.raises(KeyError):
        write_rows(tmp_path / "out.jsonl", rows())
    assert not (tmp_path / "out.jsonl").exists()
