"""From a request to jobs, and from their results to the answer. Pure: no queue, no clock.

Everything that can be wrong with a request is found here, before anything is queued, and told with
its path: unknown kinds and params, missing reference keys, statistics that cannot be computed.

A group is cut by lane: rewards that are plain computing go together in chunks of completions, those
that compare the members of a group get it whole, and each sandboxed program is a job of its own.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from adjudge import __version__
from adjudge.service.api import (
    MAX_COMPLETIONS,
    MAX_GROUPS,
    Combine,
    CompletionIn,
    CompletionOut,
    Component,
    Fault,
    Group,
    GroupOut,
    Preset,
    RewardRequest,
    RewardResponse,
    RewardSpec,
    Timing,
)
from adjudge.service.combine import Combiner
from adjudge.service.errors import BadRequest, TooLarge
from adjudge.service.faults import explain
from adjudge.service.job import Entry, Job, JobResult, Row, Task
from adjudge.service.judge import classify, component
from adjudge.service.presets import PRESETS
from adjudge.service.stats import STATS, Primary, pass_k, statistics
from adjudge.verifiers.types import AnyVerifier, Lane, Verdict

Kinds = Mapping[str, AnyVerifier]

CHUNK = 16
"""Completions in one job of plain computing."""
MAX_TEXT_CHARS = 1_000_000
"""A longer completion is judged as too heavy, unread: `incorrect`, `limit`."""

TOO_LONG = Verdict.incorrect("limit", f"longer than {MAX_TEXT_CHARS:,} characters")
LATE = Verdict.unscored("deadline", "not judged by the deadline")


@dataclass(frozen=True, slots=True)
class Part:
    """One job, and where its rows belong."""

    job: Job
    lane: Lane
    group: int
    members: tuple[int, ...]
    """Positions in the group of the job's entries."""
    cacheable: bool


@dataclass(frozen=True, slots=True)
class GroupPlan:
    group: Group
    specs: tuple[RewardSpec, ...]
    too_long: frozenset[int]


@dataclass(frozen=True, slots=True)
class Plan:
    request: RewardRequest
    groups: tuple[GroupPlan, ...]
    parts: tuple[Part, ...]

    def assemble(self, results: Sequence[JobResult | None], timing: Timing) -> RewardResponse:
        """`results` by part; None where a part was not judged by the deadline."""
        by_group: dict[int, list[tuple[Part, JobResult | None]]] = {}
        for part, result in zip(self.parts, results, strict=True):
            by_group.setdefault(part.group, []).append((part, result))
        return RewardResponse.model_construct(
            request_id=self.request.request_id,
            groups=tuple(
                _group_out(plan, by_group.get(index, []), self.request)
                for index, plan in enumerate(self.groups)
            ),
            timing_ms=timing,
            version=__version__,
        )


# -- checking ------------------------------------------------------------------------------------


def plan(request: RewardRequest, kinds: Kinds) -> Plan:
    """Raises TooLarge (413) and BadRequest (422) with every fault that was found."""
    _check_size(request)
    faults = [*_request_faults(request)]
    groups = []
    for index, group in enumerate(request.groups):
        specs, wrong = _specs(request, index, kinds)
        faults += wrong
        too_long = {at for at, given in enumerate(group.completions) if _too_long(given)}
        groups.append(GroupPlan(group, specs, frozenset(too_long)))
        if len(faults) >= 20:
            break
    if faults:
        raise BadRequest(dict.fromkeys(faults))
    parts = [
        part
        for index, planned in enumerate(groups)
        for part in _parts(index, planned, "cons" in request.stats, kinds)
    ]
    return Plan(request, tuple(groups), tuple(parts))


def _check_size(request: RewardRequest) -> None:
    faults = []
    if len(request.groups) > MAX_GROUPS:
        faults.append(_over("groups", len(request.groups), MAX_GROUPS, "groups"))
    total = sum(len(group.completions) for group in request.groups)
    if total > MAX_COMPLETIONS:
        faults.append(_over("groups[].completions", total, MAX_COMPLETIONS, "completions"))
    if faults:
        raise TooLarge(faults)


def _over(path: str, count: int, limit: int, what: str) -> Fault:
    return Fault(path=path, message=f"{count:,} {what}; a request may have {limit:,}: split it")


def _request_faults(request: RewardRequest) -> Iterator[Fault]:
    how = request.combine
    if how.mode == "gate" and how.gate is None:
        yield Fault(path="combine.gate", message="mode `gate` needs the gate itself")
    if how.mode != "gate" and how.gate is not None:
        yield Fault(path="combine.gate", message=f"has no effect in mode `{how.mode}`")
    if how.clip and how.clip[0] > how.clip[1]:
        yield Fault(path="combine.clip", message="the lower bound is above the upper")
    smallest = min(len(group.completions) for group in request.groups)
    for at, name in enumerate(request.stats):
        if problem := _stat_problem(name, smallest):
            yield Fault(path=f"stats[{at}]", message=problem)


def _stat_problem(name: str, smallest: int) -> str | None:
    k = pass_k(name)
    if k is None:
        known = ", ".join(STATS)
        return None if name in STATS else f"unknown statistic {name!r}; known: {known}, pass@k"
    if k > smallest:
        return f"pass@{k} needs at least {k} completions in every group; one has {smallest}"
    return None


def _specs(
    request: RewardRequest, index: int, kinds: Kinds
) -> tuple[tuple[RewardSpec, ...], list[Fault]]:
    """The rewards of one group, and all that is wrong with them."""
    group = request.groups[index]
    own = group.rewards is not None
    given = group.rewards if own else request.rewards
    path = f"groups[{index}].rewards" if own else "rewards"
    if given is None or given == ():
        return (), [
            Fault(path=path, message="say what to judge by: a list of rewards, or a preset")
        ]
    if isinstance(given, Preset):
        if given.preset not in PRESETS:
            message = f"unknown preset {given.preset!r}{_hint(given.preset, PRESETS)}"
            return (), [Fault(path=f"{path}.preset", message=message)]
        given = PRESETS[given.preset](group.reference)
    faults = [*_list_faults(given, path), *_gate_faults(given, request.combine)]
    for at, spec in enumerate(given):
        faults += _spec_faults(spec, f"{path}[{at}]", index, group, kinds)
    return given, faults


def _list_faults(specs: Sequence[RewardSpec], path: str) -> Iterator[Fault]:
    seen: set[str] = set()
    for at, spec in enumerate(specs):
        if spec.label in seen:
            message = f"a second reward named {spec.label!r}; give one of them another `name`"
            yield Fault(path=f"{path}[{at}].name", message=message)
        seen.add(spec.label)


def _gate_faults(specs: Sequence[RewardSpec], how: Combine) -> Iterator[Fault]:
    if how.gate is None:
        return
    labels = {spec.label for spec in specs}
    if how.gate.if_ not in labels:
        yield Fault(path="combine.gate.if", message=f"no reward is named {how.gate.if_!r}")
    for at, name in enumerate(how.gate.zero):
        if name not in labels:
            yield Fault(path=f"combine.gate.zero[{at}]", message=f"no reward is named {name!r}")


def _spec_faults(
    spec: RewardSpec, path: str, index: int, group: Group, kinds: Kinds
) -> Iterator[Fault]:
    verifier = kinds.get(spec.kind)
    if verifier is None:
        message = f"unknown kind {spec.kind!r}{_hint(spec.kind, kinds)}"
        yield Fault(path=f"{path}.kind", message=message)
        return
    try:
        params = verifier.params.model_validate(spec.params)
    except ValidationError as error:
        yield from explain(error, spec.params, verifier.params, f"{path}.params")
        return
    for key in verifier.needed_keys(params):
        if key not in group.reference:
            message = f"missing: kind `{spec.kind}` needs it"
            yield Fault(path=f"groups[{index}].reference.{key}", message=message)
    if verifier.needs_tokens:
        yield from _token_faults(spec, index, group)


def _token_faults(spec: RewardSpec, index: int, group: Group) -> Iterator[Fault]:
    for at, given in enumerate(group.completions):
        if isinstance(given, str) or given.tokens is None:
            message = f"missing: kind `{spec.kind}` needs the length in tokens"
            yield Fault(path=f"groups[{index}].completions[{at}].tokens", message=message)
            return


def _hint(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    near = difflib.get_close_matches(name[:100], names, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(names)}"


# -- cutting -------------------------------------------------------------------------------------


def _too_long(given: str | CompletionIn) -> bool:
    return len(given if isinstance(given, str) else given.text) > MAX_TEXT_CHARS


def _entry(given: str | CompletionIn) -> Entry:
    if isinstance(given, str):
        return Entry(text=given)
    return Entry(text=given.text, tokens=given.tokens, finish_reason=given.finish_reason)


def _parts(index: int, planned: GroupPlan, vote: bool, kinds: Kinds) -> Iterator[Part]:
    members = [at for at in range(len(planned.group.completions)) if at not in planned.too_long]
    flags = True
    for sort, specs in _sorts(planned.specs, kinds).items():
        voting = vote and planned.specs[0] in specs and sort in ("pure", "group")
        size = len(members) if voting or sort == "group" else _SIZES.get(sort, 1)
        for start in range(0, len(members), max(size, 1)):
            chunk = members[start : start + size]
            job = _job(planned, specs, chunk, flags, planned.specs[0].label if voting else None)
            lane: Lane = "pure" if sort == "group" else kinds[specs[0].kind].lane
            lasting = all(kinds[spec.kind].cacheable for spec in specs)
            cacheable = lasting and not voting and sort != "group"
            yield Part(job, lane, index, tuple(chunk), cacheable)
        flags = False


_SIZES = {"pure": CHUNK}


def _sorts(specs: Sequence[RewardSpec], kinds: Kinds) -> dict[str, list[RewardSpec]]:
    """Rewards that travel together; those of plain computing first (they carry the flags)."""
    sorts: dict[str, list[RewardSpec]] = {"pure": [], "group": []}
    for spec in specs:
        verifier = kinds[spec.kind]
        sort = "group" if verifier.check_group is not None else verifier.lane
        sorts.setdefault(sort, []).append(spec)
    return {sort: chosen for sort, chosen in sorts.items() if chosen}


def _job(
    planned: GroupPlan,
    specs: Sequence[RewardSpec],
    chunk: Sequence[int],
    flags: bool,
    vote: str | None,
) -> Job:
    group = planned.group
    return Job.model_construct(
        entries=tuple(_entry(group.completions[at]) for at in chunk),
        tasks=tuple(Task(label=spec.label, kind=spec.kind, params=spec.params) for spec in specs),
        reference=group.reference,
        prompt=group.prompt,
        prefill=group.prefill,
        flags=flags,
        vote=vote,
    )


# -- putting together ----------------------------------------------------------------------------


def _group_out(
    planned: GroupPlan,
    done: Sequence[tuple[Part, JobResult | None]],
    request: RewardRequest,
) -> GroupOut:
    rows = _rows(planned, done)
    combine = Combiner(planned.specs, request.combine)
    rewards = tuple([combine([c.score for c in row.components.values()]) for row in rows])
    stats = statistics(request.stats, rewards, _primary(planned, done, rows, request))
    return GroupOut.model_construct(
        id=planned.group.id,
        rewards=rewards,
        completions=tuple(
            _completion_out(given, row, reward)
            for given, row, reward in zip(planned.group.completions, rows, rewards, strict=True)
        ),
        stats=stats,
    )


def _completion_out(given: str | CompletionIn, row: Row, reward: float | None) -> CompletionOut:
    return CompletionOut(
        id=None if isinstance(given, str) else given.id,
        reward=reward,
        flags=row.flags,
        components=row.components,
    )


def _rows(planned: GroupPlan, done: Sequence[tuple[Part, JobResult | None]]) -> list[Row]:
    """One row for each completion, its components in the order of the rewards."""
    if len(done) == 1 and (result := done[0][1]) is not None and not planned.too_long:
        return list(result.rows)  # one job had them all
    found: list[dict[str, Component]] = [{} for _ in planned.group.completions]
    flags: list[tuple[str, ...]] = [()] * len(found)
    for part, result in done:
        rows = result.rows if result is not None else (_late(part.job),) * len(part.members)
        for at, row in zip(part.members, rows, strict=True):
            found[at] |= row.components
            flags[at] += row.flags
    too_long, labels = component(TOO_LONG, 0.0), [spec.label for spec in planned.specs]
    return [
        Row(
            {label: components.get(label, too_long) for label in labels},
            tuple(dict.fromkeys(raised)) if raised else (),
        )
        for components, raised in zip(found, flags, strict=True)
    ]


def _late(job: Job) -> Row:
    late = component(LATE, 0.0)
    return Row(components={task.label: late for task in job.tasks}, flags=())


def _primary(
    planned: GroupPlan,
    done: Sequence[tuple[Part, JobResult | None]],
    rows: Sequence[Row],
    request: RewardRequest,
) -> list[Primary]:
    """What the vote and pass@k look at: the first reward of the group."""
    if not request.stats:
        return []
    components = [row.components[planned.specs[0].label] for row in rows]
    classes = _vote(done, len(rows)) or classify([c.extracted for c in components])
    return [
        Primary(component.score, component.extracted, number)
        for component, number in zip(components, classes, strict=True)
    ]


def _vote(
    done: Sequence[tuple[Part, JobResult | None]], count: int
) -> tuple[int | None, ...] | None:
    for part, result in done:
        if result is not None and result.classes is not None:
            numbers = dict(zip(part.members, result.classes, strict=True))
            return tuple(numbers.get(at) for at in range(count))
    return None
