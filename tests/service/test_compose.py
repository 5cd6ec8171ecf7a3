"""docker-compose.yml with a real engine: up, MATH-500 through it, a worker killed, down."""

import json
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
GOLDS = ROOT / "tests" / "cases" / "math500_golds.jsonl"
WAIT_S = 120


def engine_answers() -> bool:
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0


def compose_command() -> list[str]:
    """Compose as the plug-in, or as the command that it used to be."""
    plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    return ["docker", "compose"] if plugin.returncode == 0 else ["docker-compose"]


pytestmark = [
    pytest.mark.docker,
    pytest.mark.slow,
    pytest.mark.skipif(not engine_answers(), reason="no Docker engine answers on this machine"),
    pytest.mark.timeout(900),
]


class Stack:
    """One project of its own: its name, port, network and volume are nobody else's."""

    def __init__(self) -> None:
        self._words = [*compose_command(), "-p", f"adjudge-test-{secrets.token_hex(4)}"]
        self._env = {
            **os.environ,
            "ADJUDGE_REDIS_PASSWORD": secrets.token_hex(16),
            "ADJUDGE_API_KEY": secrets.token_hex(16),
            "ADJUDGE_LISTEN": "127.0.0.1:0",
        }

    def run(self, *words: str) -> str:
        done = subprocess.run(
            [*self._words, *words],
            cwd=ROOT, env=self._env, capture_output=True, text=True, check=False, timeout=800,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def containers(self, service: str) -> list[str]:
        return self.run("ps", "-q", service).split()

    def client(self) -> httpx.Client:
        address = self.run("port", "front", "8000").strip()
        key = {"X-API-Key": self._env["ADJUDGE_API_KEY"]}
        return httpx.Client(base_url=f"http://{address}", headers=key, timeout=60)


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    made = Stack()
    try:
        made.run("up", "-d", "--build")
        yield made
    finally:
        made.run("down", "-v", "--remove-orphans", "--timeout", "15")


def wait_for_workers(client: httpx.Client, count: int) -> None:
    until = time.monotonic() + WAIT_S
    while workers(client) != count:
        assert time.monotonic() < until
        time.sleep(0.5)


def workers(client: httpx.Client) -> int:
    try:
        found: int = client.get("/ready").json()["workers"]
    except httpx.TransportError:
        return 0
    return found


def sandboxed(client: httpx.Client) -> bool:
    """Whether a worker's sandbox passes its self-test, after the time that the probe may take."""
    until = time.monotonic() + 30
    while not client.get("/ready").json()["sandbox"]["self_test"]:
        if time.monotonic() > until:
            return False
        time.sleep(0.5)
    return True


def golds() -> list[str]:
    return [json.loads(line)["answer"] for line in GOLDS.read_text("utf-8").splitlines()]


def judge(client: httpx.Client, answers: Sequence[str]) -> list[float | None]:
    """Each gold boxed, as its own answer."""
    groups = [
        {"completions": [f"so \\boxed{{{answer}}}"], "reference": {"answer": answer}}
        for answer in answers
    ]
    request = {"groups": groups, "rewards": [{"kind": "math"}], "deadline_s": 50}
    answer = client.post("/reward", json=request)
    assert answer.status_code == 200, answer.text
    return [group["rewards"][0] for group in answer.json()["groups"]]


def test_two_workers_judge_all_of_math500(stack: Stack) -> None:
    with stack.client() as client:
        wait_for_workers(client, 2)
        assert judge(client, golds()) == [1.0] * 500


def test_programs_run_in_the_workers_sandbox(stack: Stack) -> None:
    with stack.client() as client:
        wait_for_workers(client, 2)
        if not sandboxed(client):
            pytest.skip("this engine lets no sandbox be made in a container")
        answer = client.post("/run_code", json={"code": "print(6 * 7)", "language": "python"})
        assert answer.json()["run_result"]["stdout"] == "42\n"


def test_a_killed_worker_loses_nothing(stack: Stack) -> None:
    victim = stack.containers("worker")[0]
    with stack.client() as client:
        wait_for_workers(client, 2)
        for turn in range(10):
            if turn == 3:
                subprocess.run(["docker", "kill", victim], check=True, capture_output=True)
            assert judge(client, golds()[turn * 50 : turn * 50 + 50]) == [1.0] * 50


def test_nothing_in_the_containers_is_root_or_writable(stack: Stack) -> None:
    for service in ("front", "worker"):
        container = stack.containers(service)[-1]
        script = "id -u; touch /opt/adjudge/x 2>/dev/null && echo writable; exit 0"
        told = subprocess.run(
            ["docker", "exec", container, "sh", "-c", script],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert told.stdout.split() == ["10001"]
