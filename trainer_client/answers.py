"""What comes back from the service, as a training job wants it: a score, or None and why.

Reads the answer of `POST /reward` leniently (unknown fields are left alone: the service may be
newer than the client) but checks its shape strictly: as many groups and completions as were sent.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError, with_config

from adjudge.service.api import Group

_LENIENT = ConfigDict(extra="ignore", allow_inf_nan=False)


class _Lenient(BaseModel):
    model_config = ConfigDict(frozen=True, **_LENIENT)


@with_config(_LENIENT)
@dataclass(slots=True)  # as what follows: there are two for each completion, and a model costs more
class Part:
    """One component's verdict on one completion."""

    score: float | None
    verdict: str
    reason: str
    detail: str = ""
    extracted: str | None = None
    ms: float = 0.0


@with_config(_LENIENT)
@dataclass(slots=True)
class Score:
    """One completion's result."""

    reward: float | None
    """None: nobody could tell. Never 0 for a fault that is not the completion's."""
    components: dict[str, Part] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    reason: str | None = None
    """Why `reward` is None: `deadline`, `unreachable`, `queue_full`, `bad_reference`, …"""
    detail: str = ""
    """For people."""


class _Group(_Lenient):
    completions: tuple[Score, ...]
    stats: dict[str, JsonValue] = {}


class _Answer(_Lenient):
    groups: tuple[_Group, ...]


class Sifted(_Lenient):
    """What rejection sampling says of one completion."""

    kept: bool
    rule: str | None = None
    """The rule that dropped it; `unscored` where nobody could tell."""
    detail: str = ""


class _SiftedGroup(_Lenient):
    completions: tuple[Sifted, ...]


class _SiftedAnswer(_Lenient):
    groups: tuple[_SiftedGroup, ...]


class _Fault(_Lenient):
    path: str = ""
    message: str = ""


class Refusal(_Lenient):
    """The body of an answer that is not a 2xx, as far as it can be read."""

    error: str = ""
    message: str = ""
    faults: tuple[_Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupScores:
    """One group's results, its completions in the order sent."""

    id: str | None
    scores: tuple[Score, ...]
    stats: Mapping[str, JsonValue] = field(default_factory=dict)

    @property
    def rewards(self) -> list[float | None]:
        return [score.reward for score in self.scores]


class BadAnswer(ValueError):
    """A 200 whose body is not an answer to what was asked."""


def read_answer(body: bytes, sent: Sequence[Group]) -> list[GroupScores]:
    """Raises BadAnswer unless `body` answers exactly the groups sent."""
    try:
        answer = _Answer.model_validate_json(body)
    except ValidationError as error:
        raise BadAnswer(str(error)[:300]) from error
    _compare(answer.groups, sent)
    return [
        GroupScores(asked.id, _explained(group.completions), group.stats)
        for asked, group in zip(sent, answer.groups, strict=True)
    ]


def read_sifted(body: bytes, sent: Sequence[Group]) -> list[tuple[Sifted, ...]]:
    """Raises BadAnswer unless `body` answers exactly the groups sent to `/filter`."""
    try:
        answer = _SiftedAnswer.model_validate_json(body)
    except ValidationError as error:
        raise BadAnswer(str(error)[:300]) from error
    _compare(answer.groups, sent)
    return [group.completions for group in answer.groups]


def _compare(answered: Sequence[_Group | _SiftedGroup], sent: Sequence[Group]) -> None:
    if [len(group.completions) for group in answered] != [len(g.completions) for g in sent]:
        raise BadAnswer("the answer has not as many groups and completions as the request")


def failed(group: Group, reason: str, detail: str = "") -> GroupScores:
    """A group of which nobody could tell anything."""
    score = Score(None, reason=reason, detail=detail)
    return GroupScores(group.id, (score,) * len(group.completions))


def unsifted(group: Group, detail: str) -> tuple[Sifted, ...]:
    """A group of which nobody could tell what to keep: nothing is."""
    return (Sifted(kept=False, rule="unscored", detail=detail),) * len(group.completions)


def read_object(body: bytes) -> dict[str, Any]:
    """Raises BadAnswer unless `body` is a JSON object."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadAnswer(str(error)[:300]) from error
    if not isinstance(found, dict):
        raise BadAnswer("the answer is no JSON object")
    return found


def read_refusal(body: bytes) -> Refusal:
    try:
        return Refusal.model_validate_json(body)
    except ValidationError:
        return Refusal(message=body[:300].decode("utf-8", "replace"))


def _explained(scores: tuple[Score, ...]) -> tuple[Score, ...]:
    """With the reason where there is no reward: that of the first component without a score."""
    for score in scores:
        if score.reward is None:
            unscored = (part.reason for part in score.components.values() if part.score is None)
            score.reason = next(unscored, "unscored")
    return scores
