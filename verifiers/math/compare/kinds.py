"""What kinds of tree there are, and the saying that two of them have nothing in common."""

from collections.abc import Callable
from typing import NamedTuple

from adjudge.verifiers.math import nodes as n
from adjudge.verifiers.math.context import Context

Kind = type[n.Node]


class Rule(NamedTuple):
    """How two sides are compared to which it applies."""

    kinds: Callable[[Kind, Kind], bool]
    """To these types of nodes, at most."""
    decide: Callable[[Context, n.Node, n.Node], bool]
    applies: Callable[[n.Node, n.Node], bool] | None = None
    """To these nodes; None: to all of those types."""


def any_kinds(_gold: Kind, _answer: Kind) -> bool:
    return True


def either(*kinds: Kind) -> Callable[[Kind, Kind], bool]:
    return lambda gold, answer: gold in kinds or answer in kinds


def both(*kinds: Kind) -> Callable[[Kind, Kind], bool]:
    return lambda gold, answer: gold in kinds and answer in kinds


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
