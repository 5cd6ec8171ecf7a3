r"""The levels of the grammar, declared for the ones below them, and what they share."""

from abc import ABC, abstractmethod

from adjudge.verifiers.math.nodes import (
    Mul,
    Neg,
    Node,
    Num,
    Percent,
    Quantity,
)
from adjudge.verifiers.math.reading.measures import Measures


class Levels(Measures, ABC):
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

    @abstractmethod
    def sum(self) -> Node: ...

    @abstractmethod
    def product(self) -> Node: ...

    @abstractmethod
    def postfixed(self) -> Node: ...

    @abstractmethod
    def mixed(self, whole: Num) -> Node | None: ...

    @abstractmethod
    def relation(self) -> Node: ...

    @abstractmethod
    def items(self, *closers: str) -> list[Node]: ...

    @abstractmethod
    def builder(self) -> Node: ...

    @abstractmethod
    def function(self, name: str) -> Node: ...

    @abstractmethod
    def stops(self) -> bool: ...

    @abstractmethod
    def atom(self) -> Node: ...

    @abstractmethod
    def group(self) -> Node: ...

    @abstractmethod
    def differs(self) -> bool: ...


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
