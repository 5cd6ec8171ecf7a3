"""`puzzle`: any task of reasoning-gym, scored by that library (extra `puzzles`).

Nine of its scorers hand the answer to `eval` or to sympy's `parse_expr`, which is `eval` too. Here
those names are replaced in their modules before the first answer is scored: `eval` by
`ast.literal_eval`, `parse_expr` by a builder that walks Python's syntax tree and makes sympy
objects of numbers, known names and arithmetic, and of nothing else. So no answer is ever executed;
time and memory are bounded by the worker, which kills.
"""

import ast
import importlib
import json
import operator
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from types import ModuleType, SimpleNamespace
from typing import Any

from pydantic import JsonValue

from adjudge.verifiers.answers import Where, find
from adjudge.verifiers.exact import SHOWN
from adjudge.verifiers.types import BadReference, Completion, Frozen, Reference, Verdict, Verifier

LITERALS = (
    "algorithmic.string_insertion",
    "algorithmic.spiral_matrix",
    "algorithmic.binary_matrix",
    "games.n_queens",
)
"""Modules whose scorers call `eval` on the answer."""
EXPRESSIONS = {
    "games.puzzle24": "",
    "games.countdown": "",
    "algebra.simple_integration": "sympy",
    "algebra.intermediate_integration": "sympy",
    "algebra.polynomial_multiplication": "sp",
}
"""Modules whose scorers call `parse_expr`, and the name by which they call sympy (empty: none)."""

MAX_EXPONENT = 200
MAX_DIGITS = 60
_OF_ONE = "sin cos tan cot sec csc asin acos atan sinh cosh tanh exp log ln sqrt Abs"
FUNCTIONS = frozenset({(name, 1) for name in _OF_ONE.split()} | {("Integral", 2), ("log", 2)})
"""Name and number of arguments. `Integral` stands in some of the library's own answers."""
GRIDS = ("arc_agi", "rearc")
"""Tasks that compare grids as tuples, which JSON makes lists."""


class PuzzleReference(Reference):
    task: str
    """The task's name in reasoning-gym (`simple_equations`, `countdown`, …)."""
    entry: dict[str, JsonValue]
    """What the task generated: `question`, `answer`, `metadata`."""


class PuzzleParams(Frozen):
    extract: Where = "auto"
    """Where the answer stands."""


def check(completion: Completion, reference: PuzzleReference, params: PuzzleParams) -> Verdict:
    scorers = _scorers()
    if scorers is None:
        return Verdict.unscored("puzzles_missing", "pip install 'adjudge[puzzles]'")
    score = _scorer(reference.task)
    if score is None:
        raise BadReference(f"task: {reference.task[:80]!r} is not one of reasoning-gym's")
    found = find(completion, params.extract)
    if found.reason is not None:
        return found.refusal()
    if len(found.candidates) > 1:
        return Verdict.no_answer("ambiguous", f"{len(found.candidates)} different answers")
    return _scored(score, found.answer, reference)


def _scored(score: Callable[..., float], answer: str, reference: PuzzleReference) -> Verdict:
    entry = json.loads(json.dumps(reference.entry))
    if reference.task in GRIDS:
        entry = _tuples(entry)
    try:
        share = float(score(answer=answer, entry=entry))
    except (KeyError, TypeError, IndexError) as error:
        raise BadReference(f"entry: {type(error).__name__}: {str(error)[:SHOWN]}") from error
    except ValueError as error:
        return Verdict.incorrect("unreadable", str(error)[:SHOWN], answer[:SHOWN])
    detail = f"{reference.task} gives {share:.3g}"
    return Verdict.graded(min(max(share, 0.0), 1.0), "scored", detail, answer[:SHOWN])


def _tuples(value: JsonValue) -> Any:  # noqa: ANN401 - JSON with tuples
    if isinstance(value, dict):
        return {key: _tuples(item) for key, item in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


# -- the library ---------------------------------------------------------------------------------


@cache
def _scorers() -> ModuleType | None:
    """reasoning-gym, made safe; None where the extra is not installed."""
    try:
        gym = importlib.import_module("reasoning_gym")
    except ModuleNotFoundError:
        return None
    for name in LITERALS:
        _module(name).__dict__["eval"] = ast.literal_eval
    for name, alias in EXPRESSIONS.items():
        module = _module(name)
        if alias:
            module.__dict__[alias] = _Sympy(module.__dict__[alias])
        else:
            module.__dict__["parse_expr"] = parse_expression
    return gym


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"reasoning_gym.{name}")


class _Sympy(SimpleNamespace):
    """sympy with another `parse_expr`."""

    def __init__(self, sympy: ModuleType) -> None:
        super().__init__(_real=sympy, parse_expr=parse_expression)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever sympy has
        return getattr(self.__dict__["_real"], name)


@lru_cache(maxsize=512)
def _scorer(task: str) -> Callable[..., float] | None:
    factory = importlib.import_module("reasoning_gym.factory")
    if task not in factory.DATASETS:
        return None
    score: Callable[..., float] = factory.get_score_answer_fn(task)
    return score


# -- expressions ---------------------------------------------------------------------------------


def parse_expression(text: str, local_dict: Mapping[str, Any] | None = None, **_: object) -> Any:  # noqa: ANN401
    """A sympy expression of numbers, symbols, known functions and arithmetic.

    Raises ValueError for everything else.
    """
    if len(text) > 4_000:
        raise ValueError("too long")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(f"no expression: {error}") from error
    return _Builder(dict(local_dict or {})).build(tree.body)


_ARITHMETIC: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


class _Builder:
    def __init__(self, names: dict[str, Any]) -> None:
        self._names = names
        self._sympy = importlib.import_module("sympy")

    def build(self, node: ast.AST) -> Any:  # noqa: ANN401 - a sympy expression
        match node:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                return self._number(value)
            case ast.Name(id=name):
                return self._name(name)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as op, operand=operand):
                inner = self.build(operand)
                return -inner if isinstance(op, ast.USub) else inner
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                return self._binary(op, self.build(left), self.build(right))
            case ast.Call(func=ast.Name(id=name), args=given, keywords=[]) if (
                name,
                len(given),
            ) in FUNCTIONS:
                return getattr(self._sympy, name)(*map(self.build, given))
        raise ValueError(f"{type(node).__name__} does not belong into an expression")

    def _number(self, value: float) -> Any:  # noqa: ANN401
        if len(str(value)) > MAX_DIGITS:
            raise ValueError("a number too long")
        return self._sympy.Integer(value) if isinstance(value, int) else self._sympy.Float(value)

    def _name(self, name: str) -> Any:  # noqa: ANN401
        if name in self._names:
            return self._names[name]
        if name in ("pi", "E"):
            return getattr(self._sympy, name)
        if len(name) > 20 or not name.isidentifier() or name.startswith("_"):
            raise ValueError(f"{name[:20]!r} is no name")
        return self._sympy.Symbol(name)

    def _binary(self, op: ast.operator, left: Any, right: Any) -> Any:  # noqa: ANN401
        if isinstance(op, ast.Pow) and right.is_number and abs(right) > MAX_EXPONENT:
            raise ValueError("an exponent too large")
        return _ARITHMETIC[type(op)](left, right)


verifier = Verifier(
    kind="puzzle",
    version="1",
    summary="any task of reasoning-gym, scored by that library",
    reference=PuzzleReference,
    params=PuzzleParams,
    check=check,
)
