"""Extraction: cases as data, hostile text, and what a refusal is worth."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from adjudge.verifiers.extract import (
    MAX_ANSWER_CHARS,
    MAX_CANDIDATES,
    Extraction,
    How,
    extract,
    split_thought,
)
from adjudge.verifiers.types import Completion, Outcome

CASES = Path(__file__).parents[1] / "cases" / "extract.jsonl"
ROWS = [json.loads(line) for line in CASES.read_text().splitlines()]
HOWS: tuple[How, ...] = ("boxed", "answer_tag", "last_line")
MILLION = 1_000_000


@pytest.mark.parametrize("row", ROWS, ids=range(1, len(ROWS) + 1))
def test_case(row: dict[str, Any]) -> None:
    completion = Completion(row["text"], finish_reason=row.get("finish_reason"))
    found = extract(completion, row.get("how", "boxed"))
    assert found == Extraction(tuple(row.get("candidates", ())), row.get("reason"))


HOSTILE = [
    "\\boxed{",
    "\\boxed",
    "\\boxed ",
    "\\boxed 5",
    "\\boxed{}",
    "\\boxed{5}",
    "{",
    "}",
    "{}",
    "\\",
    "\\{",
    "\\\\boxed{",
    "<answer>",
    "</answer>",
    "<answer></answer>",
    "<think>",
    "</think>",
    "</think>\\boxed{1}<think>",
    "</s>",
    "<|",
    "answer is ",
    "*",
    " ",
    "\n",
    "a\n",
    "答案是",
    "\x00",
]


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_megabyte_is_read_in_linear_time(piece: str, how: How) -> None:
    text = piece * (MILLION // len(piece))
    for start in ("", "\\boxed{<answer>"):
        started = time.process_time()
        extract(Completion(start + text), how)
        # Not an assertion on speed: a quadratic reader would need hours here.
        assert time.process_time() - started < 10


@pytest.mark.parametrize("how", HOWS)
def test_too_long_is_wrong_not_unread(how: How) -> None:
    long = "7" * (MAX_ANSWER_CHARS + 1)
    found = extract(Completion(f"\\boxed{{{long}}}\n<answer>{long}</answer>\n{long}"), how)
    assert found.reason == "limit"
    assert found.refusal().verdict is Outcome.INCORRECT
    assert found.refusal().score == 0.0


def test_an_answer_at_the_limit_is_read() -> None:
    content = "7" * MAX_ANSWER_CHARS
    assert extract(Completion(f"\\boxed{{{content}}}")).answer == content


def test_a_list_of_guesses_is_no_answer() -> None:
    guesses = "".join(f"\\boxed{{{n}}}" for n in range(MAX_CANDIDATES + 2))
    found = extract(Completion(guesses))
    assert found.reason == "ambiguous"
    assert found.refusal().verdict is Outcome.NO_ANSWER


def test_deeply_nested_boxes_are_unwrapped_only_so_far() -> None:
    nested = "\\boxed{" * 9 + "5" + "}" * 9
    assert extract(Completion(nested)).answer == "\\boxed{" * 4 + "5" + "}" * 4


def test_prefill_belongs_to_the_thought() -> None:
    thought = split_thought("<think>\nso</think>done")
    assert (thought.cot, thought.final, thought.closed) == ("<think>\nso</think>", "done", True)


def test_more_boxes_than_anyone_writes_are_not_read() -> None:
    assert extract(Completion("\\boxed{4}" * 300)).reason == "ambiguous"
    assert extract(Completion("\\fbox{4}" * 300)).reason == "ambiguous"
    assert extract(Completion("\\boxed{4}" + "{}" * 20_000)).reason == "limit"
    assert extract(Completion("{}" * 20_000)).reason == "no_box"
