"""The trainers' own formats, over real HTTP."""

import asyncio
from typing import Any

import httpx
import pytest

from adjudge.sandbox.types import (
    Ending,
    LanguageUnavailable,
    Limits,
    Program,
    Result,
    SandboxError,
)
from adjudge.service.adapters.ask import reference_of
from adjudge.service.adapters.nemo_gym import Verify, _sample
from adjudge.service.adapters.openrlhf import response_of, without_end_tokens
from adjudge.service.in_process import InProcessDesk
from tests.service.http.running import front

# -- OpenRLHF ------------------------------------------------------------------------------------


def test_openrlhf(client: httpx.Client) -> None:
    body = {
        "query": ["<s>What?a</s>", "What?b<|im_end|>\n"],
        "prompts": ["What?", "What?"],
        "labels": ["a", "a"],
    }
    answer = client.post("/get_reward?rewards=exact", json=body)
    assert answer.json() == {
        "rewards": [1.0, 0.0],
        "scores": [1.0, 0.0],
        "extra_logs": {"exact": [1.0, 0.0]},
    }


def test_openrlhf_empty_lists(client: httpx.Client) -> None:
    answer = client.post("/get_reward", json={"query": [], "prompts": [], "labels": []})
    assert answer.status_code == 200
    assert answer.json() == {"rewards": [], "scores": [], "extra_logs": {}}


@pytest.mark.parametrize(
    ("url", "body", "path", "words"),
    [
        ("", {"query": ["a"], "prompts": [], "labels": ["a", "b"]}, "labels", "has 2 entries"),
        ("?rewards=exact", {"query": ["a"]}, "labels[0].answer", "missing"),
        ("?rewards=exakt", {"query": ["a"], "labels": ["a"]}, "?rewards[0].kind", "'exact'"),
        ("?rewrds=exact", {"query": ["a"]}, "?rewrds", "did you mean `rewards`"),
        ("?on_unscored=no", {"query": ["a"]}, "?on_unscored", "'null', 'skip' or 'zero'"),
        ("?rewards=[{]", {"query": ["a"]}, "?rewards", "Invalid JSON"),
        ("", {"queries": ["a"]}, "query", "is missing"),
    ],
)
def test_openrlhf_faults_are_in_its_words(
    client: httpx.Client, url: str, body: Any, path: str, words: str
) -> None:
    answer = client.post(f"/get_reward{url}", json=body)
    assert answer.status_code == 422
    told = {fault["path"]: fault["message"] for fault in answer.json()["faults"]}
    assert words in told[path]


@pytest.mark.parametrize(
    ("query", "prompt", "response"),
    [
        ("<s>ask answer</s>", "ask ", "answer"),
        ("y" * 250 + "ask: answer<|endoftext|>", "x" * 300 + "y" * 250 + "ask: ", "answer"),
        ("<|im_start|>user\nask<|im_end|>\n<|im_start|>assistant\nanswer<|im_end|>", "", "answer"),
        ("[INST] ask [/INST] answer", "another", " answer"),
        ("no mark at all", "", "no mark at all"),
        ("ask 1 < 2 and <b>", "ask", " 1 < 2 and <b>"),
        ("p</answer>\n<｜end▁of▁sentence｜>", "p", "</answer>\n"),
    ],
)
def test_openrlhf_response_is_taken_out_of_the_query(
    query: str, prompt: str, response: str
) -> None:
    assert response_of(query, prompt) == response


def test_openrlhf_many_end_tokens_are_linear() -> None:
    assert without_end_tokens("a" + "<pad>" * 100_000) == "a"
    assert without_end_tokens("<|" * 100_000) == "<|" * 100_000


# -- slime ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "reward"), [("a", 1.0), ({"answer": "a"}, 1.0), ('{"answer": "b"}', 0.0)]
)
def test_slime_answers_the_bare_number(client: httpx.Client, label: Any, reward: float) -> None:
    body = {"prompt": [{"role": "user", "content": "?"}], "response": "a", "label": label}
    answer = client.post("/slime?rewards=exact", json=body)
    assert answer.json() == reward
    assert answer.headers["content-type"] == "application/json"


def test_slime_takes_rewards_as_json(client: httpx.Client) -> None:
    rewards = '[{"kind":"exact","weight":2,"params":{"ignore_case":true}}]'
    body = {"prompt": "?", "response": "A", "label": "a"}
    assert client.post("/slime", params={"rewards": rewards}, json=body).json() == 2.0


def test_slime_never_makes_a_number_of_what_was_not_judged(client: httpx.Client) -> None:
    """An unusable answer is the dataset's fault, and null has no place in the format."""
    body = {"prompt": "?", "response": "a", "label": {"answer": {"not": "usable"}}}
    answer = client.post("/slime?rewards=exact", json=body)
    assert (answer.status_code, answer.json()["error"]) == (422, "bad_reference")
    assert client.post("/slime?rewards=exact&on_unscored=zero", json=body).json() == 0.0


@pytest.mark.parametrize(
    ("label", "reference"),
    [
        (None, {}),
        (4, {"answer": "4"}),
        (0.5, {"answer": "0.5"}),
        (["1/2", 0.5], {"answer": ["1/2", "0.5"]}),
        ('{"tests": {}}', {"tests": {}}),
        ("{1, 2}", {"answer": "{1, 2}"}),
        ("{}", {"answer": "{}"}),
        ("{" * 100_000, {"answer": "{" * 100_000}),
    ],
)
def test_labels(label: Any, reference: Any) -> None:
    assert reference_of(label) == reference


# -- NeMo-Gym ------------------------------------------------------------------------------------


def rollout(text: str, **more: Any) -> dict[str, Any]:
    message = {
        "type": "message",
        "role": "assistant",
        "content": [{"type": "output_text", "text": text, "annotations": []}],
    }
    return {
        "responses_create_params": {"input": [{"role": "user", "content": "What?"}]},
        "response": {"id": "r", "object": "response", "output": [message]},
        **more,
    }


def test_nemo_gym_answers_the_request_with_a_reward(client: httpx.Client) -> None:
    request = rollout("a", expected_answer="a", question="What?")
    answer = client.post("/verify?rewards=exact", json=request).json()
    assert {key: answer[key] for key in request} == request
    assert answer["reward"] == 1.0
    assert answer["reward_components"] == {"exact": 1.0}
    assert answer["components"]["exact"]["reason"] == "equal"


def test_nemo_gym_calls_around_it(client: httpx.Client) -> None:
    assert client.post("/seed_session", json={}).status_code == 200
    assert client.get("/reverify_mode").json() == "stateless"


def test_nemo_gym_reasoning_is_put_back_between_tags() -> None:
    request = rollout("so 4")
    reasoning = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "2 + 2"}]}
    request["response"]["output"].insert(0, reasoning)
    assert _sample(Verify.model_validate(request)).response == "<think>2 + 2</think>so 4"


@pytest.mark.parametrize(
    ("more", "reference"),
    [
        (
            {"expected_answer": "B", "options": [{"A": "one"}, {"B": "two"}]},
            {"answer": "B", "choices": ["one", "two"]},
        ),
        (
            {"verifier_metadata": {"unit_tests": {"inputs": ["1\n"], "outputs": ["2\n"]}}},
            {"tests": {"type": "stdio", "cases": [{"input": "1\n", "output": "2\n"}]}},
        ),
        (
            {
                "verifier_metadata": {
                    "unit_tests": {"inputs": [[1, 2]], "outputs": [3], "fn_name": "add"}
                }
            },
            {
                "tests": {
                    "type": "function",
                    "entry_point": "add",
                    "cases": [{"args": [1, 2], "expected": 3}],
                }
            },
        ),
    ],
)
def test_nemo_gym_references(more: Any, reference: Any) -> None:
    assert _sample(Verify.model_validate(rollout("x", **more))).reference == reference


# -- SandboxFusion -------------------------------------------------------------------------------


class RunningDesk(InProcessDesk):
    """A desk whose sandbox answers as it was told, and keeps what it was asked."""

    def __init__(self, answer: Result | Exception) -> None:
        super().__init__()
        self._answer = answer
        self.asked: list[tuple[Program, Limits, bytes, float]] = []

    async def run(
        self, program: Program, limits: Limits, stdin: bytes, deadline_s: float
    ) -> Result:
        self.asked.append((program, limits, stdin, deadline_s))
        await asyncio.sleep(0)
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def ended(ending: Ending, code: int = 0, out: bytes = b"", err: bytes = b"") -> Result:
    return Result(
        ending=ending, return_code=code, stdout=out, stderr=err, cpu_s=0.1, wall_s=0.2, memory_mb=9
    )


VERL = {
    "compile_timeout": 10,
    "run_timeout": 5,
    "code": "print(input())",
    "stdin": "hi",
    "memory_limit_MB": 256,
    "language": "python",
    "files": {"a.txt": "aGk="},
    "fetch_files": [],
}


@pytest.mark.parametrize(
    ("result", "language", "status", "run", "compiled"),
    [
        (ended(Ending.OK, 0, b"hi\n"), "python", "Success", ("Finished", 0), None),
        (ended(Ending.RUNTIME_ERROR, 1), "python", "Failed", ("Finished", 1), None),
        (ended(Ending.COMPILE_ERROR, 1), "python", "Failed", ("Finished", 1), None),
        (ended(Ending.TIME_LIMIT, -9), "python", "Failed", ("TimeLimitExceeded", None), None),
        (ended(Ending.IDLE_LIMIT, -9), "python", "Failed", ("TimeLimitExceeded", None), None),
        (ended(Ending.MEMORY_LIMIT, -9), "python", "Failed", ("Finished", -9), None),
        (ended(Ending.OUTPUT_LIMIT, 0), "python", "Failed", ("Finished", 1), None),
        (ended(Ending.OK, 0), "cpp", "Success", ("Finished", 0), ("Finished", 0)),
        (ended(Ending.COMPILE_ERROR, 1), "cpp", "Failed", None, ("Finished", 1)),
    ],
)
def test_sandbox_fusion(
    result: Result, language: str, status: str, run: Any, compiled: Any
) -> None:
    desk = RunningDesk(result)
    with front(desk) as url:
        answer = httpx.post(f"{url}/run_code", json={**VERL, "language": language}).json()
    assert set(answer) == {
        "status", "message", "compile_result", "run_result", "executor_pod_name", "files",
    }  # fmt: skip
    assert answer["status"] == status
    for found, wanted in ((answer["run_result"], run), (answer["compile_result"], compiled)):
        told = None if found is None else (found["status"], found["return_code"])
        assert told == wanted
    program, limits, stdin, deadline_s = desk.asked[0]
    assert (program.source, program.files, stdin) == ("print(input())", {"a.txt": b"hi"}, b"hi")
    assert (limits.cpu_s, limits.memory_mb) == (5.0, 256)
    assert deadline_s < 25.0, "verl gives up ten seconds after both limits"


@pytest.mark.parametrize("error", [TimeoutError(), SandboxError("no slot"), SandboxError()])
def test_sandbox_fusion_faults_of_ours_are_504(error: Exception) -> None:
    with front(RunningDesk(error)) as url:
        answer = httpx.post(f"{url}/run_code", json=VERL)
    assert answer.status_code == 504
    assert answer.headers["Retry-After"] == "1"


def test_sandbox_fusion_a_language_that_is_not_here() -> None:
    with front(RunningDesk(LanguageUnavailable("no `rust` here"))) as url:
        answer = httpx.post(f"{url}/run_code", json={**VERL, "language": "rust"})
    assert answer.status_code == 200
    assert answer.json()["status"] == "SandboxError"
    assert "rust" in answer.json()["message"]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"files": {"a": "not base64!"}}, "files"),
        ({"run_timeout": 0}, "run_timeout"),
        ({"code": None}, "code"),
    ],
)
def test_sandbox_fusion_bad_requests(client: httpx.Client, change: Any, path: str) -> None:
    answer = client.post("/run_code", json={**VERL, **change})
    assert answer.status_code == 422
    assert answer.json()["faults"][0]["path"] == path
