"""Inequalities of a linear or quadratic formula in one variable."""

from adjudge.verifiers.math.context import Context
from adjudge.verifiers.math.limits import Undecided
from adjudge.verifiers.math.nodes import (
    TWO,
    ZERO,
    Add,
    Div,
    Mul,
    Neg,
    Node,
    Num,
    Root,
    Sym,
    integer,
    minus,
    replace,
    symbols,
)
from adjudge.verifiers.math.values.exact import exact
from adjudge.verifiers.math.values.intervals import (
    FLIPPED,
    LINE,
    Piece,
    Pieces,
    complement,
    half_line,
    merged,
    order,
)
from adjudge.verifiers.math.values.numbers import same_number


def solved_polynomial(difference: Node, op: str, variable: str) -> Pieces:
    """The solutions of a polynomial of degree one or two against zero."""
    values = [_at(difference, variable, place) for place in (0, 1, -1)]
    c0 = values[0]
    c2 = Div(Add((values[1], values[2], Neg(Mul((TWO, c0))))), TWO)
    c1 = Div(minus(values[1], values[2]), TWO)
    for place in (3, -7):
        power = integer(place)
        fitted = Add((c0, Mul((c1, power)), Mul((c2, power, power))))
        if not same_number(Context(), _at(difference, variable, place), fitted):
            raise Undecided("an inequality that is not solved here")
    if same_number(Context(), c2, ZERO):
        return _linear(c1, c0, op)
    return _quadratic(c2, c1, c0, op)


def _at(item: Node, variable: str, place: int) -> Node:
    found = replace(item, Sym(variable), integer(place))
    if symbols(found):
        raise Undecided("an inequality with letters in it")
    value = exact(found)
    return found if value is None else Num(value)


def _linear(slope: Node, shift: Node, op: str) -> Pieces:
    sign = order(slope, ZERO)
    if sign == 0:
        raise Undecided("a condition without its variable")
    root = Neg(Div(shift, slope))
    value = exact(root)
    return half_line(op if sign > 0 else FLIPPED[op], root if value is None else Num(value))


def _quadratic(c2: Node, c1: Node, c0: Node, op: str) -> Pieces:
    if order(c2, ZERO) < 0:
        return _quadratic(_negated(c2), _negated(c1), _negated(c0), FLIPPED[op])
    square = minus(Mul((c1, c1)), Mul((integer(4), c2, c0)))
    sign = order(square, ZERO)
    if sign < 0:
        return () if op in ("<", "<=", "=") else LINE
    root, scale = Root(square, TWO), Mul((TWO, c2))
    low, high = Div(minus(Neg(c1), root), scale), Div(Add((Neg(c1), root)), scale)
    inside = Piece(low, high, op in ("<=", ">"), op in ("<=", ">"))
    if op in ("=", "!="):
        points = (Piece(low, low, True, True), Piece(high, high, True, True))
        return points if op == "=" else complement(points)
    return merged((inside,)) if op in ("<", "<=") else _outside(low, high, op == ">=")


def _outside(low: Node, high: Node, closed: bool) -> Pieces:
    return merged((Piece(None, low, False, closed), Piece(high, None, closed, False)))


def _negated(item: Node) -> Node:
    return Neg(item)
