"""What kinds of tree there are, and the saying that two of them have nothing in common."""

from collections.abc import Callable

from adjudge.verifiers.math import nodes as n
from adjudge.verifiers.math.context import Context

Rule = tuple[
    Callable[[n.Node, n.Node], bool],
    Callable[[Context, n.Node, n.Node], bool],
]


def either(*kinds: type[n.Node]) -> Callable[[n.Node, n.Node], bool]:
    return lambda gold, answer: isinstance(gold, kinds) or isinstance(answer, kinds)


def both(*kinds: type[n.Node]) -> Callable[[n.Node, n.Node], bool]:
    return lambda gold, answer: isinstance(gold, kinds) and isinstance(answer, kinds)


def differ(context: Context, gold: n.Node, answer: n.Node) -> bool:
    names = f"{type(gold).__name__.lower()} against {type(answer).__name__.lower()}"
    return context.says(False, "different_kind", names)


def formula(item: n.Node) -> bool:
    return type(item) not in _STRUCTURED


SET_LIKE = (n.SetOp, n.Builder, n.Numbers)

COMPOUND = (
    *(n.List, n.Either, n.Both, n.Tuple, n.Matrix, n.Set, *SET_LIKE, n.Relation, n.Congruence),
    *(n.Ratio, n.Given, n.Labeled, n.Text, n.Choice, n.Clock, n.Date),
)

STRUCTURES = (*COMPOUND, n.Piecewise)
_STRUCTURED = frozenset(STRUCTURES)

SETS = (*SET_LIKE, n.Relation)
