"""Where functions that jump or bend are looked at once more: at their corners.

`⌈x⌉` is `⌊x⌋ + 1` but for the integers, `|x - 100|` is `100 - x` up to 100: random points miss
both. Formulas with such functions must agree at integers and halves of either sign, too, and at the
scale of every number that stands in them.
"""

from collections.abc import Iterator
from random import Random

from flint import acb, arb, fmpq

from adjudge.verifiers.math.nodes import Call, Node, Num, Piecewise, Pow, Root, walk
from adjudge.verifiers.math.values.exact import exact

_BENT = frozenset(("abs", "floor", "ceil", "sign", "max", "min", "mod", "acos", "asin", "atan"))
_LATTICE = 14
_SCALES = 5
"""Numbers of a formula whose size is tried."""
_OCTAVES = (-3, -2, -1, 0, 1)


def bent(item: Node) -> bool:
    """Has it a function that is not analytic on the line?"""
    return any(_bends(part) for part in walk(item))


def _bends(part: Node) -> bool:
    if isinstance(part, Root):
        power = part.arg.exponent if isinstance(part.arg, Pow) else None
        return power is not None
    return isinstance(part, Piecewise) or (isinstance(part, Call) and part.name in _BENT)


def corners(
    gold: Node, answer: Node, names: list[str], integers: frozenset[str], random: Random
) -> Iterator[dict[str, acb]]:
    """Points where two formulas that agree elsewhere may differ."""
    if bent(gold) or bent(answer):
        yield from _on_lattice(names, integers, random)
        yield from _at_scales(_scales(gold, answer), names, integers, random)
    if _of_complex(gold) or _of_complex(answer):
        for _ in range(_LATTICE):
            yield {name: acb(_either_sign(random), _either_sign(random)) for name in names}


def _of_complex(item: Node) -> bool:
    return any(isinstance(part, Call) and part.name in _PARTS for part in walk(item))


_PARTS = frozenset(("re", "im", "conj", "arg"))
"""Who speaks of these means complex variables."""


def _either_sign(random: Random) -> arb:
    return arb(fmpq(random.getrandbits(20) - (1 << 19) | 1, 1 << 18))


def _on_lattice(
    names: list[str], integers: frozenset[str], random: Random
) -> Iterator[dict[str, acb]]:
    for place in range(_LATTICE):
        yield {name: _lattice(random, place, name in integers) for name in names}


def _at_scales(
    scales: list[fmpq], names: list[str], integers: frozenset[str], random: Random
) -> Iterator[dict[str, acb]]:
    for scale in scales:
        for place in range(2 * len(_OCTAVES)):
            yield {
                name: _scaled(random, scale, place + 3 * nth, name in integers)
                for nth, name in enumerate(names)
            }


def _lattice(random: Random, place: int, whole: bool) -> acb:
    value = random.randint(-4, 4) if place % 2 else random.choice((0, 1, -1, 2, -2, 3))
    half = arb(0) if whole or place % 3 else arb(fmpq(1, 2))
    return acb(abs(value) + 1 if whole else value) + acb(half)


def _scaled(random: Random, scale: fmpq, place: int, whole: bool) -> acb:
    """Between 1/8 and 4 times the scale, both signs, an octave at a time."""
    share = fmpq(random.getrandbits(20) + (1 << 20), 1 << 20)
    size = scale * share * fmpq(2) ** _OCTAVES[place // 2 % len(_OCTAVES)]
    if whole:
        return acb(arb(size.floor() + 1))
    return acb(arb(-size if place % 2 else size))


def _scales(gold: Node, answer: Node) -> list[fmpq]:
    sizes: dict[fmpq, None] = {fmpq(100): None}
    for item in (gold, answer):
        for part in walk(item):
            value = exact(part) if isinstance(part, Num) else None
            if value is not None and value != 0:
                sizes[abs(value)] = None
    large = [size for size in sizes if size >= 3]
    return sorted(large)[-_SCALES:]
