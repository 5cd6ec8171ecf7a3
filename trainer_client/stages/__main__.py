"""`python -m adjudge.trainer_client.stages NAME --config FILE --flag value`: for launchers.

accelerate launch --num_processes 8 -m adjudge.trainer_client.stages grpo --config grpo.yaml
"""

import sys

from adjudge.trainer_client.settings import BadSettings, load
from adjudge.trainer_client.stages.catalogue import STAGES


def main(words: list[str]) -> None:
    if not words or words[0] not in STAGES:
        sys.exit(f"say one of: {', '.join(STAGES)}")
    stage, flags = STAGES[words[0]], words[1:]
    path = None
    if "--config" in flags:
        at = flags.index("--config")
        path, flags = flags[at + 1], flags[:at] + flags[at + 2 :]
    try:
        settings = load(stage.settings, path, flags)
    except BadSettings as fault:
        sys.exit(str(fault))
    stage.load()(settings)


if __name__ == "__main__":
    main(sys.argv[1:])
