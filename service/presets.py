"""Named lists of rewards, as the papers combined them; `docs/rewards.md` has the page for each.

A preset's first component is the accuracy of the group's task: `code` where the reference has
`tests`, otherwise `math`.
"""

from collections.abc import Callable, Mapping

from pydantic import JsonValue

from adjudge.service.api import RewardSpec

Reference = Mapping[str, JsonValue]


def accuracy(reference: Reference) -> RewardSpec:
    """By which reference is there."""
    return RewardSpec(kind="code" if "tests" in reference else "math")


def r1_zero(reference: Reference) -> tuple[RewardSpec, ...]:
    """DeepSeek-R1-Zero (arXiv 2501.12948 §2.2.2): accuracy and format, equal weights."""
    form = RewardSpec(kind="format", params={"style": "r1_zero"})
    return (accuracy(reference), form)


def r1(reference: Reference) -> tuple[RewardSpec, ...]:
    """DeepSeek-R1 (arXiv 2501.12948 §2.3.2): the same, and language consistency added directly."""
    return (*r1_zero(reference), RewardSpec(kind="language"))


def logic_rl(reference: Reference) -> tuple[RewardSpec, ...]:
    """Logic-RL (arXiv 2502.14768 §2.2): format and answer; there ±1 and +2/−1.5, here 1 and 2."""
    answer = accuracy(reference).model_copy(update={"weight": 2.0})
    return (answer, RewardSpec(kind="format", params={"style": "r1_zero"}))


def dapo(reference: Reference) -> tuple[RewardSpec, ...]:
    """DAPO (arXiv 2503.14476 eq. 13): accuracy with the soft overlong punishment."""
    overlong = RewardSpec(kind="length", params={"shape": "soft_overlong"})
    return (accuracy(reference), overlong)


PRESETS: Mapping[str, Callable[[Reference], tuple[RewardSpec, ...]]] = {
    "r1_zero": r1_zero,
    "r1": r1,
    "logic_rl": logic_rl,
    "dapo": dapo,
}
