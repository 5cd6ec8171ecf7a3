"""What an answer is made of: a frozen syntax tree.

Numbers and formulas first, then what holds several of them, then what is not a number at all.
Nodes compare by structure; whether two of them *mean* the same is `compare`'s business.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from operator import attrgetter
from types import EllipsisType
from typing import Any, TypeVar, dataclass_transform

from flint import fmpq

Kind = TypeVar("Kind", bound=type)


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def node(kind: Kind) -> Kind:
    """A dataclass that is frozen for the type checker alone: at run time that would make nodes, the
    most of what reading makes, twice as slow to make."""
    return dataclass(slots=True, unsafe_hash=True)(kind)  # type: ignore[return-value]


@node
class Node:
    """One vertex of the tree. No node inherits another; three slots remember what was found out
    about it (`kinds`, `symbols`, `exact`), for a tree is asked many times while it is compared."""

    _exact: fmpq | EllipsisType | None = field(default=..., init=False, repr=False, compare=False)
    _kinds: "frozenset[type[Node]] | None" = field(
        default=None, init=False, repr=False, compare=False
    )
    _symbols: frozenset[str] | None = field(default=None, init=False, repr=False, compare=False)


# -- formulas ----------------------------------------------------------------------------------


@node
class Num(Node):
    value: fmpq
    places: int = 0
    """Digits shown after the point; negative for 6.02e23 (-21); 0 for an integer."""
    decimal: bool = False
    """Written with a point or an exponent: possibly a rounded value."""


@node
class Sym(Node):
    name: str


@node
class Const(Node):
    name: str
    """pi, e or i."""


@node
class Infinity(Node):
    pass


@node
class Add(Node):
    terms: tuple[Node, ...]


@node
class Mul(Node):
    factors: tuple[Node, ...]


@node
class Neg(Node):
    arg: Node


@node
class Div(Node):
    top: Node
    bottom: Node


@node
class Pow(Node):
    base: Node
    exponent: Node


@node
class Root(Node):
    arg: Node
    index: Node


@node
class Percent(Node):
    arg: Node


@node
class PlusMinus(Node):
    arg: Node
    lower: bool = False
    """True for ∓."""


@node
class Call(Node):
    """A function that we know: sin, log, abs, binom, …"""

    name: str
    args: tuple[Node, ...]


@node
class Apply(Node):
    """A letter before a parenthesis: f(x). Read as a product where that makes sense."""

    name: str
    args: tuple[Node, ...]


@node
class Repeated(Node):
    """A bounded sum or product; `kind` is sum or prod."""

    kind: str
    variable: str
    low: Node
    high: Node
    body: Node


@node
class Integral(Node):
    variable: str
    body: Node
    low: Node | None = None
    high: Node | None = None


@node
class Derivative(Node):
    variable: str
    body: Node
    order: int = 1


@node
class Limit(Node):
    variable: str
    point: Node
    body: Node
    side: str = ""
    """+ or - for a one-sided limit."""


# -- several values ----------------------------------------------------------------------------


@node
class List(Node):
    """Values with commas between and no bracket around: order and repetition free."""

    items: tuple[Node, ...]


@node
class Either(Node):
    items: tuple[Node, ...]


@node
class Both(Node):
    items: tuple[Node, ...]


SEVERAL = (List, Either, Both)
"""What reads as a list: values or statements side by side."""


@node
class Tuple(Node):
    """A point, a vector or an interval: which of them only the other side can tell."""

    left: str
    right: str
    items: tuple[Node, ...]


@node
class Matrix(Node):
    rows: tuple[tuple[Node, ...], ...]


@node
class Set(Node):
    items: tuple[Node, ...]


@node
class Numbers(Node):
    """ℝ, ℤ, ℕ, ℚ or ℂ, perhaps with a superscript: `R+`, `R*`."""

    name: str


@node
class Builder(Node):
    element: Node
    condition: Node


@node
class SetOp(Node):
    op: str
    """cup, cap or minus."""
    items: tuple[Node, ...]


@node
class Relation(Node):
    """A chain: a < b ≤ c. Operators: = != < <= > >= in ~ sim."""

    ops: tuple[str, ...]
    sides: tuple[Node, ...]


@node
class Congruence(Node):
    left: Node | None
    right: Node
    modulus: Node


@node
class Ratio(Node):
    items: tuple[Node, ...]


@node
class Given(Node):
    """A value and what it holds under: `7k + 3, k ∈ ℤ`."""

    body: Node
    condition: Node


@node
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


@node
class Quantity(Node):
    value: Node
    unit: Unit


@node
class Labeled(Node):
    """`Paolo: 18`."""

    label: str
    value: Node


@node
class Text(Node):
    words: str
    """Lower case, articles dropped, single spaces."""


@node
class Choice(Node):
    """The letter of an option, and what stands beside it: `(B) 12`."""

    letter: str
    value: Node | None = None


@node
class Clock(Node):
    seconds: int
    """Since midnight."""
    marked: bool
    """Said whether morning or afternoon, or cannot be mistaken (18:45)."""


@node
class Date(Node):
    year: int | None
    month: int
    day: int | None


Parts = Callable[[Any], tuple[Node, ...]]

_PARTS: dict[type[Node], Parts] = {}
"""How to get at the children of each type of node."""


def children(item: Node) -> tuple[Node, ...]:
    parts = _PARTS.get(type(item)) or _parts_of(type(item))
    return parts(item)


def _parts_of(kind: type[Node]) -> Parts:
    written = [(part.name, part.type) for part in fields(kind) if part.init]
    _PARTS[kind] = found = _getter([(name, held) for name, held in written if "Node" in str(held)])
    return found


def _getter(held: list[tuple[str, Any]]) -> Parts:
    names = [name for name, _ in held]
    if not names:
        return lambda _: ()
    if [kind for _, kind in held] == [tuple[Node, ...]]:
        return attrgetter(*names)
    if all(kind is Node for _, kind in held):
        return attrgetter(*names) if len(names) > 1 else lambda item: (getattr(item, *names),)
    return lambda item: tuple(part for name in names for part in _gathered(getattr(item, name)))


def _gathered(value: object) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _gathered(part)


def walk(item: Node) -> Iterator[Node]:
    stack = [item]
    while stack:
        top = stack.pop()
        yield top
        stack.extend(children(top))


def kinds(item: Node) -> frozenset[type[Node]]:
    """The types of all nodes of the tree."""
    return item._kinds or _surveyed(item)[0]


def symbols(item: Node) -> frozenset[str]:
    """Free variables."""
    found = item._symbols
    return _surveyed(item)[1] if found is None else found


def _surveyed(item: Node) -> tuple[frozenset[type[Node]], frozenset[str]]:
    """Both at once: most who ask for one ask for the other."""
    types, names = {type(item)}, {item.name} if isinstance(item, Sym) else set[str]()
    for part in children(item):
        if isinstance(part, Num):
            types.add(Num)
        elif isinstance(part, Sym):
            types.add(Sym)
            names.add(part.name)
        else:
            types |= kinds(part)
            names |= symbols(part)
    if not types.isdisjoint(_BINDING):
        names -= _bound(item)
    found = frozenset(types), frozenset(names)
    object.__setattr__(item, "_kinds", found[0])
    object.__setattr__(item, "_symbols", found[1])
    return found


_BINDING = frozenset((Repeated, Limit, Integral))


def _bound(item: Node) -> frozenset[str]:
    """The variable that it binds, where that does not stand in its bounds as well."""
    match item:
        case Repeated(variable=name, low=low, high=high):
            return frozenset((name,)) - symbols(low) - symbols(high)
        case Limit(variable=name, point=point):
            return frozenset((name,)) - symbols(point)
        case Integral(variable=name, low=Node() as low, high=Node() as high):
            return frozenset((name,)) - symbols(low) - symbols(high)
    return frozenset()


def rebuild(item: Node, change: Callable[[Node], Node]) -> Node:
    """The same node with `change` applied to its direct children."""
    if not children(item):
        return item
    values = [_changed(getattr(item, name), change) for name in _names(type(item))]
    result: Node = type(item)(*values)
    return result


def with_values(item: Node, **values: Any) -> Node:  # noqa: ANN401 - any field's value
    """The same node but for these fields."""
    kept = {name: getattr(item, name) for name in _names(type(item))}
    result: Node = type(item)(**(kept | values))
    return result


_NAMES: dict[type[Node], tuple[str, ...]] = {}


def _names(kind: type[Node]) -> tuple[str, ...]:
    """The fields of a type of node."""
    known = _NAMES.get(kind)
    if known is None:
        _NAMES[kind] = known = tuple(part.name for part in fields(kind) if part.init)
    return known


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


def integer(value: int) -> Num:
    return Num(fmpq(value))


ZERO, ONE, TWO, TEN = integer(0), integer(1), integer(2), integer(10)


def minus(left: Node, right: Node) -> Node:
    return Add((left, Neg(right)))
