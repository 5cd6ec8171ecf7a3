"""JSON Lines: what the stages hand to each other, besides checkpoints."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

Row = dict[str, Any]
"""`prompt`, `reference`, and in rows to learn from `completion`."""


class BadRow(ValueError):
    """A line that is no JSON object; the message names file and line."""


def read_rows(path: str | Path, most: int | None = None) -> Iterator[Row]:
    with Path(path).open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if most is not None and number > most:
                return
            if line.strip():
                yield _row(line, f"{path}:{number}")


def write_rows(path: str | Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """All of them or none: a half-written file would pass for a finished stage."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    count = 0
    with part.open("w", encoding="utf-8") as out:
        for row in rows:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    os.replace(part, target)
    return count


def write_json(path: str | Path, value: Mapping[str, Any]) -> None:
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _row(line: str, place: str) -> Row:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadRow(f"{place}: {error}") from error
    if not isinstance(row, dict):
        raise BadRow(f"{place}: not an object")
    return row
