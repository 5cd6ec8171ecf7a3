r"""The levels of the grammar, declared for the ones below them, and what they share."""

from adjudge.verifiers.math.nodes import (
    Mul,
    Neg,
    Node,
    Num,
    Percent,
    Quantity,
)
from adjudge.verifiers.math.reading.measures import Measures


class Levels(Measures):
    letters = True
    """May a short word (`xyz`) be a product of letters?"""
    bars = 0
    """Open absolute values; a bar then closes, where an operator may stand."""
    separators: frozenset[str] = frozenset()
    """What ends the formula at hand though it could go on: `|` or `:` in a set builder."""
    differential = False
    """Inside an integral: `dx` ends the formula."""
    relating = False
    """A congruence sign came before: `mod` names its modulus."""

    def sum(self) -> Node:
        raise NotImplementedError

    def product(self) -> Node:
        raise NotImplementedError

    def postfixed(self) -> Node:
        raise NotImplementedError

    def mixed(self, whole: Num) -> Node | None:
        raise NotImplementedError

    def relation(self) -> Node:
        raise NotImplementedError

    def items(self, *closers: str) -> list[Node]:
        raise NotImplementedError

    def builder(self) -> Node:
        raise NotImplementedError

    def function(self, name: str) -> Node:
        raise NotImplementedError

    def stops(self) -> bool:
        raise NotImplementedError

    def atom(self) -> Node:
        raise NotImplementedError

    def group(self) -> Node:
        raise NotImplementedError

    def differs(self) -> bool:
        raise NotImplementedError


def negative(value: Node) -> Node:
    match value:
        case Num():
            return Num(-value.value, value.places, value.decimal)
        case Quantity():
            return Quantity(negative(value.value), value.unit)
        case Percent():
            return Percent(negative(value.arg))
    return Neg(value)


def times(factors: list[Node]) -> Node:
    return factors[0] if len(factors) == 1 else Mul(tuple(factors))
