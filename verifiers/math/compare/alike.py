"""Making two sides alike: what only one of them says is dropped."""

from flint import fmpq

from adjudge.verifiers.math import nodes as n
from adjudge.verifiers.math.compare.kinds import formula
from adjudge.verifiers.math.compare.naming import one_derivative, one_unknown, unnamed
from adjudge.verifiers.math.compare.restated import restated
from adjudge.verifiers.math.context import Context
from adjudge.verifiers.math.values.ellipses import DOTS, closed
from adjudge.verifiers.math.values.signs import has_signs, variants
from adjudge.verifiers.math.values.tensors import folded


def alike(context: Context, gold: n.Node, answer: n.Node) -> tuple[n.Node, n.Node]:
    """Drop what only one side says: labels, letters of options, names of unknowns."""
    if _settled(gold, answer):
        return gold, answer
    gold, answer = restated(*_unlabelled(gold, answer))
    gold, answer = _pointed(gold, answer), _pointed(answer, gold)
    gold, answer = _expanded(gold), _expanded(answer)
    gold, answer = one_derivative(gold, answer), one_derivative(answer, gold)
    gold, answer = one_unknown(gold, answer)
    gold, answer = _headed(context, gold, answer)
    for _ in range(3):
        left, right = gold, answer
        gold, answer = unnamed(context, gold, answer), unnamed(context, answer, gold, given=True)
        gold, answer = _single(gold), _single(answer)
        gold, answer = _pointed(gold, answer), _pointed(answer, gold)
        if left is gold and right is answer:
            break
    return gold, answer


_HOLDERS = frozenset(
    (n.List, n.Either, n.Both, n.Set, n.Tuple, n.Matrix, n.Quantity, n.Percent, n.Text, n.SetOp,
     n.Numbers)
)  # fmt: skip
_SAYING = frozenset((n.Relation, n.Given, n.Labeled, n.Choice))
_INERT = frozenset(
    (n.Num, n.Sym, n.Const, n.Neg, n.Add, n.Mul, n.Div, n.Pow, n.Root, n.Call, n.PlusMinus,
     n.Percent, n.Infinity)
)  # fmt: skip


def _settled(gold: n.Node, answer: n.Node) -> bool:
    """Both hold only values, or are only formulas: nothing that follows is for them."""
    if type(gold) in _HOLDERS and type(answer) in _HOLDERS:
        plain = _of_values(gold) and _of_values(answer)
    else:
        plain = _INERT.issuperset(n.kinds(gold)) and _INERT.issuperset(n.kinds(answer))
    return plain and not any(_odd(name) for name in n.symbols(gold) | n.symbols(answer))


def _of_values(item: n.Node) -> bool:
    several = not isinstance(item, n.SEVERAL) or len(item.items) > 1
    return several and _SAYING.isdisjoint(n.kinds(item))


def _odd(name: str) -> bool:
    """Dots, or a derivative."""
    return name == DOTS.name or "/" in name


def _expanded(item: n.Node) -> n.Node:
    """`x = ±2` is two equations; a matrix times a number is a matrix."""
    item = closed(_unrounded(item))
    if isinstance(item, n.Relation) and has_signs(item):
        return n.Either(tuple(variants(item)))
    if isinstance(item, n.Mul) and sum(isinstance(f, n.Quantity) for f in item.factors) == 1:
        return _lifted(item)
    if isinstance(item, n.Given) and _of_index(item):
        return _expanded(item.body)
    if isinstance(item, n.Add) and isinstance(item.terms[0], n.Numbers | n.SetOp):
        return _difference(item)
    if isinstance(item, n.Relation) and item.ops == _EQUAL and _backwards(item):
        item = n.Relation(item.ops, (item.sides[1], item.sides[0]))
    if isinstance(item, n.Relation) and item.ops == _EQUAL:
        return n.Relation(item.ops, (item.sides[0], folded(item.sides[1])))
    return folded(item)


_EQUAL = ("=",)


def _backwards(item: n.Relation) -> bool:
    """`5x - 7 = f(x)`, `5 = x`."""
    left, right = item.sides
    return type(right) in _NAMES and not (type(left) in _NAMES or isinstance(left, n.Tuple))


_NAMES = frozenset((n.Sym, n.Apply))


def _of_index(item: n.Given) -> bool:
    """`a_n = 3n - 1, n >= 1`: what is said of the index of a sequence."""
    body, condition = item.body, item.condition
    if not isinstance(body, n.Relation) or not isinstance(body.sides[0], n.Sym):
        return False
    index = body.sides[0].name.partition("_")[2]
    return n.symbols(condition) == {index} and _from_the_start(condition)


def _from_the_start(condition: n.Node) -> bool:
    match condition:
        case n.Relation(ops=("in",), sides=(n.Sym(), n.Numbers(name=kind))):
            return kind[0] in "NZ"
        case n.Relation(ops=((">" | ">="),), sides=(n.Sym(), n.Num(value=low))):
            return 0 <= low <= 1
    return False


def _difference(item: n.Add) -> n.Node:
    r"""`\mathbb{R} - \{1\}`."""
    found = item.terms[0]
    for term in item.terms[1:]:
        if not isinstance(term, n.Neg) or not isinstance(term.arg, n.Set | n.Tuple | n.Numbers):
            return item
        found = n.SetOp("minus", (found, term.arg))
    return found


def _lifted(item: n.Mul) -> n.Node:
    """`6.56 × 10^-7 m` is a number of metres."""
    measured = next(factor for factor in item.factors if isinstance(factor, n.Quantity))
    rest = tuple(factor for factor in item.factors if factor is not measured)
    if not all(formula(factor) for factor in rest):
        return item
    return n.Quantity(n.Mul((*rest, measured.value)), measured.unit)


def _unrounded(item: n.Node) -> n.Node:
    """`(1 + √97)/8 ≈ 1.36` is its exact side."""
    if not isinstance(item, n.Relation) or item.ops[-1] != "~":
        return item
    if len(item.ops) > 1:
        return n.Relation(item.ops[:-1], item.sides[:-1])
    return item if n.symbols(item.sides[0]) else item.sides[0]


def _pointed(item: n.Node, other: n.Node) -> n.Node:
    """`A(1, 2)` beside a point is a point with its name; `(x, y) = (1, 2)` two equations."""
    if type(other) in _GATHERED:
        return _member_by_member(item)
    if type(other) not in _TENSORS:
        return item
    if isinstance(item, n.Call) and item.name in ("perm", "binom"):
        return n.Tuple("(", ")", item.args)  # `P(5, 2)`, a point
    if isinstance(item, n.Apply) and len(item.args) > 1:
        return n.Tuple("(", ")", item.args)
    if isinstance(item, n.Mul) and len(item.factors) == 2:
        name, point = item.factors
        if isinstance(name, n.Sym) and name.name.isupper() and isinstance(point, n.Tuple):
            return point
    if type(item) in _SUMS and any(name.startswith("unit ") for name in n.symbols(item)):
        return _components(item)
    return item


_GATHERED, _TENSORS = frozenset((n.List, n.Both)), frozenset((n.Tuple, n.Matrix))
_SUMS = frozenset((n.Add, n.Mul, n.Neg, n.Sym))


def _member_by_member(item: n.Node) -> n.Node:
    match item:
        case n.Relation(ops=("=",), sides=(n.Tuple(items=names), n.Tuple(items=values))):
            if len(names) == len(values):
                pairs = zip(names, values, strict=True)
                return n.List(tuple(n.Relation(("=",), pair) for pair in pairs))
    return item


def _components(item: n.Node) -> n.Node:
    """`2i − 3j + k` by its components."""
    units = ("unit i", "unit j", "unit k")
    used = units if "unit k" in n.symbols(item) else units[:2]
    zero = {name: n.Num(fmpq(0)) for name in units}
    parts = tuple(put(item, zero | {name: n.Num(fmpq(1))}) for name in used)
    return n.Tuple("(", ")", parts)


def _headed(context: Context, gold: n.Node, answer: n.Node) -> tuple[n.Node, n.Node]:
    """`f(x) = …` beside `f(t) = …`: the argument's name is bound."""
    if not (isinstance(gold, n.Relation) and isinstance(answer, n.Relation)):
        return gold, answer
    one, other = gold.sides[0], answer.sides[0]
    if isinstance(one, n.Sym) and isinstance(other, n.Sym) and context.policies.rename:
        return gold, _reindexed(answer, one.name, other.name)
    if not (isinstance(one, n.Apply) and isinstance(other, n.Apply)):
        return gold, answer
    if not context.policies.rename or one.args == other.args or len(one.args) != len(other.args):
        return gold, answer
    pairs = [
        (mine.name, theirs.name)
        for mine, theirs in zip(one.args, other.args, strict=True)
        if isinstance(mine, n.Sym) and isinstance(theirs, n.Sym) and theirs.name.islower()
    ]
    swapped = dict(pairs) | {theirs: mine for mine, theirs in pairs}
    return gold, n.rename(answer, swapped) if len(pairs) == len(one.args) else answer


def _reindexed(answer: n.Node, mine: str, theirs: str) -> n.Node:
    """`a_k = 3k` beside `a_n = 3n`: the index is bound."""
    (base, _, index), (other, _, old) = mine.partition("_"), theirs.partition("_")
    if base != other or index == old or not (index.isalpha() and old.isalpha()):
        return answer
    return n.rename(answer, {old: index, index: old, theirs: mine})


def _single(item: n.Node) -> n.Node:
    if isinstance(item, n.SEVERAL) and len(item.items) == 1:
        return item.items[0]
    return item


def _unlabelled(gold: n.Node, answer: n.Node) -> tuple[n.Node, n.Node]:
    if isinstance(gold, n.Labeled) != isinstance(answer, n.Labeled):
        gold = gold.value if isinstance(gold, n.Labeled) else gold
        answer = answer.value if isinstance(answer, n.Labeled) else answer
    if isinstance(gold, n.Choice) and not isinstance(answer, n.Choice) and gold.value is not None:
        return gold.value, answer
    if isinstance(answer, n.Choice) and not isinstance(gold, n.Choice) and answer.value is not None:
        return gold, answer.value
    return gold, answer


def put(item: n.Node, points: dict[str, n.Num]) -> n.Node:
    if isinstance(item, n.Sym):
        return points.get(item.name, item)
    return n.rebuild(item, lambda part: put(part, points))
