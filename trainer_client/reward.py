"""Reward functions for TRL (GRPO, RLOO and whatever else takes them).

    trainer = GRPOTrainer(..., reward_funcs=reward_function(url, ["math", "format"]))
    trainer = GRPOTrainer(..., reward_funcs=reward_functions(url, ["math", "format"]))

The first is one function: the service combines, and each component has a curve `components/NAME`.
The second is a function for each component, with TRL's own curves and `reward_weights`; all of them
share one request. A completion that the service could not tell about is None in *every* function:
TRL then leaves it out of its group, while a None beside a number would count as 0.

Both give real `async def` functions with names of their own, which TRL's detection, its curves and
its tables go by, and which pickle (TRL's asynchronous trainer sends them to another process): a
function's `__qualname__` holds its settings, and this module makes it again from them. No secret
is among them: the API key is `ADJUDGE_API_KEY` of whichever process calls.
"""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

from adjudge.service.api import Preset
from adjudge.trainer_client.answers import Score
from adjudge.trainer_client.client import RewardClient, Rewards, parse_rewards
from adjudge.trainer_client.rows import Chat, groups_of, references

RewardFunction = Callable[..., Awaitable[list[float | None]]]
DEFAULT_URL = "http://127.0.0.1:8000"

_PREFIX = "adjudge_"


class LogExtra(Protocol):
    """Adds a column to TRL's table of completions."""

    def __call__(self, column: str, values: list[Any], /) -> None: ...


class LogMetric(Protocol):
    """Adds a point to a curve."""

    def __call__(self, name: str, value: float, /) -> None: ...


def reward_function(
    url: str | None = None,
    rewards: Rewards = "r1_zero",
    *,
    deadline_s: float = 60.0,
    combine: Mapping[str, Any] | None = None,
    columns: Mapping[str, str] | None = None,
    prefill: str = "",
    name: str = "reward",
    chunk: int = 64,
) -> RewardFunction:
    """The combined reward of the service at `url` (default: `ADJUDGE_URL`, or this machine's).

    `rewards`: a preset's name or the components; the dataset's columns become each row's reference,
    renamed by `columns` ({"solution": "answer"}); `prefill`: what the chat template put at the
    front of the completions. `deadline_s` bounds a call; what is not judged by then is None.
    """
    settings = _settings(url, rewards, deadline_s, combine, columns, prefill, chunk)
    return _function(_encode(settings | {"name": name, "component": None}))


def reward_functions(
    url: str | None = None,
    rewards: Sequence[str | Mapping[str, Any]] = ("math", "format"),
    *,
    deadline_s: float = 60.0,
    columns: Mapping[str, str] | None = None,
    prefill: str = "",
    chunk: int = 64,
) -> list[RewardFunction]:
    """A function for each component, in order, sharing one request; weigh them in TRL."""
    specs = parse_rewards(rewards)
    if isinstance(specs, Preset):
        raise TypeError("a preset's components are the service's to choose; list the kinds")
    settings = _settings(url, rewards, deadline_s, None, columns, prefill, chunk)
    return [
        _function(_encode(settings | {"name": spec.label, "component": spec.label}))
        for spec in specs
    ]


def client_of(function: RewardFunction) -> RewardClient:
    """The client behind a reward function, for its counts."""
    return _call(_shared_part(_decode(function.__qualname__))).client


async def aclose(function: RewardFunction) -> None:
    """Close the running loop's session of a reward function; of any other function, nothing."""
    if function.__qualname__.startswith(_PREFIX):
        await client_of(function).aclose()


def table(scores: Sequence[Score]) -> dict[str, list[str | None]]:
    """Columns for a table of completions: what was found in each, and why it scored so."""
    return {
        "verdict": [_verdict(score) for score in scores],
        "extracted": [_extracted(score) for score in scores],
    }


@dataclass(slots=True)
class _Call:
    """One request for all functions that are asked about the same completions."""

    client: RewardClient
    columns: Mapping[str, str]
    prefill: str
    latest: tuple[Any, asyncio.AbstractEventLoop, asyncio.Task[list[Score]]] | None = field(
        default=None
    )

    def share(
        self, completions: Sequence[str | Chat], given: Mapping[str, Any]
    ) -> asyncio.Task[list[Score]]:
        loop = asyncio.get_running_loop()
        if self.latest and self.latest[0] is completions and self.latest[1] is loop:
            return self.latest[2]
        task = loop.create_task(self._score(completions, given))
        self.latest = (completions, loop, task)
        return task

    async def _score(
        self, completions: Sequence[str | Chat], given: Mapping[str, Any]
    ) -> list[Score]:
        groups = groups_of(
            given.get("prompts"),
            completions,
            references(given, len(completions), self.columns),
            completion_ids=given.get("completion_ids"),
            prefill=self.prefill,
        )
        results = await self.client.ajudge(groups)
        scores = [score for group in results for score in group.scores]
        self._log(scores, given.get("log_extra"), given.get("log_metric"))
        return scores

    def _log(
        self, scores: Sequence[Score], extra: LogExtra | None, metric: LogMetric | None
    ) -> None:
        if extra is not None:
            for column, values in table(scores).items():
                extra(column, values)
        if metric is not None:
            for name, value in curves(scores).items():
                metric(name, value)
            counts = self.client.counts
            metric("adjudge/request_p50_ms", counts.latency_ms(0.5))
            metric("adjudge/request_p95_ms", counts.latency_ms(0.95))
            metric("adjudge/retries", float(counts.retries))


def curves(scores: Sequence[Score]) -> dict[str, float]:
    """Each component's mean over the completions that it scored, and the share unscored."""
    values: dict[str, list[float]] = {}
    for score in scores:
        for name, part in score.components.items():
            if part.score is not None:
                values.setdefault(name, []).append(part.score)
    means = {f"components/{name}/mean": sum(found) / len(found) for name, found in values.items()}
    unscored = sum(score.reward is None for score in scores)
    return means | {"adjudge/unscored_share": unscored / max(1, len(scores))}


def _verdict(score: Score) -> str:
    if not score.components:
        return f"{score.reason}: {score.detail}"[:300]
    parts = (
        f"{name} {part.verdict} ({part.reason})" + (f": {part.detail}" if part.detail else "")
        for name, part in score.components.items()
    )
    return "; ".join(parts)[:1000]


def _extracted(score: Score) -> str | None:
    found = (part.extracted for part in score.components.values() if part.extracted is not None)
    return next(found, None)


def _settings(
    url: str | None,
    rewards: Rewards,
    deadline_s: float,
    combine: Mapping[str, Any] | None,
    columns: Mapping[str, str] | None,
    prefill: str,
    chunk: int,
) -> dict[str, Any]:
    specs = parse_rewards(rewards)
    named = specs.preset if isinstance(specs, Preset) else None
    listed = () if isinstance(specs, Preset) else specs
    return {
        "url": url or os.environ.get("ADJUDGE_URL", DEFAULT_URL),
        "rewards": named or [spec.model_dump(mode="json") for spec in listed],
        "deadline_s": deadline_s,
        "combine": dict(combine or {}),
        "columns": dict(columns or {}),
        "prefill": prefill,
        "chunk": chunk,
    }


def _encode(settings: Mapping[str, Any]) -> str:
    return _PREFIX + json.dumps(settings, sort_keys=True).encode().hex()


def _decode(name: str) -> dict[str, Any]:
    settings: dict[str, Any] = json.loads(bytes.fromhex(name.removeprefix(_PREFIX)))
    return settings


def _shared_part(settings: Mapping[str, Any]) -> str:
    """What functions that share a request have in common, as a key."""
    own = ("name", "component")
    return json.dumps({k: v for k, v in settings.items() if k not in own}, sort_keys=True)


@cache
def _call(shared: str) -> _Call:
    settings = json.loads(shared)
    client = RewardClient(
        settings["url"],
        settings["rewards"],
        combine=settings["combine"],
        deadline_s=settings["deadline_s"],
        chunk=settings["chunk"],
    )
    return _Call(client, settings["columns"], settings["prefill"])


@cache
def _function(encoded: str) -> RewardFunction:
    settings = _decode(encoded)
    shared, component = _shared_part(settings), settings["component"]
    _call(shared)  # what is wrong with the settings is told now, not at the first step

    async def score(
        completions: Sequence[str | Chat],
        **given: Any,  # noqa: ANN401 - the dataset's columns and TRL's own arguments
    ) -> list[float | None]:
        scores = await _call(shared).share(completions, given)
        if component is None:
            return [found.reward for found in scores]
        return [_component(found, component) for found in scores]

    score.__name__, score.__qualname__ = settings["name"], encoded
    return score


def _component(score: Score, name: str) -> float | None:
    """None for every component where one of them is: a 0 in its place would be a lie."""
    part = score.components.get(name)
    return None if score.reward is None or part is None else part.score


def __getattr__(name: str) -> RewardFunction:
    """Unpickling asks for a function by the name that holds its settings."""
    if name.startswith(_PREFIX):
        try:
            return _function(name)
        except (ValueError, KeyError) as error:
            raise AttributeError(name) from error
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
