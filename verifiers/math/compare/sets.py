"""Sets of real numbers: intervals, unions, inequalities, set builders."""

from adjudge.verifiers.math import nodes as n
from adjudge.verifiers.math.compare.kinds import differ, formula
from adjudge.verifiers.math.compare.matching import every, matched
from adjudge.verifiers.math.compare.relations import relations, solved
from adjudge.verifiers.math.context import Context
from adjudge.verifiers.math.limits import Undecided
from adjudge.verifiers.math.values.intervals import NoSet, Piece, intersected
from adjudge.verifiers.math.values.realsets import pieces
from adjudge.verifiers.math.values.samesets import integers_in, same_pieces
from adjudge.verifiers.math.vocabulary import SETS


def sets(context: Context, gold: n.Node, answer: n.Node) -> bool:
    """Sets of real numbers, however they are written."""
    if _of_naturals(gold) != _of_naturals(answer):
        return _with_naturals(context, gold, answer)
    gold, answer = _set(gold), _set(answer)
    gold, answer = _lettered(gold, answer), _lettered(answer, gold)
    if isinstance(gold, n.Numbers) and isinstance(answer, n.Numbers):
        return context.says(_same_numbers(gold.name, answer.name), "same_numbers")
    if isinstance(gold, n.Set | n.List) and isinstance(answer, n.Set | n.List):
        return context.same(gold, answer)
    if _other_names(gold, answer):
        return _structures(context, gold, answer)
    try:
        return same_pieces(context, _pieces(gold), _pieces(answer))
    except (NoSet, Undecided):
        return _structures(context, gold, answer)


def _of_naturals(item: n.Node) -> bool:
    """A builder over ℕ, which may begin at 0 or at 1."""
    return isinstance(item, n.Builder) and n.Numbers("N") in n.walk(item)


def _with_naturals(context: Context, gold: n.Node, answer: n.Node) -> bool:
    naturals = n.Numbers("N")
    return any(
        sets(context, n.replace(gold, naturals, kind), n.replace(answer, naturals, kind))
        for kind in (n.Numbers("N0"), n.Numbers("Z+"))
    )


def of_inequalities(gold: n.Node, answer: n.Node) -> bool:
    """`x > 1 and x <= 3`: one of the sides is made of inequalities."""
    return any(_bounds(side) for side in (gold, answer))


def _bounds(item: n.Node) -> bool:
    if not isinstance(item, n.SEVERAL):
        return False
    return all(isinstance(part, n.Relation) and part.ops != ("=",) for part in item.items)


def _other_names(gold: n.Node, answer: n.Node) -> bool:
    """`a > 0` is not `b > 0`; a set builder's variable is bound and may have any name."""
    if isinstance(gold, n.Builder) or isinstance(answer, n.Builder):
        return False
    mine, theirs = n.symbols(gold), n.symbols(answer)
    return bool(mine and theirs and mine != theirs)


def _pieces(item: n.Node):  # type: ignore[no-untyped-def]  # noqa: ANN202 - Pieces
    names = sorted(n.symbols(item))
    return pieces(item, names[0] if len(names) == 1 else ("x" if "x" in names else ""))


def _structures(context: Context, gold: n.Node, answer: n.Node) -> bool:
    if isinstance(gold, n.Relation) and isinstance(answer, n.Relation):
        return relations(context, gold, answer)
    if isinstance(gold, n.SetOp) and isinstance(answer, n.SetOp) and gold.op == answer.op:
        if gold.op == "minus":
            return every(context, list(zip(gold.items, answer.items, strict=False)), "equal_set")
        return matched(context, gold.items, answer.items)
    if isinstance(gold, n.Builder) and isinstance(answer, n.Builder):
        pairs = [(gold.element, answer.element), (gold.condition, answer.condition)]
        return every(context, pairs, "equal_set")
    if isinstance(gold, n.Relation) and formula(answer):
        return solved(context, gold, answer)
    if type(gold) is not type(answer):
        return differ(context, gold, answer)
    raise Undecided("sets that no rule reads")


_POSITIVE, _COUNTING = frozenset(("Z+", "N+", "N*", "N_+", "Z_+")), frozenset(("N0", "Z0+", "N_0"))


def _same_numbers(gold: str, answer: str) -> bool:
    """ℕ may begin at 0 or at 1: it is either."""
    for names in (_POSITIVE, _COUNTING):
        if {gold, answer} <= names | {"N"}:
            return True
    return gold == answer


def _lettered(item: n.Node, other: n.Node) -> n.Node:
    r"""`\mathbf{R}` beside `\mathbb{R}`."""
    if isinstance(item, n.Sym) and item.name in SETS and isinstance(other, n.Numbers):
        return n.Numbers(SETS[item.name])
    return item


def _set(item: n.Node) -> n.Node:
    """A set builder that can be written out; the condition of one of points."""
    match item:
        case n.Relation(ops=("=",), sides=(n.Sym(), n.Builder() | n.SetOp() | n.Set() as named)):
            return _set(named)
    if not isinstance(item, n.Builder):
        return item
    if isinstance(item.element, n.Tuple) and isinstance(item.condition, n.Relation):
        return item.condition
    return written_out(item) or item


def written_out(item: n.Builder) -> n.Node | None:
    """`{2k | k = 1, 2, 3}`, `{x ∈ ℤ | -2 < x < 2}` as a list of members."""
    match item.element, item.condition:
        case n.Relation(ops=("in",), sides=(n.Sym(name=name), n.Numbers(name=kind))), condition:
            return _integers(n.Sym(name), kind, (condition,), name)
        case element, n.Both(items=conditions):
            return _by_condition(element, conditions)
    element, condition = item.element, item.condition
    return _listed(element, condition) or _by_condition(element, (condition,))


def _listed(element: n.Node, condition: n.Node) -> n.Node | None:
    match condition:
        case n.Relation(ops=("in",), sides=(n.Sym() as name, n.Set(items=values))):
            return n.Set(tuple(n.replace(element, name, value) for value in values))
    return None


def _by_condition(element: n.Node, conditions: tuple[n.Node, ...]) -> n.Node | None:
    names = n.symbols(element)
    kinds = [c for c in conditions if isinstance(c, n.Relation) and c.ops == ("in",)]
    if all(isinstance(c, n.Relation) and c.ops == ("=",) for c in conditions):
        return _equated(element, conditions)
    if len(names) != 1 or len(kinds) != 1 or not isinstance(kinds[0].sides[1], n.Numbers):
        return None
    rest = tuple(condition for condition in conditions if condition is not kinds[0])
    return _integers(element, kinds[0].sides[1].name, rest, next(iter(names)))


def _equated(element: n.Node, conditions: tuple[n.Node, ...]) -> n.Node | None:
    heads = {c.sides[0] for c in conditions if isinstance(c, n.Relation)}
    if len(heads) != 1 or not isinstance(name := next(iter(heads)), n.Sym):
        return None
    values = [c.sides[1] for c in conditions if isinstance(c, n.Relation)]
    return n.Set(tuple(n.replace(element, name, value) for value in values))


def _integers(
    element: n.Node, kind: str, conditions: tuple[n.Node, ...], name: str
) -> n.Node | None:
    least = {"Z": None, "N": 0, "N0": 0, "Z+": 1, "N+": 1, "N*": 1}
    if kind not in least or not conditions:
        return None
    try:
        found = pieces(n.Both(conditions), name)
        low = least[kind]
        if low is not None:
            found = intersected(found, (Piece(n.integer(low), None, True),))
        values = integers_in(found)
    except (NoSet, Undecided):
        return None
    return n.Set(tuple(n.replace(element, n.Sym(name), value) for value in values))
