"""`json_schema`: the output is JSON, and valid under the reference's schema (draft 2020-12).

References out of the schema are never followed (no network), and a schema's `pattern` is not run as
a backtracking regular expression over a hostile string: strings longer than `MAX_PATTERN_CHARS` do
not match any pattern. Depth and size are bounded before a parser sees the text.
"""

import json
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from pydantic import Field, JsonValue

from adjudge.verifiers.exact import SHOWN
from adjudge.verifiers.extract import split_thought
from adjudge.verifiers.types import BadReference, Completion, Frozen, Reference, Verdict, Verifier

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

MAX_CHARS = 200_000
MAX_DEPTH = 100
MAX_PATTERN_CHARS = 200
"""A longer string matches no `pattern`."""
_FENCE = re.compile(r"```(?:json)?[^\S\n]*\n(.*?)\n?```", re.DOTALL)


class JsonSchemaReference(Reference):
    schema_: dict[str, JsonValue] | bool = Field(alias="schema")
    """A JSON schema."""


class JsonSchemaParams(Frozen):
    fenced: bool = True
    """The JSON may stand in a fenced block (the last one counts); otherwise it is all of the final
    text."""


def check(
    completion: Completion, reference: JsonSchemaReference, params: JsonSchemaParams
) -> Verdict:
    validator = _validator(json.dumps(reference.schema_, sort_keys=True))
    if completion.finish_reason == "length":
        return Verdict.no_answer("truncated", "the text was cut by the length limit")
    thought = split_thought(completion.text)
    text = _json_text(thought.final, params)
    if not thought.closed or not text:
        return Verdict.no_answer("empty", "no text after the chain of thought")
    if len(text) > MAX_CHARS or _depth(text) > MAX_DEPTH:
        return Verdict.incorrect("limit", "too long or too deep to be read")
    try:
        value = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_twins)
    except ValueError as error:
        return Verdict.incorrect("not_json", str(error)[:SHOWN], text[:SHOWN])
    return _validated(value, validator, text[:SHOWN])


def _json_text(final: str, params: JsonSchemaParams) -> str:
    if params.fenced and "```" in final and len(final) <= MAX_CHARS:
        blocks: list[str] = _FENCE.findall(final)
        if blocks:
            return blocks[-1].strip()
    return final.strip()


def _depth(text: str) -> int:
    """An upper bound: brackets in strings count too."""
    deepest = depth = 0
    for bracket in re.finditer(r"[\[{\]}]", text):
        depth += 1 if bracket[0] in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has the same key twice")
    return found


def _validated(value: object, validator: Any, shown: str) -> Verdict:  # noqa: ANN401
    from referencing.exceptions import Unresolvable

    try:
        error = next(validator.iter_errors(value), None)
    except Unresolvable as unresolvable:
        raise BadReference(f"schema: {unresolvable}") from unresolvable
    except RecursionError:
        return Verdict.incorrect("limit", "too deep to be validated", shown)
    if error is None:
        return Verdict.correct("valid", extracted=shown)
    where = "".join(f"[{step!r}]" for step in error.absolute_path)
    return Verdict.incorrect("invalid", f"${where}: {error.message[:SHOWN]}", shown)


def _pattern(
    _: Any,  # noqa: ANN401 - jsonschema's signature
    pattern: str,
    instance: object,
    __: Any,  # noqa: ANN401
) -> Iterator["ValidationError"]:
    from jsonschema.exceptions import ValidationError

    if not isinstance(instance, str):
        return
    if len(instance) > MAX_PATTERN_CHARS or not re.search(pattern, instance):
        yield ValidationError(f"does not match {pattern!r}")


@cache
def _draft() -> Any:  # noqa: ANN401 - jsonschema's classes are made at run time
    """Draft 2020-12 with our `pattern`. jsonschema is imported here and not above: it takes a
    worker's child a tenth of its start, and few requests hold a schema."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    return extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]


@lru_cache(maxsize=256)
def _validator(schema: str) -> Any:  # noqa: ANN401
    """Raises BadReference for what is no schema."""
    from jsonschema.exceptions import SchemaError
    from referencing import Registry

    parsed = json.loads(schema)
    try:
        _draft().check_schema(parsed)
    except SchemaError as error:
        raise BadReference(f"schema: {error.message[:SHOWN]}") from error
    return _draft()(parsed, registry=Registry())


verifier = Verifier(
    kind="json_schema",
    version="1",
    summary="the output is JSON and valid under the reference's schema",
    reference=JsonSchemaReference,
    params=JsonSchemaParams,
    check=check,
    needs=lambda _: ("schema",),
)
