"""Sums and differences in a row, worked through step by step: the smallest task that reasons.

    57-8+31-64=  →  <think>57-8=49;49+31=80;80-64=16</think><answer>\\boxed{16}</answer>

A model of ten million weights learns the form in a minute and the arithmetic slowly, which is what
an experiment in reinforcement learning needs.
"""

from collections.abc import Iterator
from random import Random

from adjudge.trainer_client.jsonl import Row


def chains(seed: int, numbers: int = 4, largest: int = 99) -> Iterator[Row]:
    """Without end; `numbers` terms of 1..`largest`."""
    random = Random(seed)  # noqa: S311 - problems, no secrets
    while True:
        terms = [random.randint(1, largest) for _ in range(numbers)]
        signs = [random.choice("+-") for _ in range(numbers - 1)]
        yield chain(terms, signs)


def chain(terms: list[int], signs: list[str]) -> Row:
    prompt, total, steps = str(terms[0]), terms[0], []
    for sign, term in zip(signs, terms[1:], strict=True):
        after = total + term if sign == "+" else total - term
        steps.append(f"{total}{sign}{term}={after}")
        prompt += f"{sign}{term}"
        total = after
    worked = f"<think>{';'.join(steps)}</think><answer>\\boxed{{{total}}}</answer>"
    return {"prompt": f"{prompt}=", "reference": {"answer": str(total)}, "completion": worked}
