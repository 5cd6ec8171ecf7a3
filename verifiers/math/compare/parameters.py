"""General solutions with an integer parameter, congruences, conditions."""

from adjudge.verifiers.math import nodes as n
from adjudge.verifiers.math.compare.formulas import formulas
from adjudge.verifiers.math.compare.kinds import differ, formula
from adjudge.verifiers.math.compare.naming import named, valued
from adjudge.verifiers.math.context import Context
from adjudge.verifiers.math.limits import Undecided
from adjudge.verifiers.math.values.families import progressions, same_progressions

_FAMILY = frozenset((n.Given, n.Congruence))
_INTEGER_NAMES = frozenset(["k", "n", "m", "l", "j", "t"])


def families(context: Context, gold: n.Node, answer: n.Node) -> bool:
    left, right = progressions(_bare(gold)), progressions(_bare(answer))
    left = left if left is not None else progressions(_assumed(_bare(gold)))
    right = right if right is not None else progressions(_assumed(_bare(answer)))
    if left is None or right is None:
        return _without_given(context, gold, answer)
    return same_progressions(context, left, right)


def _assumed(item: n.Node) -> n.Node:
    """Beside a family, `7k + 3` is one over the integers too."""
    names = n.symbols(item)
    if not formula(item) or len(names) != 1 or not names <= _INTEGER_NAMES:
        return item
    (name,) = names
    return n.Given(item, n.Relation(("in",), (n.Sym(name), n.Numbers("Z"))))


def _bare(item: n.Node) -> n.Node:
    """A family without the name of its unknown: `x = 5k + 1`."""
    if isinstance(item, n.Relation) and named(item):
        return valued(item)
    if isinstance(item, n.Given):
        return n.Given(_bare(item.body), item.condition)
    if isinstance(item, n.List | n.Either):
        return type(item)(tuple(_bare(part) for part in item.items))
    return item


def implied(gold: n.Node, answer: n.Node) -> bool:
    """Families whose integer parameter is not introduced: `±π/3 + 2kπ`."""
    if not (_of_angles(gold) and _of_angles(answer)):
        return False
    return progressions(_bare(gold)) is not None and progressions(_bare(answer)) is not None


def _of_angles(item: n.Node) -> bool:
    return bool(n.symbols(item)) and (
        n.Quantity in n.kinds(item) or (n.Const in n.kinds(item) and n.Const("pi") in n.walk(item))
    )


def _without_given(context: Context, gold: n.Node, answer: n.Node) -> bool:
    if isinstance(gold, n.Given) and isinstance(answer, n.Given):
        return context.same(gold.body, answer.body) and context.same(
            gold.condition, answer.condition
        )
    if isinstance(gold, n.Given):
        return context.same(gold.body, answer)
    if isinstance(answer, n.Given):
        return context.same(gold, answer.body)
    if isinstance(gold, n.Congruence) and isinstance(answer, n.Congruence):
        return formulas(context, gold.modulus, answer.modulus) and formulas(
            context, gold.right, answer.right
        )
    if isinstance(gold, n.Congruence) or isinstance(answer, n.Congruence):
        return differ(context, gold, answer)
    raise Undecided("a family that no rule reads")


def has_family(gold: n.Node, answer: n.Node) -> bool:
    return not (_FAMILY.isdisjoint(n.kinds(gold)) and _FAMILY.isdisjoint(n.kinds(answer)))
