"""Two formulas: exact values, balls, the symbolic tier; then families in their constants."""

from itertools import permutations

from adjudge.verifiers.math import nodes as n
from adjudge.verifiers.math.compare.constants import constants_of
from adjudge.verifiers.math.compare.kinds import differ, formula
from adjudge.verifiers.math.context import Context
from adjudge.verifiers.math.fallback import prover
from adjudge.verifiers.math.limits import OverLimit, Undecided, Undefined
from adjudge.verifiers.math.values.functions import Huge
from adjudge.verifiers.math.values.numbers import same_number
from adjudge.verifiers.math.values.quantities import same_quantity
from adjudge.verifiers.math.values.spans import same_span


def with_constants(context: Context, gold: n.Node, answer: n.Node, solved: bool = False) -> bool:
    """Equal, or equal as families in their arbitrary constants (`+ C`, `C_1 e^x`).

    `solved`: both are what a function `y` or `x(t)` is, and a factor C is arbitrary too.
    """
    if not (formula(gold) and formula(answer)):
        return context.same(gold, answer)
    return plain_formulas(context, gold, answer, solved)


def plain_formulas(context: Context, gold: n.Node, answer: n.Node, solved: bool = False) -> bool:
    """Neither is or holds a structure, or infinity."""
    if not (n.symbols(gold) or n.symbols(answer)):
        return decided(context, gold, answer)
    if not context.policies.rename:
        return decided(context, gold, answer)
    mine, theirs = constants_of(gold, answer, solved)
    for one, other in ((gold, answer), (answer, gold)):
        if isinstance(one, n.Integral) and one.low is None and constants_of(other, other)[0]:
            return _antiderivative(context, one, other)
    if not mine:
        return decided(context, gold, answer)
    if n.symbols(gold) - set(mine) != n.symbols(answer) - set(theirs):
        return decided(context, gold, answer)
    return _as_families(context, gold, answer, mine, theirs)


def _antiderivative(context: Context, gold: n.Integral, answer: n.Node) -> bool:
    """An indefinite integral is every function with that derivative."""
    derivative = n.Derivative(gold.variable, answer)
    return decided(context, gold.body, derivative)


def _as_families(
    context: Context, gold: n.Node, answer: n.Node, mine: list[str], theirs: list[str]
) -> bool:
    for order in permutations(mine):
        renamed = n.rename(answer, dict(zip(theirs, order, strict=True)))
        if decided(context, gold, renamed):
            return True
    if _same_members(gold, answer, mine, theirs):
        return context.says(True, "equal_family", "the same family of functions")
    return context.says(False, "different", context.note)


def _same_members(gold: n.Node, answer: n.Node, mine: list[str], theirs: list[str]) -> bool:
    """Linear in their constants, themselves or their reciprocals; or with one constant turned."""
    if len(mine) == 1 and _turned(gold, answer, mine[0], theirs[0]):
        return True
    left, right = [_logarithmic(side, names) for side, names in ((gold, mine), (answer, theirs))]
    if same_span(left, right, mine, theirs):
        return True
    return bool(same_span(n.Div(n.ONE, left), n.Div(n.ONE, right), mine, theirs))


def _turned(gold: n.Node, answer: n.Node, mine: str, theirs: str) -> bool:
    """The same with −C for C: `tan(x - C)`."""
    other = n.replace(answer, n.Sym(theirs), n.Neg(n.Sym(mine)))
    try:
        return same_number(Context(), gold, other)
    except (Undecided, Undefined):
        return False


def _logarithmic(item: n.Node, names: list[str]) -> n.Node:
    """`ln(Cx)`: its constant is positive, e^K."""
    if not any(isinstance(p, n.Call) and p.name in ("ln", "log") and
               n.symbols(p) & set(names) for p in n.walk(item)):  # fmt: skip
        return item
    for name in names:
        item = n.replace(item, n.Sym(name), n.Pow(n.Const("e"), n.Sym(name)))
    return item


def formulas(context: Context, gold: n.Node, answer: n.Node) -> bool:
    if not (formula(gold) and formula(answer)):
        return differ(context, gold, answer)
    if _is_infinite(gold) or _is_infinite(answer):
        return context.says(gold == answer, "infinity")
    return plain_formulas(context, gold, answer)


def _is_infinite(item: n.Node) -> bool:
    return isinstance(item.arg if isinstance(item, n.Neg) else item, n.Infinity)


def decided(context: Context, gold: n.Node, answer: n.Node) -> bool:
    try:
        return same_number(context, gold, answer)
    except Huge as error:
        raise OverLimit(str(error)) from error
    except Undecided as error:
        return _proven(context, gold, answer, error)


def _proven(context: Context, gold: n.Node, answer: n.Node, why: Undecided) -> bool:
    said = prover().decide(gold, answer, {})
    if said == "limit":
        raise OverLimit("too heavy to be compared")
    if said == "undecided":
        raise why
    return context.says(said == "equal", f"{said}_symbolic")


def measured(context: Context, gold: n.Node, answer: n.Node) -> bool:
    """Quantities; degrees beside a formula in radians are an angle too."""
    if same_quantity(context, gold, answer):
        return True
    left, right = _radians(gold), _radians(answer)
    if (left is None) == (right is None):
        return False
    note, rule = context.note, context.rule
    if _plain_number(gold) or _plain_number(answer):
        return context.says(False, rule, note)
    if left is None:
        return decided(context, _degrees(gold), getattr(answer, "value", answer))
    return decided(context, getattr(gold, "value", gold), _degrees(answer))


def _degrees(item: n.Node) -> n.Node:
    """Of a formula in radians."""
    return n.Div(n.Mul((item, n.integer(180))), n.Const("pi"))


def _plain_number(item: n.Node) -> bool:
    return isinstance(item, n.Num) or (isinstance(item, n.Neg) and isinstance(item.arg, n.Num))


def _radians(item: n.Node) -> n.Node | None:
    if not isinstance(item, n.Quantity) or item.unit.pi != 1:
        return None
    return n.Mul((item.value, n.Num(item.unit.factor), n.Const("pi")))
