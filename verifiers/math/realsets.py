"""Sets of real numbers as unions of intervals; inequalities in one variable are such sets."""

from dataclasses import dataclass
from functools import cmp_to_key

from flint import fmpq

from adjudge.verifiers.math.context import Context
from adjudge.verifiers.math.exact import exact
from adjudge.verifiers.math.limits import ITEMS, OverLimit, Undecided, Undefined
from adjudge.verifiers.math.nodes import (
    TWO,
    ZERO,
    Add,
    Both,
    Builder,
    Call,
    Div,
    Either,
    Given,
    Infinity,
    List,
    Mul,
    Neg,
    Node,
    Num,
    Numbers,
    Quantity,
    Relation,
    Root,
    Set,
    SetOp,
    Sym,
    Tuple,
    integer,
    minus,
    replace,
    symbols,
)
from adjudge.verifiers.math.numbers import constant, same_number

FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!="}
ORDERED = frozenset(FLIPPED)


@dataclass(frozen=True, slots=True)
class Piece:
    """An interval; an end of None is infinite. A point is closed on both sides."""

    low: Node | None
    high: Node | None
    low_in: bool = False
    high_in: bool = False


Pieces = tuple[Piece, ...]
LINE: Pieces = (Piece(None, None),)


class NoSet(Exception):
    """Not a set of real numbers."""


def pieces(item: Node, variable: str = "") -> Pieces:
    """The set that `item` is, or that its solutions in `variable` are; raises NoSet."""
    match item:
        case Tuple(left=("(" | "[") as left, right=right, items=(low, high)):
            return (_interval(low, high, left == "[", right == "]"),)
        case Numbers(name=name):
            return _numbers(name)
        case Set(items=members):
            return tuple(_point(member) for member in members)
        case SetOp(op=op, items=parts):
            return _operated(op, [pieces(part, variable) for part in parts])
        case Builder(element=element, condition=condition):
            return _built(element, condition)
        case _:
            return _conditions(item, variable)


def _conditions(item: Node, variable: str) -> Pieces:
    match item:
        case Either(items=parts):
            return _operated("cup", [pieces(part, variable) for part in parts])
        case Both(items=parts) | List(items=parts) | Tuple(left="cases", items=parts):
            return _operated("cap", [pieces(part, variable) for part in parts])
        case Relation():
            return _solved(item, variable)
        case Given(body=body, condition=Relation(ops=("in",), sides=(_, Numbers(name="R")))):
            return pieces(body, variable)
    raise NoSet


def _point(member: Node) -> Piece:
    if isinstance(member, Tuple | Set | List | Relation):
        raise NoSet
    return Piece(member, member, True, True)


def _end(item: Node, sign: int) -> Node | None:
    """None for the infinity that belongs on this side."""
    match item:
        case Infinity() if sign > 0:
            return None
        case Neg(arg=Infinity()) if sign < 0:
            return None
        case Infinity() | Neg(arg=Infinity()) | Tuple() | Relation():
            raise NoSet
    return item.value if isinstance(item, Quantity) else item


def _interval(low: Node, high: Node, low_in: bool, high_in: bool) -> Piece:
    return Piece(_end(low, -1), _end(high, 1), low_in, high_in)


def _numbers(name: str) -> Pieces:
    named: dict[str, Pieces] = {
        "R": LINE,
        "R+": (Piece(ZERO, None),),
        "R-": (Piece(None, ZERO),),
        "R0+": (Piece(ZERO, None, True),),
        "R*": (Piece(None, ZERO), Piece(ZERO, None)),
    }
    if name not in named:
        raise NoSet
    return named[name]


def _built(element: Node, condition: Node) -> Pieces:
    match element:
        case Sym(name=name):
            return pieces(condition, name)
        case Relation(ops=("in",), sides=(Sym(name=name), domain)):
            return _operated("cap", [pieces(domain, name), pieces(condition, name)])
    raise NoSet


# -- algebra of sets -----------------------------------------------------------------------------


def order(left: Node, right: Node) -> int:
    """-1, 0 or 1; Undecided where a letter is in the way."""
    if left == right:
        return 0
    first, second = exact(left), exact(right)
    if first is not None and second is not None:
        return (first > second) - (first < second)
    if symbols(left) or symbols(right):
        raise Undecided("bounds with letters in them")
    gap = (constant(left) - constant(right)).real
    if gap.contains(0):
        return 0 if same_number(Context(), left, right) else 1
    return 1 if gap > 0 else -1


def _low_order(one: Piece, other: Piece) -> int:
    if one.low is None or other.low is None:
        return (one.low is not None) - (other.low is not None)
    return order(one.low, other.low) or other.low_in - one.low_in


def merged(parts: Pieces) -> Pieces:
    """Sorted, without overlap or touch; as they are where letters forbid that."""
    if len(parts) > ITEMS:
        raise OverLimit("too many intervals")
    kept = [part for part in parts if not _hollow(part)]
    if len(kept) < 2:
        return tuple(kept)
    result: list[Piece] = []
    for part in sorted(kept, key=cmp_to_key(_low_order)):
        if result and _touch(result[-1], part):
            result[-1] = _joined(result[-1], part)
        else:
            result.append(part)
    return tuple(result)


def _hollow(part: Piece) -> bool:
    if part.low is None or part.high is None:
        return False
    if symbols(part.low) or symbols(part.high):
        return False
    found = order(part.low, part.high)
    return found > 0 or (found == 0 and not (part.low_in and part.high_in))


def _touch(one: Piece, other: Piece) -> bool:
    if one.high is None or other.low is None:
        return True
    found = order(one.high, other.low)
    return found > 0 or (found == 0 and (one.high_in or other.low_in))


def _joined(one: Piece, other: Piece) -> Piece:
    if one.high is None or other.high is None:
        return Piece(one.low, None, one.low_in, False)
    found = order(one.high, other.high)
    last = one if found > 0 or (found == 0 and one.high_in) else other
    return Piece(one.low, last.high, one.low_in, last.high_in)


def _meet(one: Piece, other: Piece) -> Piece:
    low, low_in = _later(one.low, one.low_in, other.low, other.low_in)
    high, high_in = _earlier(one.high, one.high_in, other.high, other.high_in)
    return Piece(low, high, low_in, high_in)


def _later(a: Node | None, a_in: bool, b: Node | None, b_in: bool) -> tuple[Node | None, bool]:
    if a is None or b is None:
        return (b, b_in) if a is None else (a, a_in)
    found = order(a, b)
    if found == 0:
        return a, a_in and b_in
    return (a, a_in) if found > 0 else (b, b_in)


def _earlier(a: Node | None, a_in: bool, b: Node | None, b_in: bool) -> tuple[Node | None, bool]:
    if a is None or b is None:
        return (b, b_in) if a is None else (a, a_in)
    found = order(a, b)
    if found == 0:
        return a, a_in and b_in
    return (a, a_in) if found < 0 else (b, b_in)


def _complement(parts: Pieces) -> Pieces:
    left: Pieces = LINE
    for part in parts:
        outside: list[Piece] = []
        if part.low is not None:
            outside.append(Piece(None, part.low, False, not part.low_in))
        if part.high is not None:
            outside.append(Piece(part.high, None, not part.high_in, False))
        left = _intersected(left, tuple(outside))
    return left


def _intersected(left: Pieces, right: Pieces) -> Pieces:
    if len(left) * len(right) > ITEMS:
        raise OverLimit("too many intervals")
    return merged(tuple(_meet(one, other) for one in left for other in right))


def _operated(op: str, parts: list[Pieces]) -> Pieces:
    result = parts[0]
    for part in parts[1:]:
        if op == "cup":
            result = (*result, *part)
        else:
            result = _intersected(result, part if op == "cap" else _complement(part))
    return result


# -- solving ---------------------------------------------------------------------------------------


def _solved(relation: Relation, variable: str) -> Pieces:
    if relation.ops == ("in",) and relation.sides[0] == Sym(variable):
        return pieces(relation.sides[1], variable)
    if relation.ops == ("notin",) and relation.sides[0] == Sym(variable):
        return _complement(pieces(relation.sides[1], variable))
    if not set(relation.ops) <= ORDERED or not variable:
        raise NoSet
    steps = zip(relation.sides, relation.ops, relation.sides[1:], strict=False)
    return _operated("cap", [_step(left, op, right, variable) for left, op, right in steps])


def _step(left: Node, op: str, right: Node, variable: str) -> Pieces:
    if left == Sym(variable) and variable not in symbols(right):
        return _bounded(op, right)
    if right == Sym(variable) and variable not in symbols(left):
        return _bounded(FLIPPED[op], left)
    if variable not in symbols(left) | symbols(right):
        raise Undecided("a condition on something else")
    absolute = _absolute(left, op, right, variable)
    return absolute if absolute is not None else _polynomial(minus(left, right), op, variable)


def _bounded(op: str, end: Node) -> Pieces:
    if op in ("=", "!="):
        point = (Piece(end, end, True, True),)
        return point if op == "=" else _complement(point)
    if op[0] == ">":
        return (Piece(_end(end, -1), None, op == ">="),)
    return (Piece(None, _end(end, 1), False, op == "<="),)


def _absolute(left: Node, op: str, right: Node, variable: str) -> Pieces | None:
    """|u| < c is -c < u < c; |u| > c the rest."""
    if isinstance(right, Call) and right.name == "abs":
        left, op, right = right, FLIPPED[op], left
    if not isinstance(left, Call) or left.name != "abs" or variable in symbols(right):
        return None
    inner = left.args[0]
    above, below = (
        _step(inner, op, right, variable),
        _step(inner, FLIPPED[op], Neg(right), variable),
    )
    both = op in ("<", "<=", "!=")
    return _operated("cap" if both else "cup", [above, below])


def _polynomial(difference: Node, op: str, variable: str) -> Pieces:
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
    return _bounded(op if sign > 0 else FLIPPED[op], root if value is None else Num(value))


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
        return points if op == "=" else _complement(points)
    return merged((inside,)) if op in ("<", "<=") else _outside(low, high, op == ">=")


def _outside(low: Node, high: Node, closed: bool) -> Pieces:
    return merged((Piece(None, low, False, closed), Piece(high, None, closed, False)))


def _negated(item: Node) -> Node:
    return Neg(item)


# -- comparing -------------------------------------------------------------------------------------


def same_pieces(context: Context, gold: Pieces, answer: Pieces) -> bool:
    """The same set, with ends compared as numbers and their openness."""
    try:
        left, right = merged(gold), merged(answer)
    except Undecided:
        return _matched(context, list(gold), list(answer))
    if len(left) != len(right):
        return context.says(False, "different_set", f"{len(left)} and {len(right)} pieces")
    if all(_same_piece(context, one, other) for one, other in zip(left, right, strict=True)):
        return context.says(True, "equal_set")
    return context.says(False, "different_set", context.note)


def _matched(context: Context, gold: list[Piece], answer: list[Piece]) -> bool:
    """In any order, where letters forbid sorting."""
    if len(gold) != len(answer):
        raise Undecided("intervals whose bounds cannot be sorted")
    for piece in gold:
        found = next((other for other in answer if _same_piece(context, piece, other)), None)
        if found is None:
            return context.says(False, "different_set")
        answer.remove(found)
    return context.says(True, "equal_set")


def _same_piece(context: Context, one: Piece, other: Piece) -> bool:
    if (one.low_in, one.high_in) != (other.low_in, other.high_in):
        return context.says(False, "different_bounds", "open is not closed")
    return _same_end(context, one.low, other.low) and _same_end(context, one.high, other.high)


def _same_end(context: Context, one: Node | None, other: Node | None) -> bool:
    if one is None or other is None:
        return one is other
    return same_number(context, one, other)


def integers_in(parts: Pieces) -> list[Node]:
    """The integers of a bounded set, in order; Undecided where there is no end to them."""
    found: list[Node] = []
    for part in merged(parts):
        if part.low is None or part.high is None:
            raise Undecided("infinitely many integers")
        low, high = _rational(part.low), _rational(part.high)
        first = int(low.ceil()) + (low.q == 1 and not part.low_in)
        last = int(high.floor()) - (high.q == 1 and not part.high_in)
        if last - first > 4 * ITEMS:
            raise OverLimit("too many integers")
        found.extend(integer(value) for value in range(first, last + 1))
    return found


def _rational(item: Node) -> fmpq:
    value = exact(item)
    if value is not None:
        return value
    ball = constant(item)
    floor = ball.real.floor().unique_fmpz()
    if floor is None or not ball.imag.is_zero():
        raise Undefined("a bound that is no real number")
    return fmpq(2 * int(floor) + 1, 2)
