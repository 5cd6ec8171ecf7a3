"""Functions given by cases: the same value wherever either is defined, the same domain.

The ends of all conditions cut the line; two formulas that agree at three random points between two
cuts are the same there, and the cuts themselves are compared exactly.
"""

import secrets
from functools import cmp_to_key
from itertools import pairwise

from flint import arb, fmpq

from adjudge.verifiers.math import nodes as n
from adjudge.verifiers.math.compare.formulas import decided
from adjudge.verifiers.math.compare.kinds import COMPOUND, differ
from adjudge.verifiers.math.compare.matching import covered
from adjudge.verifiers.math.context import Context
from adjudge.verifiers.math.limits import Undecided, Undefined
from adjudge.verifiers.math.values.intervals import (
    LINE,
    NoSet,
    Piece,
    Pieces,
    complement,
    intersected,
    merged,
    order,
)
from adjudge.verifiers.math.values.numbers import constant
from adjudge.verifiers.math.values.realsets import pieces
from adjudge.verifiers.math.values.samesets import same_pieces

_SAMPLES = 3
_BRANCHES = 16

Branch = tuple[Pieces, n.Node]


def branches(context: Context, gold: n.Node, answer: n.Node) -> bool:
    """At least one side is given by cases."""
    if isinstance(gold, COMPOUND) or isinstance(answer, COMPOUND):
        return differ(context, gold, answer)
    if _parities(gold) or _parities(answer):
        return _by_parity(context, gold, answer)
    try:
        return _by_places(context, gold, answer)
    except (NoSet, Undecided):
        return _by_branches(context, gold, answer)


def _by_branches(context: Context, gold: n.Node, answer: n.Node) -> bool:
    """As they are written, where the conditions cannot be read as sets of numbers."""
    if not isinstance(gold, n.Piecewise) or not isinstance(answer, n.Piecewise):
        return decided(context, gold, answer)
    left = [n.Tuple("(", ")", branch) for branch in gold.branches]
    right = [n.Tuple("(", ")", branch) for branch in answer.branches]
    if len(left) != len(right):
        return context.says(False, "different_branches")
    return covered(context, left, right) and context.says(True, "equal_branches")


# -- by places -------------------------------------------------------------------------------------


def _by_places(context: Context, gold: n.Node, answer: n.Node) -> bool:
    name = _variable(gold, answer)
    left, right = _resolved(gold, name), _resolved(answer, name)
    if not same_pieces(context, _domain(left), _domain(right)):
        return context.says(False, "different_domain")
    cuts = _cuts((*left, *right))
    for place in (*_between(cuts), *cuts):
        mine, theirs = _value(left, place, name), _value(right, place, name)
        if mine is not None and theirs is not None and not context.same(mine, theirs):
            return context.says(False, "different_branches", context.note)
    return context.says(True, "equal_branches")


def _variable(gold: n.Node, answer: n.Node) -> str:
    """The one letter of all conditions."""
    names: frozenset[str] = frozenset()
    for side in (gold, answer):
        if isinstance(side, n.Piecewise):
            names = names.union(*(n.symbols(condition) for _, condition in side.branches))
    if len(names) != 1:
        raise NoSet
    return next(iter(names))


def _resolved(item: n.Node, name: str) -> tuple[Branch, ...]:
    if not isinstance(item, n.Piecewise):
        return ((LINE, item),)
    if len(item.branches) > _BRANCHES:
        raise NoSet
    found: list[Branch] = []
    taken: Pieces = ()
    for value, condition in item.branches:
        rest = isinstance(condition, n.Text)
        where = complement(taken) if rest else pieces(condition, name)
        found.append((where, value))
        taken = (*taken, *where)
    return tuple(found)


def _domain(parts: tuple[Branch, ...]) -> Pieces:
    return tuple(piece for where, _ in parts for piece in where)


def _cuts(parts: tuple[Branch, ...]) -> list[n.Node]:
    ends = [end for piece in _domain(parts) for end in (piece.low, piece.high) if end is not None]
    found: list[n.Node] = []
    for end in sorted(ends, key=cmp_to_key(order)):
        if not found or order(found[-1], end):
            found.append(end)
    return found


def _between(cuts: list[n.Node]) -> list[n.Node]:
    """Random rational places in each gap between cuts, and beyond the first and the last."""
    if not cuts:
        return [_place(fmpq(-3), fmpq(5)) for _ in range(_SAMPLES)]
    ends = [_rational(cut) for cut in cuts]
    gaps = [(ends[0] - 7, ends[0]), *pairwise(ends), (ends[-1], ends[-1] + 7)]
    return [_place(low, high) for low, high in gaps for _ in range(_SAMPLES)]


def _place(low: fmpq, high: fmpq) -> n.Node:
    share = fmpq(secrets.randbits(24) | 1, 1 << 24)
    return n.Num(low + (high - low) * share)


def _rational(item: n.Node) -> fmpq:
    """Close to the number that `item` is."""
    ball = constant(item).real * arb(2) ** 60
    whole = ball.mid().floor().unique_fmpz()
    if whole is None:
        raise NoSet
    return fmpq(whole, 1 << 60)


def _value(parts: tuple[Branch, ...], place: n.Node, name: str) -> n.Node | None:
    for where, value in parts:
        if merged(intersected(where, (Piece(place, place, True, True),))):
            return n.replace(value, n.Sym(name), place)
    return None


# -- by parity -------------------------------------------------------------------------------------


def _parities(item: n.Node) -> bool:
    return isinstance(item, n.Piecewise) and any(
        isinstance(condition, n.Congruence) for _, condition in item.branches
    )


def _by_parity(context: Context, gold: n.Node, answer: n.Node) -> bool:
    """`n` even, `n` odd: each residue is a formula of its own."""
    name, modulus = _modulus(gold, answer)
    for rest in range(modulus):
        of = n.Add((n.Mul((n.integer(modulus), n.Sym("#"))), n.integer(rest)))
        left, right = _of_class(gold, name, rest, of), _of_class(answer, name, rest, of)
        if not decided(context, left, right):
            return False
    return context.says(True, "equal_branches")


def _modulus(gold: n.Node, answer: n.Node) -> tuple[str, int]:
    for side in (gold, answer):
        if isinstance(side, n.Piecewise):
            for _, condition in side.branches:
                match condition:
                    case n.Congruence(n.Sym(name), _, n.Num(value)) if value in range(2, 13):
                        return name, int(value.p)
    raise Undecided("cases that no rule reads")


def _of_class(item: n.Node, name: str, rest: int, of: n.Node) -> n.Node:
    if not isinstance(item, n.Piecewise):
        return n.replace(item, n.Sym(name), of)
    for value, condition in item.branches:
        if isinstance(condition, n.Text) or _is_class(condition, rest):
            return n.replace(value, n.Sym(name), of)
    raise Undefined("outside of every case")


def _is_class(condition: n.Node, rest: int) -> bool:
    return isinstance(condition, n.Congruence) and condition.right == n.integer(rest)
