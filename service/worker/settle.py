"""One job to its reply, whatever happens to the children that work on it.

A unit that runs away is tried once more, alone; running away again, it is `incorrect` with reason
`limit`, and so is one that crashes its process by a signal of its own making (twice): both are the
completion's doing. A child that dies otherwise costs nothing: the job is asked again, the unit at
fault alone from the second time; the third time it is a dead letter, `unscored`.
"""

from collections import Counter
from dataclasses import dataclass, field

from adjudge.service.api import Component
from adjudge.service.job import Ask, Job, JobResult, Row, read_job
from adjudge.service.judge import SKIPPED, component
from adjudge.service.worker.crew import Crew, Lost
from adjudge.service.worker.frames import Frame
from adjudge.verifiers.types import Verdict

DEATHS = 3
"""So many deaths of children at one unit make a dead letter."""

LIMITS = {
    "cpu": "took more CPU time than one verdict may",
    "memory": "took more memory than one verdict may",
    "self": "made its verifier crash",
}
CRASHED = Verdict.unscored("crashed_verifier", "its verifier's process died three times")


@dataclass(slots=True)
class _Case:
    """What is known of a job that a child died with."""

    frame: Frame
    job: Job
    settled: dict[int, Component] = field(default_factory=dict)
    deaths: Counter[int] = field(default_factory=Counter)
    buried: str = ""


async def settle(crew: Crew, frame: Frame) -> tuple[bytes, str]:
    """The reply's body, and why the job becomes a dead letter (empty: it does not)."""
    try:
        return await crew.ask(frame), ""
    except Lost as lost:
        if frame.op != "judge":
            return await _again(crew, frame, lost)
        case = _Case(frame, read_job(frame.payload, frame.blob))
        await _blame(crew, case, lost)
    while True:
        try:
            return await crew.ask(_ask(case, None)), case.buried
        except Lost as lost:
            await _blame(crew, case, lost)


async def _again(crew: Crew, frame: Frame, lost: Lost) -> tuple[bytes, str]:
    """A run of a program has no parts: ask again, up to three times in all."""
    for _ in range(DEATHS - 1):
        try:
            return await crew.ask(frame), ""
        except Lost as another:
            lost = another
    return b"", f"its child died {DEATHS} times ({lost.cause})"


def _ask(case: _Case, only: int | None) -> Frame:
    ask = Ask(settled=case.settled, only=None if only is None else (only,))
    return Frame("judge", case.frame.payload, case.frame.blob, ask.model_dump_json().encode())


async def _blame(crew: Crew, case: _Case, lost: Lost) -> None:
    """Settle the unit at fault, or let it go this once."""
    unit = lost.unit
    case.deaths[unit] += 1
    if lost.cause == "killed" and case.deaths[unit] == 1:
        return
    while True:
        verdict = _verdict(case, lost)
        if verdict is not None:
            case.settled[unit] = component(verdict, 0.0)
            return
        try:
            body = await crew.ask(_ask(case, unit))
        except Lost as another:
            lost = another
            case.deaths[unit] += 1
        else:
            alone = _alone(case.job, JobResult.model_validate_json(body), unit)
            if alone is not None:
                case.settled[unit] = alone
            return


def _verdict(case: _Case, lost: Lost) -> Verdict | None:
    """The last word on a unit, when it has used up its tries."""
    deaths = case.deaths[lost.unit]
    if lost.cause in LIMITS and deaths >= 2:
        return Verdict.incorrect("limit", LIMITS[lost.cause])
    if deaths >= DEATHS:
        case.buried = f"unit {lost.unit}: its child died {deaths} times ({lost.cause})"
        return CRASHED
    return None


def _alone(job: Job, result: JobResult, unit: int) -> Component | None:
    """The unit's verdict from a run alone; None where the unit is the whole group's, which cannot
    be alone: its verdicts differ from member to member, and come with the next run."""
    entry, task = divmod(unit, len(job.tasks))
    column = [row.components[job.tasks[task].label] for row in result.rows]
    others = column[:entry] + column[entry + 1 :]
    return column[entry] if all(other.reason == SKIPPED.reason for other in others) else None


def crashed(frame: Frame) -> bytes:
    """The reply to a job that killed its whole worker too often: nothing is known of it."""
    if frame.op != "judge":
        return b""
    job = read_job(frame.payload, frame.blob)
    lost = component(CRASHED, 0.0)
    row = Row(components={task.label: lost for task in job.tasks}, flags=())
    return JobResult.model_construct(rows=(row,) * len(job.entries)).model_dump_json().encode()
