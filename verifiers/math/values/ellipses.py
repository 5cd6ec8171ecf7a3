"""Sums with dots: `1 + 2 + ⋯ + n` is n(n+1)/2, `1 + 2 + 4 + ⋯ + 2ⁿ` is 2ⁿ⁺¹ − 1.

Read only where it is plain how they go on: numbers with one difference, or with one ratio, before
the dots, and one last term after them. A progression of two numbers is arithmetic.
"""

from itertools import pairwise

from flint import fmpq

from adjudge.verifiers.math.nodes import (
    ONE,
    TWO,
    Add,
    Div,
    Mul,
    Node,
    Num,
    Sym,
    integer,
    minus,
    rebuild,
    symbols,
)
from adjudge.verifiers.math.values.exact import exact

DOTS = Sym("…")


def closed(item: Node) -> Node:
    """`item` with each such sum as a formula; what cannot be read stays."""
    if DOTS.name not in symbols(item):
        return item
    if isinstance(item, Add) and item.terms.count(DOTS) == 1:
        found = _total(item.terms)
        if found is not None:
            return found
    return rebuild(item, closed)


def _total(terms: tuple[Node, ...]) -> Node | None:
    at = terms.index(DOTS)
    known = [value for term in terms[:at] if (value := exact(term)) is not None]
    if len(known) != at or at < 2 or at != len(terms) - 2:
        return None
    last = terms[-1]
    gaps = {after - before for before, after in pairwise(known)}
    if len(gaps) == 1 and 0 not in gaps:
        return _arithmetic(known[0], gaps.pop(), last)
    if 0 in known:
        return None
    ratios = {after / before for before, after in pairwise(known)}
    return _geometric(known[0], ratios.pop(), last) if len(ratios) == 1 and at > 2 else None


def _arithmetic(first: fmpq, gap: fmpq, last: Node) -> Node | None:
    """(last − first)/gap + 1 terms, (first + last)/2 on average."""
    count = Add((Div(minus(last, Num(first)), Num(gap)), ONE))
    number = exact(count)
    if number is not None and (number.q != 1 or number < 3):
        return None
    return Div(Mul((count, Add((Num(first), last)))), TWO)


def _geometric(first: fmpq, ratio: fmpq, last: Node) -> Node | None:
    """(ratio · last − first)/(ratio − 1)."""
    if ratio == 1:
        return None
    return Div(minus(Mul((Num(ratio), last)), Num(first)), minus(Num(ratio), integer(1)))
