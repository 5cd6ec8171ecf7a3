"""The routes beside the judging: keys, readiness, kinds, counters, and the queue's refusals."""

import base64
from collections.abc import Iterator

import httpx
import pytest
from pydantic import SecretStr

import adjudge
from adjudge.sandbox.types import Limits, Program, Result
from adjudge.service.api import RewardRequest, RewardResponse
from adjudge.service.desk import Readiness, SandboxState
from adjudge.service.errors import QueueFull, QueueUnreachable
from adjudge.service.in_process import InProcessDesk
from adjudge.service.settings import HttpSettings
from tests.service.http.running import front

KEY = "correct horse battery staple"
GOOD = {
    "request_id": "step-1",
    "groups": [{"id": "q", "completions": ["a", "b"], "reference": {"answer": "a"}}],
    "rewards": [{"kind": "exact", "name": "answer"}],
}


class FailingDesk(InProcessDesk):
    """A desk whose queue is in trouble."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    async def judge(self, request: RewardRequest) -> RewardResponse:
        raise self._error

    async def run(
        self, program: Program, limits: Limits, stdin: bytes, deadline_s: float
    ) -> Result:
        raise self._error

    async def readiness(self) -> Readiness:
        return Readiness(ready=False, queue=False, workers=0, sandbox=SandboxState())


@pytest.fixture(scope="module")
def locked() -> Iterator[str]:
    with front(settings=HttpSettings(api_key=SecretStr(KEY))) as url:
        yield url


def test_a_reward(client: httpx.Client) -> None:
    answer = client.post("/reward", json=GOOD)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    told = answer.json()
    assert told["request_id"] == "step-1"
    assert told["version"] == adjudge.__version__
    assert told["groups"][0]["rewards"] == [1.0, 0.0]
    component = told["groups"][0]["completions"][1]["components"]["answer"]
    assert set(component) == {"score", "verdict", "reason", "detail", "extracted", "ms"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {KEY}"},
        {"X-API-Key": KEY},
        {"Authorization": "Basic " + base64.b64encode(f"any:{KEY}".encode()).decode()},
        {"Authorization": "Bearer no", "X-API-Key": KEY},
    ],
)
def test_the_key_opens(locked: str, headers: dict[str, str]) -> None:
    assert httpx.post(f"{locked}/reward", json=GOOD, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": KEY},
        {"Authorization": "Basic !!!"},
        {"X-API-Key": KEY + "x"},
        {"X-API-Key": ""},
        {"X-API-Key": "ключ".encode()},
    ],
)
@pytest.mark.parametrize(
    "route", ["/reward", "/filter", "/get_reward", "/run_code", "/slime", "/verify"]
)
def test_without_the_key_nothing_is_judged(
    locked: str, route: str, headers: dict[str, str]
) -> None:
    answer = httpx.post(f"{locked}{route}", json=GOOD, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"] == "unauthorized"
    assert "X-API-Key" in answer.json()["message"]
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_what_a_probe_or_a_browser_needs_is_open(locked: str) -> None:
    for route in ("/health", "/ready", "/", "/docs", "/openapi.json"):
        assert httpx.get(locked + route).status_code == 200, route
    for route in ("/metrics", "/kinds", "/version", "/nothing"):
        assert httpx.get(locked + route).status_code == 401, route


def test_a_key_in_the_url_serves_trainers_that_send_no_headers(locked: str) -> None:
    url = locked.replace("http://", "http://any:correct%20horse%20battery%20staple@")
    sample = {"prompt": "?", "response": "a", "label": "a"}
    assert httpx.post(f"{url}/slime?rewards=exact", json=sample).json() == 1.0


@pytest.mark.parametrize(
    ("error", "status", "code", "wait"),
    [
        (QueueFull("4,096 jobs are waiting", retry_after_s=2.4), 429, "queue_full", "3"),
        (QueueUnreachable("Redis does not answer"), 503, "queue_unreachable", "1"),
    ],
)
def test_the_queue_s_trouble_is_told(error: Exception, status: int, code: str, wait: str) -> None:
    with front(FailingDesk(error)) as url:
        answer = httpx.post(f"{url}/reward", json=GOOD)
        overloaded = httpx.post(f"{url}/run_code", json={"code": "print(1)"})
        ready = httpx.get(f"{url}/ready")
    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert answer.json()["message"] == str(error)
    assert answer.headers["Retry-After"] == wait
    assert overloaded.status_code == 504
    assert ready.status_code == 503
    assert ready.json()["queue"] is False


def test_a_bug_of_ours_is_a_500_that_tells_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with front(FailingDesk(RuntimeError("secret detail"))) as url:
        answer = httpx.post(f"{url}/reward", json=GOOD)
    assert answer.status_code == 500
    assert answer.json()["error"] == "internal"
    assert "secret" not in answer.text
    assert "secret detail" in caplog.text


def test_unknown_routes_and_methods(client: httpx.Client) -> None:
    missing = client.get("/rewards")
    assert (missing.status_code, missing.json()["error"]) == (404, "not_found")
    wrong = client.get("/reward")
    assert (wrong.status_code, wrong.json()["error"]) == (405, "method_not_allowed")
    assert wrong.headers["Allow"] == "POST"


def test_health_and_version(client: httpx.Client) -> None:
    assert client.get("/health").json() == {"status": "ok"}
    assert client.head("/health").status_code == 200
    assert client.head("/ready").status_code == 200
    version = client.get("/version").json()
    assert version["version"] == adjudge.__version__
    assert (version["max_groups"], version["max_completions"]) == (1024, 8192)


def test_kinds_have_schemas(client: httpx.Client) -> None:
    catalogue = client.get("/kinds").json()
    exact = catalogue["kinds"]["exact"]
    assert exact["needs"] == ["answer"]
    assert exact["params"]["properties"]["ignore_case"]["type"] == "boolean"
    assert "r1" in catalogue["presets"]


def test_openapi_describes_the_bodies(client: httpx.Client) -> None:
    schema = client.get("/openapi.json").json()
    for route in ("/reward", "/filter", "/get_reward", "/slime", "/verify", "/run_code"):
        operation = schema["paths"][route]["post"]
        reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        assert reference.rpartition("/")[2] in schema["components"]["schemas"], route
        assert {"401", "413", "422", "429", "503"} <= set(operation["responses"])


def test_pages_load_nothing_from_elsewhere(client: httpx.Client) -> None:
    for route in ("/", "/docs"):
        page = client.get(route).text
        assert "//" not in page.replace("http://www.w3.org/2000/svg", "").replace("://127", ""), (
            route
        )
    assert client.get("/docs-assets/swagger-ui-bundle.js").status_code == 200


def test_metrics_count_verdicts_by_kind() -> None:
    with front() as url:
        httpx.post(f"{url}/reward", json=GOOD)
        httpx.post(f"{url}/reward", json={})
        httpx.get(f"{url}/made/up/by/a/caller")
        lines = httpx.get(f"{url}/metrics").text.splitlines()
    assert 'adjudge_verdicts_total{kind="exact",verdict="correct"} 1.0' in lines
    assert 'adjudge_verdicts_total{kind="exact",verdict="incorrect"} 1.0' in lines
    assert 'adjudge_requests_total{route="/reward",status="422"} 1.0' in lines
    assert 'adjudge_requests_total{route="other",status="404"} 1.0' in lines
    assert "adjudge_workers 1.0" in lines
    assert not any("made/up" in line for line in lines)


def test_filter_keeps_what_is_worth_learning_from(client: httpx.Client) -> None:
    groups = [{"completions": ["a", "b", "a "], "reference": {"answer": "a"}}]
    request = {
        "groups": groups,
        "rewards": [{"kind": "exact"}],
        "rules": {"correct": True, "per_group": 1},
    }
    told = client.post("/filter", json=request).json()
    found = [(one["kept"], one["rule"]) for one in told["groups"][0]["completions"]]
    assert found == [(True, None), (False, "correct"), (False, "per_group")]
    assert told["counts"] == {"kept": 1, "correct": 1, "per_group": 1}


def test_filter_s_faults_name_their_path(client: httpx.Client) -> None:
    request = {**GOOD, "rules": {"corect": True}}
    answer = client.post("/filter", json=request)
    assert answer.status_code == 422
    assert answer.json()["faults"] == [
        {"path": "rules.corect", "message": "unknown field; did you mean `correct`?"}
    ]
