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
import math
import operator
import re
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
NONSENSE = "no answer at all"
_NO_NUMBER = re.compile(r"\b(?:nan|inf|infinity)\b", re.IGNORECASE)
"""What `float` and `complex` read, and every comparison of an error with a bound lets pass."""
_WORD = re.compile(r"[^\W\d_]{2}")
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
    score = _scorer(_task(reference))
    if score is None:
        raise BadReference(f"task: {reference.task[:80]!r} is not one of reasoning-gym's")
    found = find(completion, params.extract)
    if found.reason is not None:
        return found.refusal()
    if len(found.candidates) > 1:
        return Verdict.no_answer("ambiguous", f"{len(found.candidates)} different answers")
    return _scored(score, found.answer, reference)


def _task(reference: PuzzleReference) -> str:
    """`composite` mixes other tasks: its entries say which one they are of."""
    if reference.task != "composite":
        return reference.task
    metadata = reference.entry.get("metadata")
    return str(metadata.get("source_dataset")) if isinstance(metadata, dict) else ""


def _scored(score: Callable[..., float], answer: str, reference: PuzzleReference) -> Verdict:
    entry = json.loads(json.dumps(reference.entry))
    if _task(reference) in GRIDS:
        entry = _tuples(entry)
    shown = answer[:SHOWN]
    try:
        share = _share(score, answer, entry)
    except _ScorerFailed as failure:
        return Verdict.incorrect("unreadable", str(failure), shown)
    if share >= 1.0 and not _is_worth_it(score, answer, entry):
        return Verdict.incorrect("scored", f"{reference.task} would pay any answer", shown)
    return Verdict.graded(share, "scored", f"{reference.task} gives {share:.3g}", shown)


class _ScorerFailed(Exception):
    """The library's scorer raised; most do on what they cannot read."""


def _share(score: Callable[..., float], answer: str, entry: Any) -> float:  # noqa: ANN401
    """0..1. Raises _ScorerFailed where the answer is to blame, BadReference where the entry is.

    A scorer that raises on the entry's own answer, too, or on none, cannot use the entry.
    """
    try:
        return _finite(score(answer=answer, entry=entry))
    except Exception as error:
        said = f"{type(error).__name__}: {str(error)[:SHOWN]}"
        if all(_raises(score, probe, entry) for probe in _probes(entry)):
            raise BadReference(f"entry: {said}") from error
        raise _ScorerFailed(said) from error


def _finite(share: float) -> float:
    found = float(share)
    return min(max(found, 0.0), 1.0) if math.isfinite(found) else 0.0


def _probes(entry: Any) -> tuple[str, ...]:  # noqa: ANN401
    own = entry.get("answer")
    return (own,) if isinstance(own, str) else ("", "[]")


def _raises(score: Callable[..., float], answer: str, entry: Any) -> bool:  # noqa: ANN401
    try:
        score(answer=answer, entry=entry)
    except Exception:  # noqa: BLE001 - the question is whether it does
        return True
    return False


def _is_worth_it(score: Callable[..., float], answer: str, entry: Any) -> bool:  # noqa: ANN401
    """Full marks are, unless the scorer gives them to nonsense as well, or to what is no number.

    Then only the entry's own answer is right.
    """
    own = entry.get("answer")
    if not isinstance(own, str) or answer.strip().casefold() == own.strip().casefold():
        return True
    if _NO_NUMBER.search(answer) and not _WORD.search(own):
        return False
    return _raises(score, NONSENSE, entry) or _finite(score(answer=NONSENSE, entry=entry)) < 1.0


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
    version="2",
    summary="any task of reasoning-gym, scored by that library",
    reference=PuzzleReference,
    params=PuzzleParams,
    check=check,
)
