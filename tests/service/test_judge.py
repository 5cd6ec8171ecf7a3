"""The heart, called as a function: plans, verdicts, combination; no queue, no HTTP."""

from typing import Any

import pytest
from pydantic import ValidationError

from adjudge.service.api import Component, RewardRequest, RewardResponse
from adjudge.service.errors import BadRequest, TooLarge
from adjudge.service.in_process import judge
from adjudge.service.job import Entry, Job, Task
from adjudge.service.judge import SKIPPED, Watch, classify, judge_job
from adjudge.service.plan import plan
from adjudge.verifiers.types import Outcome
from tests.service.kinds import kinds

ACT = {"kind": "act"}


def ask(**request: Any) -> RewardResponse:
    request.setdefault("rewards", [ACT])
    return judge(RewardRequest.model_validate(request), kinds())


def group(*completions: Any, **more: Any) -> dict[str, Any]:
    return {"completions": list(completions), **more}


def faults(**request: Any) -> dict[str, str]:
    with pytest.raises(BadRequest) as caught:
        ask(**request)
    return {fault.path: fault.message for fault in caught.value.faults}


def test_completions_come_back_in_order() -> None:
    texts = [f"word{n}" for n in range(50)]
    answer = ask(groups=[group(*texts[:40]), group(*texts[40:])])
    found = [c.components["act"].extracted for g in answer.groups for c in g.completions]
    assert found == texts


def test_a_verifier_s_failure_is_ours() -> None:
    answer = ask(groups=[group("raise", "fine")])
    failed, fine = (c.components["act"] for c in answer.groups[0].completions)
    assert (failed.score, failed.verdict, failed.reason) == (
        None,
        Outcome.UNSCORED,
        "verifier_error",
    )
    assert fine.score == 1.0
    assert answer.groups[0].rewards == (None, 1.0)


def test_a_bad_reference_is_the_dataset_s() -> None:
    answer = ask(groups=[group("bad_reference")])
    assert answer.groups[0].completions[0].components["act"].reason == "bad_reference"
    wrong_type = ask(groups=[group("a", reference={"answer": [1]})], rewards=[{"kind": "exact"}])
    component = wrong_type.groups[0].completions[0].components["exact"]
    assert component.reason == "bad_reference"
    assert component.detail == "reference.answer[0]: must be a string, not 1"


def test_a_kind_that_compares_the_group_gets_it_whole() -> None:
    answer = ask(groups=[group(*("x" * n for n in range(1, 41)))], rewards=[{"kind": "rank"}])
    assert answer.groups[0].rewards[0] == pytest.approx(1 / 40)
    assert answer.groups[0].rewards[-1] == 1.0


def test_components_keep_the_order_of_the_rewards_whatever_their_lane() -> None:
    rewards = [{"kind": "slow"}, {"kind": "rank", "name": "r", "weight": 0.5}, ACT]
    answer = ask(groups=[group("a", "bb")], rewards=rewards)
    assert list(answer.groups[0].completions[0].components) == ["slow", "r", "act"]
    assert answer.groups[0].rewards == (2.25, 2.5)


def test_too_long_a_completion_is_incorrect_unread() -> None:
    answer = ask(groups=[group("x" * 1_000_001, "fine")])
    component = answer.groups[0].completions[0].components["act"]
    assert (component.score, component.reason) == (0.0, "limit")
    assert answer.groups[0].rewards == (0.0, 1.0)


def test_a_group_s_own_rewards() -> None:
    groups = [group("a"), group("b", rewards=[{"kind": "slow"}])]
    answer = ask(groups=groups)
    assert [list(g.completions[0].components) for g in answer.groups] == [["act"], ["slow"]]


def test_vote_by_equivalence_class() -> None:
    answer = ask(groups=[group("Yes", "no", "YES", "yes")], stats=["cons", "pass@2"])
    assert answer.groups[0].stats["cons"] == {"answer": "Yes", "share": 0.75, "score": 1.0}
    assert answer.groups[0].stats["pass@2"] == 1.0


def test_prefill_is_in_front_of_the_text() -> None:
    answer = ask(
        groups=[group("b", prefill="a", reference={"answer": "ab"})], rewards=[{"kind": "exact"}]
    )
    assert answer.groups[0].rewards == (1.0,)


BAD = [
    ({"rewards": [{"kind": "acct"}]}, "rewards[0].kind", "did you mean 'act'?"),
    ({"rewards": [{"kind": "exact"}]}, "groups[0].reference.answer", "kind `exact` needs it"),
    ({"rewards": [{"kind": "act", "params": {"x": 1}}]}, "rewards[0].params.x", "unknown field"),
    ({"rewards": []}, "rewards", "what to judge by"),
    ({"rewards": None}, "rewards", "what to judge by"),
    ({"rewards": {"preset": "r1_zeo"}}, "rewards.preset", "did you mean 'r1_zero'?"),
    ({"rewards": [ACT, ACT]}, "rewards[1].name", "second reward"),
    ({"stats": ["pass@3"]}, "stats[0]", "at least 3"),
    ({"stats": ["median"]}, "stats[0]", "unknown statistic"),
    ({"combine": {"mode": "gate"}}, "combine.gate", "needs the gate"),
    ({"combine": {"gate": {"if": "act", "zero": []}}}, "combine.gate", "no effect"),
    (
        {"combine": {"mode": "gate", "gate": {"if": "x", "zero": ["y"]}}},
        "combine.gate.zero[0]",
        "'y'",
    ),
    ({"combine": {"clip": [1, 0]}}, "combine.clip", "above"),
]


@pytest.mark.parametrize(("change", "path", "words"), BAD)
def test_faults_name_their_path(change: dict[str, Any], path: str, words: str) -> None:
    assert words in faults(**{"groups": [group("a")], **change})[path]


def test_faults_of_a_group_s_own_rewards_name_the_group() -> None:
    assert "groups[1].rewards[0].kind" in faults(
        groups=[group("a"), group("b", rewards=[{"kind": "nope"}])]
    )


def test_too_many() -> None:
    with pytest.raises(ValidationError, match="at most 1024"):
        ask(groups=[group("a")] * 1025)
    with pytest.raises(TooLarge, match="completions"):
        ask(groups=[group(*["a"] * 4097)] * 2)


def test_groups_are_cut_by_lane() -> None:
    request = RewardRequest.model_validate(
        {"groups": [group(*["a"] * 20)], "rewards": [ACT, {"kind": "slow"}, {"kind": "rank"}]}
    )
    parts = plan(request, kinds()).parts
    sizes = [(part.lane, len(part.members), part.job.flags) for part in parts]
    assert sizes[:3] == [("pure", 16, True), ("pure", 4, True), ("pure", 20, False)]
    assert sizes[3:] == [("code", 1, False)] * 20


def test_a_vote_keeps_the_group_whole() -> None:
    request = RewardRequest.model_validate(
        {"groups": [group(*["a"] * 20)], "rewards": [ACT], "stats": ["cons"]}
    )
    assert [len(part.members) for part in plan(request, kinds()).parts] == [20]


JOB = Job(
    entries=(Entry(text="a"), Entry(text="b")),
    tasks=(Task(label="one", kind="act", params={}), Task(label="two", kind="act", params={})),
    reference={},
)


def test_units_can_be_settled_or_left_out() -> None:
    started: list[int] = []
    watch = Watch(
        clock=lambda: 0.0,
        start=started.append,
        settled={2: Component(0.0, Outcome.INCORRECT, "limit")},
        only={0, 2},
    )
    result = judge_job(JOB, kinds(), watch)
    reasons = [[c.reason for c in row.components.values()] for row in result.rows]
    assert reasons == [["done", SKIPPED.reason], ["limit", SKIPPED.reason]]
    assert started == [0]


def test_classes_past_the_budget_count_by_spelling() -> None:
    ticks = iter([0.0, 0.0, 0.0, 9.0])
    classes = classify(
        ["a", "A", None, "a", "A ", "Aa"],
        lambda left, right: left.casefold() == right.casefold(),
        lambda: next(ticks, 9.0),
    )
    assert classes == (0, 0, None, 0, 1, 2)


def test_a_comparison_that_fails_is_no_match() -> None:
    def fails(left: str, right: str) -> bool:
        raise RuntimeError(left + right)

    assert classify(["a", "b"], fails, lambda: 0.0) == (0, 1)


def test_a_worker_of_another_version_says_so_and_lives() -> None:
    """The front has checked kinds and params; this worker knows neither."""
    tasks = (Task("new", "brand_new", {}), Task("old", "act", {"x": 1}), Task("known", "act", {}))
    job = Job(entries=(Entry("a"),), tasks=tasks, reference={}, vote="new")
    result = judge_job(job, kinds(), Watch(clock=lambda: 0.0))
    assert (
        judge_job(
            job.model_copy(update={"vote": "nothing"}), kinds(), Watch(clock=lambda: 0.0)
        ).classes
        is None
    )
    found = {label: c.reason for label, c in result.rows[0].components.items()}
    assert found == {"new": "unknown_kind", "old": "verifier_error", "known": "done"}
    assert result.classes is None


def test_what_a_completion_brings_a_verifier_to_is_incorrect() -> None:
    answer = ask(groups=[group("hoard", "recurse", "fine")])
    found = [c.components["act"] for c in answer.groups[0].completions]
    assert [c.reason for c in found] == ["limit", "limit", "done"]
    assert [c.score for c in found] == [0.0, 0.0, 1.0]


def test_a_group_s_one_unit_can_be_settled() -> None:
    lost = Component(None, Outcome.UNSCORED, "crashed_verifier")
    job = Job(entries=(Entry("a"), Entry("b")), tasks=(Task("r", "rank", {}),), reference={})
    result = judge_job(job, kinds(), Watch(clock=lambda: 0.0, settled={0: lost}))
    assert [row.components["r"] for row in result.rows] == [lost, lost]


def test_a_vote_without_a_comparison_goes_by_spelling() -> None:
    answer = ask(groups=[group("a", "a", "b")], rewards=[{"kind": "rank"}], stats=["cons"])
    assert answer.groups[0].stats["cons"] == {"answer": None, "share": 0.0, "score": 0.0}


def test_the_length_in_tokens_is_asked_for() -> None:
    request = RewardRequest.model_validate(
        {"groups": [group("a")], "rewards": [{"kind": "length", "params": {"shape": "cosine"}}]}
    )
    with pytest.raises(BadRequest, match=r"groups\[0\].completions\[0\].tokens: missing"):
        judge(request)
