"""The candidate's objects, as the tests see them: every use of one is a request to its process.

What an object of the candidate's may decide is bounded. Beside a value of the tests it is equal to
nothing and ordered with nothing (`__eq__` that is always true, `__lt__` that is always true), it
contains what iteration finds, and an operator with a value of the tests gives no plain value: so no
comparison hands the candidate what it is compared with. It is otherwise with what the tests
themselves have made of what they plainly use as a class: that is what they test. An instance of a
subclass of a built-in type is that type's instance here, with that type's methods.
"""

import builtins
from typing import Any, NoReturn

from adjudge.verifiers.code.far import codec, link

RELAY = b"C"
_BASE = object
_known: dict[int, Any] = {}
constructors: set[int] = set()
"""Classes, as the tests use them (see `tester`)."""
count = [0]
"""Requests made so far."""


class NotSplitError(Exception):
    """The tests pass something of their own that cannot leave their process."""


class SolutionError(Exception):
    """An exception of a class that the candidate defined."""


class GoneError(BaseException):
    """The candidate's process has ended. No `except Exception` of the tests holds it up."""


def ask(operation: str, *arguments: Any, **keywords: Any) -> Any:  # noqa: ANN401 - any value
    """Have the candidate's process do it. Raises what it raises there."""
    count[0] += 1
    request = {
        "f": operation,
        "a": [codec.encode(item, _refer) for item in arguments],
        "k": {name: codec.encode(item, _refer) for name, item in keywords.items()},
    }
    link.send(RELAY + codec.dumps(request))
    answer = link.receive()
    if not answer:
        raise GoneError
    return _take(codec.loads(answer), arguments)


def _take(answer: codec.Wire, arguments: tuple[Any, ...]) -> Any:  # noqa: ANN401 - any value
    if "ex" in answer:
        raise exception(answer["ex"], str(answer.get("said", "")))
    for index, wire in answer.get("changed", ()):
        _update(arguments[index], codec.decode(wire, resolve))
    return codec.decode(answer["ok"], resolve)


def _update(mine: Any, theirs: Any) -> None:  # noqa: ANN401 - a list, dict, set or bytearray
    """Their function has changed its argument in place: so is mine."""
    if type(mine) is not type(theirs) or type(mine) not in (list, dict, set, bytearray):
        return
    mine.clear()
    (mine.extend if type(mine) in (list, bytearray) else mine.update)(theirs)


def exception(lineage: list[str], said: str) -> BaseException:
    """What was raised over there, as near as there is a class for it."""
    for name in lineage:
        if name in _exceptions:
            return _exceptions[name](said)
        kind = getattr(builtins, name, None)
        if isinstance(kind, type) and issubclass(kind, Exception):
            return _make(kind, said)
    return SolutionError(f"{lineage[0]}: {said}")


def _make(kind: type[Exception], said: str) -> Exception:
    try:
        return kind(said)
    except TypeError:
        return SolutionError(f"{kind.__name__}: {said}")


_exceptions: dict[str, type[BaseException]] = {}


def _refer(value: Any, depth: int) -> codec.Wire:  # noqa: ANN401 - any object
    number = getattr(value, "_number", None) if type(value) in _REMOTE else None
    if number is None and isinstance(value, type) and value in _exceptions.values():
        number = vars(value)["_number"]
    if number is None:
        raise NotSplitError(f"{type(value).__name__} at depth {depth}")
    return {"R": number}


def resolve(wire: codec.Wire) -> Any:  # noqa: ANN401 - a stand-in
    """The stand-in for an object over there; the same one each time."""
    number = int(wire["R"])
    if number not in _known or "p" in wire:
        _known[number] = _stand_in(number, wire)
    return _known[number]


def _stand_in(number: int, wire: codec.Wire) -> Any:  # noqa: ANN401 - one of three kinds
    if "x" in wire:
        return _exception_class(number, wire["x"])
    if "p" in wire:
        held = codec.decode(wire["p"], resolve)
        made = _PLAIN[type(held)](held)
        made._number = number
        return made
    return Remote(number)


def _exception_class(number: int, lineage: list[str]) -> type[BaseException]:
    name = str(lineage[0])
    bases = (getattr(builtins, item, None) for item in lineage)
    base = next(b for b in bases if isinstance(b, type) and issubclass(b, BaseException))
    _exceptions[name] = type(name, (base,), {"_number": number})
    return _exceptions[name]


class Remote:
    """An object over there."""

    def __init__(self, number: int, *more: object) -> None:
        if more:
            raise NotSplitError("a class of the tests is derived from one of the solution's")
        object.__setattr__(self, "_number", number)
        object.__setattr__(self, "_own", False)

    def __call__(self, /, *arguments: Any, **keywords: Any) -> Any:  # noqa: ANN401
        made = ask("call", self, *arguments, **keywords)
        if self._number in constructors and type(made) is Remote:
            made = Remote(made._number)
            object.__setattr__(made, "_own", True)
        return made

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        if name.startswith("__") and name not in ("__name__", "__doc__", "__class__", "__dict__"):
            raise AttributeError(name)
        return ask("getattr", self, name)

    def __setattr__(self, name: str, value: object) -> None:
        ask("setattr", self, name, value)

    def __delattr__(self, name: str) -> None:
        ask("delattr", self, name)

    def __eq__(self, other: object) -> bool:
        if type(other) is Remote:
            return self._number == other._number or bool(ask("eq", self, other))
        return self._own and bool(ask("eq", self, other))

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return int(ask("hash", self))

    def __bool__(self) -> bool:
        return bool(ask("bool", self))

    def __len__(self) -> int:
        return int(ask("len", self))

    def __iter__(self) -> Any:  # noqa: ANN401
        return ask("iter", self)

    def __contains__(self, item: object) -> bool:
        if self._own or type(item) is Remote:
            return bool(ask("contains", self, item))
        return any(item is other or item == other for other in self)

    def __next__(self) -> Any:  # noqa: ANN401
        return ask("next", self)

    def __reversed__(self) -> Any:  # noqa: ANN401
        return ask("reversed", self)

    def __getitem__(self, key: object) -> Any:  # noqa: ANN401
        return ask("getitem", self, key)

    def __setitem__(self, key: object, value: object) -> None:
        ask("setitem", self, key, value)

    def __delitem__(self, key: object) -> None:
        ask("delitem", self, key)

    def __str__(self) -> str:
        return str(ask("str", self))

    def __repr__(self) -> str:
        return str(ask("repr", self))

    def __int__(self) -> int:
        return int(ask("int", self))

    def __float__(self) -> float:
        return float(ask("float", self))

    def __enter__(self) -> Any:  # noqa: ANN401
        return ask("enter", self)

    def __exit__(self, *_: object) -> None:
        ask("leave", self)

    def __instancecheck__(self, value: object) -> bool:
        return type(value) in _REMOTE and bool(ask("isinstance", value, self))

    def __subclasscheck__(self, value: object) -> bool:
        return type(value) is Remote and bool(ask("issubclass", value, self))

    def __mro_entries__(self, bases: object) -> NoReturn:
        raise NotSplitError("a class of the tests is derived from one of the solution's")


def _operate(name: str, mine: Remote, other: object) -> Any:  # noqa: ANN401
    result = ask(name, mine, other)
    if type(other) is not Remote and type(result) is not Remote and not mine._own:
        raise TypeError(f"{name} of an object of the solution and a value of the tests")
    return result


def _order(name: str, mine: Remote, other: object) -> bool:
    if type(other) is not Remote and not mine._own:
        raise TypeError("an object of the solution is ordered with its like alone")
    return bool(ask(name, mine, other))


def _add_operators() -> None:
    for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"):
        setattr(Remote, f"__{name}__", lambda me, other, name=name: _operate(name, me, other))
    for name in ("and_", "or_", "xor"):
        dunder = f"__{name.rstrip('_')}__"
        setattr(Remote, dunder, lambda me, other, name=name: _operate(name, me, other))
    for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow"):
        reflected = f"reflected_{name}"
        setattr(Remote, f"__r{name}__", lambda me, o, name=reflected: _operate(name, me, o))
    for name in ("lt", "le", "gt", "ge"):
        setattr(Remote, f"__{name}__", lambda me, other, name=name: _order(name, me, other))
    for name in ("neg", "pos", "abs", "invert"):
        setattr(Remote, f"__{name}__", lambda me, name=name: ask(name, me))


def _plain(base: type) -> Any:  # noqa: ANN401 - a class made here
    """A subclass of `base` whose further attributes are over there."""

    def further(self: Any, name: str) -> Any:  # noqa: ANN401
        if name.startswith("__"):
            raise AttributeError(name)
        return ask("getattr", self, name)

    return type(base.__name__, (base,), {"__getattr__": further, "_number": None})


_add_operators()
_PLAIN = {
    base: _plain(base)
    for base in (int, float, complex, str, bytes, tuple, list, dict, frozenset, set)
}
_REMOTE = {Remote, *_PLAIN.values()}
