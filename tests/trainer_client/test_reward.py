"""Reward functions as TRL calls them."""

import asyncio
import inspect
import pickle
import subprocess
import sys
from collections import defaultdict
from typing import Any

import pytest

from adjudge.trainer_client import reward_function, reward_functions, stock
from adjudge.trainer_client.reward import RewardFunction, client_of
from adjudge.trainer_client.transport import RequestRefused
from tests.trainer_client.fault_server import FaultServer

COMPLETIONS = ["right", "wrong", "right", "unscored"]
PROMPTS = ["a", "a", "b", "b"]


def ask(functions: list[RewardFunction], **given: Any) -> list[list[float | None]]:
    """As TRL does: all asynchronous functions together, the same objects handed to each."""
    arguments = {"prompts": PROMPTS, "completions": COMPLETIONS} | given

    async def gather() -> list[list[float | None]]:
        try:
            return list(await asyncio.gather(*(f(**arguments) for f in functions)))
        finally:
            for function in functions:
                await client_of(function).aclose()

    return asyncio.run(gather())


def test_one_function_gives_the_combined_reward(service: FaultServer) -> None:
    function = reward_function(service.url, ["math", "format"])
    assert inspect.iscoroutinefunction(function)
    assert function.__name__ == "reward"
    assert ask([function], answer=["1", "1", "2", "2"]) == [[1.5, 0.5, 1.5, None]]
    groups = service.seen[0]["groups"]
    assert [(g["prompt"], g["reference"]) for g in groups] == [
        ("a", {"answer": "1"}),
        ("b", {"answer": "2"}),
    ]


def test_components_share_one_request_and_have_curves_of_their_own(service: FaultServer) -> None:
    functions = reward_functions(service.url, ["math", "format"])
    assert [f.__name__ for f in functions] == ["math", "format"]
    assert ask(functions, answer=["1"] * 4) == [[1.0, 0.0, 1.0, None], [0.5, 0.5, 0.5, None]]
    assert len(service.seen) == 1


def test_two_trainers_two_loops(service: FaultServer) -> None:
    function = reward_function(service.url, ["math"])
    assert ask([function]) == ask([function])
    assert len(service.seen) == 2


def test_all_functions_are_none_when_the_service_is_gone(service: FaultServer) -> None:
    service.faults = ["500"] * 1000
    functions = reward_functions(service.url, ["math", "format"], deadline_s=0.5)
    assert ask(functions) == [[None] * 4] * 2


def test_chat_completions_and_what_a_template_took_out(service: FaultServer) -> None:
    chats = [
        [{"role": "assistant", "content": "right"}],
        [{"role": "user", "content": "x"}],
        [{"role": "assistant", "content": "so 1", "reasoning_content": "because"}],
        [{"role": "assistant", "content": [{"type": "text", "text": "right"}]}],
    ]
    prompts = [[{"role": "user", "content": "q"}]] * 4
    assert ask(
        [reward_function(service.url, ["math"])],
        prompts=prompts,
        completions=chats,
        completion_ids=[[1], [], [1, 2], [3]],
    ) == [[1.5, 0.5, 0.5, 1.5]]
    group = service.seen[0]["groups"][0]
    assert group["prompt"] == [{"role": "user", "content": "q"}]
    assert group["completions"][2] == {
        "text": "<think>\nbecause\n</think>\nso 1",
        "tokens": 2,
    }


class State:
    """What TRL hands over besides columns must never reach the wire."""


def test_columns_become_the_reference(service: FaultServer) -> None:
    ask(
        [reward_function(service.url, ["math"], columns={"solution": "answer"}, prefill="<think>")],
        solution=["1", "2", "3", None],
        reference=[{"language": "en"}, '{"answer": "x"}', None, "not json"],
        level=[1, 2.5, float("nan"), True],
        tests=[None, {"cases": [None, 1], "setup": None}, None, None],
        trainer_state=State(),
        environments=[State()] * 4,
        image=[State()] * 4,
    )
    sent = [group["reference"] for group in service.seen[0]["groups"][:3]]
    assert sent == [
        {"language": "en", "answer": "1", "level": 1},
        {"answer": "2", "level": 2.5, "tests": {"cases": [None, 1]}},
        {"answer": "3"},
    ]
    assert service.seen[0]["groups"][0]["prefill"] == "<think>"


def test_reasons_go_to_the_table_and_numbers_to_the_curves(service: FaultServer) -> None:
    columns: dict[str, list[Any]] = defaultdict(list)
    points: dict[str, float] = {}
    functions = reward_functions(service.url, ["math", "format"])
    ask(
        functions,
        log_extra=lambda column, values: columns[column].extend(values),
        log_metric=points.__setitem__,
    )
    assert len(columns["verdict"]) == len(columns["extracted"]) == 4
    assert columns["verdict"][0] == "math correct (equal_exact): as told; format partial (tags)"
    assert "bad_reference" in columns["verdict"][3]
    assert points["components/math/mean"] == pytest.approx(2 / 3)
    assert points["adjudge/unscored_share"] == 0.25
    assert points["adjudge/request_p95_ms"] > 0


def test_pickles_here_and_in_a_new_process(service: FaultServer) -> None:
    for function in (
        reward_function(service.url, "r1"),
        *reward_functions(service.url, ["math", {"kind": "format", "weight": 0.5}]),
    ):
        data = pickle.dumps(function)
        assert pickle.loads(data) is function
        code = (
            "import pickle, sys, inspect; f = pickle.load(sys.stdin.buffer);"
            "print(f.__name__, inspect.iscoroutinefunction(f))"
        )
        done = subprocess.run([sys.executable, "-P", "-c", code], input=data, capture_output=True)
        assert done.stdout.decode().split() == [function.__name__, "True"], done.stderr


def test_a_misspelt_kind_ends_training_at_the_first_step(service: FaultServer) -> None:
    fault = {"path": "rewards[0].kind", "message": "unknown"}
    service.refuse = lambda _: (422, {"error": "invalid_request", "message": "", "faults": [fault]})
    with pytest.raises(RequestRefused, match="unknown"):
        ask([reward_function(service.url, ["mahts"])])


def test_settings_are_checked_when_made() -> None:
    with pytest.raises(ValueError, match="extra"):
        reward_function("http://x", [{"kind": "math", "extra": 1}])
    with pytest.raises(TypeError):
        reward_functions("http://x", "r1")
    with pytest.raises(AttributeError):
        pickle.loads(b"cadjudge.trainer_client.reward\nadjudge_zz\n.")


def test_by_dotted_path(service: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADJUDGE_URL", service.url)
    assert stock.r1_zero.__name__ == "r1_zero"
    assert ask([stock.math]) == [[1.5, 0.5, 1.5, None]]
    assert service.seen[0]["rewards"] == [{"kind": "math"}]
    with pytest.raises(AttributeError):
        _ = stock.nonsense
