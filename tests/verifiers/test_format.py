import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from adjudge.verifiers.format import (
    ANALYSIS,
    BLOCKS,
    FINAL,
    MAGISTRAL,
    FormatParams,
    FormatReference,
    check,
)
from adjudge.verifiers.types import Completion, Outcome, Verdict

CASES = Path(__file__).parents[1] / "cases" / "format"
STYLES: tuple[Any, ...] = FormatParams.model_fields["style"].annotation.__args__  # type: ignore[union-attr]


def judged(text: str, style: Any, prefill: str = "") -> Verdict:
    completion = Completion(prefill + text, prefill_chars=len(prefill))
    return check(completion, FormatReference(), FormatParams(style=style))


def rows() -> list[dict[str, Any]]:
    files = (CASES / "cases.jsonl", CASES / "hostile.jsonl")
    return [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["id"])
def test_case(row: dict[str, Any]) -> None:
    verdict = judged(row["completion"], row["style"], "<think>\n" if row["prefilled"] else "")
    assert verdict.score == pytest.approx(row["label"]), (row["note"], verdict)


MADE = [
    ("r1_zero", "<think>a</think><answer>b</answer>", "kept"),
    ("r1_zero", "<think>a</think>", "missing_tag"),
    ("r1_zero", "<think>a</think><answer>b</answer><answer>c</answer>", "repeated_tag"),
    ("r1_zero", "<answer>b</answer><think>a</think>", "tag_order"),
    ("r1_zero", "<think>a</think> so <answer>b</answer>", "text_outside"),
    ("r1_zero", "<think> </think><answer>b</answer>", "empty_reasoning"),
    ("r1_zero", "<think>a</think><answer>\n</answer>", "empty_answer"),
    ("r1_zero_newline", "<think>\na\n</think>\n<answer>\nb\n</answer>", "kept"),
    ("r1_zero_newline", "<think>\na</think>\n<answer>\nb\n</answer>", "layout"),
    ("r1_zero_newline", "<think>\na\n</think>\n<answer>\nb\n</answer>\n", "layout"),
    ("r1_zero_boxed", "<think>a</think><answer>b</answer>", "no_box"),
    ("r1_zero_boxed", "<think>a</think><answer>\\boxed{1} \\boxed{2}</answer>", "several_boxes"),
    ("r1_think_summary", "x <think>a</think>b", "text_outside"),
    ("r1_think_summary", "<think>a</think>", "empty_summary"),
    ("r1_think_summary", "<think></think>b", "empty_reasoning"),
    ("r1_summary_boxed", "<think>a</think>\\boxed{1", "unclosed_box"),
    ("qwen3", "<think></think>b", "kept"),
    ("magistral", "[THINK] [/THINK]b", "empty_reasoning"),
    ("harmony", f"{ANALYSIS}a{FINAL}b<|return|>", "kept"),
    ("harmony", f"{ANALYSIS}a{FINAL}b<|channel|>x", "repeated_tag"),
    ("harmony", f"x{ANALYSIS}a{FINAL}b", "text_outside"),
    ("harmony", f"{ANALYSIS}a{FINAL} ", "empty_answer"),
    ("soft_anywhere", "x<think>a</think>x<answer>b</answer>x", "kept"),
    ("soft_anywhere", "<answer>b</answer><think>a</think>", "missing_tag"),
    ("soft_tag_count", "<think>a</think>", "tag_count"),
]


@pytest.mark.parametrize(("style", "text", "reason"), MADE)
def test_reason(style: str, text: str, reason: str) -> None:
    assert judged(text, style).reason == reason


@given(
    some.lists(some.sampled_from([*BLOCKS, *MAGISTRAL, ANALYSIS, FINAL, "a", "\n", "\\boxed{1}"])),
    some.sampled_from(STYLES),
)
def test_any_mixture_of_tags_is_judged(words: list[str], style: str) -> None:
    verdict = judged("".join(words), style)
    assert verdict.verdict in (Outcome.CORRECT, Outcome.INCORRECT, Outcome.PARTIAL)


@pytest.mark.parametrize("style", STYLES)
def test_hostile_text_is_read_once(style: str) -> None:
    for piece in ("</think>\n<answer>\n", "<think>", "\\boxed{", "<|channel|>", "{" * 10):
        judged(piece * (100_000 // len(piece)), style)
