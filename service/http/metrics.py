"""Prometheus counters. Every label's values come from us, never from a request."""

import time
from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adjudge.service.api import Preset, RewardRequest, RewardResponse, RewardSpec
from adjudge.service.desk import Readiness
from adjudge.verifiers.types import Outcome

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120)
NOT_SETTLED = frozenset({"undecided", "limit"})
"""Reasons of `incorrect` that say that no rule could decide, or that the input was over a bound."""
MAX_REASONS = 200
"""Reasons are short codes of verifiers; a plug-in that makes them up is cut off here."""


class Metrics:
    """One set of counters an app: two apps in one process share nothing."""

    def __init__(self, kinds: Iterable[str]) -> None:
        self._kinds = frozenset(kinds)
        self._seen: set[tuple[str, str]] = set()
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "adjudge_requests", "Answers by route and status", ["route", "status"],
            registry=self.registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "adjudge_request_seconds", "From the first byte to the last", ["route"],
            buckets=SECONDS, registry=self.registry,
        )  # fmt: skip
        self._verdicts = Counter(
            "adjudge_verdicts", "Components judged", ["kind", "verdict"], registry=self.registry
        )
        self._unscored = Counter(
            "adjudge_unscored", "Components that could not be judged, by reason",
            ["kind", "reason"], registry=self.registry,
        )  # fmt: skip
        self._undecided = Counter(
            "adjudge_undecided", "Components counted incorrect because no rule could decide",
            ["kind", "reason"], registry=self.registry,
        )  # fmt: skip
        self._work = Counter(
            "adjudge_work_seconds", "Verifiers' own time", ["kind"], registry=self.registry
        )
        self._workers = Gauge("adjudge_workers", "Live workers", registry=self.registry)
        self._waiting = Gauge(
            "adjudge_waiting_jobs", "Jobs in the queue", ["lane"], registry=self.registry
        )
        self._up = Gauge("adjudge_queue_up", "1 while the queue answers", registry=self.registry)

    def count(self, request: RewardRequest, response: RewardResponse) -> None:
        """Every component of an answer, under its kind; summed up first, for it is the hot path."""
        verdicts: Tally[tuple[str, Outcome, str]] = Tally()
        work_ms: dict[str, float] = defaultdict(float)
        for asked, group in zip(request.groups, response.groups, strict=True):
            kinds = _kind_of_labels(asked.rewards or request.rewards)
            for completion in group.completions:
                for label, component in completion.components.items():
                    kind = kinds.get(label, label)
                    verdicts[kind, component.verdict, component.reason] += 1
                    work_ms[kind] += component.ms
        for (kind, verdict, reason), number in verdicts.items():
            self._count(self._known(kind), verdict, reason, number)
        for kind, spent in work_ms.items():
            self._work.labels(self._known(kind)).inc(spent / 1000.0)

    def _known(self, kind: str) -> str:
        return kind if kind in self._kinds else "other"

    def _count(self, kind: str, verdict: Outcome, reason: str, number: int) -> None:
        self._verdicts.labels(kind, verdict.value).inc(number)
        if verdict is Outcome.UNSCORED:
            self._unscored.labels(kind, self._reason(kind, reason)).inc(number)
        elif reason in NOT_SETTLED:
            self._undecided.labels(kind, reason).inc(number)

    def _reason(self, kind: str, reason: str) -> str:
        if len(self._seen) < MAX_REASONS:
            self._seen.add((kind, reason))
        return reason if (kind, reason) in self._seen else "other"

    def answered(self, route: str, status: int, seconds: float) -> None:
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self, state: Readiness) -> bytes:
        """The exposition format, with the queue's state as of now."""
        self._workers.set(state.workers)
        self._up.set(1 if state.queue else 0)
        for lane, jobs in state.waiting.items():
            self._waiting.labels(lane).set(jobs)
        return generate_latest(self.registry)


def _kind_of_labels(rewards: tuple[RewardSpec, ...] | Preset | None) -> Mapping[str, str]:
    """A preset's labels are its kinds."""
    if rewards is None or isinstance(rewards, Preset):
        return {}
    return {spec.label: spec.kind for spec in rewards}


class Meter:
    """ASGI middleware: counts each answer under its route's pattern."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            self._metrics.answered(route, status, time.perf_counter() - began)
