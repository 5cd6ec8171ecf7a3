"""Beside the candidate: run its module, then do what is asked of it, one request at a time.

    in:  {"source", "setup"}                      first
    out: {"ready": true} | {"broken": text}       broken: it does not compile
    in:  {"f": operation, "a": [arguments], "k": {keywords}, "changes": false}
    out: {"ok": value, "changed": [[index, value], …]} | {"ex": [class, …], "said": text}

"changes", where it is given: nobody will look at what a call has changed.

Everything here is in the candidate's own process and in its power; nothing that it can do here but
compute the right values helps it.
"""

import builtins
import contextlib
import importlib
import itertools
import operator
import os
import sys
import types
from collections.abc import Callable
from typing import Any

from adjudge.verifiers.code.far import codec, link

MUTABLE = (list, dict, set, bytearray)
_objects: list[Any] = []
_numbers: dict[int, int] = {}
_solution = types.ModuleType("solution")
_here = vars(_solution)


def main() -> None:
    """Serve until the other side hangs up."""
    try:
        load()
        while True:
            answer = _answer(codec.loads(link.receive()))
            _leave_if_forked()
            link.send(answer)
    except link.ClosedError:
        return


def load() -> dict[str, Any]:
    """Run the candidate's module; its globals. Ends the process if it does not compile."""
    _process.append(os.getpid())
    first = codec.loads(link.receive())
    try:
        given = {name: first[name] for name in ("setup", "source") if first[name]}
        codes = {name: compile(text, "main.py", "exec") for name, text in given.items()}
    except Exception as error:  # noqa: BLE001 - SyntaxError, ValueError, RecursionError, …
        link.send(codec.dumps({"broken": f"{type(error).__name__}: {error}"[:2000]}))
        raise SystemExit(1) from None
    sys.modules["solution"] = _solution
    if "class Solution" in first["source"]:
        _here["__builtins__"] = _as_leetcode_has_it()
    if "setup" in codes:
        with contextlib.suppress(NameError):  # a set-up for after the candidate: the tests' alone
            exec(codes["setup"], _here)  # noqa: S102 - what this process is for
    if "source" in codes:
        exec(codes["source"], _here)  # noqa: S102 - as above
    _leave_if_forked()
    link.send(b'{"ready":true}')
    return _here


_process: list[int] = []


def _leave_if_forked() -> None:
    """The first process answers, or nobody: with it the run ends, whoever else may still live."""
    if os.getpid() != _process[0]:
        os._exit(0)


_LEETCODE = (
    *("typing", "collections", "itertools", "functools", "heapq", "bisect", "math", "string"),
    *("operator", "re", "random", "datetime", "sys", "copy", "queue", "array"),
)


def _as_leetcode_has_it() -> dict[str, Any]:
    """Its judge imports these for every `class Solution`; Python's own names come first."""
    modules = {name: importlib.import_module(name) for name in _LEETCODE}
    names: dict[str, Any] = {}
    for name in _LEETCODE[:7]:
        module = modules[name]
        public = getattr(module, "__all__", [n for n in vars(module) if not n.startswith("_")])
        names.update({item: getattr(module, item) for item in public})
    return {**names, **modules, **vars(builtins)}


def _answer(request: codec.Wire) -> bytes:
    try:
        given = request["a"]
        arguments = [codec.decode(item, _object) for item in given]
        keywords = {name: codec.decode(item, _object) for name, item in request["k"].items()}
        result = OPERATIONS[request["f"]](*arguments, **keywords)
        changed = _changed(given, arguments) if request.get("changes", True) else []
        answer = {"ok": codec.encode(result, _name), "changed": changed}
        return codec.dumps(answer)
    except (SystemExit, KeyboardInterrupt):
        raise
    except BaseException as error:  # noqa: BLE001 - the candidate's, to be raised over there
        return codec.dumps({"ex": _lineage(error), "said": _text(error)})


def _changed(given: list[codec.Wire], arguments: list[Any]) -> list[list[codec.Wire]]:
    """Arguments that the call has changed: their owner wants to know."""
    found: list[list[codec.Wire]] = []
    for index, (before, argument) in enumerate(zip(given, arguments, strict=True)):
        if type(argument) in MUTABLE:
            after = codec.encode(argument, _name)
            if after != before:
                found.append([index, after])
    return found


def _lineage(error: BaseException) -> list[str]:
    return [kind.__name__ for kind in type(error).__mro__]


def _text(error: BaseException) -> str:
    try:
        return str(error)[:2000]
    except BaseException:  # noqa: BLE001 - a `__str__` of the candidate's
        return ""


def _name(value: Any, depth: int) -> codec.Wire:  # noqa: ANN401 - any object
    """A number for an object that stays here; what a subclass of a built-in type holds goes too."""
    number = _numbers.get(id(value))
    if number is None:
        number = _numbers[id(value)] = len(_objects)
        _objects.append(value)
    wire: dict[str, codec.Wire] = {"R": number}
    with contextlib.suppress(codec.NotPlainError):
        wire["p"] = codec.encode(codec.base_value(value), _name, depth + 1)
    if isinstance(value, type) and issubclass(value, BaseException):
        wire["x"] = [kind.__name__ for kind in value.__mro__]
    return wire


def _object(wire: codec.Wire) -> Any:  # noqa: ANN401 - any object
    return _objects[wire["R"]]


def _find(path: str) -> Any:  # noqa: ANN401 - what the candidate has by that name
    """A name of the module, a dotted path, or a method of `class Solution`."""
    head, *rest = path.removesuffix("()").replace("()", "").split(".")
    found = _here.get(head)
    if found is None and head not in _here:
        found = getattr(_here["Solution"](), head) if "Solution" in _here else None
        if found is None:
            raise NameError(f"name {head!r} is not defined")
    for name in rest:
        found = getattr(found() if isinstance(found, type) else found, name)
    return found


def _names(wanted: list[str]) -> dict[str, Any]:
    """Which of them there are: modules by name, the rest as they are."""
    found: dict[str, Any] = {}
    for name in wanted:
        if name in _here and isinstance(_here[name], types.ModuleType):
            found[name] = ("module", _here[name].__name__)
        elif name in _here or hasattr(_here.get("Solution"), name):
            found[name] = ("object", _find(name))
    return found


_LAZY = (types.GeneratorType, map, zip, filter, enumerate, reversed, itertools.chain)
_VIEWS: tuple[type, ...] = (type({}.keys()), type({}.values()), type({}.items()))
_MOST_ITEMS = 1_000_000


def _settled(value: Any, depth: int = 0) -> Any:  # noqa: ANN401 - any object
    """What a function's result is as JSON has it: what yields items is the list of them, numpy's
    arrays and numbers are Python's."""
    kind = type(value)
    if depth > 20:
        return value
    if kind in _LAZY or kind in _VIEWS:
        value = list(itertools.islice(value, _MOST_ITEMS))
    elif kind.__module__ == "numpy" and hasattr(kind, "tolist"):
        return value.tolist()
    if type(value) in (list, tuple):
        return type(value)(_settled(item, depth + 1) for item in value)
    if type(value) is dict:
        return {key: _settled(item, depth + 1) for key, item in value.items()}
    return value


OPERATIONS: dict[str, Callable[..., Any]] = {
    "find": _find,
    "names": _names,
    "call": lambda function, /, *args, **kwargs: function(*args, **kwargs),
    "call_path": lambda path, /, *args, **kwargs: _settled(_find(path)(*args, **kwargs)),
    "public": lambda: [name for name in _here if not name.startswith("_")],
    "type": type,
    "contains": operator.contains,
    "enter": lambda value: type(value).__enter__(value),
    "leave": lambda value: type(value).__exit__(value, None, None, None),
    **{
        name: getattr(operator, name)
        for name in (
            *("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and_", "or_"),
            *("xor", "lshift", "rshift", "neg", "pos", "abs", "invert", "eq", "ne", "lt", "le"),
            *("gt", "ge", "getitem", "setitem", "delitem"),
        )
    },
    **{
        f"reflected_{name}": lambda mine, other, name=name: getattr(operator, name)(other, mine)
        for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow")
    },
    **{
        item.__name__: item
        for item in (
            *(getattr, setattr, delattr, hasattr, len, iter, next, str, repr, hash, bool, int),
            *(float, isinstance, issubclass, reversed, round, dir, callable),
        )
    },
}
