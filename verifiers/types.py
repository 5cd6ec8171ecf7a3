"""The words of this project: a Completion and a reference in, a Verdict out.

Wrong and could-not-tell are different values, everywhere: `score` is None exactly when the verdict
is `unscored`, and `unscored` is for faults of ours (a dead worker, no sandbox) or of the dataset
(`bad_reference`), never for anything that a completion does. What a completion makes unreadable,
too long or undecidable is `incorrect`, with a reason, or a policy would learn to escape its zeros.

A kind is one `Verifier`: the shapes of its reference and its params, and one pure function.
Adding one touches its file, one line of `registry.py` and one case file.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, JsonValue, model_validator
from pydantic_core import CoreSchema
from pydantic_core.core_schema import simple_ser_schema


class Frozen(BaseModel):
    """Immutable; refuses unknown fields: a misspelt option, ignored, trains the wrong thing."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Reference(BaseModel):
    """Base of every kind's reference: it picks its own keys out of a group's reference object."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Message(BaseModel):
    """One chat message of a prompt. Datasets add keys of their own here; not ours to refuse."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    role: str
    content: str | None = None


Prompt = str | tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Completion:
    """What a verifier sees of one completion."""

    text: str
    """The group's prefill followed by what the policy wrote."""
    prompt: Prompt | None = None
    tokens: int | None = None
    """Length in tokens, as the trainer counted it."""
    finish_reason: Literal["stop", "length"] | None = None
    prefill_chars: int = 0
    """How many characters at the front of `text` are the template's, not the policy's."""


class Outcome(StrEnum):
    """The word for a component's result; `verdict` on the wire."""

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[Self], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Written as the string that it is: asking an enum for its value takes longer than all the
        rest of a component."""
        schema = handler(source)
        schema["serialization"] = simple_ser_schema("str")  # type: ignore[index]
        return schema

    CORRECT = "correct"
    INCORRECT = "incorrect"
    PARTIAL = "partial"
    NO_ANSWER = "no_answer"
    UNSCORED = "unscored"


class Verdict(Frozen):
    """What one kind says of one completion."""

    score: float | None
    """None exactly when unscored; 0..1, or ≤ 0 for the penalty kinds."""
    verdict: Outcome
    reason: str
    """A short code for programs to count: `equal_exact`, `no_box`, `time_limit`, …"""
    detail: str = ""
    """One sentence for people: why."""
    extracted: str | None = None
    """The answer as it was found in the completion, cut short."""
    flags: tuple[str, ...] = Field(default=(), exclude=True)
    """Raised by this verifier; they are lifted to the completion's flags."""

    @model_validator(mode="after")
    def _none_exactly_when_unscored(self) -> Self:
        if (self.score is None) != (self.verdict is Outcome.UNSCORED):
            raise ValueError("score is None exactly when the verdict is unscored")
        return self

    @classmethod
    def correct(cls, reason: str, detail: str = "", extracted: str | None = None) -> Self:
        return cls(
            score=1.0, verdict=Outcome.CORRECT, reason=reason, detail=detail, extracted=extracted
        )

    @classmethod
    def incorrect(cls, reason: str, detail: str = "", extracted: str | None = None) -> Self:
        return cls(
            score=0.0, verdict=Outcome.INCORRECT, reason=reason, detail=detail, extracted=extracted
        )

    @classmethod
    def no_answer(cls, reason: str, detail: str = "") -> Self:
        return cls(score=0.0, verdict=Outcome.NO_ANSWER, reason=reason, detail=detail)

    @classmethod
    def unscored(cls, reason: str, detail: str = "") -> Self:
        return cls(score=None, verdict=Outcome.UNSCORED, reason=reason, detail=detail)

    @classmethod
    def graded(
        cls, score: float, reason: str, detail: str = "", extracted: str | None = None
    ) -> Self:
        """A share in 0..1: full marks are correct, none incorrect, between is partial."""
        outcome = Outcome.PARTIAL
        if score >= 1.0:
            outcome = Outcome.CORRECT
        elif score <= 0.0:
            outcome = Outcome.INCORRECT
        return cls(score=score, verdict=outcome, reason=reason, detail=detail, extracted=extracted)

    @classmethod
    def penalty(cls, score: float, reason: str, detail: str = "") -> Self:
        """A score ≤ 0: nothing held against the completion is correct, anything is incorrect."""
        outcome = Outcome.CORRECT if score >= 0.0 else Outcome.INCORRECT
        return cls(score=score, verdict=outcome, reason=reason, detail=detail)


class BadReference(ValueError):
    """The dataset's row cannot be used (a gold that does not parse): unscored, `bad_reference`."""


R = TypeVar("R", bound=BaseModel)
P = TypeVar("P", bound=BaseModel)

Lane = Literal["pure", "code", "remote"]
"""Which stream of the queue carries a kind: CPU work, sandboxed programs, or waiting for others."""


def required_keys(reference: type[BaseModel]) -> tuple[str, ...]:
    """The keys that a reference must have, whatever the params."""
    return tuple(name for name, item in reference.model_fields.items() if item.is_required())


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier(Generic[R, P]):
    """A kind: its shapes, and one pure function.

    Exactly one of `check` and `check_group` is given; `check_group` is for kinds whose score
    depends on the whole group (the queue then keeps the group in one piece) and returns one
    verdict for each completion, in order.
    """

    kind: str
    version: str
    """Raise it with every change that may change a verdict: part of the result cache's key."""
    summary: str
    """One line for `GET /kinds`."""
    reference: type[R]
    params: type[P]
    check: Callable[[Completion, R, P], Verdict] | None = None
    check_group: Callable[[Sequence[Completion], R, P], list[Verdict]] | None = None
    needs: Callable[[P], tuple[str, ...]] | None = None
    """Reference keys needed under these params; default: the reference's required fields."""
    same: Callable[[str, str, P], bool] | None = None
    """Are two extracted answers one answer? For the majority vote; default: the same string."""
    lane: Lane = "pure"
    needs_tokens: bool = False
    """The completions must come with their length in tokens (a missing one is a 422)."""
    cacheable: bool = True
    """False where the same input may be judged differently (a remote model)."""
    notes: Mapping[str, JsonValue] = field(default_factory=dict)
    """More for `GET /kinds`: the languages that this machine can run, …"""

    def __post_init__(self) -> None:
        if (self.check is None) == (self.check_group is None):
            raise TypeError(f"kind {self.kind!r}: give exactly one of check and check_group")

    def needed_keys(self, params: P) -> tuple[str, ...]:
        """The reference keys without which this kind cannot judge (their absence is a 422)."""
        return self.needs(params) if self.needs else required_keys(self.reference)


AnyVerifier = Verifier[Any, Any]
