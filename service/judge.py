"""The heart: a job in, its verdicts out. No HTTP, no Redis, no clock of its own.

Classifies each failure once: a reference that cannot be used is the dataset's (`bad_reference`), an
exception out of a verifier is ours (`verifier_error`), and neither is ever a zero.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, ValidationError

from adjudge.service.api import Component
from adjudge.service.faults import explain
from adjudge.service.job import Job, JobResult, Row, Task
from adjudge.verifiers.flags import flags
from adjudge.verifiers.types import AnyVerifier, BadReference, Completion, Outcome, Verdict

log = logging.getLogger(__name__)

Judged = tuple[Component, tuple[str, ...]]
"""A verdict in the wire's form, and the flags that it raised."""
Kinds = Mapping[str, AnyVerifier]
Clock = Callable[[], float]
"""Seconds, monotonic."""

MAX_DETAIL = 500
"""Characters of a sentence about a reference."""
VOTE_BUDGET_S = 2.0
"""Time for putting the answers of one group into classes; what is left then counts by spelling."""


@dataclass(frozen=True, slots=True)
class Watch:
    """How the caller follows a job, and what it leaves out."""

    clock: Clock
    start: Callable[[int], None] = lambda _: None
    """Called with a unit's number as its work begins."""
    settled: Mapping[int, Component] = field(default_factory=dict)
    """Units whose verdict is already known (they ran away before)."""
    only: Collection[int] | None = None
    """Judge these units alone; the others come back as `skipped`."""


SKIPPED = Component(None, Outcome.UNSCORED, "skipped")


def judge_job(job: Job, kinds: Kinds, watch: Watch) -> JobResult:
    """Every unit's verdict, in the order of the entries. Never raises for what a job holds."""
    began = watch.clock()
    completions = [job.completion(entry) for entry in job.entries]
    columns = [
        _column(job, kinds.get(task.kind), task, at, completions, watch)
        for at, task in enumerate(job.tasks)
    ]
    rows = tuple(
        _row(job, completion, [column[index] for column in columns])
        for index, completion in enumerate(completions)
    )
    classes = _classes(job, kinds, rows, watch) if job.vote and watch.only is None else None
    return JobResult(rows=rows, classes=classes, work_ms=_ms(watch.clock() - began))


def _ms(seconds: float) -> float:
    return round(seconds * 1000.0, 3)


def _row(job: Job, completion: Completion, components: Sequence[Judged]) -> Row:
    raised = [flag for _, own in components for flag in own]
    if job.flags:
        raised = [*flags(completion), *raised]
    named = {task.label: made for task, (made, _) in zip(job.tasks, components, strict=True)}
    return Row(named, tuple(dict.fromkeys(raised)))


def _column(
    job: Job,
    verifier: AnyVerifier | None,
    task: Task,
    at: int,
    completions: Sequence[Completion],
    watch: Watch,
) -> list[Judged]:
    """One reward for all entries of the job."""
    units = [index * len(job.tasks) + at for index in range(len(completions))]
    read = _shapes(verifier, job, task)
    if isinstance(read, Verdict):
        return [(component(read, 0.0), ())] * len(completions)
    assert verifier is not None
    reference, params = read
    if verifier.check_group is not None:
        return _group_column(verifier, reference, params, completions, units, watch)
    return [
        _unit(verifier, reference, params, completion, unit, watch)
        for completion, unit in zip(completions, units, strict=True)
    ]


def _shapes(
    verifier: AnyVerifier | None, job: Job, task: Task
) -> tuple[BaseModel, BaseModel] | Verdict:
    """The reference and the params as the kind's models; or why there is no judging.

    The front has checked kinds and params: what is wrong with them here is a worker of another
    version, or without the front's plug-ins.
    """
    if verifier is None:
        return Verdict.unscored("unknown_kind", f"the worker has no kind {task.kind!r}")
    try:
        params = verifier.params.model_validate(task.params)
    except ValidationError as error:
        log.warning("params of %s that the front took: %s", task.kind, error)
        return Verdict.unscored("verifier_error", f"{task.kind}: the worker is of another version")
    try:
        return verifier.reference.model_validate(job.reference), params
    except ValidationError as error:
        faults = explain(error, job.reference, verifier.reference, "reference")
        told = "; ".join(f"{fault.path}: {fault.message}" for fault in faults[:5])
        return _bad_reference(told)


def _unit(
    verifier: AnyVerifier,
    reference: BaseModel,
    params: BaseModel,
    completion: Completion,
    unit: int,
    watch: Watch,
) -> Judged:
    known = _known(unit, watch)
    if known is not None:
        return known, ()
    assert verifier.check is not None
    check = verifier.check
    watch.start(unit)
    began = watch.clock()
    verdict = guarded(verifier.kind, lambda: [check(completion, reference, params)], 1)[0]
    return component(verdict, watch.clock() - began), verdict.flags


def _known(unit: int, watch: Watch) -> Component | None:
    if watch.only is not None and unit not in watch.only:
        return SKIPPED
    return watch.settled.get(unit)


def _group_column(
    verifier: AnyVerifier,
    reference: BaseModel,
    params: BaseModel,
    completions: Sequence[Completion],
    units: Sequence[int],
    watch: Watch,
) -> list[Judged]:
    """A kind that compares the members of a group is one unit: the first one's number."""
    known = _known(units[0], watch)
    if known is not None:
        return [(known, ())] * len(completions)
    assert verifier.check_group is not None
    check_group = verifier.check_group
    watch.start(units[0])
    began = watch.clock()
    verdicts = guarded(
        verifier.kind, lambda: check_group(completions, reference, params), len(completions)
    )
    share = (watch.clock() - began) / len(completions)
    return [(component(verdict, share), verdict.flags) for verdict in verdicts]


def guarded(kind: str, run: Callable[[], list[Verdict]], count: int) -> list[Verdict]:
    """The boundary at which a verifier's failure is classified."""
    try:
        verdicts = run()
    except BadReference as error:
        return [_bad_reference(str(error))] * count
    except (MemoryError, RecursionError) as error:
        return [Verdict.incorrect("limit", f"{kind}: {type(error).__name__}")] * count
    except Exception as error:
        log.exception("verifier %s failed", kind)
        return [Verdict.unscored("verifier_error", f"{kind}: {type(error).__name__}")] * count
    return verdicts


def _bad_reference(why: str) -> Verdict:
    return Verdict.unscored("bad_reference", why[:MAX_DETAIL])


def component(verdict: Verdict, seconds: float) -> Component:
    """The wire's form of a verdict."""
    return Component(
        verdict.score,
        verdict.verdict,
        verdict.reason,
        verdict.detail,
        verdict.extracted,
        _ms(seconds),
    )


def _classes(
    job: Job, kinds: Kinds, rows: Iterable[Row], watch: Watch
) -> tuple[int | None, ...] | None:
    task = next((task for task in job.tasks if task.label == job.vote), None)
    if task is None:
        return None
    verifier = kinds.get(task.kind)
    if verifier is None:
        return None
    same = _sameness(verifier, task)
    answers = [row.components[task.label].extracted for row in rows]
    return classify(answers, same, watch.clock)


def _sameness(verifier: AnyVerifier, task: Task) -> Callable[[str, str], bool] | None:
    if verifier.same is None:
        return None
    same, params = verifier.same, verifier.params.model_validate(task.params)
    return lambda left, right: same(left, right, params)


def classify(
    answers: Sequence[str | None],
    same: Callable[[str, str], bool] | None = None,
    clock: Clock = lambda: 0.0,
) -> tuple[int | None, ...]:
    """Number the equivalence classes of the answers, the first seen first.

    The same spelling is settled without asking; each new spelling is held against one member of
    each class. Past the budget a new spelling is a class of its own.
    """
    until = clock() + VOTE_BUDGET_S
    number: dict[str, int] = {}
    members: list[str] = []
    for answer in answers:
        if answer is None or answer in number:
            continue
        found = _class_of(answer, members, same if clock() < until else None)
        number[answer] = found
        if found == len(members):
            members.append(answer)
    return tuple(None if answer is None else number[answer] for answer in answers)


def _class_of(answer: str, members: Sequence[str], same: Callable[[str, str], bool] | None) -> int:
    if same is None:
        return len(members)
    hits = (at for at, member in enumerate(members) if _agree(same, member, answer))
    return next(hits, len(members))


def _agree(same: Callable[[str, str], bool], left: str, right: str) -> bool:
    try:
        return same(left, right)
    except Exception:
        log.exception("comparing two answers failed")
        return False
