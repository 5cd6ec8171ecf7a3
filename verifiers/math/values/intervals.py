"""Unions of intervals with exact ends: order, merging, intersection, complement."""

from dataclasses import dataclass
from functools import cmp_to_key

from adjudge.verifiers.math.context import Context
from adjudge.verifiers.math.limits import ITEMS, OverLimit, Undecided
from adjudge.verifiers.math.nodes import (
    Infinity,
    Neg,
    Node,
    Quantity,
    Relation,
    Tuple,
    symbols,
)
from adjudge.verifiers.math.values.exact import exact
from adjudge.verifiers.math.values.numbers import constant, same_number

FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!="}


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


def end_of(item: Node, sign: int) -> Node | None:
    """None for the infinity that belongs on this side."""
    match item:
        case Infinity() if sign > 0:
            return None
        case Neg(arg=Infinity()) if sign < 0:
            return None
        case Infinity() | Neg(arg=Infinity()) | Tuple() | Relation():
            raise NoSet
    return item.value if isinstance(item, Quantity) else item


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
    kept = [part for part in parts if not hollow(part)]
    if len(kept) < 2:
        return tuple(kept)
    result: list[Piece] = []
    for part in sorted(kept, key=cmp_to_key(_low_order)):
        if result and _touch(result[-1], part):
            result[-1] = _joined(result[-1], part)
        else:
            result.append(part)
    return tuple(result)


def hollow(part: Piece) -> bool:
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


def complement(parts: Pieces) -> Pieces:
    left: Pieces = LINE
    for part in parts:
        outside: list[Piece] = []
        if part.low is not None:
            outside.append(Piece(None, part.low, False, not part.low_in))
        if part.high is not None:
            outside.append(Piece(part.high, None, not part.high_in, False))
        left = intersected(left, tuple(outside))
    return left


def intersected(left: Pieces, right: Pieces) -> Pieces:
    if len(left) * len(right) > ITEMS:
        raise OverLimit("too many intervals")
    return merged(tuple(_meet(one, other) for one in left for other in right))


def operated(op: str, parts: list[Pieces]) -> Pieces:
    result = parts[0]
    for part in parts[1:]:
        if op == "cup":
            result = (*result, *part)
        else:
            result = intersected(result, part if op == "cap" else complement(part))
    return result


def half_line(op: str, end: Node) -> Pieces:
    if op in ("=", "!="):
        point = (Piece(end, end, True, True),)
        return point if op == "=" else complement(point)
    if op[0] == ">":
        return (Piece(end_of(end, -1), None, op == ">="),)
    return (Piece(None, end_of(end, 1), False, op == "<="),)
