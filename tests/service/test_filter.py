"""`POST /filter`: the rules as a pure function over a judged answer."""

from typing import Any

import pytest

from adjudge.service.errors import BadRequest
from adjudge.service.filter import FilterRequest, FilterResponse, sift, to_judge
from adjudge.service.in_process import judge

GOOD = "<think>Short and clear.</think><answer>4</answer>"


def sifted(rules: dict[str, Any], *texts: Any, **more: Any) -> FilterResponse:
    group = {"completions": list(texts), "reference": {"answer": "4"}}
    body = {"groups": [group], "rewards": [{"kind": "number"}], **more, "rules": rules}
    request = FilterRequest.model_validate(body)
    judged = to_judge(request)
    return sift(request, judged, judge(judged))


def rules_of(response: FilterResponse) -> list[str | None]:
    return [completion.rule for completion in response.groups[0].completions]


@pytest.mark.parametrize(
    ("rules", "text", "rule"),
    [
        ({}, "anything", None),
        ({"correct": True}, GOOD, None),
        ({"correct": True}, "<think>a</think><answer>5</answer>", "correct"),
        ({"format": True}, GOOD, None),
        ({"format": True}, "4", "format"),
        ({"max_paragraph_chars": 20}, f"<think>{'x' * 21}</think>4", "max_paragraph_chars"),
        ({"max_paragraph_chars": 30}, f"<think>{'x' * 20}\n \n{'y' * 20}</think>4", None),
        ({"max_paragraph_chars": 20}, f"<think>a</think>{'x' * 99}", None),
        ({"no_code_in_cot": True}, "<think>```python\nx\n```</think>4", "no_code_in_cot"),
        ({"no_code_in_cot": True}, "<think>a</think>```python\nx\n```", None),
    ],
)
def test_rule(rules: dict[str, Any], text: str, rule: str | None) -> None:
    response = sifted(rules, text)
    assert rules_of(response) == [rule]
    assert response.groups[0].completions[0].kept is (rule is None)


def test_the_shortest_are_kept() -> None:
    texts = [GOOD + " " * 9, GOOD, GOOD + " " * 5, "wrong"]
    response = sifted({"correct": True, "per_group": 2}, *texts)
    assert rules_of(response) == ["per_group", None, None, "correct"]
    assert response.counts == {"kept": 2, "per_group": 1, "correct": 1}


def test_random_is_the_same_for_the_same_texts() -> None:
    texts = [GOOD + " " * n for n in range(12)]
    first = sifted({"per_group": 3, "prefer": "random"}, *texts)
    again = sifted({"per_group": 3, "prefer": "random"}, *reversed(texts))
    assert rules_of(first) == rules_of(again)[::-1]
    assert first.counts == {"kept": 3, "per_group": 9}


def test_what_could_not_be_judged_is_not_kept() -> None:
    group = {"completions": [GOOD], "reference": {"answer": "no number"}}
    assert rules_of(sifted({"correct": True}, groups=[group])) == ["unscored"]
    assert rules_of(sifted({}, groups=[group])) == [None]


def test_presets_and_a_group_s_own_rewards() -> None:
    group = {"completions": ["4"], "reference": {"answer": "4"}, "rewards": [{"kind": "exact"}]}
    assert rules_of(sifted({"correct": True}, groups=[group])) == [None]
    with pytest.raises(BadRequest, match="unknown preset"):
        sifted({"correct": True}, GOOD, rewards={"preset": "nope"})
    with pytest.raises(BadRequest, match="rule `correct` needs"):
        sifted({"correct": True}, GOOD, rewards=None)


def test_prefill_is_read_with_the_text() -> None:
    group = {"completions": [f"{'x' * 30}</think>4"], "prefill": "<think>\n"}
    assert rules_of(sifted({"max_paragraph_chars": 20}, groups=[group], rewards=None)) == [
        "max_paragraph_chars"
    ]
