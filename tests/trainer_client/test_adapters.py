"""The hooks of other trainers, called as those trainers call them."""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from adjudge.trainer_client.adapters import environment, openrlhf, swift, verl
from tests.trainer_client.fault_server import FaultServer


@pytest.fixture(autouse=True)
def environ(service: FaultServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("ADJUDGE_URL", service.url)
    monkeypatch.setenv("ADJUDGE_REWARDS", "math,format")
    monkeypatch.setenv("ADJUDGE_DEADLINE_S", "2")
    environment.client.cache_clear()
    yield
    environment.client().close()
    environment.client.cache_clear()


def test_verl_one_sample(service: FaultServer) -> None:
    result = verl.compute_score("gsm8k", "right", "42", {"index": 1}, new_argument=1)
    assert result == {"score": 1.5, "unscored": 0.0, "reason": "equal_exact; tags"}
    assert service.seen[0]["groups"][0]["reference"] == {"answer": "42"}
    assert [spec["kind"] for spec in service.seen[0]["rewards"]] == ["math", "format"]


def test_verl_batch_and_whole_references(service: FaultServer) -> None:
    truths = ['{"tests": {"type": "assert"}}', {"answer": "1"}, 7]
    results = verl.compute_scores(
        ["d"] * 3,
        ["right", "wrong", "right"],
        truths,
        [None, {"reference": {"language": "en"}}, None],
    )
    assert [result["score"] for result in results] == [1.5, 0.5, 1.5]
    assert {tuple(result) for result in results} == {("score", "unscored", "reason")}
    assert [group["reference"] for group in service.seen[0]["groups"]] == [
        {"tests": {"type": "assert"}},
        {"answer": "1", "language": "en"},
        {"answer": 7},
    ]


def test_verl_says_unscored_by_raising_or_as_told(service: FaultServer) -> None:
    with pytest.raises(environment.Unscored):
        verl.compute_score("d", "unscored", "1")
    told = verl.compute_score("d", "unscored", "1", unscored=0.25)
    assert (told["score"], told["unscored"]) == (0.25, 1.0)


def test_openrlhf(service: FaultServer) -> None:
    answer = openrlhf.reward_func(["q: right", "Q: wrong"], ["q: ", "q: "], ["1", "2"])
    assert [float(reward) for reward in answer["rewards"]] == [1.5, 0.5]
    assert [float(score) for score in answer["scores"]] == [1.0, 0.5]
    assert set(answer["extra_logs"]) == {"math", "format"}
    completions = [group["completions"] for group in service.seen[0]["groups"]]
    assert completions == [["right"], ["Q: wrong"]]
    with pytest.raises(environment.Unscored):
        openrlhf.reward_func(["unscored"], [""], ["1"])


def test_swift(service: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    orm = swift.Adjudge("args")
    assert orm(["right", "unscored"], solution=["1", "2"]) == [1.5, None]
    assert service.seen[0]["groups"][0]["reference"] == {"answer": "1"}
    assert swift.register() is False
    plugins = ModuleType("swift.rewards")
    plugins.orms = {}  # type: ignore[attr-defined]
    monkeypatch.setitem(__import__("sys").modules, "swift", ModuleType("swift"))
    monkeypatch.setitem(__import__("sys").modules, "swift.rewards", plugins)
    assert swift.register() is True
    assert plugins.orms == {"adjudge": swift.Adjudge}


@pytest.mark.parametrize(
    ("text", "rewards"),
    [
        ("r1", "r1"),
        ("math", ["math"]),
        ("math, format", ["math", "format"]),
        ('[{"kind": "math"}]', [{"kind": "math"}]),
    ],
)
def test_rewards_of_the_environment(text: str, rewards: object) -> None:
    assert environment.rewards_from(text) == rewards
