"""The wire: what `POST /reward` takes and gives (docs/contract). Imports no server.

Frozen pydantic, unknown fields refused. Parsed once, at the door; no dict crosses a boundary after.
Lists stop at their first fault (`fail_fast`): pydantic keeps every fault that it finds, and two
megabytes of `0,0,0,…` where completions belong would be a gigabyte of them.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, JsonValue

from adjudge.verifiers.types import Frozen, Message, Outcome

MAX_GROUPS = 1024
MAX_COMPLETIONS = 8192
MAX_REWARDS = 64
"""Components of one reward."""
MAX_MESSAGES = 4096
"""Turns of a prompt's chat."""

MAX_WEIGHT = 1e6
"""Of a component, either way: nothing that is added or multiplied leaves the range of floats."""

Finite = Annotated[float, Field(allow_inf_nan=False)]
Weight = Annotated[float, Field(allow_inf_nan=False, ge=-MAX_WEIGHT, le=MAX_WEIGHT)]


class CompletionIn(Frozen):
    """One completion; a bare string stands for one with only a text."""

    text: str
    id: str | None = None
    tokens: int | None = Field(default=None, ge=0)
    """Length in tokens, as the trainer counts."""
    finish_reason: Literal["stop", "length"] | None = None


class RewardSpec(Frozen):
    """One component of the reward."""

    kind: str
    name: str | None = None
    """Default: the kind. Unique within the list."""
    weight: Weight = 1.0
    params: dict[str, JsonValue] = Field(default_factory=dict)

    @property
    def label(self) -> str:
        return self.name or self.kind


class Preset(Frozen):
    """A named list of rewards (`r1_zero`, `r1`, …)."""

    preset: str


RewardList = Annotated[tuple[RewardSpec, ...], Field(max_length=MAX_REWARDS, fail_fast=True)]
Rewards = RewardList | Preset
Chat = Annotated[tuple[Message, ...], Field(max_length=MAX_MESSAGES, fail_fast=True)]


class Gate(Frozen):
    """If component `if` scores below `below`, the components in `zero` count as 0."""

    model_config = ConfigDict(populate_by_name=True)

    if_: str = Field(alias="if")
    below: Finite = 1.0
    zero: tuple[str, ...] = Field(max_length=MAX_REWARDS, fail_fast=True)


class Combine(Frozen):
    """How the components become one reward."""

    mode: Literal["sum", "product", "min", "gate"] = "sum"
    gate: Gate | None = None
    on_unscored: Literal["null", "skip", "zero"] = "null"
    clip: tuple[Finite, Finite] | None = None


class Group(Frozen):
    """One prompt and its completions: one GRPO group."""

    completions: tuple[str | CompletionIn, ...] = Field(
        min_length=1, max_length=MAX_COMPLETIONS, fail_fast=True
    )
    id: str | None = None
    prompt: str | Chat | None = None
    prefill: str = ""
    """What the chat template already put at the front of every completion."""
    reference: dict[str, JsonValue] = Field(default_factory=dict)
    rewards: Rewards | None = None
    """Overrides the request's."""


class RewardRequest(Frozen):
    groups: tuple[Group, ...] = Field(min_length=1, max_length=MAX_GROUPS)
    request_id: str | None = Field(default=None, min_length=1, max_length=256)
    rewards: Rewards | None = None
    combine: Combine = Combine()
    stats: tuple[str, ...] = Field(default=(), max_length=64, fail_fast=True)
    deadline_s: float | None = Field(default=None, gt=0, le=3600)


@dataclass(slots=True)
class Component:
    """A verdict as it goes over the wire, with the time that it took.

    A plain dataclass, as all that there is one of for each completion: a model costs five times as
    much to make, a frozen one four times, and a front makes a hundred thousand a second. Nobody
    changes one all the same.
    """

    score: float | None
    verdict: Outcome
    reason: str
    detail: str = ""
    extracted: str | None = None
    ms: float = 0.0


@dataclass(slots=True)
class CompletionOut:
    id: str | None
    reward: float | None
    flags: tuple[str, ...]
    components: dict[str, Component]


class GroupOut(Frozen):
    id: str | None
    rewards: tuple[float | None, ...]
    completions: tuple[CompletionOut, ...]
    stats: dict[str, JsonValue]


class Timing(Frozen):
    """Milliseconds."""

    queue: float
    work: float
    total: float


class RewardResponse(Frozen):
    request_id: str | None
    groups: tuple[GroupOut, ...]
    timing_ms: Timing
    version: str


class Fault(Frozen):
    """One thing wrong with a request, and where."""

    path: str
    """As in `groups[3].rewards[0].params.style`."""
    message: str


class ErrorBody(Frozen):
    """The body of every answer that is not a 2xx."""

    error: str
    """A short code: `invalid_request`, `too_large`, `unauthorized`, `queue_full`, …"""
    message: str
    faults: tuple[Fault, ...] = ()
