"""Countdown, TinyZero's task: reach a target with given numbers, each used at most once."""

from collections.abc import Iterator
from random import Random

from adjudge.trainer_client.jsonl import Row

_ASK = (
    "Using the numbers {numbers}, write an expression that equals {target}. You may use + - * / "
    "and each number at most once. Show your work between <think> and </think>, and give the final "
    "expression between <answer> and </answer>, for example <answer>(1 + 2) * 3</answer>."
)


def countdown(seed: int, numbers: int = 3, largest: int = 50) -> Iterator[Row]:
    """Without end. Every target can be reached: it is made from the numbers."""
    random = Random(seed)  # noqa: S311 - problems, no secrets
    while True:
        values = [random.randint(1, largest) for _ in range(numbers)]
        expression, target = _make(values, random)
        worked = f"<think>{expression} = {target}</think><answer>{expression}</answer>"
        if 0 < target <= 1000:
            yield {
                "prompt": _ASK.format(numbers=values, target=target),
                "reference": {"numbers": values, "target": target},
                "completion": worked,
            }


def _make(values: list[int], random: Random) -> tuple[str, int]:
    """Fold the numbers, in any order, with whole-numbered steps only."""
    order = random.sample(values, len(values))
    expression, total = str(order[0]), order[0]
    for value in order[1:]:
        signs = "+-*/" if value and total % value == 0 else "+-*"
        sign = random.choice(signs)
        expression = (
            f"({expression}) {sign} {value}"
            if " " in expression
            else (f"{expression} {sign} {value}")
        )
        total = {
            "+": total + value,
            "-": total - value,
            "*": total * value,
            "/": total // value if value else 0,
        }[sign]
    return expression, total
