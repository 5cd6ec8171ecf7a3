"""Whatever a dataset or a tokenizer hands over, as JSON that the wire takes."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import JsonValue

_DEEPEST = 32


def plain_text(text: str) -> str:
    """Surrogate pairs joined, lone surrogates as U+FFFD: byte-level tokenizers cut characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def plain(value: Any, depth: int = 0) -> JsonValue:  # noqa: ANN401 - a dataset's cell is anything
    """JSON of `value`: arrays as lists, NaN as null, what JSON has no word for as its text."""
    if isinstance(value, str):
        return plain_text(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return _plain_nested(value, depth)


def _plain_nested(value: Any, depth: int) -> JsonValue:  # noqa: ANN401 - as above
    if depth >= _DEEPEST:
        return plain_text(str(value)[:1000])
    if isinstance(value, Mapping):
        return {plain_text(str(key)): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [plain(item, depth + 1) for item in value]
    if hasattr(value, "tolist"):  # numpy and torch, scalars included
        return plain(value.tolist(), depth + 1)
    return plain_text(str(value))


def without_none(value: JsonValue) -> JsonValue:
    """Objects without their null members: Arrow fills the keys that a row lacks with nulls."""
    if isinstance(value, dict):
        return {key: without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_none(item) for item in value]
    return value
