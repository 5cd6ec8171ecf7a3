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


def test_files_come_back(service: httpx.Client, sandbox: Any) -> None:
    code = (
        "import os\nos.mkdir('out')\nopen('out/a.bin', 'wb').write(bytes(range(256)))\n"
        "os.symlink('/etc/passwd', 'link')\nopen('b', 'w').write('b')\nraise SystemExit(1)"
    )
    wanted = ["out/a.bin", "b", "link", "out", "nowhere"]
    told = run(service, code, fetch_files=wanted)
    files = {name: base64.b64decode(content) for name, content in told["files"].items()}
    assert files == {"out/a.bin": bytes(range(256)), "b": b"b"}
    answer = service.post("/run_code", json={"code": "", "fetch_files": ["../x"]})
    assert answer.status_code == 422


def test_compiled(service: httpx.Client, sandbox: Any) -> None:
    if "cpp" not in sandbox["languages"]:
        pytest.skip("no cpp here")
    code = "#include <iostream>\nint main(){int a,b;std::cin>>a>>b;std::cout<<a+b;}"
    told = run(service, code, language="cpp", stdin="3 4")
    assert (told["status"], told["compile_result"]["status"]) == ("Success", "Finished")
    assert told["run_result"]["stdout"] == "7"
    told = run(service, "int main(){", language="cpp")
    assert (told["status"], told["run_result"]) == ("Failed", None)
    assert told["compile_result"]["return_code"] == 1
    assert "error" in told["compile_result"]["stderr"]
    slow = "constexpr long f(){long x=0;for(long i=0;i<(1L<<40);i++)x+=i;return x;}\nint a[f()];"
    told = run(service, slow, language="cpp", compile_timeout=0.2)
    assert told["compile_result"]["status"] == "TimeLimitExceeded"


def test_output_is_whole_or_no_success(service: httpx.Client, sandbox: Any) -> None:
    for size in (200_000, 5_000_000):
        told = run(service, f"print('x' * {size})")
        assert (told["status"], len(told["run_result"]["stdout"])) == ("Success", size + 1)
    assert run(service, "print('x' * 9_000_000)")["status"] == "Failed"


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
