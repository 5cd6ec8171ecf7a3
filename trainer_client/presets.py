"""The papers' settings of GRPO, in TRL 1.16's words.

A preset fills in only what TRL's config and our settings leave open; whatever is given wins.
Sources: DeepSeek-R1 (arXiv 2501.12948, §2.2 and its supplement: 32 questions of 16 samples a step,
temperature 1, KL 0.001, reference replaced every 400 steps), DAPO (arXiv 2503.14476, §3: clip 0.2
and 0.28, no KL, token-level loss, overlong filtering), Dr. GRPO (arXiv 2503.20783, §3: no division
by length or by standard deviation).
"""

from collections.abc import Mapping
from typing import Any

_R1: dict[str, Any] = {
    "loss_type": "grpo",
    "beta": 0.001,
    "sync_ref_model": True,
    "ref_model_sync_steps": 400,
    "ref_model_mixup_alpha": 1.0,
    "temperature": 1.0,
    "scale_rewards": "group",
}

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "r1_zero": _R1,
    "r1": _R1,
    "dapo": {
        "loss_type": "dapo",
        "beta": 0.0,
        "epsilon": 0.2,
        "epsilon_high": 0.28,
        "mask_truncated_completions": True,
        "temperature": 1.0,
        "scale_rewards": "group",
    },
    "dr_grpo": {
        "loss_type": "dr_grpo",
        "beta": 0.0,
        "temperature": 1.0,
        "scale_rewards": "none",
    },
}
"""By name, options of TRL's GRPOConfig."""


def trl_options(preset: str, over: Mapping[str, Any], adapters: bool = False) -> dict[str, Any]:
    """The preset's options under the given ones. Raises KeyError for an unknown preset."""
    options = {**PRESETS[preset], **over}
    if adapters or not options.get("beta"):
        # Without a KL term there is no reference model to keep in step, and with LoRA adapters it
        # is the base model, the adapters off.
        for name in ("sync_ref_model", "ref_model_sync_steps", "ref_model_mixup_alpha"):
            options.pop(name, None)
    return options
