"""What is wrong with a request, told over real HTTP so that a stranger understands it."""

import asyncio
import http.client
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from adjudge.service.api import RewardRequest, RewardResponse
from adjudge.service.in_process import InProcessDesk
from adjudge.service.settings import HttpSettings
from tests.service.http.running import front

CASES = Path(__file__).parents[2] / "cases"
GOOD = {
    "groups": [{"completions": ["a"], "reference": {"answer": "a"}}],
    "rewards": [{"kind": "exact"}],
}


class SlowDesk(InProcessDesk):
    """Answers when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go = threading.Event(), threading.Event()

    async def judge(self, request: RewardRequest) -> RewardResponse:
        self.asked.set()
        await asyncio.to_thread(self.go.wait, 20)
        return await super().judge(request)


def rows(name: str) -> list[Any]:
    found = [json.loads(line) for line in (CASES / name).read_text("utf-8").splitlines()]
    return [pytest.param(row, id=row["name"]) for row in found]


def body(row: dict[str, Any]) -> bytes:
    if "request" in row:
        return json.dumps(row["request"]).encode()
    return b"".join(
        part.encode() if isinstance(part, str) else part[0].encode() * part[1]
        for part in row["parts"]
    )


@pytest.mark.parametrize("row", rows("bad_requests.jsonl"))
def test_is_refused(row: dict[str, Any], client: httpx.Client) -> None:
    answer = client.post("/reward", content=body(row))
    assert answer.status_code == row["status"], answer.text
    refusal = answer.json()
    assert refusal["error"] == {413: "too_large", 422: "invalid_request"}[row["status"]]
    told = {fault["path"]: fault["message"] for fault in refusal["faults"]}
    assert row["words"] in told[row["path"]]
    assert refusal["message"]
    assert len(answer.content) < 5000


@pytest.mark.parametrize("row", rows("odd_requests.jsonl"))
def test_is_judged(row: dict[str, Any], client: httpx.Client) -> None:
    answer = client.post("/reward", content=body(row))
    assert answer.status_code == 200, answer.text
    components = [
        completion["components"]["exact"]
        for completion in answer.json()["groups"][0]["completions"]
    ]
    assert [component["verdict"] for component in components] == row["verdicts"]
    assert [component["reason"] for component in components] == row["reasons"]


def test_invalid_utf8_is_told_by_its_byte(client: httpx.Client) -> None:
    answer = client.post("/reward", content=b'{"groups":[{"completions":["\xff"]}]}')
    assert answer.status_code == 422
    assert "byte 0xff at offset 28" in answer.json()["message"]


def test_a_compressed_body_is_refused(client: httpx.Client) -> None:
    answer = client.post("/reward", content=b"x", headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 415
    assert "uncompressed" in answer.json()["message"]


def test_too_large_is_told_before_the_body_is_sent(plain_url: str) -> None:
    """A client that only announces 100 MB gets its answer, and the connection stays usable."""
    where = urlsplit(plain_url)
    connection = http.client.HTTPConnection(str(where.hostname), where.port, timeout=20)
    connection.putrequest("POST", "/reward")
    connection.putheader("Content-Length", str(100_000_000))
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 413
    assert "larger than 64 MiB" in json.loads(answer.read())["message"]
    connection.close()


def test_too_large_without_a_length_is_told_while_it_is_sent() -> None:
    def endless() -> Any:
        for _ in range(64):
            yield b" " * 2**16

    with front(settings=HttpSettings(body_mb=1)) as url:
        answer = httpx.post(f"{url}/reward", content=endless(), timeout=20)
    assert answer.status_code == 413


def test_a_body_that_never_arrives_is_given_up() -> None:
    with front(settings=HttpSettings(body_timeout_s=0.2)) as url:
        where = urlsplit(url)
        with socket.create_connection((str(where.hostname), where.port), timeout=20) as raw:
            raw.sendall(b"POST /reward HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
            assert raw.recv(4096).startswith(b"HTTP/1.1 408 ")


def test_bytes_held_for_others_are_a_429() -> None:
    """Held means: until the answer. Neither a length that lies nor a refusal leaks any."""

    def chunks() -> Any:
        yield b" " * 2**21

    with front(settings=HttpSettings(body_mb=4, held_mb=1)) as url:
        for content in (b" " * 2**21, chunks()):
            answer = httpx.post(f"{url}/reward", content=content, timeout=20)
            assert answer.status_code == 429
            assert answer.headers["Retry-After"] == "1"
        for content in (b" " * 2**19, b"{", b" " * 2**19):
            assert httpx.post(f"{url}/reward", content=content, timeout=20).status_code == 422
        assert httpx.post(f"{url}/reward", json=GOOD, timeout=20).status_code == 200


def test_bytes_are_held_until_the_answer() -> None:
    desk = SlowDesk()
    padded = json.dumps({**GOOD, "request_id": "x"}).encode() + b" " * (700 * 1024)
    with front(desk, HttpSettings(body_mb=1, held_mb=1)) as url, ThreadPoolExecutor() as pool:
        first = pool.submit(httpx.post, f"{url}/reward", content=padded, timeout=30)
        assert desk.asked.wait(20)
        assert httpx.post(f"{url}/reward", content=padded, timeout=20).status_code == 429
        desk.go.set()
        assert first.result().status_code == 200
        assert httpx.post(f"{url}/reward", content=padded, timeout=20).status_code == 200


def test_many_faults_are_told_in_short(client: httpx.Client) -> None:
    request = {**GOOD, "groups": [{"completions": [], "x" * 500: 1} for _ in range(1000)]}
    answer = client.post("/reward", json=request)
    assert answer.status_code == 422
    assert len(answer.json()["faults"]) == 20
    assert len(answer.content) < 5000
