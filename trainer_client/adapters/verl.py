"""verl: `custom_reward_function.path=<this file> custom_reward_function.name=compute_score`.

`ground_truth` is the answer, or the whole reference as JSON (tests, choices, …); `extra_info` may
hold more of it under `reference`. With `reward_manager=batch` name `compute_scores`, which sends a
batch in a few requests in place of one each. verl has no value for "nobody could tell": after the
deadline (`ADJUDGE_DEADLINE_S`, 300 s by default) these raise, unless `unscored=` gives a number.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from adjudge.trainer_client.adapters.environment import client, reference_from, reward_of
from adjudge.trainer_client.answers import Score
from adjudge.trainer_client.plain import plain
from adjudge.trainer_client.rows import text_of


def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: Any,  # noqa: ANN401 - a dataset's cell
    extra_info: Mapping[str, Any] | None = None,
    unscored: float | None = None,
    **_: Any,  # noqa: ANN401 - verl adds arguments with its versions
) -> dict[str, Any]:
    """One sample. Every result has the same keys, as verl needs."""
    return compute_scores([data_source], [solution_str], [ground_truth], [extra_info], unscored)[0]


def compute_scores(
    data_sources: Sequence[str],
    solution_strs: Sequence[str],
    ground_truths: Sequence[Any],
    extra_infos: Sequence[Mapping[str, Any] | None] | None = None,
    unscored: float | None = None,
    **_: Any,  # noqa: ANN401 - as above
) -> list[dict[str, Any]]:
    """A batch, for the batch reward manager."""
    extras = extra_infos if extra_infos is not None else [None] * len(data_sources)
    groups = [
        {"completions": [text_of(solution)], "reference": _reference(truth, extra)}
        for solution, truth, extra in zip(solution_strs, ground_truths, extras, strict=True)
    ]
    return [_result(group.scores[0], unscored) for group in client().judge(groups)]


def _reference(truth: Any, extra: Mapping[str, Any] | None) -> dict[str, Any]:  # noqa: ANN401 - a cell
    more = reference_from(plain((extra or {}).get("reference", {})))
    return reference_from(plain(truth)) | more


def _result(score: Score, unscored: float | None) -> dict[str, Any]:
    stand_in = score.reward is None and unscored is not None
    reward = unscored if stand_in else reward_of(score)
    parts = score.components.values()
    return {
        "score": reward,
        "unscored": float(score.reward is None),
        "reason": "; ".join(part.reason for part in parts) or (score.reason or ""),
    }
