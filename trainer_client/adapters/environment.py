"""The client that the environment describes, shared by a process's hooks."""

import json
import os
from functools import cache

from pydantic import JsonValue

from adjudge.trainer_client.answers import Score
from adjudge.trainer_client.client import RewardClient, Rewards
from adjudge.trainer_client.reward import DEFAULT_URL

_PRESETS = ("r1_zero", "r1")


class Unscored(RuntimeError):
    """The service could not tell, and this trainer has no way to say so of one sample."""


def rewards_from(text: str) -> Rewards:
    """`r1`, `math,format`, or `[{"kind": "math"}]`."""
    if text.startswith(("[", "{")):
        found: Rewards = json.loads(text)
        return found
    names = [name.strip() for name in text.split(",") if name.strip()]
    return names[0] if names and names[0] in _PRESETS else names


@cache
def client() -> RewardClient:
    return RewardClient(
        os.environ.get("ADJUDGE_URL", DEFAULT_URL),
        rewards_from(os.environ.get("ADJUDGE_REWARDS", "r1_zero")),
        deadline_s=float(os.environ.get("ADJUDGE_DEADLINE_S", "300")),
    )


def reference_from(label: JsonValue) -> dict[str, JsonValue]:
    """A dataset's label: the reference itself (an object, or its JSON), or just the answer."""
    if isinstance(label, str) and label.lstrip().startswith("{"):
        try:
            label = json.loads(label)
        except (ValueError, RecursionError):
            return {"answer": label}
    return label if isinstance(label, dict) else {"answer": label}


def reward_of(score: Score) -> float:
    """Raises Unscored: neither a 0 nor a NaN says that nobody could tell."""
    if score.reward is None:
        raise Unscored(f"{score.reason}: {score.detail}")
    return score.reward
