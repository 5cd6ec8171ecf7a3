"""Names of unknowns: `x = 5` beside `5`."""

from adjudge.verifiers.math import nodes as n
from adjudge.verifiers.math.context import Context
from adjudge.verifiers.math.limits import OverLimit, Undecided, Undefined
from adjudge.verifiers.math.values.numbers import same_number


def unnamed(context: Context, item: n.Node, other: n.Node, given: bool = False) -> n.Node:
    r"""`x = 5` beside what names nothing is `5`; a list of such is a list of values.

    An answer (`given`) may name what was asked for by a formula: `AB = 5`, `\sin A = 1/2`.
    """
    if not context.policies.names or _names(other):
        return item
    if isinstance(item, n.Relation) and _asked(item) and (given or _figured(item.sides[0])):
        return valued(item)
    if isinstance(item, n.SEVERAL) and all(named(part) for part in item.items):
        names = {name(part) for part in item.items}
        if isinstance(other, n.Tuple) and len(names) == len(item.items):
            parts = _by_coordinates(item.items)
            return n.Tuple(other.left, other.right, tuple(valued(part) for part in parts))
        return n.List(tuple(valued(part) for part in item.items))
    return valued(item) if named(item) else item


def _by_coordinates(parts: tuple[n.Node, ...]) -> tuple[n.Node, ...]:
    """`y = -1, x = 2` is the point (2, -1)."""
    heads = {head.name: part for part in parts if isinstance(head := name(part), n.Sym)}
    if set(heads) in ({"x", "y"}, {"x", "y", "z"}):
        return tuple(heads[key] for key in sorted(heads))
    return parts


def _names(item: n.Node) -> bool:
    if isinstance(item, n.SEVERAL):
        return any(_names(part) for part in item.items)
    return type(item) in _STATEMENTS


_STATEMENTS = frozenset((n.Relation, n.Congruence, n.Given))


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
    if isinstance(head, n.Pow | n.Call) and isinstance(item.sides[-1], n.Matrix | n.Tuple):
        return True  # `A^{-1} = …`
    if isinstance(head, n.SetOp) and all(isinstance(part, n.Sym) for part in head.items):
        return True
    return isinstance(head, n.Sym) and head.name not in n.symbols(value)


def _asked(item: n.Relation) -> bool:
    """A formula of letters alone, then what it is worth."""
    if set(item.ops) != {"="} or n.symbols(item.sides[-1]):
        return False
    return bool(n.symbols(item.sides[0])) and _of_letters(item.sides[0])


def _figured(head: n.Node) -> bool:
    r"""`AB`, `|AB|`, `m\angle A`: a part of a figure, and no equation in letters."""
    if isinstance(head, n.Call) and head.name == "abs":
        return _figured(head.args[0])
    if not isinstance(head, n.Mul):
        return False
    names = [factor.name for factor in head.factors if isinstance(factor, n.Sym)]
    if len(names) != len(head.factors):
        return False
    angle = len(names) == 2 and names[0] == "m" and names[1].startswith("angle ")
    return angle or (len(names) < 4 and all(len(x) == 1 and x.isupper() for x in names))


def _of_letters(item: n.Node) -> bool:
    r"""`AB`, `a + b`, `|AB|`, `\tan\theta`: no number in it that could be moved across."""
    if isinstance(item, n.Call):
        return len(item.args) == 1 and bool(n.symbols(item))
    if isinstance(item, n.Mul | n.Add):
        return len(tuple(n.children(item))) == len(set(n.children(item))) and all(
            _of_letters(part) for part in n.children(item)
        )
    if isinstance(item, n.Div | n.Neg):
        return all(_of_letters(part) for part in n.children(item))
    return isinstance(item, n.Sym)


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
    if mine == theirs and len(mine) == 1 and _several(gold, answer):
        return _values(gold), _values(answer)
    if mine == theirs or not mine or not theirs or len(bases) != 1 or bases not in (mine, theirs):
        return gold, answer
    (base,) = bases
    return _headed_by(gold, base), _headed_by(answer, base)


def _several(gold: n.Node, answer: n.Node) -> bool:
    """One of them says more than `x = …`."""
    return not all(isinstance(side, n.Relation) and side.ops == ("=",) for side in (gold, answer))


def _values(item: n.Node) -> n.Node:
    if isinstance(item, n.Relation):
        return valued(item)
    assert isinstance(item, n.SEVERAL)
    return n.List(tuple(valued(part) for part in item.items))


def _heads(item: n.Node) -> frozenset[str]:
    parts = item.items if isinstance(item, n.SEVERAL) else (item,)
    heads = [part.sides[0] for part in parts if isinstance(part, n.Relation) and named(part)]
    names = frozenset(name for head in heads if (name := _head_name(head)))
    return names if len(heads) == len(parts) == sum(bool(_head_name(h)) for h in heads) else _NONE


_NONE: frozenset[str] = frozenset()


def _head_name(head: n.Node) -> str:
    if isinstance(head, n.Sym):
        return head.name
    if isinstance(head, n.Tuple) and all(isinstance(part, n.Sym) for part in head.items):
        return ",".join(part.name for part in head.items if isinstance(part, n.Sym))
    return ""


def _headed_by(item: n.Node, base: str) -> n.Node:
    if isinstance(item, n.Relation):
        return n.Relation(item.ops, (n.Sym(base), *item.sides[1:]))
    assert isinstance(item, n.SEVERAL)
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
