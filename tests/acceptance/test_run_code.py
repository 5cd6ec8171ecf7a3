"""SandboxFusion's route through the whole service, with real programs in a real sandbox."""

import base64
import time
from typing import Any

import httpx
import pytest


@pytest.fixture
def sandbox(service: httpx.Client) -> dict[str, Any]:
    until = time.monotonic() + 20
    while True:
        found: dict[str, Any] = service.get("/ready").json()["sandbox"]
        if found["self_test"]:
            return found
        if time.monotonic() > until:
            pytest.skip("no sandbox holds on this machine")
        time.sleep(0.2)


def run(service: httpx.Client, code: str, **more: Any) -> Any:
    """As verl asks."""
    body = {
        "compile_timeout": 10, "run_timeout": 5, "code": code, "stdin": None,
        "memory_limit_MB": 256, "language": "python", "files": {}, "fetch_files": [], **more,
    }  # fmt: skip
    answer = service.post("/run_code", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_output_and_input(service: httpx.Client, sandbox: Any) -> None:
    told = run(service, "print(input()[::-1])", stdin="déjà")
    assert (told["status"], told["run_result"]["status"]) == ("Success", "Finished")
    assert told["run_result"]["stdout"] == "àjéd\n"
    assert told["run_result"]["return_code"] == 0


def test_files_are_beside_the_program(service: httpx.Client, sandbox: Any) -> None:
    files = {"data/one.txt": base64.b64encode(b"hello").decode()}
    told = run(service, "print(open('data/one.txt').read())", files=files)
    assert told["run_result"]["stdout"] == "hello\n"


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("while True: pass", "TimeLimitExceeded"),
        ("import time; time.sleep(60)", "TimeLimitExceeded"),
        ("raise SystemExit(3)", "Finished"),
        ("1/0", "Finished"),
        ("def", "Finished"),
        ("x = bytearray(2**30)", "Finished"),
    ],
)
def test_failures(service: httpx.Client, sandbox: Any, code: str, status: str) -> None:
    told = run(service, code, run_timeout=1)
    assert told["status"] == "Failed"
    assert told["run_result"]["status"] == status
    assert told["run_result"]["return_code"] != 0


def test_a_language_that_no_worker_has(service: httpx.Client, sandbox: Any) -> None:
    told = run(service, "x", language="verilog")
    assert told["status"] == "SandboxError"
    assert "verilog" in told["message"]


def test_paths_stay_below_the_program(service: httpx.Client) -> None:
    for path in ("/etc/passwd", "../x", ""):
        answer = service.post("/run_code", json={"code": "", "files": {path: ""}})
        assert answer.status_code == 422
        assert "below the program's own folder" in answer.json()["message"]
