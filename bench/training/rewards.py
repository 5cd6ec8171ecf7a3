"""Rewards that stand in for the service's: a local function, and a control that teaches nothing."""

import json
import random
import re
from typing import Any

from adjudge.trainer_client.reward import RewardFunction

FORMAT = {"kind": "format", "weight": 0.1, "params": {"style": "r1_zero"}}
FORM = re.compile(r"<think>[^<]{1,500}</think>\s*<answer>\\boxed\{(-?\d{1,9})\}</answer>")


def shuffled(reward: RewardFunction, seed: int) -> RewardFunction:
    """The same rewards, dealt to the completions at random: nothing is to be learnt from them."""
    draw = random.Random(seed)

    async def shuffled_reward(completions: Any, **given: Any) -> list[float | None]:
        rewards = list(await reward(completions=completions, **given))
        draw.shuffle(rewards)
        return rewards

    return shuffled_reward


def local_reward(completions: Any, reference: Any, **_: Any) -> list[float]:
    """What a user would write without a service, good for this one task."""
    answers = (json.loads(row)["answer"] for row in reference)
    return [score(text, answer) for text, answer in zip(completions, answers, strict=True)]


def score(text: str, answer: str) -> float:
    found = FORM.fullmatch(text.strip())
    return 0.0 if found is None else 0.1 + float(int(found[1]) == int(answer))
