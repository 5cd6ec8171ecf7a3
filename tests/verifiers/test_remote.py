"""`remote` against a real server that answers, fails and hangs."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from adjudge.verifiers.registry import Tools, registry
from adjudge.verifiers.remote import Circuit, RemoteReference, RemoteServer, verifier_for
from adjudge.verifiers.types import Completion, Message, Verdict


class Handler(BaseHTTPRequestHandler):
    """Does what the completion says; remembers what it was sent."""

    seen: list[dict[str, Any]]
    failures: dict[str, int]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.seen.append({**body, "key": self.headers.get("Authorization")})
        word = body["completion"]
        if word.startswith("flaky") and self.failures.setdefault(word, 0) < 1:
            self.failures[word] += 1
            self._answer(500, b"{}")
        elif word == "hang":
            time.sleep(1.0)
        elif word == "error":
            self._answer(503, b"{}")
        else:
            self._answer(200, ANSWERS.get(word, b'{"score": 0.7, "detail": "fine"}'))

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


ANSWERS = {
    "junk": b"<html>",
    "nan": b'{"score": NaN}',
    "text": b'{"score": "1"}',
    "list": b"[1]",
    "long": b'{"score": 1, "detail": "' + b"x" * (2 << 20) + b'"}',
    "full": b'{"score": 1}',
    "low": b'{"score": -3.5}',
}


@pytest.fixture
def url() -> Iterator[str]:
    Handler.seen, Handler.failures = [], {}
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def asked(url: str, word: str, **options: Any) -> Verdict:
    server = RemoteServer(url=url, **{"timeout_s": 0.3, "retries": 1, **options})
    verifier = verifier_for({"judge": server})
    assert verifier.check is not None
    completion = Completion(word, prompt=(Message(role="user", content="Hi"),))
    reference = RemoteReference.model_validate({"rubric": ["kind"]})
    return verifier.check(completion, reference, verifier.params())


def test_score_and_what_is_sent(url: str) -> None:
    verdict = asked(url, "hello", api_key=SecretStr("k"))
    assert (verdict.score, verdict.reason, verdict.detail) == (0.7, "remote", "fine")
    assert Handler.seen == [
        {
            "prompt": [{"role": "user", "content": "Hi"}],
            "completion": "hello",
            "reference": {"rubric": ["kind"]},
            "key": "Bearer k",
        }
    ]


@pytest.mark.parametrize(
    ("word", "score", "reason"),
    [
        ("full", 1.0, "remote"),
        ("low", -3.5, "remote"),
        ("flaky", 0.7, "remote"),
        ("error", None, "remote_error"),
        ("hang", None, "remote_timeout"),
        ("junk", None, "remote_error"),
        ("nan", None, "remote_error"),
        ("text", None, "remote_error"),
        ("list", None, "remote_error"),
        ("long", None, "remote_error"),
    ],
)
def test_answers(url: str, word: str, score: float | None, reason: str) -> None:
    verdict = asked(url, word)
    assert (verdict.score, verdict.reason) == (score, reason)


def test_a_server_that_is_not_there() -> None:
    assert asked("http://127.0.0.1:1", "a", retries=0).reason == "remote_error"


def test_a_dead_server_is_left_alone(url: str) -> None:
    server = RemoteServer(url=url, retries=0, failures=2, pause_s=30)
    verifier = verifier_for({"judge": server})
    check, params = verifier.check, verifier.params()
    assert check is not None
    reasons = [check(Completion("error"), RemoteReference(), params).reason for _ in range(4)]
    assert reasons == ["remote_error", "remote_error", "remote_unavailable", "remote_unavailable"]
    assert len(Handler.seen) == 2


def test_an_open_circuit_lets_one_try_through_after_its_pause() -> None:
    now = [0.0]
    circuit = Circuit(RemoteServer(url="http://x", failures=2, pause_s=10), lambda: now[0])
    circuit.tell(worked=False)
    circuit.tell(worked=False)
    assert circuit.allows() is False
    now[0] = 11.0
    assert [circuit.allows(), circuit.allows()] == [True, False]
    circuit.tell(worked=True)
    assert circuit.allows() is True


def test_only_configured_servers_can_be_named() -> None:
    configured = registry(Tools(remotes={"judge": RemoteServer(url="http://x")}))["remote"]
    assert configured.params().server == "judge"
    with pytest.raises(ValidationError, match="no server 'http://evil' is configured"):
        configured.params(server="http://evil")
    with pytest.raises(ValidationError, match="none: see `remotes`"):
        registry()["remote"].params()
    with pytest.raises(ValidationError):
        RemoteServer(url="file:///etc/passwd")
