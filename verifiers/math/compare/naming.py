"""Names of unknowns: `x = 5` beside `5`."""

from adjudge.verifiers.math import nodes as n
from adjudge.verifiers.math.context import Context
from adjudge.verifiers.math.limits import OverLimit, Undecided, Undefined
from adjudge.verifiers.math.values.numbers import same_number


def unnamed(context: Context, item: n.Node, other: n.Node) -> n.Node:
    """`x = 5` beside what names nothing is `5`; a list of such is a list of values."""
    if not context.policies.names or _names(other):
        return item
    if isinstance(item, n.List | n.Either | n.Both) and all(named(part) for part in item.items):
        names = {name(part) for part in item.items}
        if isinstance(other, n.Tuple) and len(names) == len(item.items):
            return n.Tuple(other.left, other.right, tuple(valued(part) for part in item.items))
        return n.List(tuple(valued(part) for part in item.items))
    return valued(item) if named(item) else item


def _names(item: n.Node) -> bool:
    if isinstance(item, n.List | n.Either | n.Both):
        return any(_names(part) for part in item.items)
    return isinstance(item, n.Relation | n.Congruence | n.Given)


def named(item: n.Node) -> bool:
    """`x = 5`, `f(x) = x^2`, or a true chain of constants such as `2 + 2 = 4`."""
    if not isinstance(item, n.Relation):
        return False
    head, value = item.sides[0], item.sides[-1]
    if not set(item.ops) <= {"=", "~", "in"} or "in" in item.ops[1:]:
        return False
    if isinstance(head, n.Apply):
        return True
    if set(item.ops) == {"="} and not n.symbols(item):
        return _true_chain(item)
    if isinstance(head, n.Tuple):
        names = {part.name for part in head.items if isinstance(part, n.Sym)}
        return len(names) == len(head.items) and not names & n.symbols(value)
    if isinstance(head, n.SetOp) and all(isinstance(part, n.Sym) for part in head.items):
        return True
    return isinstance(head, n.Sym) and head.name not in n.symbols(value)


def _true_chain(item: n.Relation) -> bool:
    try:
        return all(same_number(Context(), item.sides[0], side) for side in item.sides[1:])
    except (Undecided, Undefined, OverLimit):
        return False


def name(item: n.Node) -> n.Node:
    assert isinstance(item, n.Relation)
    return item.sides[0]


def valued(item: n.Node) -> n.Node:
    assert isinstance(item, n.Relation)
    return item.sides[-1]


def one_unknown(gold: n.Node, answer: n.Node) -> tuple[n.Node, n.Node]:
    """`x = 2, x = -5` beside `x_1 = -5, x_2 = 2`: the values of one unknown, numbered or not."""
    mine, theirs = _heads(gold), _heads(answer)
    bases = {head.split("_")[0] for head in mine | theirs}
    if mine == theirs or not mine or not theirs or len(bases) != 1 or bases not in (mine, theirs):
        return gold, answer
    (base,) = bases
    return _headed_by(gold, base), _headed_by(answer, base)


def _heads(item: n.Node) -> frozenset[str]:
    parts = item.items if isinstance(item, n.List | n.Either | n.Both) else (item,)
    heads = [part.sides[0] for part in parts if isinstance(part, n.Relation) and named(part)]
    names = frozenset(head.name for head in heads if isinstance(head, n.Sym))
    return names if len(heads) == len(parts) else frozenset()


def _headed_by(item: n.Node, base: str) -> n.Node:
    if isinstance(item, n.Relation):
        return n.Relation(item.ops, (n.Sym(base), *item.sides[1:]))
    assert isinstance(item, n.List | n.Either | n.Both)
    return type(item)(tuple(_headed_by(part, base) for part in item.items))


def one_derivative(item: n.Node, other: n.Node) -> n.Node:
    """`dy/dx` beside `y'` is `y'`."""
    known = n.symbols(other)
    names = {
        name: f"{top}'"
        for name in n.symbols(item) - known
        for top, bar, _ in [name.removeprefix("d").partition("/d")]
        if bar and f"{top}'" in known
    }
    return n.rename(item, names) if names else item
