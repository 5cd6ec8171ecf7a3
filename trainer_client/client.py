"""The client of the service, synchronous and asynchronous.

What a training job needs of it: it never raises for what a network or an overloaded service does
(the completions come back with reward None and the reason, and are counted), never waits past its
deadline, keeps the order, and never has work judged twice: a resend carries the same `request_id`
and the same body. It does raise `RequestRefused` for what no resend can mend (a misspelt kind, a
wrong key, a column that is in no row).

A call is cut into chunks of whole groups (a group's statistics and its length rewards need all of
it) of about `chunk` completions, sent side by side. A row that the service cannot read (422 at
`groups[i]`) fails alone, and the others are sent again.
"""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

from pydantic import TypeAdapter

from adjudge.service.api import MAX_COMPLETIONS, Combine, Group, Preset, RewardRequest, RewardSpec
from adjudge.trainer_client.answers import (
    GroupScores,
    Sifted,
    failed,
    read_answer,
    read_object,
    read_sifted,
    unsifted,
)
from adjudge.trainer_client.counts import Counts
from adjudge.trainer_client.plain import plain
from adjudge.trainer_client.retry import Deadline, Failure
from adjudge.trainer_client.transport import RequestRefused, Transport

Rewards = str | Preset | Sequence[str | Mapping[str, Any] | RewardSpec]
"""A preset's name, or the components: kinds by name, or objects as on the wire."""
Specs = tuple[RewardSpec, ...] | Preset
T = TypeVar("T")

_CHUNK_BYTES = 16 * 1024 * 1024
_specs: TypeAdapter[Specs] = TypeAdapter(Specs)


class RewardClient:
    """Asks the service at `url`; safe to share between threads and event loops, and to pickle."""

    def __init__(
        self,
        url: str,
        rewards: Rewards | None = None,
        *,
        combine: Mapping[str, Any] | Combine | None = None,
        stats: Sequence[str] = (),
        deadline_s: float = 60.0,
        api_key: str | None = None,
        chunk: int = 64,
        connections: int = 32,
    ) -> None:
        if not 1 <= chunk <= MAX_COMPLETIONS or deadline_s <= 0:
            raise ValueError(f"chunk is 1..{MAX_COMPLETIONS} and deadline_s above 0")
        self.rewards = None if rewards is None else parse_rewards(rewards)
        self.combine = Combine.model_validate(combine or {})
        self.stats = tuple(stats)
        self.deadline_s = deadline_s
        self.chunk = chunk
        self._transport = Transport(url, api_key, connections, deadline_s)

    @property
    def url(self) -> str:
        return self._transport.url

    @property
    def counts(self) -> Counts:
        return self._transport.counts

    async def ajudge(
        self, groups: Sequence[Mapping[str, Any] | Group], *, rewards: Rewards | None = None
    ) -> list[GroupScores]:
        """Score groups (objects as on the wire), in the order given.

        Raises RequestRefused where the request itself is at fault.
        """
        specs = self.rewards if rewards is None else parse_rewards(rewards)
        deadline = Deadline.after(self.deadline_s)
        call = uuid.uuid4().hex
        parts = [
            self._judge_chunk(part, specs, f"{call}-{number}", deadline)
            for number, part in enumerate(cut([as_group(group) for group in groups], self.chunk))
        ]
        results = [group for part in await asyncio.gather(*parts) for group in part]
        self.counts.add(score for group in results for score in group.scores)
        self._refuse_if_all_bad(results)
        return results

    def judge(
        self, groups: Sequence[Mapping[str, Any] | Group], *, rewards: Rewards | None = None
    ) -> list[GroupScores]:
        """`ajudge`, waiting."""
        return self._transport.wait(self.ajudge(groups, rewards=rewards))

    async def afilter(
        self, groups: Sequence[Mapping[str, Any] | Group], rules: Mapping[str, Any]
    ) -> list[tuple[Sifted, ...]]:
        """Rejection sampling by the service's rules (`POST /filter`), in the order given.

        What nobody could tell about is not kept, rule `unscored`; a group that the service cannot
        read is lost alone. Raises RequestRefused where the request itself is at fault.
        """
        deadline = Deadline.after(self.deadline_s)
        call = uuid.uuid4().hex
        parts = [
            self._filter_chunk(part, rules, f"{call}-{number}", deadline)
            for number, part in enumerate(cut([as_group(group) for group in groups], self.chunk))
        ]
        return [group for part in await asyncio.gather(*parts) for group in part]

    def filter(
        self, groups: Sequence[Mapping[str, Any] | Group], rules: Mapping[str, Any]
    ) -> list[tuple[Sifted, ...]]:
        """`afilter`, waiting."""
        return self._transport.wait(self.afilter(groups, rules))

    async def apost(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Any other route of the service, with the same retries.

        Raises RequestRefused, or Failure when there was no answer by the deadline.
        """
        data = json.dumps(plain(body)).encode()
        return await self._transport.post(path, data, Deadline.after(self.deadline_s), read_object)

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """`apost`, waiting."""
        return self._transport.wait(self.apost(path, body))

    def get(self, path: str) -> tuple[int, dict[str, Any]]:
        """One GET, without retries: (status, body). Raises Failure when it cannot be reached."""
        return self._transport.wait(self._transport.get(path))

    async def _judge_chunk(
        self, groups: list[Group], specs: Specs | None, request_id: str, deadline: Deadline
    ) -> list[GroupScores]:
        body = self._body(groups, specs, request_id)
        try:
            return await self._transport.post(
                "/reward", body, deadline, lambda raw: read_answer(raw, groups)
            )
        except Failure as failure:
            return [failed(group, failure.reason, str(failure)) for group in groups]
        except RequestRefused as refusal:
            refused = sort_out(groups, refusal)
        return await self._without_the_bad(
            refused,
            request_id,
            lambda group: failed(group, refused.reason, refused.message),
            lambda part, name: self._judge_chunk(part, specs, name, deadline),
        )

    async def _filter_chunk(
        self, groups: list[Group], rules: Mapping[str, Any], request_id: str, deadline: Deadline
    ) -> list[tuple[Sifted, ...]]:
        body = json.loads(self._body(groups, self.rewards, request_id)) | {"rules": plain(rules)}
        body.pop("combine", None)
        try:
            return await self._transport.post(
                "/filter", json.dumps(body).encode(), deadline, lambda raw: read_sifted(raw, groups)
            )
        except Failure as failure:
            return [unsifted(group, str(failure)) for group in groups]
        except RequestRefused as refusal:
            refused = sort_out(groups, refusal)
        return await self._without_the_bad(
            refused,
            request_id,
            lambda group: unsifted(group, refused.message),
            lambda part, name: self._filter_chunk(part, rules, name, deadline),
        )

    async def _without_the_bad(
        self,
        refused: "Refused",
        request_id: str,
        lose: Callable[[Group], T],
        ask: Callable[[list[Group], str], Awaitable[list[T]]],
    ) -> list[T]:
        """The results of a refused chunk: the bad groups lost, the others asked about again."""
        if refused.reason == "bad_request":
            self.counts.bad_groups += len(refused.bad)
        results = {index: lose(group) for index, group in refused.bad.items()}
        for number, part in enumerate(refused.again):
            answered = await ask(list(part.values()), f"{request_id[-200:]}.{number}")
            results.update(zip(part, answered, strict=True))
        return [results[index] for index in sorted(results)]

    def _body(self, groups: list[Group], specs: Specs | None, request_id: str) -> bytes:
        # A little sooner than ours, so that the service's own `deadline` verdicts still arrive.
        judged_by_s = max(self.deadline_s * 0.5, self.deadline_s - 2.0)
        request = RewardRequest(
            groups=tuple(groups),
            request_id=request_id,
            rewards=specs,
            combine=self.combine,
            stats=self.stats,
            deadline_s=min(judged_by_s, 3600.0),
        )
        return request.model_dump_json(exclude_defaults=True, by_alias=True).encode()

    def _refuse_if_all_bad(self, results: Sequence[GroupScores]) -> None:
        """Nothing scored yet and every row at fault: a wrong column, not one bad row."""
        if self.counts.scored or self.counts.bad_groups < 2 or not results:
            return
        scores = [score for group in results for score in group.scores]
        if all(score.reason == "bad_request" for score in scores):
            raise RequestRefused(422, scores[0].detail)

    async def aclose(self) -> None:
        """Close this event loop's session."""
        await self._transport.aclose()

    def close(self) -> None:
        """Close what the synchronous calls opened."""
        self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class Refused:
    """A refused chunk, by index: the groups at fault, and what to send again."""

    reason: str
    message: str
    bad: dict[int, Group]
    again: list[dict[int, Group]]


def parse_rewards(rewards: Rewards) -> Specs:
    """Raises pydantic.ValidationError for what is no list of components."""
    if isinstance(rewards, Preset):
        return rewards
    if isinstance(rewards, str):
        return Preset(preset=rewards)
    specs = [{"kind": item} if isinstance(item, str) else item for item in rewards]
    return _specs.validate_python(specs)


def as_group(group: Mapping[str, Any] | Group) -> Group:
    """Raises pydantic.ValidationError for what is no group."""
    return group if isinstance(group, Group) else Group.model_validate(plain(group))


def cut(groups: Sequence[Group], most: int) -> list[list[Group]]:
    """Runs of whole groups, of about `most` completions and no more than a few megabytes."""
    chunks: list[list[Group]] = []
    count = size = 0
    for group in groups:
        completions, length = len(group.completions), _length(group)
        if not chunks or count + completions > most or size + length > _CHUNK_BYTES:
            chunks.append([])
            count = size = 0
        chunks[-1].append(group)
        count, size = count + completions, size + length
    return chunks


def _length(group: Group) -> int:
    texts = (item if isinstance(item, str) else item.text for item in group.completions)
    return sum(map(len, texts))


def sort_out(groups: list[Group], refusal: RequestRefused) -> Refused:
    """Raises the refusal where it is not about some of the groups."""
    everyone = dict(enumerate(groups))
    if refusal.status == 413 and len(groups) > 1:
        half = len(groups) // 2
        halves = [dict(list(everyone.items())[part]) for part in (slice(half), slice(half, None))]
        return Refused("too_large", refusal.message, {}, halves)
    if refusal.status == 413:
        return Refused("too_large", refusal.message, everyone, [])
    bad = {i: group for i, group in everyone.items() if i in refusal.groups}
    if refusal.status != 422 or not bad:
        raise refusal
    rest = {i: group for i, group in everyone.items() if i not in bad}
    return Refused("bad_request", refusal.message, bad, [rest] if rest else [])
