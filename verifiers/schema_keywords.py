"""JSON schema's keywords, bounded: a hostile value decides how much work validation is.

Covered: a regular expression that backtracks (each search has a time limit, and a longer string
matches nothing), comparing every item with every other (`uniqueItems`), and schemas whose branches
multiply with the depth of the value (every keyword is a step, and steps are counted). Not covered:
memory, which the size of the text bounds.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

import regex
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable

MAX_PATTERN_CHARS = 200
"""A longer string matches no `pattern`."""
SEARCH_S = 0.05
"""For one search; a pattern that does not backtrack takes microseconds."""
SEARCH_STEPS = 50
MAX_STEPS = 30_000

Keyword = Callable[[Any, Any, Any, Any], Iterator[ValidationError] | None]
"""jsonschema's: validator, the keyword's value, instance, schema."""

_left: ContextVar[list[int]] = ContextVar("steps left")


class TooMuch(Exception):
    """More work than a value is worth."""


class BadSchema(ValueError):
    """No schema, or one that cannot be used."""


def first_error(schema: str, value: object) -> ValidationError | None:
    """What is wrong with a JSON value under a schema (its JSON text).

    Raises BadSchema, TooMuch, and RecursionError for a schema without end, or too deep a value.
    """
    validator = validator_of(schema)
    token = _left.set([MAX_STEPS])
    try:
        error: ValidationError | None = next(validator.iter_errors(value), None)
    except Unresolvable as unresolvable:
        raise BadSchema(str(unresolvable)) from unresolvable
    finally:
        _left.reset(token)
    return error


def _take(steps: int) -> None:
    left = _left.get()
    left[0] -= steps
    if left[0] < 0:
        raise TooMuch("too many steps")


def _counted(keyword: Keyword) -> Keyword:
    def run(validator: Any, given: Any, instance: Any, schema: Any) -> Any:  # noqa: ANN401
        _take(1)
        return keyword(validator, given, instance, schema)

    return run


def _matches(pattern: str, text: str) -> bool:
    if len(text) > MAX_PATTERN_CHARS:
        return False
    _take(SEARCH_STEPS)
    try:
        return regex.search(pattern, text, timeout=SEARCH_S) is not None
    except TimeoutError as error:
        raise TooMuch(f"{pattern!r} backtracks") from error


def _pattern(_: Any, pattern: str, instance: object, __: Any) -> Iterator[ValidationError]:  # noqa: ANN401
    if isinstance(instance, str) and not _matches(pattern, instance):
        yield ValidationError(f"does not match {pattern!r}")


def _pattern_properties(
    validator: Any,  # noqa: ANN401
    patterns: Mapping[str, Any],
    instance: object,
    _: Any,  # noqa: ANN401
) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    for pattern, schema in patterns.items():
        for key, value in instance.items():
            if _matches(pattern, key):
                yield from validator.descend(value, schema, path=key, schema_path=pattern)


def _additional_properties(
    validator: Any,  # noqa: ANN401
    given: Any,  # noqa: ANN401
    instance: object,
    schema: Mapping[str, Any],
) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for key, value in instance.items():
        if key in known or any(_matches(pattern, key) for pattern in patterns):
            continue
        if given is False:
            yield ValidationError(f"{key[:80]!r} is not allowed")
        else:
            yield from validator.descend(value, given, path=key)


def _unique_items(_: Any, unique: bool, instance: object, __: Any) -> Iterator[ValidationError]:  # noqa: ANN401
    if not unique or not isinstance(instance, list):
        return
    if len({_canonical(item) for item in instance}) < len(instance):
        yield ValidationError("has the same item twice")


def _canonical(value: object) -> str:
    """Equal JSON values, equal strings: 1.0 is 1, and true is not."""
    return json.dumps(_plain(value), sort_keys=True)


def _plain(value: object) -> object:
    match value:
        case float() if value.is_integer():
            return int(value)
        case list():
            return [_plain(item) for item in value]
        case dict():
            return {key: _plain(item) for key, item in value.items()}
    return value


_OURS: Mapping[str, Keyword] = {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "uniqueItems": _unique_items,
}
_ALL = {**Draft202012Validator.VALIDATORS, **_OURS}
BoundedValidator: Any = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, {name: _counted(keyword) for name, keyword in _ALL.items()}
)


@lru_cache(maxsize=256)
def validator_of(schema: str) -> Any:  # noqa: ANN401 - jsonschema's classes are made at run time
    """Raises BadSchema."""
    parsed = json.loads(schema)
    try:
        Draft202012Validator.check_schema(parsed)
    except SchemaError as error:
        raise BadSchema(error.message) from error
    if '"unevaluatedProperties"' in schema and '"patternProperties"' in schema:
        raise BadSchema("`patternProperties` beside `unevaluatedProperties` cannot be bounded")
    return BoundedValidator(parsed, registry=Registry())
