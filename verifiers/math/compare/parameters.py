"""General solutions with an integer parameter, congruences, conditions."""

from itertools import permutations

from adjudge.verifiers.math import nodes as n
from adjudge.verifiers.math.compare.formulas import formulas
from adjudge.verifiers.math.compare.kinds import differ, formula
from adjudge.verifiers.math.compare.naming import named, valued
from adjudge.verifiers.math.context import Context
from adjudge.verifiers.math.limits import Undecided
from adjudge.verifiers.math.values.families import progressions, same_progressions

_FAMILY = frozenset((n.Given, n.Congruence))
MAX_CONSTANTS = 3
_INTEGER_NAMES = frozenset(["k", "n", "m", "l", "j", "t"])


def families(context: Context, gold: n.Node, answer: n.Node) -> bool:
    if isinstance(gold, n.Congruence) and isinstance(answer, n.Congruence) and _other(gold, answer):
        return context.says(False, "different_name")
    left, right = progressions(_bare(gold)), progressions(_bare(answer))
    left = left if left is not None else progressions(_assumed(_bare(gold)))
    right = right if right is not None else progressions(_assumed(_bare(answer)))
    if (left is None or right is None) and declared(gold, answer):
        return renamed(context, gold, answer)
    if left is None or right is None:
        return _without_given(context, gold, answer)
    return same_progressions(context, left, right)


def _other(gold: n.Congruence, answer: n.Congruence) -> bool:
    """`n ≡ 0` is not `m ≡ 0`."""
    one, other = gold.left, answer.left
    return isinstance(one, n.Sym) and isinstance(other, n.Sym) and one != other


def _assumed(item: n.Node) -> n.Node:
    """Beside a family, `7k + 3` is one over the integers too."""
    if isinstance(item, n.List | n.Either):
        return type(item)(tuple(_assumed(part) for part in item.items))
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
    for side, other in ((gold, answer), (answer, gold)):
        if isinstance(side, n.Given) and not isinstance(other, n.Given):
            if _restricts(side):
                return context.says(False, "different_condition", "only one side has a condition")
            pair = (side.body, other) if side is gold else (other, side.body)
            return context.same(*pair)
    if isinstance(gold, n.Congruence) and isinstance(answer, n.Congruence):
        return formulas(context, gold.modulus, answer.modulus) and formulas(
            context, gold.right, answer.right
        )
    if isinstance(gold, n.Congruence) or isinstance(answer, n.Congruence):
        return differ(context, gold, answer)
    return _one_declares(context, gold, answer)


def _one_declares(context: Context, gold: n.Node, answer: n.Node) -> bool:
    """Only one side says of which letters it is a family: beside the other, that says nothing."""
    left, right = _undeclared(gold), _undeclared(answer)
    if bool(_letters_of(gold)) == bool(_letters_of(answer)) or (left, right) == (gold, answer):
        raise Undecided("a family that no rule reads")
    return context.same(left, right)


def _restricts(item: n.Given) -> bool:
    """`x² for x > 0` is not `x²`; `x² for real x` is, and `9/4 (when x = 1/2)` is `9/4`."""
    condition = item.condition
    if not isinstance(condition, n.Relation | n.Both) or condition_free(condition):
        return False
    value = valued(item.body) if named(item.body) else item.body
    return bool(n.symbols(condition) & n.symbols(value))


def condition_free(condition: n.Node) -> bool:
    """Conditions that a formula implies: a kind of number, a divisor that is not zero, an index."""
    match condition:
        case n.Both(items=items):
            return all(condition_free(item) for item in items)
        case n.Relation(ops=(("in" | "!=" | "~"),)):
            return True
        case n.Relation(ops=((">" | ">="),), sides=(n.Sym(name=name), n.Num(value=low))):
            return name in _INTEGER_NAMES and 0 <= low <= 1
    return False


def declared(gold: n.Node, answer: n.Node) -> bool:
    """Both sides say of which letters they are families: `ax + b, a, b ∈ ℝ`."""
    return bool(_letters_of(gold)) and (bool(_letters_of(answer)) or formulaic(answer))


def formulaic(item: n.Node) -> bool:
    return not any(isinstance(part, n.Given) for part in n.walk(item))


def renamed(context: Context, gold: n.Node, answer: n.Node) -> bool:
    """Declared letters are bound: any names will do."""
    mine, theirs = _letters_of(gold), _letters_of(answer)
    left, right = _undeclared(gold), _undeclared(answer)
    if (left, right) == (gold, answer):
        raise Undecided("conditions inside of what no rule reads")
    if not theirs:
        theirs = dict.fromkeys(sorted(n.symbols(right) - n.symbols(left)), "")
    free = {name: kind for name, kind in mine.items() if name in n.symbols(left)}
    theirs = {name: kind for name, kind in theirs.items() if name in n.symbols(right)}
    if len(free) != len(theirs) or len(free) > MAX_CONSTANTS or not context.policies.rename:
        return context.same(left, right)
    for order in permutations(free):
        names = dict(zip(theirs, order, strict=True))
        alike = all(theirs[name] in ("", free[to]) for name, to in names.items())
        if alike and context.same(left, n.rename(right, names)):
            return True
    return context.says(False, "different_family", context.note)


def _letters_of(item: n.Node) -> dict[str, str]:
    """The letters that conditions declare, and what they are: `{"a": "R", "k": "Z"}`."""
    found: dict[str, str] = {}
    for part in n.walk(item):
        if isinstance(part, n.Given):
            conditions = (
                part.condition.items if isinstance(part.condition, n.Both) else (part.condition,)
            )
            for condition in conditions:
                match condition:
                    case n.Relation(ops=("in",), sides=(head, n.Numbers(name=kind))):
                        found |= dict.fromkeys(sorted(n.symbols(head)), kind)
                    case _:
                        return {}
    return found


def _undeclared(item: n.Node) -> n.Node:
    if isinstance(item, n.Given):
        return _undeclared(item.body)
    if isinstance(item, n.SEVERAL):
        return type(item)(tuple(_undeclared(part) for part in item.items))
    return item


def has_family(gold: n.Node, answer: n.Node) -> bool:
    if _FAMILY.isdisjoint(n.kinds(gold)) and _FAMILY.isdisjoint(n.kinds(answer)):
        return False
    return _holds_family(gold) or _holds_family(answer)


def _holds_family(item: n.Node) -> bool:
    """Conditions of cases are theirs, and no families."""
    if isinstance(item, n.Piecewise):
        return False
    return isinstance(item, n.Given | n.Congruence) or any(map(_holds_family, n.children(item)))
