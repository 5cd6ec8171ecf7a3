"""A trainer's rows (flat lists of prompts, completions and columns) as the wire's groups.

Trainers hand over one row a completion, a group's rows side by side. Rows in a run with the same
prompt and the same reference are one group: its statistics and length rewards need it whole.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from pydantic import JsonValue

from adjudge.service.api import CompletionIn, Group
from adjudge.trainer_client.plain import plain, plain_text, without_none
from adjudge.verifiers.types import Message

Chat = Sequence[Mapping[str, Any]]
Columns = Mapping[str, Sequence[Any]]

NOT_REFERENCE = frozenset(
    {
        "prompts",
        "completions",
        "completion_ids",
        "trainer_state",
        "log_extra",
        "log_metric",
        "environments",
        "image",
        "images",
    }
)
"""What TRL hands a reward function besides a dataset's own columns, and pictures."""

_THINKING = ("reasoning_content", "reasoning", "thinking")


def text_of(completion: str | Chat) -> str:
    """The text that is judged: a string, or the last assistant message of a chat.

    A chat template that parses the chain of thought out of the message is undone: the checks read
    what the policy wrote.
    """
    if isinstance(completion, str):
        return plain_text(completion)
    said = [message for message in completion if message.get("role") == "assistant"]
    if not said:
        return ""
    content = _content(said[-1].get("content"))
    thinking = next((said[-1][key] for key in _THINKING if said[-1].get(key)), None)
    return plain_text(f"<think>\n{thinking}\n</think>\n{content}" if thinking else content)


def prompt_of(prompt: str | Chat | None) -> str | tuple[Message, ...] | None:
    if prompt is None or isinstance(prompt, str):
        return prompt and plain_text(prompt)
    return tuple(
        Message(role=str(message.get("role", "")), content=plain_text(_content(message["content"])))
        for message in prompt
        if message.get("content") is not None
    )


def references(
    columns: Columns, count: int, names: Mapping[str, str]
) -> list[dict[str, JsonValue]]:
    """Row by row: the column `reference` (an object, or its JSON), and over it the other columns.

    `names` renames columns to the keys that the kinds read: {"solution": "answer"}.
    """
    kept = {key: value for key, value in columns.items() if _is_column(key, value, count)}
    base = kept.pop("reference", None)
    rows = []
    for index in range(count):
        row = _object(base[index]) if base is not None else {}
        cells = {names.get(key, key): plain(value[index]) for key, value in kept.items()}
        rows.append(row | {key: without_none(v) for key, v in cells.items() if v is not None})
    return rows


def groups_of(
    prompts: Sequence[str | Chat] | None,
    completions: Sequence[str | Chat],
    rows: Sequence[dict[str, JsonValue]],
    *,
    completion_ids: Sequence[Sequence[int]] | None = None,
    prefill: str = "",
) -> list[Group]:
    """Groups whose completions, read one after the other, are the rows in their order."""
    keys = [
        json.dumps([plain(prompts[i]) if prompts is not None else None, row], sort_keys=True)
        for i, row in enumerate(rows)
    ]
    groups = []
    for _, run in groupby(range(len(completions)), key=keys.__getitem__):
        members = list(run)
        first = members[0]
        groups.append(
            Group(
                completions=tuple(_completion(completions, completion_ids, i) for i in members),
                prompt=prompt_of(prompts[first]) if prompts is not None else None,
                prefill=plain_text(prefill),
                reference=rows[first],
            )
        )
    return groups


def _completion(
    completions: Sequence[str | Chat], ids: Sequence[Sequence[int]] | None, index: int
) -> str | CompletionIn:
    text = text_of(completions[index])
    return text if ids is None else CompletionIn(text=text, tokens=len(ids[index]))


def _content(content: Any) -> str:  # noqa: ANN401 - a string, None, or a list of typed parts
    if isinstance(content, str):
        return content
    if isinstance(content, Sequence):
        parts = (part.get("text") for part in content if isinstance(part, Mapping))
        return "".join(part for part in parts if isinstance(part, str))
    return ""


def _is_column(key: str, value: Any, count: int) -> bool:  # noqa: ANN401 - a keyword argument
    if key in NOT_REFERENCE or isinstance(value, str) or not isinstance(value, Sequence):
        return False
    return len(value) == count


def _object(value: Any) -> dict[str, JsonValue]:  # noqa: ANN401 - a dataset's cell
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = {}
    found = without_none(plain(value))
    return found if isinstance(found, dict) else {}
