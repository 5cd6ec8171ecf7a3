"""OpenRLHF: `--reward.remote_url <this file>` (`--remote_rm_url` in older versions).

The service also answers OpenRLHF's HTTP contract itself, at `/get_reward`; this hook adds retries
within the deadline. A query is the prompt and the completion in one string. When nobody could tell
it raises: OpenRLHF then leaves that sample's reward None.
"""

from collections.abc import Sequence
from typing import Any

from adjudge.trainer_client.adapters.environment import client, reference_from, reward_of
from adjudge.trainer_client.answers import Score
from adjudge.trainer_client.plain import plain, plain_text


def reward_func(
    queries: Sequence[str],
    prompts: Sequence[str],
    labels: Sequence[Any],
    **_: Any,  # noqa: ANN401 - OpenRLHF adds arguments with its versions
) -> dict[str, Any]:
    groups = [
        {
            "completions": [completion_of(query, prompt)],
            "prompt": prompt,
            "reference": reference_from(plain(label)),
        }
        for query, prompt, label in zip(queries, prompts, labels, strict=True)
    ]
    scores = [group.scores[0] for group in client().judge(groups)]
    rewards = [reward_of(score) for score in scores]
    return {
        "rewards": _tensor(rewards),
        "scores": _tensor([min(1.0, max(0.0, reward)) for reward in rewards]),
        "extra_logs": {name: _tensor(values) for name, values in _components(scores).items()},
    }


def completion_of(query: str, prompt: str) -> str:
    """The query without its prompt; all of it where the tokenizer changed the prompt on the way."""
    query, prompt = plain_text(query), plain_text(prompt)
    return query[len(prompt) :] if query.startswith(prompt) else query


def _components(scores: Sequence[Score]) -> dict[str, list[float]]:
    """The components that scored every one of them."""
    found: dict[str, list[float]] = {}
    for score in scores:
        for name, part in score.components.items():
            if part.score is not None:
                found.setdefault(name, []).append(part.score)
    return {name: values for name, values in found.items() if len(values) == len(scores)}


def _tensor(values: list[float]) -> Any:  # noqa: ANN401 - torch's, where OpenRLHF runs
    try:
        from torch import tensor
    except ImportError:
        return values
    return tensor(values)
