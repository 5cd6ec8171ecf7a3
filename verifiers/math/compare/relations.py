"""Equations and inequalities: one is the other rearranged, reversed or times a constant."""

from flint import fmpq

from adjudge.verifiers.math import nodes as n
from adjudge.verifiers.math.compare.alike import put
from adjudge.verifiers.math.compare.constants import constants_of
from adjudge.verifiers.math.compare.formulas import decided, formulas, with_constants
from adjudge.verifiers.math.compare.kinds import differ
from adjudge.verifiers.math.compare.matching import every
from adjudge.verifiers.math.compare.naming import named
from adjudge.verifiers.math.context import Context
from adjudge.verifiers.math.values.exact import exact
from adjudge.verifiers.math.values.spans import same_span

_EQUAL = ("=",)

_INEQUALITIES = frozenset(("<", ">", "<=", ">=", "!=", "in"))

_TRIALS = 8


def relations(context: Context, gold: n.Relation, answer: n.Relation) -> bool:
    if gold.ops == _EQUAL and answer.ops == _EQUAL:
        return _equations(context, gold, answer)
    for turned in (answer, _flipped(answer)):
        if gold.ops == turned.ops and every(
            context, list(zip(gold.sides, turned.sides, strict=True)), "equal_relation"
        ):
            return True
    if len(gold.ops) == len(answer.ops) == 1 and gold.ops[0] in _TURNED:
        return _scaled(context, gold, answer)
    return context.says(False, "different_relation", context.note)


_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!="}


def _flipped(item: n.Relation) -> n.Relation:
    ops = tuple(_TURNED.get(op, op) for op in reversed(item.ops))
    return n.Relation(ops, tuple(reversed(item.sides)))


def _scaled(context: Context, gold: n.Relation, answer: n.Relation) -> bool:
    """l < r and l' < r' are one where l' − r' is a positive multiple of l − r."""
    left = n.minus(gold.sides[0], gold.sides[1])
    right = n.minus(answer.sides[0], answer.sides[1])
    ratio = _factor_between(left, right)
    if ratio is None:
        return context.says(False, "different_relation")
    wanted = gold.ops[0] if ratio > 0 else _TURNED[gold.ops[0]]
    if answer.ops[0] != wanted:
        return context.says(False, "different_relation")
    return _multiple(context, left, right, ratio)


def _equations(context: Context, gold: n.Relation, answer: n.Relation) -> bool:
    """l = r and l' = r' are one where l' − r' is a multiple of l − r."""
    names = named(gold) and named(answer)
    if names and _renamed_heads(context, gold, answer):
        return with_constants(context, gold.sides[1], answer.sides[1], _of_function(gold))
    left = n.minus(gold.sides[0], gold.sides[1])
    right = n.minus(answer.sides[0], answer.sides[1])
    solved_for = _of_function(gold) or _of_function(answer)
    if context.policies.rename and _same_levels(left, right, solved_for):
        return context.says(True, "equal_family", "the same family of curves")
    if n.symbols(left) != n.symbols(right):
        if names:
            return context.says(False, "different_name")
        return context.says(False, "different_equation", "not the same variables")
    ratio = _factor_between(left, right)
    if ratio is None:
        return _crosswise(context, left, right)
    return _multiple(context, left, right, ratio)


def solved(context: Context, gold: n.Relation, answer: n.Node) -> bool:
    r"""`\rho\sin\theta = 2` beside `2\csc\theta`: the one name that is missing stands for it."""
    missing = n.symbols(gold) - n.symbols(answer)
    if gold.ops != _EQUAL or len(missing) != 1 or not n.symbols(answer) < n.symbols(gold):
        return differ(context, gold, answer)
    (name,) = missing
    left = n.minus(gold.sides[0], gold.sides[1])
    shift = n.replace(left, n.Sym(name), n.ZERO)
    slope = n.minus(n.replace(left, n.Sym(name), n.ONE), shift)
    straight = n.Add((shift, n.Mul((slope, n.Sym(name)))))
    if not n.symbols(answer) or not decided(Context(context.policies), left, straight):
        return differ(context, gold, answer)
    equal = decided(context, n.Mul((slope, answer)), n.Neg(shift))
    return context.says(equal, "equal_solved" if equal else "different_equation")


def _same_levels(left: n.Node, right: n.Node, solved_for: bool) -> bool:
    """`y² = x² + C` and `x² − y² = K`: solved for their constants, one is affine in the other."""
    mine, theirs = constants_of(left, right, solved_for)
    others = n.symbols(left) - set(mine)
    if len(mine) != 1 or others != n.symbols(right) - set(theirs) or not others:
        return False
    one, other = _level(left, *mine), _level(right, *theirs)
    if one is None or other is None:
        return False
    constants = ("C", "K")
    return bool(same_span(_of_level(one), _of_level(other), constants, constants))


def _of_level(level: n.Node) -> n.Node:
    return n.Add((n.Sym("C"), n.Mul((n.Sym("K"), level))))


def _level(item: n.Node, name: str) -> n.Node | None:
    """−a/b of a + bC; None where C does not stand like that."""
    if not same_span(item, item, (name,), (name,)):
        return None
    shift = n.replace(item, n.Sym(name), n.ZERO)
    slope = n.minus(n.replace(item, n.Sym(name), n.ONE), shift)
    return n.Div(shift, slope)


def _crosswise(context: Context, left: n.Node, right: n.Node) -> bool:
    """l(x)·r(p) = r(x)·l(p) at a point p where neither is nothing: r is a multiple of l."""
    names = sorted(n.symbols(left))
    points = {name: n.Num(fmpq(2 * at + 3, 5)) for at, name in enumerate(names)}
    low, high = put(left, points), put(right, points)
    zero = n.Num(fmpq(0))
    if decided(Context(), low, zero) or decided(Context(), high, zero):
        return context.says(False, "different_equation")
    equal = decided(context, n.Mul((left, high)), n.Mul((right, low)))
    return context.says(equal, "equal_equation" if equal else "different_equation")


def _renamed_heads(context: Context, gold: n.Relation, answer: n.Relation) -> bool:
    one, other = gold.sides[0], answer.sides[0]
    if isinstance(one, n.Apply) and isinstance(other, n.Apply):
        return one.name == other.name and one.args == other.args
    if isinstance(one, n.Apply) or isinstance(other, n.Apply):
        return context.policies.names
    return one == other


_FUNCTIONS = frozenset(("y", "u", "x", "z", "v", "r"))


def _of_function(item: n.Relation) -> bool:
    """Is it `y = …` or `x(t) = …`, what a differential equation is solved for?"""
    head = item.sides[0]
    return isinstance(head, n.Apply) or (isinstance(head, n.Sym) and head.name in _FUNCTIONS)


def _factor_between(left: n.Node, right: n.Node) -> fmpq | None:
    """right/left at a rational point at which both are exact and not zero."""
    names = sorted(n.symbols(left) | n.symbols(right))
    for trial in range(_TRIALS):
        points = {
            name: n.Num(fmpq(2 * (at + 1) * (trial + 2) + 1, trial + 3))
            for at, name in enumerate(names)
        }
        low, high = exact(put(left, points)), exact(put(right, points))
        if low is not None and high is not None and low != 0 and high != 0:
            ratio: fmpq = high / low
            return ratio
    return None


def _multiple(context: Context, left: n.Node, right: n.Node, ratio: fmpq) -> bool:
    if formulas(context, n.Mul((n.Num(ratio), left)), right):
        return context.says(True, "equal_equation", f"the same up to the factor {ratio}")
    return context.says(False, "different_equation")
