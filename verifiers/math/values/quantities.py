"""Values with units: converted where both have one, bare where one has none."""

from flint import fmpq

from adjudge.verifiers.math import units
from adjudge.verifiers.math.context import Context
from adjudge.verifiers.math.nodes import (
    Add,
    Const,
    Mul,
    Node,
    Num,
    Percent,
    Pow,
    Quantity,
    Unit,
    integer,
    walk,
)
from adjudge.verifiers.math.values.numbers import same_number

_LENGTH = (("length", 1),)
_MARKS = {units.ARCMINUTE: "ft", units.ARCSECOND: "in"}


def _in_feet(item: Node, other: Node) -> Node:
    """`6'` beside a length is in feet."""
    if not isinstance(item, Quantity) or not isinstance(other, Quantity):
        return item
    name = _MARKS.get(item.unit) if other.unit.dimension == _LENGTH else None
    if name is None:
        return item
    found = units.find(name)
    return item if found is None else Quantity(item.value, found)


def same_quantity(context: Context, gold: Node, answer: Node) -> bool:
    """At least one side is a Quantity or a Percent."""
    gold, answer = _in_feet(gold, answer), _in_feet(answer, gold)
    if isinstance(gold, Quantity) and isinstance(answer, Quantity):
        return _both(context, gold, answer)
    if isinstance(gold, Percent) or isinstance(answer, Percent):
        return _percent(context, gold, answer)
    if isinstance(gold, Quantity):
        return _one(context, gold, gold.value, answer)
    assert isinstance(answer, Quantity)
    return _one(context, answer, gold, answer.value)


def _both(context: Context, gold: Quantity, answer: Quantity) -> bool:
    left, right = gold.unit, answer.unit
    if units.is_noun(left) or units.is_noun(right):
        return _nouns(context, gold, answer)
    if left.dimension != right.dimension:
        return context.says(False, "different_unit", f"{left.label} is not {right.label}")
    plain = left.offset is None and right.offset is None
    if plain and left.factor == right.factor and left.pi == right.pi:
        return same_number(context, gold.value, answer.value)
    wanted, given = _converted(gold.value, left, right), _converted(answer.value, right, left)
    return same_number(context, gold.value, given) or same_number(context, wanted, answer.value)


def _nouns(context: Context, gold: Quantity, answer: Quantity) -> bool:
    if gold.unit.dimension and answer.unit.dimension:
        both = units.is_noun(gold.unit) and units.is_noun(answer.unit)
        if not both or not units.same_noun(gold.unit.label, answer.unit.label):
            note = f"{gold.unit.label} is not {answer.unit.label}"
            return context.says(False, "different_unit", note)
    return same_number(context, _count(gold), _count(answer))


def _count(item: Quantity) -> Node:
    """24 of `24 eggs`; `2 dozen` are a number themselves."""
    return item.value if units.is_noun(item.unit) else item


def _converted(value: Node, unit: Unit, into: Unit) -> Node:
    """`value` of `unit` as a number of `into`: (v f + o - o') / f'."""
    factors: list[Node] = [value]
    if unit.factor != into.factor:
        factors.append(Num(unit.factor / into.factor))
    if unit.pi != into.pi:
        factors.append(Pow(Const("pi"), integer(unit.pi - into.pi)))
    scaled = factors[0] if len(factors) == 1 else Mul(tuple(factors))
    shift = (unit.offset or fmpq(0)) - (into.offset or fmpq(0))
    return scaled if shift == 0 else Add((scaled, Num(shift / into.factor)))


def _one(context: Context, measured: Quantity, gold: Node, answer: Node) -> bool:
    """A unit on one side only: the numbers must be the same, nothing is converted."""
    bare = answer if gold is measured.value else gold
    if measured.unit.pi and Const("pi") in walk(bare):
        return _multiplied(context, measured, gold, answer)  # the bare side is in radians
    if not context.policies.units and measured.unit.dimension:
        return context.says(False, "different_unit", f"only one side is in {measured.unit.label}")
    if same_number(context, gold, answer):
        return True
    counted = not measured.unit.dimension and not measured.unit.pi and measured.unit.factor != 1
    return counted and _multiplied(context, measured, gold, answer)  # 2 dozen are 24


def _multiplied(context: Context, measured: Quantity, gold: Node, answer: Node) -> bool:
    if gold is measured.value:
        return same_number(context, measured, answer)
    return same_number(context, gold, measured)


def _percent(context: Context, gold: Node, answer: Node) -> bool:
    if isinstance(gold, Percent) and isinstance(answer, Percent):
        return same_number(context, gold, answer)
    if isinstance(gold, Quantity) or isinstance(answer, Quantity):
        unit = gold.unit if isinstance(gold, Quantity) else answer.unit  # type: ignore[attr-defined]
        return context.says(False, "different_unit", f"percent is not {unit.label}")
    if same_number(context, gold, answer):
        return True
    if not context.policies.percent:
        return False
    left = gold.arg if isinstance(gold, Percent) else gold
    right = answer.arg if isinstance(answer, Percent) else answer
    return same_number(context, left, right)
