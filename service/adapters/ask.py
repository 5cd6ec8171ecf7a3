"""What the trainers' formats have in common.

Their requests carry a prompt, a response and a label, and nothing of how to judge: that comes from
the URL's query string. `rewards` is a preset (`r1`), kinds (`math,language`) or a JSON list as in
`POST /reward`; without it, `code` judges where the label holds `tests`, `math` otherwise.

Their answers have room for a number only. A completion that could not be judged is therefore an
error that the trainer retries, never a 0; `on_unscored=zero` in the URL asks for the 0 by name.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from fastapi import Request
from pydantic import Field, JsonValue, ValidationError

from adjudge.service.api import (
    Combine,
    CompletionIn,
    CompletionOut,
    Fault,
    Group,
    RewardRequest,
    Rewards,
)
from adjudge.service.errors import BadRequest, Unscored
from adjudge.service.faults import explain
from adjudge.service.http.front import Front
from adjudge.service.presets import accuracy
from adjudge.service.shorthand import rewards_of
from adjudge.verifiers.types import Frozen, Outcome, Prompt


class Ask(Frozen):
    """The query string."""

    rewards: str | None = None
    prefill: str | None = None
    """What the chat template put in front of every response; default: `<think>` and what follows
    it, if the prompt ends so."""
    on_unscored: Literal["null", "skip", "zero"] = "null"
    deadline_s: float | None = Field(default=None, gt=0, le=3600)

    @property
    def chosen(self) -> Rewards | None:
        """Raises BadRequest."""
        if self.rewards is None:
            return None
        return rewards_of(self.rewards, "?rewards")


def asked(request: Request) -> Ask:
    """Raises BadRequest: a misspelt option, ignored, trains the wrong thing."""
    given: dict[str, JsonValue] = dict(request.query_params)
    try:
        return Ask.model_validate(given)
    except ValidationError as error:
        raise BadRequest(explain(error, given, Ask, prefix="?")) from error


@dataclass(frozen=True, slots=True)
class Sample:
    """One response of a trainer's request."""

    response: str
    reference: dict[str, JsonValue]
    prompt: Prompt | None = None
    truncated: bool = False


def reference_of(label: JsonValue) -> dict[str, JsonValue]:
    """A label is an answer, a list of accepted ones, or a reference as an object (or its JSON)."""
    if isinstance(label, dict):
        return label
    if isinstance(label, str) and label.lstrip().startswith("{"):
        return _object(label) or {"answer": label}
    if label is None:
        return {}
    if isinstance(label, list):
        return {"answer": [_text(item) for item in label]}
    return {"answer": _text(label)}


def _object(label: str) -> dict[str, JsonValue] | None:
    """The object that a label spells, unless it is an answer that only begins with a brace."""
    try:
        found = json.loads(label)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _text(item: JsonValue) -> str:
    return item if isinstance(item, str) else json.dumps(item)


async def judge(
    front: Front, ask: Ask, samples: Sequence[Sample], name: Callable[[int], str]
) -> tuple[CompletionOut, ...]:
    """One group a sample; `name` says how the trainer's request calls the nth label.

    Raises BadRequest in the trainer's own words, and Unscored.
    """
    request = RewardRequest(
        groups=tuple(_group(ask, sample) for sample in samples),
        combine=Combine(on_unscored=ask.on_unscored),
        deadline_s=ask.deadline_s,
    )
    try:
        response = await front.judge(request)
    except BadRequest as error:
        renamed = [_renamed(fault, name, len(samples)) for fault in error.faults]
        raise type(error)(dict.fromkeys(renamed)) from error
    return tuple(_scored(group.completions[0]) for group in response.groups)


def _group(ask: Ask, sample: Sample) -> Group:
    completion = CompletionIn(
        text=sample.response, finish_reason="length" if sample.truncated else None
    )
    return Group(
        completions=(completion,),
        prompt=sample.prompt,
        prefill=_prefill(ask, sample.prompt),
        reference=sample.reference,
        rewards=ask.chosen or (accuracy(sample.reference),),
    )


def _prefill(ask: Ask, prompt: Prompt | None) -> str:
    if ask.prefill is not None:
        return ask.prefill
    if isinstance(prompt, str) and prompt.rstrip().endswith("<think>"):
        return prompt[prompt.rindex("<think>") :]
    return ""


def _renamed(fault: Fault, name: Callable[[int], str], count: int) -> Fault:
    """A trainer knows `groups[2].reference.answer` as `labels[2].answer`, rewards as its URL."""
    for index in range(count):
        for ours, theirs in (
            (f"groups[{index}].reference", name(index)),
            (f"groups[{index}].rewards", "?rewards"),
        ):
            if fault.path.startswith(ours):
                return Fault(path=theirs + fault.path.removeprefix(ours), message=fault.message)
    return fault


def _scored(completion: CompletionOut) -> CompletionOut:
    if completion.reward is not None:
        return completion
    missing = {
        label: found
        for label, found in completion.components.items()
        if found.verdict is Outcome.UNSCORED
    }
    told = "; ".join(f"{label}: {found.reason} {found.detail}" for label, found in missing.items())
    ours = any(found.reason != "bad_reference" for found in missing.values())
    raise Unscored(told, ours=ours)
