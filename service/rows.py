"""Rows of a file as groups to judge: `adjudge check` and `adjudge score`.

A row is a group of `POST /reward` as it is, or any columns with a map from our words to theirs:
`{"answer": "solution"}` reads the reference key `answer` from the column `solution`. Columns that
have our names already need no map.
"""

import gzip
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TextIO

from pydantic import JsonValue, ValidationError

from adjudge.service.api import MAX_COMPLETIONS, MAX_GROUPS, Fault, Group, Rewards
from adjudge.service.errors import BadRequest
from adjudge.service.faults import explain
from adjudge.verifiers.registry import registry

Columns = dict[str, JsonValue]
OWN = ("id", "prompt", "prefill", "rewards")
"""A group's own fields; every other word of a map is a reference key."""


@dataclass(frozen=True, slots=True)
class Row:
    line: int
    """From 1."""
    columns: Columns
    problem: str | None = None
    """Why the line is no row that can be judged."""

    @property
    def name(self) -> str:
        given = self.columns.get("id")
        return f"line {self.line}" + (f" ({given})" if isinstance(given, str | int) else "")


def read(path: Path) -> Iterator[Row]:
    """The lines that are not blank; one that is no JSON object is a row with a problem.

    Raises BadRequest for a file that is no text at all.
    """
    with _opened(path) as lines:
        try:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _row(line, number)
        except (UnicodeDecodeError, gzip.BadGzipFile, EOFError) as error:
            message = f"is not JSON lines in UTF-8: {error}"
            raise BadRequest([Fault(path=str(path), message=message)]) from error


def count(path: Path) -> int | None:
    """How many rows `read` gives, for a progress bar; None for what can be read only once."""
    if str(path) == "-" or not path.is_file():
        return None
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
        try:
            return sum(1 for line in lines if line.strip())
        except (gzip.BadGzipFile, EOFError):
            return None


def _opened(path: Path) -> TextIO:
    if str(path) == "-":
        return sys.stdin
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8")
    return path.open(encoding="utf-8")


def _row(line: str, number: int) -> Row:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Row(number, {}, f"not JSON: {error}")
    if not isinstance(found, dict):
        return Row(number, {}, "must be a JSON object")
    if "\\u" in line and _has_half_character(found):
        return Row(number, found, "holds a lone surrogate, which is half a character")
    return Row(number, found)


def _has_half_character(found: Columns) -> bool:
    try:
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def mapping(pairs: Iterable[str]) -> dict[str, str]:
    """`answer=solution` → `{"answer": "solution"}`. Raises BadRequest."""
    found: dict[str, str] = {}
    for pair in pairs:
        ours, equals, theirs = pair.partition("=")
        if not (ours and equals and theirs):
            raise BadRequest([Fault(path="--map", message=f"{pair!r} is not OURS=THEIRS")])
        found[ours] = theirs
    return found


def group(
    row: Row, columns: Mapping[str, str], rewards: Rewards | None, completions: Sequence[JsonValue]
) -> Group:
    """Raises BadRequest: no row, a mapped column that is missing, a reference of another shape."""
    if row.problem:
        raise BadRequest([Fault(path=row.name, message=row.problem)])
    document = _document(row, columns)
    document["completions"] = list(completions)
    try:
        made = Group.model_validate(document)
    except ValidationError as error:
        faults = explain(error, document, Group, prefix=f"{row.name}: ")
        raise BadRequest(faults) from error
    return made if made.rewards is not None else made.model_copy(update={"rewards": rewards})


def _document(row: Row, columns: Mapping[str, str]) -> Columns:
    document: Columns = {name: row.columns[name] for name in OWN if name in row.columns}
    if isinstance(document.get("id"), int):
        document["id"] = str(document["id"])
    given = row.columns.get("reference", _named_as_ours(row))
    if not isinstance(given, dict):
        given = {"answer": given}
    reference: Columns = dict(given)
    for ours, theirs in columns.items():
        if ours in {"completion", "completions", "solution"}:
            continue
        if theirs not in row.columns:
            raise BadRequest([Fault(path=row.name, message=f"has no column {theirs!r}")])
        (document if ours in OWN else reference)[ours] = row.columns[theirs]
    document["reference"] = reference
    return document


def _named_as_ours(row: Row) -> Columns:
    """Columns that some kind reads under their very name (`answer`, `tests`, …)."""
    known = reference_keys()
    return {name: value for name, value in row.columns.items() if name in known}


@cache
def reference_keys() -> frozenset[str]:
    return frozenset(
        key for verifier in registry().values() for key in verifier.reference.model_fields
    )


def completions(row: Row, columns: Mapping[str, str]) -> list[JsonValue]:
    """A row's completions: a list of them, or one. Raises BadRequest where there is none."""
    if row.problem:
        raise BadRequest([Fault(path=row.name, message=row.problem)])
    for ours in ("completions", "completion"):
        found = row.columns.get(columns.get(ours, ours))
        if found is not None:
            return found if isinstance(found, list) else [found]
    message = "has no `completions` or `completion`; name the column: --map completion=COLUMN"
    raise BadRequest([Fault(path=row.name, message=message)])


Asked = tuple[Row, Group | tuple[Fault, ...]]
"""A row with its group, or with why there is none."""


def batches(groups: Iterable[Asked], size: int = 64) -> Iterator[list[Asked]]:
    """Requests of `size` groups, none over the limits of one request."""
    batch: list[Asked] = []
    held = 0
    for row, made in groups:
        more = len(made.completions) if isinstance(made, Group) else 0
        if batch and (len(batch) >= min(size, MAX_GROUPS) or held + more > MAX_COMPLETIONS):
            yield batch
            batch, held = [], 0
        batch.append((row, made))
        held += more
    if batch:
        yield batch
