"""`json_schema`: the output is JSON, and valid under the reference's schema (draft 2020-12).

References out of the schema are never followed (no network). Depth and size are bounded before a
parser sees the text, and validation is bounded by `schema_keywords`: what takes a completion's
value more steps is wrong, what no value can end (a schema that refers to itself) is the dataset's.
That module, and jsonschema with it, is imported at first use: it takes a worker's child a tenth of
its start, and few requests hold a schema.
"""

import json
import re
from typing import Any

from pydantic import Field, JsonValue

from adjudge.verifiers.exact import SHOWN
from adjudge.verifiers.extract import split_thought
from adjudge.verifiers.types import BadReference, Completion, Frozen, Reference, Verdict, Verifier

MAX_CHARS = 200_000
MAX_DEPTH = 100
SHALLOW = 10
"""No value of such a depth takes validation to Python's limit of recursion by itself."""
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
    schema = _usable(reference)
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
    return _validated(value, schema, text)


def _usable(reference: JsonSchemaReference) -> str:
    """The schema as text. Raises BadReference for what is no schema."""
    from adjudge.verifiers.schema_keywords import BadSchema, validator_of

    schema = json.dumps(reference.schema_, sort_keys=True)
    try:
        validator_of(schema)
    except (BadSchema, RecursionError) as bad:
        raise BadReference(f"schema: {str(bad)[:SHOWN]}") from bad
    return schema


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


def _validated(value: object, schema: str, text: str) -> Verdict:
    from adjudge.verifiers.schema_keywords import BadSchema, TooMuch, first_error

    shown = text[:SHOWN]
    try:
        error = first_error(schema, value)
    except BadSchema as bad:
        raise BadReference(f"schema: {str(bad)[:SHOWN]}") from bad
    except RecursionError as endless:
        if _depth(text) <= SHALLOW:
            raise BadReference("schema: refers to itself without end") from endless
        return Verdict.incorrect("limit", "too deep to be validated", shown)
    except TooMuch as much:
        return Verdict.incorrect("limit", f"takes too long to be validated: {much}", shown)
    if error is None:
        return Verdict.correct("valid", extracted=shown)
    where = "".join(f"[{step!r}]" for step in error.absolute_path)
    return Verdict.incorrect("invalid", f"${where}: {error.message[:SHOWN]}", shown)


verifier = Verifier(
    kind="json_schema",
    version="2",
    summary="the output is JSON and valid under the reference's schema",
    reference=JsonSchemaReference,
    params=JsonSchemaParams,
    check=check,
    needs=lambda _: ("schema",),
)
