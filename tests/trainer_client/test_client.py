"""The client against a service that fails in every way that we know of."""

import asyncio
import json
import pickle
import threading
import time
from typing import Any

import pytest

from adjudge.trainer_client.client import RewardClient, cut, parse_rewards
from adjudge.trainer_client.retry import Failure, retry_after_s
from adjudge.trainer_client.rows import groups_of
from adjudge.trainer_client.transport import RequestRefused
from tests.trainer_client.fault_server import Body, FaultServer, running

GROUPS = [{"completions": ["right", "wrong"], "reference": {"answer": "1"}}]


def rewards(url: str, groups: list[dict[str, Any]] = GROUPS, **options: Any) -> list[float | None]:
    with RewardClient(url, ["math", "format"], **options) as client:
        return [reward for group in client.judge(groups) for reward in group.rewards]


async def test_scores_come_back_in_order(service: FaultServer) -> None:
    texts = ["right" if i % 3 else "wrong" for i in range(200)]
    groups = [{"id": str(i), "completions": [text] * 2} for i, text in enumerate(texts)]
    async with RewardClient(service.url, "r1_zero", chunk=16) as client:
        results = await client.ajudge(groups)
    assert [group.id for group in results] == [str(i) for i in range(200)]
    assert [group.rewards for group in results] == [
        [1.5, 1.5] if text == "right" else [0.5, 0.5] for text in texts
    ]
    assert len(service.seen) == 25
    assert all(body["rewards"] == {"preset": "r1_zero"} for body in service.seen)
    assert len({body["request_id"] for body in service.seen}) == 25
    assert service.connections <= 32


def test_more_requests_than_connections(service: FaultServer) -> None:
    groups = [{"completions": ["right"] * 16} for _ in range(40)]
    assert rewards(service.url, groups, chunk=16, connections=2) == [1.5] * 640
    assert service.connections <= 2


def test_a_proxy_that_the_environment_names(
    service: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", service.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert rewards("http://judge.example:8000") == [1.5, 0.5]
    assert service.headers[0]["host"] == "judge.example:8000"
    assert rewards(service.url) == [1.5, 0.5]


@pytest.mark.parametrize("fault", ["500", "502", "503 0", "429 0", "reset", "half", "short"])
def test_a_fault_is_retried_with_the_same_bytes(service: FaultServer, fault: str) -> None:
    service.faults = [fault, fault]
    with RewardClient(service.url, ["math"], deadline_s=10) as client:
        assert client.judge(GROUPS)[0].rewards == [1.5, 0.5]
        assert client.counts.retries == 2
        assert client.counts.scored == 2
    assert len(service.raw) == 3
    assert len(set(service.raw)) == 1
    assert service.seen[0]["request_id"]


def test_a_hung_connection_is_given_up_and_the_request_joined(service: FaultServer) -> None:
    service.faults = ["hang"]
    assert rewards(service.url, deadline_s=7) == [1.5, 0.5]
    assert service.seen[0] == service.seen[1]


def test_nothing_waits_past_the_deadline(service: FaultServer) -> None:
    service.faults = ["hang"] * 10
    began = time.monotonic()
    with RewardClient(service.url, ["math"], deadline_s=1.0) as client:
        group = client.judge(GROUPS)[0]
    assert time.monotonic() - began < 3
    assert [score.reason for score in group.scores] == ["deadline", "deadline"]
    assert group.rewards == [None, None]
    assert client.counts.unscored == {"deadline": 2}


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("500", "server_error"),
        ("503", "unavailable"),
        ("429 60", "queue_full"),
        ("reset", "connection_lost"),
        ("nonsense", "bad_answer"),
        ("short", "bad_answer"),
    ],
)
def test_what_does_not_mend_is_none_with_its_reason(
    service: FaultServer, fault: str, reason: str
) -> None:
    service.faults = [fault] * 100
    with RewardClient(service.url, ["math"], deadline_s=1.5) as client:
        scores = client.judge(GROUPS)[0].scores
    assert [(score.reward, score.reason) for score in scores] == [(None, reason)] * 2


def test_retry_after_is_honoured(service: FaultServer) -> None:
    service.faults = ["429 1"]
    began = time.monotonic()
    assert rewards(service.url, deadline_s=10) == [1.5, 0.5]
    assert time.monotonic() - began >= 1.0


def test_nobody_listens() -> None:
    with running(FaultServer()) as gone:
        url = gone.url
    with RewardClient(url, ["math"], deadline_s=0.5) as client:
        assert [score.reason for score in client.judge(GROUPS)[0].scores] == ["unreachable"] * 2


def test_a_restart_in_the_middle(service: FaultServer) -> None:
    with running(FaultServer()) as first:
        port = first.port
        client = RewardClient(first.url, ["math"], deadline_s=20)
        assert client.judge(GROUPS)[0].rewards == [1.5, 0.5]
    got: list[float | None] = []
    thread = threading.Thread(target=lambda: got.extend(client.judge(GROUPS)[0].rewards))
    thread.start()
    time.sleep(0.5)
    with running(FaultServer(), port):
        thread.join()
    client.close()
    assert got == [1.5, 0.5]


def test_one_slow_chunk_leaves_the_others_their_scores(service: FaultServer) -> None:
    service.faults = ["hang", "hang", "hang"]
    with RewardClient(service.url, ["math"], deadline_s=2.5, chunk=2) as client:
        results = client.judge(GROUPS * 8)
    answered = [group.rewards for group in results]
    assert answered.count([1.5, 0.5]) >= 5
    assert len(answered) == 8


def test_the_service_saying_unscored_is_none_with_its_reason(service: FaultServer) -> None:
    with RewardClient(service.url, ["math"]) as client:
        score = client.judge([{"completions": ["unscored"]}])[0].scores[0]
    assert (score.reward, score.reason) == (None, "bad_reference")


def refuse_rows(body: Body) -> tuple[int, Body] | None:
    """422 as the service says it, for each row whose reference is `bad`."""
    faults = [
        {"path": f"groups[{i}].reference", "message": "no answer"}
        for i, item in enumerate(body["groups"])
        if item.get("reference", {}).get("answer") == "bad"
    ]
    return (422, {"error": "invalid_request", "message": "x", "faults": faults}) if faults else None


def test_a_row_that_cannot_be_read_fails_alone(service: FaultServer) -> None:
    service.refuse = refuse_rows
    rows = [
        {"completions": ["right"], "reference": {"answer": "bad" if i % 5 == 2 else "1"}}
        for i in range(20)
    ]
    with RewardClient(service.url, ["math"], chunk=8) as client:
        results = client.judge(rows)
        assert client.counts.bad_groups == 4
    for i, group in enumerate(results):
        expected = [None] if i % 5 == 2 else [1.5]
        assert group.rewards == expected, i
    assert results[2].scores[0].reason == "bad_request"
    assert "no answer" in results[2].scores[0].detail


def test_one_bad_row_alone_does_not_end_a_run(service: FaultServer) -> None:
    service.refuse = refuse_rows
    assert rewards(
        service.url, [{"completions": ["right"] * 16, "reference": {"answer": "bad"}}]
    ) == ([None] * 16)


def test_every_row_bad_is_a_wrong_column_and_said_at_once(service: FaultServer) -> None:
    service.refuse = refuse_rows
    bad = [{"completions": ["right"], "reference": {"answer": "bad"}}] * 4
    with pytest.raises(RequestRefused, match="no answer"):
        rewards(service.url, bad)


@pytest.mark.parametrize(("status", "path"), [(401, ""), (422, "rewards[0].kind"), (404, "")])
def test_a_fault_of_configuration_is_raised(service: FaultServer, status: int, path: str) -> None:
    faults = [{"path": path, "message": "unknown kind"}] if path else []
    service.refuse = lambda _: (status, {"error": "e", "message": "told", "faults": faults})
    with pytest.raises(RequestRefused) as caught:
        rewards(service.url)
    assert caught.value.status == status
    assert len(service.seen) == 1


def test_too_large_is_halved(service: FaultServer) -> None:
    service.refuse = lambda body: (
        (413, {"error": "too_large", "message": "m", "faults": []})
        if len(body["groups"]) > 2 or {"completions": ["huge"]} in body["groups"]
        else None
    )
    groups = [{"completions": ["right"]} for _ in range(9)] + [{"completions": ["huge"]}]
    with RewardClient(service.url, ["math"], chunk=64) as client:
        results = client.judge(groups)
    assert [group.rewards for group in results[:8]] == [[1.5]] * 8
    assert results[9].scores[0].reason == "too_large"


def test_lone_surrogates_are_sent_as_replacement_characters(service: FaultServer) -> None:
    pair = "\ud83d\ude00"
    assert rewards(service.url, [{"completions": ["a\udc80b", pair, "right"]}]) == [0.5, 0.5, 1.5]
    assert service.seen[0]["groups"][0]["completions"] == ["a\ufffdb", "😀", "right"]


def test_a_key_is_sent_and_never_pickled_settings_lose_nothing(service: FaultServer) -> None:
    client = RewardClient(service.url, ["math"], api_key="k", deadline_s=5)
    again = pickle.loads(pickle.dumps(client))
    assert again.judge(GROUPS)[0].rewards == [1.5, 0.5]
    again.close()
    assert service.headers[0]["authorization"] == "Bearer k"


def test_two_loops_one_after_the_other(service: FaultServer) -> None:
    client = RewardClient(service.url, ["math"])

    async def once() -> list[float | None]:
        try:
            return (await client.ajudge(GROUPS))[0].rewards
        finally:
            await client.aclose()

    assert asyncio.run(once()) == asyncio.run(once()) == [1.5, 0.5]


async def test_the_synchronous_call_works_inside_a_running_loop(service: FaultServer) -> None:
    assert rewards(service.url) == [1.5, 0.5]


def test_any_route(service: FaultServer) -> None:
    service.faults = ["500"]
    service.answer = lambda body: {"echo": body}
    with RewardClient(service.url) as client:
        assert client.post("/filter", {"a": float("nan")}) == {"echo": {"a": None}}
        assert client.get("/ready") == (200, {"echo": {}})
    with RewardClient("http://127.0.0.1:9", deadline_s=0.3) as client, pytest.raises(Failure):
        client.get("/ready")


def test_no_groups_no_request(service: FaultServer) -> None:
    assert rewards(service.url, []) == []
    assert service.seen == []


def test_chunks_hold_whole_groups() -> None:
    groups = [group for n in (5, 30, 70, 1, 1) for group in groups_of(None, ["x"] * n, [{}] * n)]
    assert [[len(g.completions) for g in part] for part in cut(groups, 32)] == [
        [5],
        [30],
        [70],
        [1, 1],
    ]


@pytest.mark.parametrize("bad", [{"url": "ftp://x"}, {"chunk": 0}, {"deadline_s": 0}])
def test_nonsense_settings_are_told_at_once(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        RewardClient(**({"url": "http://x"} | bad))


def test_a_component_by_name_or_in_full() -> None:
    specs = parse_rewards(["math", {"kind": "format", "params": {"style": "r1_zero"}}])
    assert json.loads(json.dumps([s.kind for s in specs])) == ["math", "format"]  # type: ignore[union-attr]
    with pytest.raises(ValueError, match="typo"):
        parse_rewards([{"kind": "math", "typo": 1}])


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("3", 3.0),
        ("-1", 0.0),
        ("soon", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("9" * 100, None),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry_after_s(header) == seconds


def test_rejection_sampling_loses_a_row_that_cannot_be_read_alone(service: FaultServer) -> None:
    service.refuse = refuse_rows
    service.answer = lambda body: {
        "groups": [
            {"completions": [{"kept": text == "right"} for text in item["completions"]]}
            for item in body["groups"]
        ]
    }
    rows = [
        {"completions": ["right", "wrong"], "reference": {"answer": "bad" if i == 2 else "1"}}
        for i in range(5)
    ]
    with RewardClient(service.url, ["math"], chunk=64) as client:
        verdicts = client.filter(rows, {"correct": True})
    lost = [(False, "unscored")] * 2
    for i, group in enumerate(verdicts):
        expected = lost if i == 2 else [(True, None), (False, None)]
        assert [(found.kept, found.rule) for found in group] == expected
