"""Lines in the plane and in space: a point and a direction, however they are written.

`(x-1)/2 = (y+2)/3 = -z`, `x = 1 + 2t, y = -2 + 3t, z = -t` and `r = (1, -2, 0) + t(2, 3, -1)`
are one line. Two are the same if their directions are parallel and the step from point to point is,
too; over integers (`t ∈ ℤ`), if the directions are opposite or equal and that step is a multiple of
them.
"""

import dataclasses
from dataclasses import dataclass

from adjudge.verifiers.math.context import Context
from adjudge.verifiers.math.limits import Undecided, Undefined
from adjudge.verifiers.math.nodes import (
    ONE,
    ZERO,
    Add,
    Apply,
    Both,
    Div,
    Given,
    List,
    Mul,
    Neg,
    Node,
    Num,
    Numbers,
    Relation,
    Sym,
    Tuple,
    integer,
    minus,
    replace,
    symbols,
)
from adjudge.verifiers.math.values.exact import exact
from adjudge.verifiers.math.values.numbers import constant, same_number
from adjudge.verifiers.math.values.tensors import folded

_PARAMETERS = frozenset(("t", "s", "k", "u", "r", "n", "m", "lambda", "mu", "alpha", "v"))
_HEADS = frozenset(("r", "l", "L", "vec r", "vec l", "X", "vec x", "vec X", "R"))


_ROUND = frozenset((("(", ")"), ("<", ">"), ("", "")))


@dataclass(frozen=True, slots=True)
class Line:
    point: tuple[Node, ...]
    direction: tuple[Node, ...]
    names: tuple[str, ...] = ()
    """Of the coordinates, where they are named; sorted."""
    whole: bool = False
    """Only at integer values of the parameter."""
    ends: tuple[str, str] = ("(", ")")
    """Brackets: over the integers, `[kπ, kπ + 1]` are intervals."""
    looks: bool = True
    """It can be nothing else: a bare tuple with a letter may be many things."""


def line(item: Node) -> Line | None:
    """The line that `item` writes; None where it is no line."""
    match item:
        case Given(body=body, condition=Relation(ops=("in",), sides=(Sym(), Numbers(name=name)))):
            return _over(line(body), name)
        case List(items=items) | Both(items=items):
            return _system(items)
        case Relation(ops=("=",), sides=(head, body)) if _is_head(head):
            return _vector(body, looks=True)
        case Relation(ops=ops, sides=sides) if set(ops) == {"="} and len(sides) > 2:
            return _chain(sides, ())
        case Tuple() | Add():
            return _vector(item, looks=isinstance(item, Add))
    return None


def _over(found: Line | None, name: str) -> Line | None:
    if found is None or name not in ("R", "Z"):
        return None
    return dataclasses.replace(found, whole=name == "Z", looks=True)


def _is_head(head: Node) -> bool:
    if isinstance(head, Tuple):
        return all(isinstance(part, Sym) for part in head.items)
    return isinstance(head, Sym | Apply) and head.name in _HEADS


def _vector(body: Node, looks: bool) -> Line | None:
    table = folded(body)
    if not isinstance(table, Tuple) or not 2 <= len(table.items) <= 4:
        return None
    found = _parametric(table.items, (), looks)
    brackets = (table.left, table.right)
    if found is None or brackets in _ROUND:
        return found
    return dataclasses.replace(found, ends=brackets)


def _system(items: tuple[Node, ...]) -> Line | None:
    """`x = 1 + 2t, y = 3`; or a chain and constants: `(x-1)/2 = y/3, z = 4`."""
    whole = all(isinstance(item, Given) for item in items)
    bodies = [item.body if isinstance(item, Given) else item for item in items]
    relations = [body for body in bodies if isinstance(body, Relation) and set(body.ops) == {"="}]
    if len(relations) != len(items) or not 2 <= len(items) <= 4:
        return None
    chains = [one for one in relations if len(one.sides) > 2 or not isinstance(one.sides[0], Sym)]
    if chains:
        rest = tuple(one for one in relations if one is not chains[0])
        return None if len(chains) > 1 else _chain(chains[0].sides, rest)
    named = sorted(
        ((str(getattr(one.sides[0], "name", "")), one.sides[1]) for one in relations),
        key=lambda pair: pair[0],
    )
    names = tuple(name for name, _ in named)
    found = _parametric(tuple(value for _, value in named), names, looks=True)
    conditions = {getattr(item.condition, "sides", (None, None))[1] for item in items
                  if isinstance(item, Given)}  # fmt: skip
    return found if found is None or not whole else _over(found, _only(conditions))


def _only(conditions: set[Node | None]) -> str:
    found = conditions.pop() if len(conditions) == 1 else None
    return found.name if isinstance(found, Numbers) else ""


def _parametric(values: tuple[Node, ...], names: tuple[str, ...], looks: bool) -> Line | None:
    letters: frozenset[str] = frozenset().union(*(symbols(value) for value in values))
    if len(set(names)) < len(names):
        return None  # two values of one unknown
    if len(letters) != 1 or not letters <= _PARAMETERS or letters & set(names):
        return None
    (letter,) = letters
    parts = [affine(value, letter) for value in values]
    if any(part is None for part in parts):
        return None
    known = [part for part in parts if part is not None]
    point = tuple(shift for _, shift in known)
    return Line(point, tuple(slope for slope, _ in known), names, looks=looks)


def _chain(sides: tuple[Node, ...], rest: tuple[Relation, ...]) -> Line | None:
    """Each side affine in a variable of its own: v = (u − b)/a, with u the common value."""
    found: dict[str, tuple[Node, Node]] = {}
    for side in sides:
        names = symbols(side)
        if len(names) != 1 or names & set(found):
            return None
        (name,) = names
        part = affine(side, name)
        if part is None:
            return None
        found[name] = (Div(Neg(part[1]), part[0]), Div(ONE, part[0]))
    for one in rest:
        name = getattr(one.sides[0], "name", "")
        if symbols(one.sides[1]) or name in found:
            return None
        found[name] = (one.sides[1], ZERO)
    names_ = tuple(sorted(found))
    point = tuple(_simple(found[name][0]) for name in names_)
    return Line(point, tuple(_simple(found[name][1]) for name in names_), names_)


def affine(item: Node, name: str) -> tuple[Node, Node] | None:
    """Slope and shift of a formula of one variable; None where it is no straight line."""
    try:
        at = [_simple(replace(item, Sym(name), integer(step))) for step in (0, 1, 5, -7)]
    except Undefined:  # `1/x` at 0
        return None
    slope = _simple(minus(at[1], at[0]))
    for step, value in ((5, at[2]), (-7, at[3])):
        if not _equal(value, Add((at[0], Mul((integer(step), slope))))):
            return None
    return slope, at[0]


def _simple(item: Node) -> Node:
    value = exact(item)
    return item if value is None else Num(value)


def _equal(left: Node, right: Node) -> bool:
    try:
        return same_number(Context(), left, right)
    except (Undecided, Undefined):
        return False


# -- comparing -------------------------------------------------------------------------------------


def same_line(context: Context, gold: Line, answer: Line) -> bool:
    equal = _comparable(gold, answer) and _same(gold, answer)
    return context.says(equal, "equal_line" if equal else "different_line")


def _comparable(gold: Line, answer: Line) -> bool:
    if len(gold.point) != len(answer.point) or gold.ends != answer.ends:
        return False
    if gold.whole != answer.whole:
        return False
    return not gold.names or not answer.names or gold.names == answer.names


def _same(gold: Line, answer: Line) -> bool:
    step = tuple(minus(b, a) for a, b in zip(gold.point, answer.point, strict=True))
    if not (_moves(gold.direction) and _moves(answer.direction)):
        return False
    if not _parallel(gold.direction, answer.direction) or not _parallel(gold.direction, step):
        return False
    return not gold.whole or _on_lattice(gold, answer, step)


def _moves(direction: tuple[Node, ...]) -> bool:
    return not all(_equal(part, ZERO) for part in direction)


def _parallel(left: tuple[Node, ...], right: tuple[Node, ...]) -> bool:
    return all(
        _equal(Mul((left[i], right[j])), Mul((left[j], right[i])))
        for i in range(len(left))
        for j in range(i)
    )


def _on_lattice(gold: Line, answer: Line, step: tuple[Node, ...]) -> bool:
    axis = next(i for i, part in enumerate(gold.direction) if not _equal(part, ZERO))
    turns = _whole(Div(answer.direction[axis], gold.direction[axis]))
    return turns in (1, -1) and _whole(Div(step[axis], gold.direction[axis])) is not None


def _whole(item: Node) -> int | None:
    """The integer that it is."""
    found = constant(item).real.unique_fmpz()
    return int(found) if found is not None and _equal(item, integer(int(found))) else None
