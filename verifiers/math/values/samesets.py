"""Are two unions of intervals one set?"""

from flint import fmpq

from adjudge.verifiers.math.context import Context
from adjudge.verifiers.math.limits import ITEMS, OverLimit, Undecided, Undefined
from adjudge.verifiers.math.nodes import (
    Node,
    integer,
)
from adjudge.verifiers.math.values.exact import exact
from adjudge.verifiers.math.values.intervals import Piece, Pieces, merged
from adjudge.verifiers.math.values.numbers import constant, same_number


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
