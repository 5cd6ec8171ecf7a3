"""`assert` tests that say plainly what they want: calls with literals, compared with literals.

Nine of ten of HumanEval's tests and nearly all of MBPP's are no more than that. They need no
process of their own: the candidate's is asked for each call, and what comes back is compared here,
by the rules of Python on exact built-in values. What is not as plain (a loop, a variable, an
object, a value of the candidate's that is no small built-in one) is for the tests' own slot
(`asserts`), which says the same of all that is plain.

Security rests on this module for one thing: values of the candidate's are built here. They are of
exact built-in types, from a frame of at most `MAX_FRAME` bytes, and what is hashed is short.
"""

import ast
import builtins
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from adjudge.verifiers.code.far import codec, remote, tester

MAX_TESTS = 1 << 16
"""Characters of tests that are read here."""
MAX_FRAME = 1 << 18
MAX_HASHED = 500
"""Items of a set or dict of the candidate's: their hashes may be chosen to collide."""
_MOST = 1 << 53
_MOST_POWER = 64
_MALFORMED = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError)
"""What reading something else than an answer of `far.serve`'s may raise."""


class NotPlainError(Exception):
    """The tests, or a value of the candidate's, are for the tests' own slot."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call with literals: a name of the candidate's, and the rest of the request as bytes."""

    name: str
    rest: bytes

    def request(self, number: int) -> bytes:
        """The frame for `far.serve`, once the name's number is known."""
        return b'{"f":"call","a":[{"R":%d}%b' % (number, self.rest)


Ask = Callable[[Call], Any]
"""Have the candidate's process do it. Raises what it raises there."""
Term = Callable[[Ask], Any]
Names = Mapping[str, str]
"""A parameter of the tests' function → the candidate's name that it is given."""


@dataclass(frozen=True, slots=True)
class Check:
    """One `assert`."""

    line: str
    run: Callable[[Ask], None]
    """Raises as the statement would."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked of the candidate."""

    names: tuple[str, ...]
    cases: tuple[tuple[Check, ...], ...]
    written: int
    """How many cases there are at least, however few are run (see `far.tester`)."""


@lru_cache(maxsize=256)
def plan(code: str) -> Plan | None:
    """None: not plain."""
    if len(code) > MAX_TESTS:
        return None
    try:
        return _Reader(code).plan()
    except (NotPlainError, SyntaxError, *_MALFORMED, MemoryError):
        return None


class _Reader:
    """Reads one file of tests."""

    def __init__(self, code: str) -> None:
        self._body = [item for item in ast.parse(code).body if not _says_nothing(item)]
        self._lines = code.splitlines()
        self._used: dict[str, None] = {}

    def plan(self) -> Plan:
        """Raises NotPlainError."""
        asserts = [item for item in self._body if isinstance(item, ast.Assert)]
        cases: list[tuple[Check, ...]] = [(self._check(item, {}),) for item in asserts]
        if len(asserts) < len(self._body):
            cases = [self._function()]
        names = tuple(self._used)
        if not names or any(hasattr(builtins, name) for name in names):
            raise NotPlainError
        if tester.IN_ONE_PROCESS & {*names}:
            raise NotPlainError
        return Plan(names, tuple(cases), len(asserts))

    def _function(self) -> tuple[Check, ...]:
        """`def check(candidate): …` and `check(f)`."""
        match self._body:
            case [
                ast.FunctionDef(
                    name=name,
                    args=ast.arguments(
                        posonlyargs=[],
                        args=[ast.arg(arg=parameter, annotation=None)],
                        vararg=None,
                        kwonlyargs=[],
                        kwarg=None,
                        defaults=[],
                    ),
                    decorator_list=[],
                    returns=None,
                ) as function,
                ast.Expr(ast.Call(ast.Name(called), [ast.Name(given)], [])),
            ] if name == called != given and parameter != "abs":
                body = [item for item in function.body if not _says_nothing(item)]
                checks = tuple(self._check(item, {parameter: given}) for item in body)
                if name not in self._used:
                    return checks
        raise NotPlainError

    def _check(self, statement: ast.stmt, names: Names) -> Check:
        if not isinstance(statement, ast.Assert):
            raise NotPlainError
        line = self._lines[statement.lineno - 1].strip()[: tester.SHOWN]
        match statement.test:
            case ast.Compare(left, [ast.Eq()], [right]):
                return Check(line, _equal(self._term(left, names), self._term(right, names)))
        said = () if statement.msg is None else (ast.literal_eval(statement.msg),)
        return Check(line, _true(self._term(statement.test, names), said))

    def _term(self, node: ast.expr, names: Names) -> Term:
        match node:
            case ast.Call(ast.Name("abs"), [item], []):
                return _one(abs, self._term(item, names))
            case ast.Call(ast.Name(name)):
                return self._call(names.get(name, name), node)
            case ast.UnaryOp(ast.Not(), item):
                return _one(operator.not_, self._term(item, names))
            case ast.Compare(left, [operation], [right]) if type(operation) in _COMPARISONS:
                act = _COMPARISONS[type(operation)]
                return _two(act, self._term(left, names), self._term(right, names))
            case ast.Compare(left, [ast.Is()], [ast.Constant(None | True | False as right)]):
                return _one(lambda value: value is right, self._term(left, names))
            case ast.BinOp(left, operation, right) if _asks(node):
                act = _ARITHMETIC[type(operation)]
                return _two(act, self._term(left, names), self._term(right, names))
        value = _literal(node)
        return lambda _: value

    def _call(self, name: str, node: ast.Call) -> Term:
        arguments = [codec.encode(_literal(item)) for item in node.args]
        keywords = {str(item.arg): codec.encode(_literal(item.value)) for item in node.keywords}
        if any(item.arg is None for item in node.keywords):
            raise NotPlainError
        self._used[name] = None
        listed = b"," + codec.dumps(arguments)[1:] if arguments else b"]"
        call = Call(name, b'%b,"k":%b,"changes":false}' % (listed, codec.dumps(keywords)))
        return lambda ask: ask(call)


def _says_nothing(item: ast.stmt) -> bool:
    """A doc string, `pass`, and HumanEval's METADATA, which nothing reads."""
    match item:
        case ast.Pass() | ast.Expr(ast.Constant()):
            return True
        case ast.Assign([ast.Name("METADATA")], value):
            ast.literal_eval(value)
            return True
    return False


def _asks(node: ast.expr) -> bool:
    return any(isinstance(item, ast.Call) for item in ast.walk(node))


def _literal(node: ast.expr) -> Any:  # noqa: ANN401 - any plain value
    """A literal; its parts may be calculated of numbers, or put together of strings."""
    match node:
        case ast.Tuple(items):
            return tuple(map(_literal, items))
        case ast.List(items):
            return list(map(_literal, items))
        case ast.UnaryOp(ast.USub(), ast.BinOp() as item):
            return -_literal(item)
        case ast.BinOp(left, operation, right):
            return _FOLDED[type(operation)](_literal(left), _literal(right))
    return ast.literal_eval(node)


def _arithmetic(act: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """On numbers of machine size alone: no other operands cost as little."""

    def checked(left: Any, right: Any) -> Any:  # noqa: ANN401 - any values
        if not (_is_number(left) and _is_number(right)):
            raise NotPlainError
        return act(left, right)

    return checked


def _is_number(value: object) -> bool:
    return isinstance(value, float) or (isinstance(value, int) and -_MOST < value < _MOST)


_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: _arithmetic(operator.add),
    ast.Sub: _arithmetic(operator.sub),
    ast.Mult: _arithmetic(operator.mul),
    ast.Div: _arithmetic(operator.truediv),
}


def _add(left: Any, right: Any) -> Any:  # noqa: ANN401 - any values
    both = isinstance(left, str) and isinstance(right, str)
    return left + right if both else _ARITHMETIC[ast.Add](left, right)


def _power(left: Any, right: Any) -> Any:  # noqa: ANN401 - any values
    if not (_is_number(left) and type(right) is int and 0 <= right <= _MOST_POWER):
        raise NotPlainError
    return left**right


_FOLDED: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    **_ARITHMETIC,
    ast.Add: _add,
    ast.FloorDiv: _arithmetic(operator.floordiv),
    ast.Mod: _arithmetic(operator.mod),
    ast.Pow: _power,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda item, holder: item in holder,
    ast.NotIn: lambda item, holder: item not in holder,
}


def _one(act: Callable[[Any], Any], term: Term) -> Term:
    return lambda ask: act(term(ask))


def _two(act: Callable[[Any, Any], Any], left: Term, right: Term) -> Term:
    return lambda ask: act(left(ask), right(ask))


def _equal(left: Term, right: Term) -> Callable[[Ask], None]:
    return lambda ask: tester.equal(left(ask), right(ask))


def _true(term: Term, said: tuple[object, ...]) -> Callable[[Ask], None]:
    def run(ask: Ask) -> None:
        if not term(ask):
            raise AssertionError(*said)

    return run


# -- answers -------------------------------------------------------------------------------------


def numbers(frame: bytes, names: tuple[str, ...]) -> dict[str, int]:
    """The numbers of the candidate's functions, from its answer to `names`. Raises NotPlainError,
    also when one is missing: the tests' slot knows what to say of that."""
    try:
        found = {name: _number(*pair["t"]) for name, pair in _answer(frame)["ok"]["d"]}
    except _MALFORMED:
        found = {}
    if found.keys() != {*names}:
        raise NotPlainError
    return found


def _number(kind: str, item: codec.Wire) -> int:
    if kind != "object" or list(item) != ["R"]:
        raise NotPlainError
    return int(item["R"])


def value_of(frame: bytes) -> Any:  # noqa: ANN401 - any plain value
    """What a call returned; raises what it raised, or NotPlainError."""
    try:
        value, error = _outcome(_answer(frame))
    except _MALFORMED:
        raise NotPlainError from None
    if error is not None:
        raise error
    return value


def _outcome(answer: dict[str, Any]) -> tuple[Any, BaseException | None]:
    if "ex" not in answer:
        return _plain(answer["ok"]), None
    lineage, said = answer["ex"], answer["said"]
    if not lineage or not all(type(item) is str for item in (*lineage, said)):
        raise NotPlainError
    return None, remote.exception(lineage, said)


def _answer(frame: bytes) -> dict[str, Any]:
    if len(frame) > MAX_FRAME:
        raise NotPlainError
    answer = codec.loads(frame)
    if type(answer) is not dict:
        raise NotPlainError
    return answer


def _plain(wire: codec.Wire) -> Any:  # noqa: ANN401 - any plain value
    if type(wire) is list:
        return [_plain(item) for item in wire]
    if type(wire) is not dict:
        return wire
    if len(wire) != 1:
        raise NotPlainError
    ((tag, held),) = wire.items()
    reader = _READERS.get(tag)
    if reader is None:
        raise NotPlainError
    return reader(held)


def _few(items: list[codec.Wire]) -> list[codec.Wire]:
    if len(items) > MAX_HASHED:
        raise NotPlainError
    return items


_READERS: dict[str, Callable[[Any], Any]] = {
    "i": lambda held: codec.decode({"i": held}),
    "b": bytes.fromhex,
    "t": lambda held: tuple(map(_plain, held)),
    "s": lambda held: {_plain(item) for item in _few(held)},
    "z": lambda held: frozenset(map(_plain, _few(held))),
    "d": lambda held: {_plain(key): _plain(item) for key, item in _few(held)},
}
