"""A job: what one worker does in one piece, and its result. JSON on the queue, frozen in memory.

A job holds completions of one group and the rewards of one lane. Its smallest piece is the *unit*,
one reward of one completion (or of the whole group, for the kinds that compare its members); units
are numbered so that a supervisor can tell which of them ran away.
"""

from dataclasses import dataclass
from typing import Literal

from pydantic import Field, JsonValue, TypeAdapter

from adjudge.service.api import Component
from adjudge.verifiers.types import Completion, Frozen, Prompt


@dataclass(slots=True)  # not frozen, as `Component` is not
class Entry:
    """One completion of a job."""

    text: str
    tokens: int | None = None
    finish_reason: Literal["stop", "length"] | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One reward to judge."""

    label: str
    kind: str
    params: dict[str, JsonValue]


class Job(Frozen):
    entries: tuple[Entry, ...]
    tasks: tuple[Task, ...]
    reference: dict[str, JsonValue]
    prompt: Prompt | None = None
    prefill: str = ""
    flags: bool = True
    """Look for signs of reward hacking too (once for each completion, whatever its rewards)."""
    vote: str | None = None
    """The label of the task whose answers are put into classes, for the majority vote."""

    def completion(self, entry: Entry) -> Completion:
        return Completion(
            text=self.prefill + entry.text,
            prompt=self.prompt,
            tokens=entry.tokens,
            finish_reason=entry.finish_reason,
            prefill_chars=len(self.prefill),
        )

    def units(self) -> int:
        return len(self.entries) * len(self.tasks)


@dataclass(slots=True)
class Row:
    """What a job says of one completion."""

    components: dict[str, Component]
    flags: tuple[str, ...] = ()


class JobResult(Frozen):
    rows: tuple[Row, ...]
    classes: tuple[int | None, ...] | None = None
    """By entry: equal numbers are equivalent answers. Only where the job has a `vote`."""
    work_ms: float = 0.0


class Ask(Frozen):
    """Which units of a job to judge, when not simply all."""

    settled: dict[int, Component]
    only: tuple[int, ...] | None = None


_REFERENCE: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])


def read_job(payload: bytes, blob: bytes) -> Job:
    """A job with its reference, which may have travelled apart."""
    job = Job.model_validate_json(payload)
    if not blob:
        return job
    return job.model_copy(update={"reference": _REFERENCE.validate_json(blob)})


class RunJob(Frozen):
    """One run of a program in a sandbox slot (`POST /run_code`)."""

    source: str
    language: str
    limits: dict[str, float]
    """The fields of `sandbox.types.Limits` that differ from their defaults."""
    stdin_base64: str = ""
    files_base64: dict[str, str] = Field(default_factory=dict)
    fetch: tuple[str, ...] = ()


class RunDone(Frozen):
    """Its end: the fields of `sandbox.types.Result`, or why there is none."""

    ending: str = ""
    return_code: int = 0
    stdout_base64: str = ""
    stderr_base64: str = ""
    cpu_s: float = 0.0
    wall_s: float = 0.0
    memory_mb: float = 0.0
    files_base64: dict[str, str] = Field(default_factory=dict)
    fault: str = ""
    """A fault of ours; the rest then says nothing."""
    unavailable: bool = False
    """The fault: that machine has no tool for the language."""
