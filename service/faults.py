"""From pydantic's errors to faults that a stranger understands.

Pydantic names the branch of a union in an error's location (`completions.0.CompletionIn.txt`) and
reports every branch; here the location is walked along the document that was sent, so that a path
holds only what the sender wrote, and of a union only the branch is kept that came nearest.
"""

import codecs
import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel, JsonValue, ValidationError
from pydantic_core import ErrorDetails

from adjudge.service.api import Fault

MAX_FAULTS = 20
BYTE_ORDER_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
PAIR = 2
MAX_SHOWN = 60
"""Characters of a sender's key or value that a message repeats."""

Step = str | int


@dataclass(frozen=True, slots=True)
class _Finding:
    """One error, with its location taken apart."""

    steps: tuple[Step, ...]
    union: tuple[Step, ...] | None
    """Where the union is whose branch this error belongs to, if it is inside one."""
    message: str
    mismatch: bool
    """The value is of another JSON type than this branch wants."""


def explain(
    error: ValidationError, document: JsonValue, model: type[BaseModel], prefix: str = ""
) -> tuple[Fault, ...]:
    """The faults of a document that is not a `model`, the first few; `prefix` is where it stood."""
    details = error.errors(include_url=False, include_context=True)[: MAX_FAULTS * 10]
    findings = [_finding(detail, document, model) for detail in details]
    faults = _without_echoes(_nearest(findings))
    unique = dict.fromkeys(
        Fault(path=path(found.steps, prefix), message=found.message) for found in faults
    )
    return tuple(unique)[:MAX_FAULTS]


def path(steps: Sequence[Step], prefix: str = "") -> str:
    """As in `groups[3].rewards[0].params.style`; the whole body is `body`."""
    written = prefix + "".join(_step(step) for step in steps)
    return written.removeprefix(".").replace("?.", "?", 1) or "body"


def _step(step: Step) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,59}", step):
        return f".{step}"
    return f"[{json.dumps(step[:MAX_SHOWN])}]"


def _finding(detail: ErrorDetails, document: JsonValue, model: type[BaseModel]) -> _Finding:
    steps, union = _walk(detail["loc"], document, missing=detail["type"] == "missing")
    return _Finding(
        steps=steps,
        union=union,
        message=_message(detail, model),
        mismatch=detail["type"].endswith("_type") and union == steps,
    )


def _walk(
    location: Iterable[Step], document: JsonValue, *, missing: bool
) -> tuple[tuple[Step, ...], tuple[Step, ...] | None]:
    """Keep the steps that lead through the document; what is left over names a union's branch."""
    location = tuple(location)
    at: JsonValue = document
    steps: list[Step] = []
    union: tuple[Step, ...] | None = None
    for number, step in enumerate(location):
        last = missing and number == len(location) - 1
        if isinstance(at, dict) and isinstance(step, str) and (step in at or last):
            at = at.get(step)
        elif isinstance(at, list) and isinstance(step, int) and step < len(at):
            at = at[step]
        else:
            union = tuple(steps)
            continue
        steps.append(step)
    return tuple(steps), union


def _nearest(findings: Sequence[_Finding]) -> Iterator[_Finding]:
    """Of each union only the branch that came nearest; where none did, one finding for all."""
    for found in findings:
        if found.union is None or not found.mismatch:
            yield found
            continue
        rivals = [other for other in findings if other.union == found.union]
        if all(rival.mismatch for rival in rivals):
            wanted = dict.fromkeys(_wanted(rival.message) for rival in rivals)
            got = found.message.rpartition(", not ")[2]
            yield _Finding(
                found.steps, None, f"must be {' or '.join(wanted)}, not {got}", mismatch=False
            )


def _wanted(message: str) -> str:
    return message.removeprefix("must be ").rpartition(", not ")[0]


def _without_echoes(findings: Iterable[_Finding]) -> Iterator[_Finding]:
    """Pydantic also calls a list empty when its only entries were faulty: leave that out."""
    found = list(findings)
    for one in found:
        deeper = any(
            len(other.steps) > len(one.steps) and other.steps[: len(one.steps)] == one.steps
            for other in found
        )
        if not (deeper and one.message.startswith("must have at least")):
            yield one


_MUST_BE = {
    "string_type": "a string",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "dict_type": "an object",
    "tuple_type": "a list",
    "list_type": "a list",
    "float_type": "a number",
    "float_parsing": "a number",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "finite_number": "a finite number",
}


def _message(detail: ErrorDetails, model: type[BaseModel]) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in _MUST_BE:
        return f"must be {_MUST_BE[kind]}, not {_shown(detail['input'])}"
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return _unknown(str(detail["loc"][-1]), model)
    if kind == "literal_error":
        return f"must be {context['expected']}, not {_shown(detail['input'])}"
    if kind == "too_short":
        return f"must have at least {context['min_length']} entry"
    if kind == "too_long":
        return _too_long(context["max_length"])
    return plain(detail["msg"])


def _too_long(most: int) -> str:
    """A pair with a third entry is of another shape, a long list is over a limit (413)."""
    return f"must have {most} entries" if most <= PAIR else f"too many entries: at most {most:,}"


def plain(message: str) -> str:
    """Pydantic's own words, made to follow a path."""
    message = message.removeprefix("Value error, ").partition(", unable to parse")[0]
    return message.replace("Input should be", "must be").replace("String should", "must")


def _unknown(name: str, model: type[BaseModel]) -> str:
    known = field_names(model)
    if name in known:
        return "belongs elsewhere, not here"
    near = difflib.get_close_matches(name[:MAX_SHOWN], known, n=1, cutoff=0.6)
    hint = f"; did you mean `{near[0]}`?" if near else ""
    return f"unknown field{hint}"


@cache
def field_names(model: type[BaseModel]) -> tuple[str, ...]:
    """Every property of the model's JSON schema, at any depth."""
    schema = model.model_json_schema()
    parts: list[Mapping[str, Any]] = [schema, *schema.get("$defs", {}).values()]
    return tuple(dict.fromkeys(name for part in parts for name in part.get("properties", {})))


_JSON_NAMES: Mapping[type, str] = {
    dict: "an object",
    list: "a list",
    bool: "a boolean",
    type(None): "null",
}


def _shown(value: object) -> str:
    if type(value) in _JSON_NAMES:
        return _JSON_NAMES[type(value)]
    if isinstance(value, str):
        return json.dumps(value if len(value) <= MAX_SHOWN else value[:MAX_SHOWN] + "…")
    return json.dumps(value, default=str)[:MAX_SHOWN]


def broken_json(message: str, body: bytes | bytearray) -> Fault:
    """Where the JSON breaks, from the parser's `message`.

    A lone surrogate, which JSON can spell but text cannot hold, is named by the string it is in.
    """
    if "hex escape" in message or "surrogate" in message:
        found = _lone_surrogate(body)
        if found is not None:
            return found
    if "unicode code point" in message:
        return _not_utf8(message, body)
    if not body:
        message = "the body is empty"
    elif body.startswith(BYTE_ORDER_MARKS):
        message = "it begins with a byte order mark; send plain UTF-8"
    return Fault(path="body", message=f"not valid JSON: {message}")


def _not_utf8(message: str, body: bytes | bytearray) -> Fault:
    try:
        body.decode()
    except UnicodeDecodeError as error:
        message = f"not UTF-8: byte 0x{body[error.start]:02x} at offset {error.start}"
    return Fault(path="body", message=message)


def _lone_surrogate(body: bytes | bytearray) -> Fault | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    for steps, text in _strings(document):
        found = re.search("[\ud800-\udfff]", text)
        if found:
            message = (
                f"holds a lone surrogate (\\u{ord(found[0]):04x}), which is half a character; "
                "send U+FFFD in its place"
            )
            return Fault(path=path(steps), message=message)
    return None


def _strings(document: JsonValue) -> Iterator[tuple[tuple[Step, ...], str]]:
    """Every string with the way to it, without recursion: the document may be deep."""
    waiting: list[tuple[tuple[Step, ...], JsonValue]] = [((), document)]
    while waiting:
        steps, value = waiting.pop()
        if isinstance(value, str):
            yield steps, value
        elif isinstance(value, dict):
            yield from ((steps, key) for key in value)
            waiting.extend(((*steps, key), inner) for key, inner in value.items())
        elif isinstance(value, list):
            waiting.extend(((*steps, index), inner) for index, inner in enumerate(value))
