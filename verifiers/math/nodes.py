"""What an answer is made of: a frozen syntax tree.

Numbers and formulas first, then what holds several of them, then what is not a number at all.
Nodes compare by structure; whether two of them *mean* the same is `compare`'s business.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any

from flint import fmpq


class Node:
    """One vertex of the tree. No node inherits another; three slots remember what was found out
    about it (`kinds`, `symbols`, `exact`), for a tree is asked many times while it is compared."""

    __slots__: tuple[str, ...] = ("_exact", "_kinds", "_symbols")
    _exact: fmpq | None
    _kinds: frozenset[type["Node"]]
    _symbols: frozenset[str]


# -- formulas ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Num(Node):
    value: fmpq
    places: int = 0
    """Digits shown after the point; negative for 6.02e23 (-21); 0 for an integer."""
    decimal: bool = False
    """Written with a point or an exponent: possibly a rounded value."""


@dataclass(frozen=True, slots=True)
class Sym(Node):
    name: str


@dataclass(frozen=True, slots=True)
class Const(Node):
    name: str
    """pi, e or i."""


@dataclass(frozen=True, slots=True)
class Infinity(Node):
    pass


@dataclass(frozen=True, slots=True)
class Add(Node):
    terms: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Mul(Node):
    factors: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Neg(Node):
    arg: Node


@dataclass(frozen=True, slots=True)
class Div(Node):
    top: Node
    bottom: Node


@dataclass(frozen=True, slots=True)
class Pow(Node):
    base: Node
    exponent: Node


@dataclass(frozen=True, slots=True)
class Root(Node):
    arg: Node
    index: Node


@dataclass(frozen=True, slots=True)
class Percent(Node):
    arg: Node


@dataclass(frozen=True, slots=True)
class PlusMinus(Node):
    arg: Node
    lower: bool = False
    """True for ∓."""


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function that we know: sin, log, abs, binom, …"""

    name: str
    args: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Apply(Node):
    """A letter before a parenthesis: f(x). Read as a product where that makes sense."""

    name: str
    args: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeated(Node):
    """A bounded sum or product; `kind` is sum or prod."""

    kind: str
    variable: str
    low: Node
    high: Node
    body: Node


@dataclass(frozen=True, slots=True)
class Integral(Node):
    variable: str
    body: Node
    low: Node | None = None
    high: Node | None = None


@dataclass(frozen=True, slots=True)
class Derivative(Node):
    variable: str
    body: Node
    order: int = 1


@dataclass(frozen=True, slots=True)
class Limit(Node):
    variable: str
    point: Node
    body: Node
    side: str = ""
    """+ or - for a one-sided limit."""


# -- several values ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class List(Node):
    """Values with commas between and no bracket around: order and repetition free."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Either(Node):
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Both(Node):
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Tuple(Node):
    """A point, a vector or an interval: which of them only the other side can tell."""

    left: str
    right: str
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Matrix(Node):
    rows: tuple[tuple[Node, ...], ...]


@dataclass(frozen=True, slots=True)
class Set(Node):
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Numbers(Node):
    """ℝ, ℤ, ℕ, ℚ or ℂ, perhaps with a superscript: `R+`, `R*`."""

    name: str


@dataclass(frozen=True, slots=True)
class Builder(Node):
    element: Node
    condition: Node


@dataclass(frozen=True, slots=True)
class SetOp(Node):
    op: str
    """cup, cap or minus."""
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Relation(Node):
    """A chain: a < b ≤ c. Operators: = != < <= > >= in ~ sim."""

    ops: tuple[str, ...]
    sides: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Congruence(Node):
    left: Node | None
    right: Node
    modulus: Node


@dataclass(frozen=True, slots=True)
class Ratio(Node):
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Given(Node):
    """A value and what it holds under: `7k + 3, k ∈ ℤ`."""

    body: Node
    condition: Node


@dataclass(frozen=True, slots=True)
class Piecewise(Node):
    branches: tuple[tuple[Node, Node], ...]
    """(value, condition); `otherwise` is Text."""


# -- with words --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Unit:
    dimension: tuple[tuple[str, int], ...]
    """Base quantities and their powers, sorted: (("length", 1), ("time", -1))."""
    factor: fmpq
    """How many coherent base units one of these is."""
    label: str
    pi: int = 0
    """Power of π that belongs to the factor (a degree is π/180)."""
    offset: fmpq | None = None
    """Added after the factor (temperatures)."""


@dataclass(frozen=True, slots=True)
class Quantity(Node):
    value: Node
    unit: Unit


@dataclass(frozen=True, slots=True)
class Labeled(Node):
    """`Paolo: 18`."""

    label: str
    value: Node


@dataclass(frozen=True, slots=True)
class Text(Node):
    words: str
    """Lower case, articles dropped, single spaces."""


@dataclass(frozen=True, slots=True)
class Choice(Node):
    """The letter of an option, and what stands beside it: `(B) 12`."""

    letter: str
    value: Node | None = None


@dataclass(frozen=True, slots=True)
class Clock(Node):
    seconds: int
    """Since midnight."""
    marked: bool
    """Said whether morning or afternoon, or cannot be mistaken (18:45)."""


@dataclass(frozen=True, slots=True)
class Date(Node):
    year: int | None
    month: int
    day: int | None


def children(item: Node) -> list[Node]:
    found: list[Node] = []
    for name in _held(type(item)):
        _gather(getattr(item, name), found)
    return found


_HELD: dict[type[Node], tuple[str, ...]] = {}


def _held(kind: type[Node]) -> tuple[str, ...]:
    """The fields of a type of node that hold nodes."""
    known = _HELD.get(kind)
    if known is None:
        known = tuple(part.name for part in fields(kind) if "Node" in str(part.type))  # type: ignore[arg-type]
        _HELD[kind] = known
    return known


def _gather(value: object, found: list[Node]) -> None:
    if isinstance(value, Node):
        found.append(value)
    elif isinstance(value, tuple):
        for part in value:
            _gather(part, found)


def walk(item: Node) -> Iterator[Node]:
    stack = [item]
    while stack:
        top = stack.pop()
        yield top
        stack.extend(children(top))


def kinds(item: Node) -> frozenset[type[Node]]:
    """The types of all nodes of the tree."""
    try:
        return item._kinds
    except AttributeError:
        found = frozenset((type(item),)).union(*map(kinds, children(item)))
        object.__setattr__(item, "_kinds", found)
        return found


def rebuild(item: Node, change: Callable[[Node], Node]) -> Node:
    """The same node with `change` applied to its direct children."""
    values = [_changed(getattr(item, name), change) for name in item.__slots__]
    result: Node = type(item)(*values)
    return result


def _changed(value: Any, change: Callable[[Node], Node]) -> Any:  # noqa: ANN401 - any field's value
    if isinstance(value, Node):
        return change(value)
    if isinstance(value, tuple):
        return tuple(_changed(part, change) for part in value)
    return value


def replace(item: Node, old: Node, new: Node) -> Node:
    if item == old:
        return new
    return rebuild(item, lambda part: replace(part, old, new))


def rename(item: Node, names: dict[str, str]) -> Node:
    if isinstance(item, Sym):
        return Sym(names.get(item.name, item.name))
    return rebuild(item, lambda part: rename(part, names))


def symbols(item: Node) -> frozenset[str]:
    """Free variables."""
    try:
        return item._symbols
    except AttributeError:
        found = _free(item)
        object.__setattr__(item, "_symbols", found)
        return found


def _free(item: Node) -> frozenset[str]:
    if isinstance(item, Sym):
        return frozenset((item.name,))
    found = frozenset[str]().union(*map(symbols, children(item)))
    if isinstance(item, Repeated):
        return (found - {item.variable}) | symbols(item.low) | symbols(item.high)
    if isinstance(item, Limit):
        return (found - {item.variable}) | symbols(item.point)
    if isinstance(item, Integral) and item.low is not None and item.high is not None:
        return (found - {item.variable}) | symbols(item.low) | symbols(item.high)
    return found


def integer(value: int) -> Num:
    return Num(fmpq(value))


ZERO, ONE, TWO, TEN = integer(0), integer(1), integer(2), integer(10)


def minus(left: Node, right: Node) -> Node:
    return Add((left, Neg(right)))
