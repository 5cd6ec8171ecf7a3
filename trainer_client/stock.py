"""Reward functions by dotted path, for trainers that are configured and not programmed.

    trl grpo --reward_funcs adjudge.trainer_client.stock.r1_zero ...

The service is `ADJUDGE_URL` (this machine's by default), its key `ADJUDGE_API_KEY`, the deadline
`ADJUDGE_DEADLINE_S`. A kind of the service that has no name here (a plug-in's) is to be had as
`reward_function(rewards=[...])` in a module of one's own.
"""

import os
from typing import Any

from adjudge.trainer_client.reward import RewardFunction, reward_function

PRESETS = ("r1_zero", "r1")
KINDS = (
    "math",
    "code",
    "choice",
    "exact",
    "f1",
    "number",
    "format",
    "language",
    "length",
    "repetition",
    "json_schema",
    "countdown",
    "puzzle",
    "hacks",
    "remote",
)


def __getattr__(name: str) -> Any:  # noqa: ANN401 - PEP 562
    """Made when asked for: the settings are the environment's of that moment."""
    if name in PRESETS:
        return _named(name, name)
    if name in KINDS:
        return _named(name, [name])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _named(name: str, rewards: str | list[str]) -> RewardFunction:
    deadline_s = float(os.environ.get("ADJUDGE_DEADLINE_S", "60"))
    return reward_function(rewards=rewards, name=name, deadline_s=deadline_s)
