"""`countdown`: reach the target with the given numbers, each at most once (TinyZero's puzzle).

The expression is read by a parser of its own, a stack of numbers and one of operators: nothing of a
completion is ever evaluated as code. Values are exact fractions.
"""

import re
from collections import Counter
from fractions import Fraction

from pydantic import Field

from adjudge.verifiers.answers import Where, find
from adjudge.verifiers.exact import SHOWN
from adjudge.verifiers.types import Completion, Frozen, Reference, Verdict, Verifier

MAX_TOKENS = 400
MAX_DIGITS = 12

_TOKEN = re.compile(r"\s*(?:([0-9]{1,12})(?![0-9.])|([-+*/()]))")
_FRAC = re.compile(r"\\[dt]?frac\{([0-9]{1,12})\}\{([0-9]{1,12})\}")
_SPELLINGS = (
    *(("\\times", "*"), ("\\cdot", "*"), ("\\div", "/"), ("\\left", ""), ("\\right", "")),
    *(("×", "*"), ("·", "*"), ("÷", "/"), ("−", "-"), ("–", "-"), ("$", ""), ("\\,", "")),
    *(("[", "("), ("]", ")"), ("{", "("), ("}", ")")),
)
_RANK = {"+": 1, "-": 1, "*": 2, "/": 2, "neg": 3}


class CountdownReference(Reference):
    numbers: tuple[int, ...] = Field(min_length=1, max_length=64)
    """What may be used, each at most as often as it is here."""
    target: int
    """What has to come out."""


class CountdownParams(Frozen):
    extract: Where = "auto"
    """Where the expression stands; `= target` behind it is allowed."""
    use_all: bool = False
    """Every number has to be used."""


class _Unreadable(Exception):
    """Not an expression of whole numbers, + − × ÷ and brackets."""


def check(
    completion: Completion, reference: CountdownReference, params: CountdownParams
) -> Verdict:
    found = find(completion, params.extract)
    if found.reason is not None:
        return found.refusal()
    if len(found.candidates) > 1:
        return Verdict.no_answer("ambiguous", f"{len(found.candidates)} different expressions")
    text = found.answer
    try:
        value, used = evaluate(text)
    except _Unreadable as error:
        return Verdict.incorrect("not_an_expression", str(error), text[:SHOWN])
    return _judged(text, value, used, reference, params)


def _judged(
    text: str,
    value: Fraction | None,
    used: Counter[int],
    reference: CountdownReference,
    params: CountdownParams,
) -> Verdict:
    shown, given = text[:SHOWN], Counter(reference.numbers)
    if not used <= given:
        extra = sorted((used - given).elements())
        return Verdict.incorrect("number_not_given", f"uses {extra[:8]} too often", shown)
    if params.use_all and used != given:
        left = sorted((given - used).elements())
        return Verdict.incorrect("number_not_used", f"leaves {left[:8]}", shown)
    if value is None:
        return Verdict.incorrect("division_by_zero", "divides by zero", shown)
    if value != reference.target:
        return Verdict.incorrect("wrong_value", f"{value} is not {reference.target}", shown)
    return Verdict.correct("reached", f"= {reference.target}", shown)


def evaluate(text: str) -> tuple[Fraction | None, Counter[int]]:
    """The value (None: divided by zero) of an expression, and the numbers that it uses.

    `expression = value` is the expression, if the value is a whole number. Raises _Unreadable.
    """
    text = _FRAC.sub(r"(\1/\2)", text)
    for spelling, plain in _SPELLINGS:
        text = text.replace(spelling, plain)
    expression, *claimed = text.split("=")
    if len(claimed) > 1 or (claimed and not claimed[0].strip().lstrip("-").isdecimal()):
        raise _Unreadable("more than an expression and its value")
    tokens = _tokens(expression)
    used = Counter(int(token) for token in tokens if token.isdecimal())
    return _value(tokens), used


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    at, text = 0, text.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise _Unreadable(f"cannot read {text[at : at + 20]!r}")
        tokens.append(found[1] or found[2])
        if len(tokens) > MAX_TOKENS:
            raise _Unreadable("too long")
        at = found.end()
    return tokens


class _Stacks:
    """Dijkstra's two stacks; depth costs a list's length, not Python's."""

    def __init__(self) -> None:
        self.values: list[Fraction | None] = []
        self.operators: list[str] = []

    def push(self, operator: str) -> None:
        while (
            operator != "neg"
            and self.operators
            and self.operators[-1] != "("
            and _RANK[self.operators[-1]] >= _RANK[operator]
        ):
            self.apply()
        self.operators.append(operator)

    def close(self) -> None:
        while self.operators and self.operators[-1] != "(":
            self.apply()
        if not self.operators:
            raise _Unreadable("a bracket that was never opened")
        self.operators.pop()

    def apply(self) -> None:
        operator = self.operators.pop()
        if operator == "(":
            raise _Unreadable("a bracket that is never closed")
        right = self.values.pop()
        if operator == "neg":
            self.values.append(None if right is None else -right)
            return
        left = self.values.pop()
        self.values.append(_apply(operator, left, right))


def _apply(operator: str, left: Fraction | None, right: Fraction | None) -> Fraction | None:
    if left is None or right is None or (operator == "/" and right == 0):
        return None
    results = {"+": left + right, "-": left - right, "*": left * right}
    return results[operator] if operator in results else left / right


def _value(tokens: list[str]) -> Fraction | None:
    stacks, wanted = _Stacks(), True
    for token in tokens:
        wanted = _step(stacks, token, wanted)
    if wanted:
        raise _Unreadable("it ends where a number belongs")
    while stacks.operators:
        stacks.apply()
    return stacks.values[0]


def _step(stacks: _Stacks, token: str, wanted: bool) -> bool:
    """Take one token; `wanted`: a number belongs here. Returns the same for the next."""
    if wanted and token.isdecimal():
        stacks.values.append(Fraction(int(token)))
        return False
    if wanted and token == "(":  # noqa: S105 - no password
        stacks.operators.append(token)
        return True
    if wanted and token == "-":  # noqa: S105
        stacks.push("neg")
        return True
    if not wanted and token == ")":  # noqa: S105
        stacks.close()
        return False
    if wanted or token == "(" or token.isdecimal():  # noqa: S105
        raise _Unreadable(f"{token!r} where it does not belong")
    stacks.push(token)
    return True


verifier = Verifier(
    kind="countdown",
    version="1",
    summary="reach the target with the given numbers, each at most once",
    reference=CountdownReference,
    params=CountdownParams,
    check=check,
)
