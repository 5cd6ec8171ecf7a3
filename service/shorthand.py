"""Rewards in one line, for query strings and command lines: a preset, kinds, or JSON."""

from pydantic import TypeAdapter, ValidationError

from adjudge.service.api import Fault, Preset, Rewards, RewardSpec
from adjudge.service.errors import BadRequest
from adjudge.service.presets import PRESETS

_REWARDS: TypeAdapter[Rewards] = TypeAdapter(Rewards)


def rewards_of(text: str, where: str) -> Rewards:
    """`r1`, `math,language`, or a JSON list as in `POST /reward`.

    Raises BadRequest; `where` names the text to its writer. Unknown kinds are found by the plan.
    """
    if text.lstrip()[:1] in {"[", "{"}:
        return _from_json(text, where)
    if text in PRESETS:
        return Preset(preset=text)
    return tuple(RewardSpec(kind=kind.strip()) for kind in text.split(","))


def _from_json(text: str, where: str) -> Rewards:
    try:
        return _REWARDS.validate_json(text)
    except ValidationError as error:
        faults = error.errors(include_url=False)[:3]
        messages = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults)
        raise BadRequest(Fault(path=where, message=message) for message in messages) from error
