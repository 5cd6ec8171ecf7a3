"""`remote`: a score from an HTTP reward model or judge of yours, for open-ended prompts.

R1's last stage rewards general prompts with a model (DeepSeek-R1, arXiv 2501.12948 §2.3.4). Where
that model lives is the service's configuration; a request chooses one by name and can never name a
URL. What is sent:

    POST url    {"prompt": …, "completion": "…", "reference": {…}}
    200         {"score": 0.7, "detail": "…"}        a finite number, and optionally why

A failure (no connection, time-out, a status that is not 2xx, a body that is not this) is tried
again, and is then `unscored`: never a 0. After several failures in a row a server is left alone for
a while, so that a dead judge does not hold up every worker.
"""

import json
import math
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    JsonValue,
    SecretStr,
    create_model,
)

from adjudge.verifiers.types import Completion, Frozen, Reference, Verdict, Verifier

if TYPE_CHECKING:
    import httpx

MAX_BODY_BYTES = 1 << 20


class RemoteServer(Frozen):
    """One reward model or judge, as the service is configured."""

    url: str = Field(pattern=r"^https?://")
    api_key: SecretStr | None = None
    """Sent as `Authorization: Bearer`."""
    timeout_s: float = Field(default=30.0, gt=0, le=600)
    """For one try."""
    retries: int = Field(default=2, ge=0, le=10)
    """Further tries after a failure."""
    failures: int = Field(default=5, ge=1)
    """So many failures in a row open the circuit."""
    pause_s: float = Field(default=10.0, gt=0)
    """How long an open circuit leaves the server alone."""


class RemoteReference(Reference):
    """Whatever the server wants: the group's whole reference is sent."""

    model_config = ConfigDict(frozen=True, extra="allow")


class RemoteParams(Frozen):
    """`server` is checked against the configuration by a subclass (`verifier_for`)."""

    server: str = "default"
    """The configured server's name."""


class RemoteFailed(Exception):
    """No score: why, for the verdict."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class Circuit:
    """Open after several failures in a row, for a while; then one try decides. Thread-safe."""

    def __init__(self, server: RemoteServer, clock: Callable[[], float] = time.monotonic) -> None:
        self._server = server
        self._clock = clock
        self._lock = threading.Lock()
        self._failed = 0
        self._closed_at = 0.0

    def allows(self) -> bool:
        with self._lock:
            if self._failed < self._server.failures:
                return True
            if self._clock() < self._closed_at:
                return False
            self._closed_at = self._clock() + self._server.pause_s
            return True

    def tell(self, worked: bool) -> None:
        with self._lock:
            self._failed = 0 if worked else self._failed + 1
            if self._failed == self._server.failures:
                self._closed_at = self._clock() + self._server.pause_s


class Judge:
    """The client of one server, shared by all threads of a worker's child."""

    def __init__(self, server: RemoteServer, sleep: Callable[[float], None] = time.sleep) -> None:
        import httpx  # a fifth of a second that no other lane's children should spend

        key = server.api_key.get_secret_value() if server.api_key else ""
        self._server = server
        self._sleep = sleep
        self._circuit = Circuit(server)
        self._client = httpx.Client(
            timeout=server.timeout_s,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            limits=httpx.Limits(max_connections=64),
            follow_redirects=False,
        )

    def score(self, body: Mapping[str, JsonValue]) -> tuple[float, str]:
        """Score and detail. Raises RemoteFailed."""
        failure = RemoteFailed("remote_unavailable", "it failed several times; left alone")
        for attempt in range(self._server.retries + 1):
            if not self._circuit.allows():
                break
            if attempt:
                self._sleep(min(0.2 * 2**attempt, 5.0))
            try:
                found = self._ask(body)
            except RemoteFailed as error:
                self._circuit.tell(worked=False)
                failure = error
            else:
                self._circuit.tell(worked=True)
                return found
        raise failure

    def _ask(self, body: Mapping[str, JsonValue]) -> tuple[float, str]:
        import httpx

        try:
            with self._client.stream("POST", self._server.url, json=body) as answer:
                content = _bounded(answer)
        except httpx.TimeoutException as error:
            raise RemoteFailed("remote_timeout", f"{type(error).__name__}") from error
        except httpx.HTTPError as error:
            raise RemoteFailed("remote_error", f"{type(error).__name__}: {error}"[:200]) from error
        if not answer.is_success:
            raise RemoteFailed("remote_error", f"status {answer.status_code}")
        return _read(content)


def _bounded(answer: "httpx.Response") -> bytes:
    content = b""
    for piece in answer.iter_bytes():
        content += piece
        if len(content) > MAX_BODY_BYTES:
            raise RemoteFailed("remote_error", "the answer is too long")
    return content


def _read(content: bytes) -> tuple[float, str]:
    try:
        found: Any = json.loads(content)
        score, detail = float(found["score"]), str(found.get("detail", ""))[:500]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise RemoteFailed("remote_error", "the answer is not {score, detail}") from error
    if not math.isfinite(score) or isinstance(found["score"], bool | str):
        raise RemoteFailed("remote_error", "the score is not a finite number")
    return score, detail


def check(
    completion: Completion,
    reference: RemoteReference,
    params: RemoteParams,
    judges: Mapping[str, Judge],
) -> Verdict:
    prompt = completion.prompt
    body: dict[str, JsonValue] = {
        "prompt": prompt
        if isinstance(prompt, str | None)
        else [message.model_dump() for message in prompt],
        "completion": completion.text,
        "reference": reference.model_dump(mode="json"),
    }
    try:
        score, detail = judges[params.server].score(body)
    except RemoteFailed as error:
        return Verdict.unscored(error.reason, f"{params.server}: {error}")
    return Verdict.graded(score, "remote", detail)


def verifier_for(servers: Mapping[str, RemoteServer]) -> Verifier[RemoteReference, RemoteParams]:
    """The kind over these servers; without any, every request for it is refused with the reason."""

    def known(name: str) -> str:
        if name not in servers:
            listed = ", ".join(sorted(servers)) or "none: see `remotes` in the settings"
            raise ValueError(f"no server {name!r} is configured here; there is {listed}")
        return name

    first = next(iter(servers), "default")
    params = create_model(
        "RemoteParams",
        __base__=RemoteParams,
        server=(Annotated[str, AfterValidator(known)], Field(default=first, validate_default=True)),
    )
    return Verifier(
        kind="remote",
        version="1",
        summary="a score from an HTTP reward model or judge of yours",
        reference=RemoteReference,
        params=params,
        check=partial(check, judges={name: Judge(server) for name, server in servers.items()}),
        lane="remote",
        cacheable=False,
        notes={"servers": list[JsonValue](sorted(servers))},
    )
