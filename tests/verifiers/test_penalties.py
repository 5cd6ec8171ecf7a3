"""Flags, and the kinds that look at shape rather than at answers."""

import itertools
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pydantic import TypeAdapter

from adjudge.service.api import RewardRequest
from adjudge.service.errors import BadRequest
from adjudge.service.in_process import judge
from adjudge.verifiers.flags import SPECIAL, TAGS, flags
from adjudge.verifiers.length import LengthParams, LengthReference, cosine, soft_overlong
from adjudge.verifiers.length import check as check_lengths
from adjudge.verifiers.repetition import MAX_UNITS, packed_ratio, repeated_share
from adjudge.verifiers.types import BadReference, Completion, Prompt

CASES = Path(__file__).parents[1] / "cases" / "hacks.jsonl"
PROMPT: TypeAdapter[Prompt | None] = TypeAdapter(Prompt | None)


def rows() -> list[dict[str, Any]]:
    return [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("row", [pytest.param(row, id=str(at)) for at, row in enumerate(rows(), 1)])
def test_flags(row: dict[str, Any]) -> None:
    prompt = PROMPT.validate_python(row.get("prompt"))
    completion = Completion(row["text"], prompt, finish_reason=row.get("finish_reason"))
    assert list(flags(completion)) == row["flags"]


def test_a_prefilled_prompt_is_no_echo() -> None:
    prompt = "What is the sum of the first hundred whole numbers? " * 5
    assert flags(Completion(prompt + "5050", prompt, prefill_chars=len(prompt))) == ()


@given(some.lists(some.sampled_from([*TAGS, *SPECIAL[:3], "a", "\\boxed{1}", "\u200b", "exit(0)"])))
def test_any_text_has_flags(words: list[str]) -> None:
    assert isinstance(flags(Completion("".join(words))), tuple)


HOSTILE = [
    "def __eq__(self, ",
    "pytest.",
    "\u200d",
    "<think>",
    "\\boxed{",
    " or ",
    "exit( ",
    "give me ",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_is_read_in_linear_time(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    flags(Completion(text, prompt=text[:10_000]))
    repeated_share(text, 4)


def judged(kind: str, completions: list[Any], **params: Any) -> list[Any]:
    reference = {"answer": "4"}
    body = {
        "groups": [{"completions": completions, "reference": reference}],
        "rewards": [{"kind": kind, "params": params}],
    }
    response = judge(RewardRequest.model_validate(body))
    return [completion.components[kind] for completion in response.groups[0].completions]


def of(*lengths: int, text: str = "\\boxed{4}") -> list[dict[str, Any]]:
    return [{"text": text, "tokens": length} for length in lengths]


def test_soft_overlong_is_dapo_s() -> None:
    """Eq. 13 with L_max 16 and L_cache 4: 0 to 12, a line to −1 at 16, −1 beyond."""
    found = judged("length", of(0, 12, 13, 14, 16, 99), max_tokens=16, cache_tokens=4)
    assert [c.score for c in found] == [0.0, 0.0, -0.25, -0.5, -1.0, -1.0]
    assert [c.reason for c in found][1:3] == ["short_enough", "overlong"]


def test_cosine_is_clamped() -> None:
    found = judged("length", of(0, 50, 100, 150), shape="cosine", max_tokens=100)
    assert [c.score for c in found] == pytest.approx([1.0, 0.5, 0.0, 0.0])
    quarter = judged("length", of(25), shape="cosine", max_tokens=100, min_value=-1, max_value=1)
    assert quarter[0].score == pytest.approx(math.cos(math.pi / 4))


def test_kimi_is_relative_to_the_group() -> None:
    assert [c.score for c in judged("length", of(10, 20, 30), shape="kimi")] == [0.5, 0.0, -0.5]
    assert [c.score for c in judged("length", of(7, 7), shape="kimi")] == [0.0, 0.0]
    mixed = of(10) + of(20, text="\\boxed{5}") + of(10, text="\\boxed{5}") + of(30)
    found = judged("length", mixed, shape="kimi", right_by="exact")
    assert [c.score for c in found] == [0.5, 0.0, 0.0, -0.5]


LENGTHS = some.lists(some.integers(0, 60_000), min_size=2, max_size=12)


@given(LENGTHS, some.integers(1, 40_000), some.integers(1, 40_000))
def test_soft_overlong_falls_from_0_to_minus_1(lengths: list[int], most: int, cache: int) -> None:
    params = LengthParams(max_tokens=most, cache_tokens=min(cache, most))
    scores = [soft_overlong(length, params) for length in sorted(lengths)]
    assert all(-1.0 <= score <= 0.0 for score in scores)
    assert scores == sorted(scores, reverse=True)
    assert soft_overlong(most, params) == -1.0
    assert soft_overlong(most - params.cache_tokens, params) == 0.0


@given(LENGTHS, some.integers(1, 40_000), some.floats(-1, 1), some.floats(-1, 1))
def test_cosine_goes_one_way_between_its_ends(
    lengths: list[int], most: int, first: float, last: float
) -> None:
    params = LengthParams(shape="cosine", max_tokens=most, max_value=first, min_value=last)
    scores = [cosine(length, params) for length in sorted(lengths)]
    low, high = min(first, last) - 1e-9, max(first, last) + 1e-9
    assert all(low <= score <= high for score in scores)
    falls = [a - b for a, b in itertools.pairwise(scores)]
    assert all(fall * (first - last) >= -1e-9 for fall in falls)
    assert cosine(0, params) == pytest.approx(first)
    assert cosine(2 * most, params) == pytest.approx(last)


@given(LENGTHS, some.lists(some.booleans(), min_size=12, max_size=12))
def test_kimi_prefers_short_and_right(lengths: list[int], right: list[bool]) -> None:
    completions = [
        Completion("\\boxed{4}" if ok else "\\boxed{5}", tokens=length)
        for length, ok in zip(lengths, right, strict=False)
    ]
    params = LengthParams(shape="kimi", right_by="exact")
    found = check_lengths(completions, LengthReference(answer="4"), params)
    scores = [verdict.score or 0.0 for verdict in found]
    assert all(-0.5 <= score <= 0.5 for score in scores)
    told = list(zip(lengths, right, scores, strict=False))
    for length, ok, score in told:
        assert ok or score <= 0.0
        for other, same, theirs in told:
            assert ok is not same or length > other or score >= theirs
            assert not (ok and not same and length == other) or score >= theirs
    if len(set(lengths)) == 1:
        assert set(scores) == {0.0}


def test_a_length_that_is_missing_is_the_callers() -> None:
    with pytest.raises(BadReference, match="tokens only"):
        check_lengths([Completion("a")], LengthReference(), LengthParams())


def test_lengths_are_told_in_tokens_only() -> None:
    with pytest.raises(BadRequest) as caught:
        judged("length", [{"text": "a", "tokens": 3}, "b"])
    assert caught.value.faults[0].path == "groups[0].completions[1].tokens"
    with pytest.raises(BadRequest, match="cache_tokens"):
        judged("length", of(1), max_tokens=3, cache_tokens=4)


NATURAL = (
    "We have to find how many of the sheep are left. He starts with seventeen and sells three: "
    "fourteen. The goats do not matter for this question, but the hens do: nine and two are "
    "eleven, and the fox takes four of them, so that seven remain. Adding what is left of each "
    "kind gives the total asked for, and a short check with the other order confirms it."
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (NATURAL, "varied"),
        ("", "varied"),
        ("4", "varied"),
        ("So x is 4. " * 100, "loop"),
        (NATURAL + "Wait, let me check again. " * 60, "loop"),
        ("所以答案是四。让我再检查一下。" * 60, "loop"),
        ("one two three four five six seven eight nine ten eleven. " * 4, "repeated_ngrams"),
        ("所以答案是四让我再检查" * 4, "repeated_ngrams"),
    ],
)
def test_repetition(text: str, reason: str) -> None:
    (found,) = judged("repetition", [text])
    assert found.reason == reason
    assert (found.score == 0.0) is (reason == "varied")
    assert -1.0 <= found.score <= 0.0


def test_repetition_params() -> None:
    (found,) = judged("repetition", ["a b c d " * 9], max_penalty=0.5)
    assert found.score == pytest.approx(-0.5 * (repeated_share("a b c d " * 9, 4) - 0.2) / 0.8)
    (mild,) = judged("repetition", ["So x is 4. " * 100], loop_ratio=0, free=0.999)
    assert mild.reason == "varied"


def test_a_loop_behind_blanks_or_in_many_letters() -> None:
    blank = NATURAL + ("So x is 4." + " " * 40) * 200
    many = NATURAL + "".join(map(chr, range(0x4E00, 0x4F40))) * 20
    for text in (blank, many):
        (found,) = judged("repetition", [text], tail_chars=4_000)
        assert found.reason == "loop"


def test_a_very_long_text_is_counted_up_to_a_bound() -> None:
    assert repeated_share("a b " * MAX_UNITS + NATURAL, 4) == repeated_share("a b " * MAX_UNITS, 4)


@given(some.text(max_size=2000), some.integers(1, 8))
def test_shares_are_shares(text: str, n: int) -> None:
    assert 0.0 <= repeated_share(text, n) <= 1.0
    assert packed_ratio(text) > 0.0


def test_hacks() -> None:
    texts = ["<think>a</think>\\boxed{4}", "\\boxed{4}\u200b [INST]", "<think>a"]
    found = judged("hacks", texts)
    assert [c.score for c in found] == [0.0, -1.0, 0.0]
    assert found[1].detail == "special_tokens, zero_width"
    assert judged("hacks", texts, each=0.25, ignore=["zero_width"])[1].score == -0.25


def test_no_hack_is_paid_as_right() -> None:
    """Of every class that hides or multiplies answers, the answer is not taken."""
    for row in rows():
        if {"several_answers", "only_in_cot", "empty_answer", "unclosed_think"} & set(row["flags"]):
            assert judged("exact", [row["text"]], extract="boxed")[0].score == 0.0
