"""GRPO with TRL, rewarded by adjudge. Needs a running service and `pip install 'adjudge[train]'`.

    adjudge serve &
    python examples/trl_grpo.py --model Qwen/Qwen2.5-0.5B-Instruct --data train.jsonl

Rows of the data: {"question": "…", "answer": "…"}. Everything that is not about rewards is TRL's.
"""

import argparse
import json
from pathlib import Path

from datasets import Dataset
from trl import GRPOConfig, GRPOTrainer

from adjudge.trainer_client import reward_function

SYSTEM = "Think between <think> and </think>, then answer between <answer> and </answer>."


def rows(path: Path) -> Dataset:
    """TRL hands every column but `prompt` to the reward: `answer` is the reference's key."""
    found = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    prompts = [
        [{"role": "system", "content": SYSTEM}, {"role": "user", "content": row["question"]}]
        for row in found
    ]
    return Dataset.from_dict({"prompt": prompts, "answer": [row["answer"] for row in found]})


def main() -> None:
    flags = argparse.ArgumentParser()
    flags.add_argument("--model", required=True)
    flags.add_argument("--data", type=Path, required=True)
    flags.add_argument("--url", default="http://127.0.0.1:8000")
    flags.add_argument("--out", default="runs/trl")
    given = flags.parse_args()
    reward = reward_function(
        given.url,
        [
            {"kind": "math", "params": {"extract": "answer_tag"}},
            {"kind": "format", "params": {"style": "r1_zero"}, "weight": 0.5},
        ],
        deadline_s=60,
    )
    trainer = GRPOTrainer(
        model=given.model,
        reward_funcs=reward,
        train_dataset=rows(given.data),
        args=GRPOConfig(
            output_dir=given.out,
            num_generations=8,
            max_completion_length=1024,
            log_completions=True,
        ),
    )
    trainer.train()


if __name__ == "__main__":
    main()
