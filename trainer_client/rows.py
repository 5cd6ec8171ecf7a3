"""A trainer's rows (flat lists of prompts, completions and columns) as the wire's groups.

Trainers hand over one row a completion, a group's rows side by side. Rows in a run with the same
prompt and the same reference are one group: its statistics and length rewards need it whole.
"""

import json
from collections.abc import Mapping, Sequence
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
    rows: list[dict[str, JsonValue]] = []
    before: dict[str, Any] = {}
    for index in range(count):
        cells = {key: value[index] for key, value in kept.items()}
        # a group's rows lie side by side: its reference is read once
        again = bool(rows) and all(_same(cells[key], before[key]) for key in kept)
        rows.append(rows[-1] if again else _reference(cells, names))
        before = cells
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
    asked = prompts if prompts is not None else [None] * len(completions)
    starts = [i for i in range(len(completions)) if i == 0 or _parted(asked, rows, i)]
    return [
        Group(
            completions=tuple(
                _completion(completions, completion_ids, i) for i in range(start, end)
            ),
            prompt=prompt_of(asked[start]),
            prefill=plain_text(prefill),
            reference=rows[start],
        )
        for start, end in zip(starts, [*starts[1:], len(completions)], strict=False)
    ]


def _parted(
    prompts: Sequence[str | Chat | None], rows: Sequence[dict[str, JsonValue]], index: int
) -> bool:
    """Does another group begin here?"""
    if rows[index] is not rows[index - 1] and rows[index] != rows[index - 1]:
        return True
    prompt, before = prompts[index], prompts[index - 1]
    return not _same(prompt, before) and plain(prompt) != plain(before)


def _same(cell: Any, before: Any) -> bool:  # noqa: ANN401 - dataset's cells
    """Surely the same; arrays and objects, which have no plain answer to ==, by identity alone."""
    return cell is before or (isinstance(cell, str) and isinstance(before, str) and cell == before)


def _reference(cells: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, JsonValue]:
    """The cell `reference`, and the others over it."""
    row = _object(cells["reference"]) if "reference" in cells else {}
    others = {names.get(key, key): plain(cell) for key, cell in cells.items() if key != "reference"}
    return row | {key: without_none(cell) for key, cell in others.items() if cell is not None}


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
