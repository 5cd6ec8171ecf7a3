"""Is what a function returned the expected JSON value? Compared as it came over the wire.

Nothing of the candidate's is built here: no set, no dict keyed by what it chose. JSON has no
tuples, sets or keys but strings, so: a tuple is as good as a list, a set as a list in any order,
and a dict's key as its text. Numbers are equal as Python has it (1 == 1.0 == true), floats within a
last-digits tolerance (another order of summation is no error), NaN equals nothing but null's text.
"""

import json
import math
from collections import Counter
from typing import Any, Literal

from pydantic import JsonValue

from adjudge.verifiers.code.checkers import MAX_NUMBER_CHARS, TOLERANCE, close
from adjudge.verifiers.code.far.codec import Wire

LAST_DIGITS = 1e-9
EXACT_IN_FLOATS = 1 << 53
"""A larger int is equal to a float if it is that number, not if it is near."""
MAX_SORTED = 200_000
How = Literal["exact", "float", "unordered"]


def same_value(got: Wire, expected: JsonValue, how: How) -> bool:
    """Whether `got` (as `far.codec` writes it) is `expected`. Raises RecursionError if nested as
    deep as no expected value is."""
    if how == "unordered" and isinstance(expected, list):
        items = _items(got)
        return items is not None and _same_in_any_order(items, expected)
    return _same(got, expected, TOLERANCE if how == "float" else LAST_DIGITS)


def _same(got: Wire, expected: JsonValue, tolerance: float) -> bool:
    if isinstance(expected, list):
        return _same_list(got, expected, tolerance)
    if isinstance(expected, dict):
        return _same_dict(got, expected, tolerance)
    if isinstance(expected, str) or expected is None:
        return _text(got) == expected if expected is not None else got is None
    return _same_number(_number(got), expected, tolerance)


def _text(got: Wire) -> Wire:
    """A `str`, or what an instance of a subclass of it holds."""
    return got.get("p") if isinstance(got, dict) and "R" in got else got


def _number(got: Wire) -> int | float | None:
    got = _text(got)
    if isinstance(got, dict):
        return _exact_number(got)
    return got if isinstance(got, (int, float)) else None


def _exact_number(got: dict[str, Wire]) -> int | float | None:
    """Python's big ints, decimals and fractions."""
    if "i" in got:
        return int(got["i"], 16)
    if isinstance(text := got.get("D"), str) and len(text) <= MAX_NUMBER_CHARS:
        return float(text)
    if isinstance(parts := got.get("F"), list) and len(parts) == 2:
        top, bottom = map(_number, parts)
        return top / bottom if top is not None and bottom else None
    return None


def _same_number(got: float | None, expected: float, tolerance: float) -> bool:
    if got is None:
        return False
    if got == expected:
        return True
    if not (isinstance(got, float) or isinstance(expected, float)):
        return False
    if isinstance(expected, int) and abs(expected) > EXACT_IN_FLOATS:
        return False
    try:
        ours, theirs = float(got), float(expected)
    except OverflowError:
        return False
    return math.isfinite(ours) and close_enough(ours, theirs, tolerance)


def close_enough(got: float, expected: float, tolerance: float) -> bool:
    """`float` is generous near zero, as judges are; the default is relative there too."""
    if tolerance == TOLERANCE:
        return close(got, expected)
    return math.isclose(got, expected, rel_tol=tolerance, abs_tol=1e-12)


def _same_list(got: Wire, expected: list[JsonValue], tolerance: float) -> bool:
    if isinstance(got, dict) and ("s" in got or "z" in got):
        return _same_in_any_order(next(iter(got.values())), expected)
    items = _items(got)
    return (
        items is not None
        and len(items) == len(expected)
        and all(_same(one, other, tolerance) for one, other in zip(items, expected, strict=True))
    )


def _items(got: Wire) -> list[Wire] | None:
    got = _text(got)
    if isinstance(got, dict):
        tag = next((tag for tag in ("t", "q", "s", "z") if tag in got), None)
        got = _range(got["r"]) if "r" in got else got[tag] if tag else None
    return got if isinstance(got, list) else None


def _range(bounds: list[Wire]) -> list[Wire] | None:
    if not all(type(bound) is int for bound in bounds) or not bounds[2]:
        return None
    found = range(*bounds)
    return list(found) if len(found) <= MAX_SORTED else None


def _same_in_any_order(got: list[Wire], expected: list[JsonValue]) -> bool:
    return len(got) == len(expected) and Counter(map(_key, got)) == Counter(map(_key, expected))


def _key(value: Any) -> str:  # noqa: ANN401 - a wire's or an expected value
    """One text for equal values: `1`, `1.0` and `true` are one."""
    items = _items(value)
    if items is not None:
        return "[" + ",".join(map(_key, items)) + "]"
    number = _number(value)
    if number is None:
        return json.dumps(_text(value), sort_keys=True)
    whole = isinstance(number, float) and number.is_integer()
    return hex(int(number)) if whole or isinstance(number, int) else f"{number:.12g}"


def _same_dict(got: Wire, expected: dict[str, JsonValue], tolerance: float) -> bool:
    got = _text(got)
    pairs = got.get("d") if isinstance(got, dict) else None
    if not isinstance(pairs, list) or len(pairs) != len(expected):
        return False
    found = {_key_text(key): value for key, value in pairs}
    return found.keys() == expected.keys() and all(
        _same(value, expected[key], tolerance) for key, value in found.items()
    )


def _key_text(key: Wire) -> str:
    """As `json.dumps` spells a key; a tuple's as Python does."""
    if isinstance(key, str):
        return key
    items = _items(key)
    if items is not None:
        inner = ", ".join(
            repr(item) if isinstance(item, str) else _key_text(item) for item in items
        )
        return f"({inner},)" if len(items) == 1 else f"({inner})"
    return json.dumps(key)
