"""Values as JSON, exactly: what crosses between a program's process and everybody else.

Only exact built-in types (and a few of the standard library's) are values; everything else stays
where it is and is named by a number. Nothing here builds an object of a class that the other side
chose: no pickle, no import by name, no `__reduce__`, no subclass. A frame is at most 16 MiB, nested
at most `MAX_DEPTH` deep. Scalars and lists are themselves, all else is an object with one tag:

    i big int (hex)   t tuple   s set   z frozenset   d dict [[k, v], …] (k: which kind of dict)
    b bytes (hex)   y bytearray   c complex   r range   q deque   D Decimal   F Fraction
    T date and time   B built-in type or function   R the other side's object   L one of mine
    N numpy array or number (v: its bytes in hex, h: its shape; none for a number)
"""

import builtins
import collections
import datetime
import decimal
import fractions
import importlib
import json
import re
import sys
from collections.abc import Callable
from typing import Any

MAX_DEPTH = 200
MAX_BIG_INT_BITS = 1 << 22
_SAFE = 1 << 53
_DICTS = {
    "Counter": collections.Counter,
    "OrderedDict": collections.OrderedDict,
    "defaultdict": collections.defaultdict,
}
_TIMES: dict[str, tuple[type, tuple[str, ...]]] = {
    "datetime": (
        datetime.datetime,
        ("year", "month", "day", "hour", "minute", "second", "microsecond"),
    ),
    "date": (datetime.date, ("year", "month", "day")),
    "time": (datetime.time, ("hour", "minute", "second", "microsecond")),
    "timedelta": (datetime.timedelta, ("days", "seconds", "microseconds")),
}
_FUNCTIONS = (
    *(
        "abs",
        "all",
        "any",
        "bin",
        "callable",
        "chr",
        "divmod",
        "format",
        "hash",
        "hex",
        "isinstance",
    ),
    *(
        "iter",
        "len",
        "max",
        "min",
        "next",
        "oct",
        "ord",
        "pow",
        "print",
        "repr",
        "round",
        "sorted",
        "sum",
    ),
)
_BUILT_IN = {
    name: item
    for name, item in vars(builtins).items()
    if (isinstance(item, type) and not name.startswith("_")) or name in _FUNCTIONS
}
_NAMES = {
    item: name for name, item in _BUILT_IN.items() if name not in ("EnvironmentError", "IOError")
}
_NAMED = (type, type(len))
_BASES = (int, float, complex, str, bytes, tuple, list, dict, frozenset, set)

Wire = Any
"""What `json` reads and writes."""
Refer = Callable[[Any, int], Wire]
"""Names an object that is no value; may raise `NotPlainError`."""
Resolve = Callable[[Wire], Any]


class NotPlainError(TypeError):
    """It is no value, and there is no name for it."""


def refuse(value: Any, depth: int) -> Wire:  # noqa: ANN401, ARG001 - any object at all
    """The `Refer` of a side that has no names."""
    raise NotPlainError(f"{type(value).__name__} is not a plain value")


def encode(value: Any, refer: Refer = refuse, depth: int = 0) -> Wire:  # noqa: ANN401 - any object
    """`value` as JSON can hold it. Raises NotPlainError, ValueError (nested too deep)."""
    kind = type(value)
    if value is None or kind is bool or kind is str or kind is float:
        return value
    if kind is int:
        return value if -_SAFE < value < _SAFE else {"i": hex(value)}
    if depth > MAX_DEPTH:
        raise ValueError("nested too deep")
    if kind is list:
        return [encode(item, refer, depth + 1) for item in value]
    writer = _WRITERS.get(kind)
    if writer is not None:
        return writer(value, lambda item: encode(item, refer, depth + 1))
    if kind.__module__ == "numpy" and (array := _array(value)) is not None:
        return array
    if kind in _NAMED and value in _NAMES:
        return {"B": _NAMES[value]}
    return refer(value, depth)


_PLAIN_ARRAY = re.compile(r"[<>|=][biufcUS][0-9]{1,5}")


def _array(value: Any) -> Wire | None:  # noqa: ANN401 - any object
    """None: it is not numpy's own array or number, or it holds objects."""
    numpy = sys.modules.get("numpy")
    kind = type(value)
    if numpy is None or (
        kind is not numpy.ndarray
        and not (issubclass(kind, numpy.generic) and kind is numpy.dtype(kind).type)
    ):
        return None
    dtype = value.dtype.str
    if not _PLAIN_ARRAY.fullmatch(dtype):
        return None
    shape = None if kind is not numpy.ndarray else list(value.shape)
    return {"N": dtype, "h": shape, "v": value.tobytes().hex()}


def _numpy(wire: Wire, _: Callable[[Wire], Any]) -> Any:  # noqa: ANN401 - an array or a number
    numpy = importlib.import_module("numpy")  # only where one side has it loaded
    if not _PLAIN_ARRAY.fullmatch(wire["N"]):
        raise ValueError(wire["N"])
    flat = numpy.frombuffer(bytes.fromhex(wire["v"]), dtype=wire["N"])
    return flat[0] if wire["h"] is None else flat.reshape(wire["h"]).copy()


def base_value(value: Any) -> Any:  # noqa: ANN401 - any object
    """What an instance of a subclass of a built-in type holds, by that type's own methods."""
    for base in _BASES:
        if issubclass(type(value), base):
            return _copy(base, value)
    raise NotPlainError(type(value).__name__)


def _copy(base: Any, value: Any) -> Any:  # noqa: ANN401 - a built-in type and its instance
    if base in (list, tuple, set, frozenset):
        return base(base.__iter__(value))
    if base is dict:
        return {key: dict.__getitem__(value, key) for key in dict.__iter__(value)}
    return int.__index__(value) if base is int else base.__add__(value, base())


def _items(tag: str) -> Callable[[Any, Callable[[Any], Wire]], Wire]:
    return lambda value, inner: {tag: [inner(item) for item in value]}


def _pairs(value: Any, inner: Callable[[Any], Wire]) -> Wire:  # noqa: ANN401 - a dict of any kind
    pairs = [[inner(key), inner(item)] for key, item in dict.items(value)]
    return {"d": pairs} if type(value) is dict else {"d": pairs, "k": type(value).__name__}


def _time(value: Any, inner: Callable[[Any], Wire]) -> Wire:  # noqa: ANN401 - date, time, …
    if getattr(value, "tzinfo", None) is not None:
        raise NotPlainError("a time with a zone")
    name = type(value).__name__
    return {"T": name, "v": [inner(getattr(value, field)) for field in _TIMES[name][1]]}


_WRITERS: dict[type, Callable[[Any, Callable[[Any], Wire]], Wire]] = {
    tuple: _items("t"),
    set: _items("s"),
    frozenset: _items("z"),
    dict: _pairs,
    **dict.fromkeys(_DICTS.values(), _pairs),
    **dict.fromkeys((item[0] for item in _TIMES.values()), _time),
    bytes: lambda value, _: {"b": value.hex()},
    bytearray: lambda value, _: {"y": value.hex()},
    complex: lambda value, _: {"c": [value.real, value.imag]},
    range: lambda value, inner: {"r": [inner(n) for n in (value.start, value.stop, value.step)]},
    collections.deque: lambda value, inner: {
        "q": [inner(item) for item in value],
        "m": value.maxlen,
    },
    decimal.Decimal: lambda value, _: {"D": str(value)},
    fractions.Fraction: lambda value, inner: {
        "F": [inner(value.numerator), inner(value.denominator)]
    },
}


def decode(wire: Wire, resolve: Resolve = refuse) -> Any:  # type: ignore[assignment] # noqa: ANN401
    """The value again. Raises ValueError, TypeError, KeyError, OverflowError for what is none."""
    if type(wire) is list:
        return [decode(item, resolve) for item in wire]
    if type(wire) is not dict:
        return wire
    tag = next(iter(wire))
    if tag in ("R", "L"):
        return resolve(wire)
    return _READERS[tag](wire, lambda item: decode(item, resolve))


def _big(wire: Wire, _: Callable[[Wire], Any]) -> int:
    text: str = wire["i"]
    if 4 * len(text) > MAX_BIG_INT_BITS:
        raise ValueError("integer too long")
    return int(text, 16)


def _dict(wire: Wire, inner: Callable[[Wire], Any]) -> Any:  # noqa: ANN401 - which one the tag says
    found = {inner(key): inner(item) for key, item in wire["d"]}
    if "k" not in wire:
        return found
    made: Any = _DICTS[wire["k"]]()
    made.update(found)
    return made


def _when(wire: Wire, inner: Callable[[Wire], Any]) -> Any:  # noqa: ANN401 - which one the tag says
    return _TIMES[wire["T"]][0](*(inner(item) for item in wire["v"]))


_READERS: dict[str, Callable[[Wire, Callable[[Wire], Any]], Any]] = {
    "i": _big,
    "t": lambda wire, inner: tuple(inner(item) for item in wire["t"]),
    "s": lambda wire, inner: {inner(item) for item in wire["s"]},
    "z": lambda wire, inner: frozenset(inner(item) for item in wire["z"]),
    "d": _dict,
    "T": _when,
    "b": lambda wire, _: bytes.fromhex(wire["b"]),
    "y": lambda wire, _: bytearray.fromhex(wire["y"]),
    "c": lambda wire, _: complex(*wire["c"]),
    "r": lambda wire, inner: range(*(inner(item) for item in wire["r"])),
    "q": lambda wire, inner: collections.deque([inner(i) for i in wire["q"]], wire["m"]),
    "D": lambda wire, _: decimal.Decimal(wire["D"]),
    "F": lambda wire, inner: fractions.Fraction(*(inner(item) for item in wire["F"])),
    "B": lambda wire, _: _BUILT_IN[wire["B"]],
    "N": _numpy,
}


_ENCODER = json.JSONEncoder(check_circular=False, separators=(",", ":"))


def dumps(wire: Wire) -> bytes:
    """One frame."""
    return _ENCODER.encode(wire).encode()


def loads(frame: bytes) -> Wire:
    """Raises ValueError, RecursionError for what is no frame of ours."""
    return json.loads(frame)
