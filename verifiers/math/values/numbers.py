"""Is one formula another? Exact values, then balls, then the digits that a decimal shows."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from random import Random

from flint import acb, arb, fmpq

from adjudge.verifiers.math.binding import binds, canonical
from adjudge.verifiers.math.context import Context
from adjudge.verifiers.math.limits import Undecided, Undefined
from adjudge.verifiers.math.nodes import (
    ZERO,
    Add,
    Apply,
    Call,
    Const,
    Div,
    Mul,
    Neg,
    Node,
    Num,
    Pow,
    Repeated,
    Sym,
    kinds,
    rebuild,
    symbols,
    walk,
)
from adjudge.verifiers.math.values.balls import SEED, Evaluator, Points, precise
from adjudge.verifiers.math.values.corners import corners
from adjudge.verifiers.math.values.exact import decimal_of, exact, has_decimals
from adjudge.verifiers.math.values.functions import Huge

BITS, FINE_BITS = 128, 1_200
"""Precision of a first look, and of the look that claims equality of two constants."""
POINT_BITS = 256
AGREE = 110
"""Equal formulas agree to 2^-AGREE at every point."""
MIN_POINTS = 2


def same_number(context: Context, gold: Node, answer: Node) -> bool:
    """Equal as formulas; raises Undecided, Undefined or OverLimit."""
    left, right = exact(gold), exact(answer)
    if left is not None and right is not None:
        return _same_exact(context, gold, answer, left, right)
    if gold == answer or _same_but_names(gold, answer):
        _defined(gold)
        return context.says(True, "equal_structure")
    try:
        return _same_value(context, gold, answer)
    except Huge:
        return _without_common_terms(context, gold, answer)


def _same_exact(context: Context, gold: Node, answer: Node, left: fmpq, right: fmpq) -> bool:
    if left == right:
        return context.says(True, "equal_exact", lambda: f"both are {_short(left)}")
    if _rounds(context, gold, answer, left, right):
        return context.says(True, "equal_rounded", f"{_short(left)} and {_short(right)}")
    return context.says(False, "different", lambda: f"{_short(left)} is not {_short(right)}")


def _short(value: fmpq) -> str:
    text = str(value) if value.q != 1 else str(value.p)
    return text if len(text) <= 40 else f"{text[:18]}…{text[-18:]} ({len(text)} characters)"


_RISKY = frozenset((Call, Div, Pow))
"""What may be undefined somewhere."""


def _same_but_names(gold: Node, answer: Node) -> bool:
    """Equal as written, bound variables renamed."""
    return binds(gold) and canonical(gold) == canonical(answer)


def _defined(item: Node) -> None:
    """Raises Undefined where it is a division by zero or the like, wherever one looks."""
    if _RISKY.isdisjoint(kinds(item)) or _is_polynomial(item):
        return
    *others, last = islice(Points(symbols(item)), MIN_POINTS)
    for point in others:
        try:
            Evaluator(point).value(item)
        except Undefined:
            continue
        except Undecided:
            return
        return
    with suppress(Undecided):
        Evaluator(last).value(item)


_OF_POLYNOMIALS = frozenset((Num, Sym, Const, Neg, Add, Mul, Pow))


def _is_polynomial(item: Node) -> bool:
    """With a value everywhere."""
    return _OF_POLYNOMIALS.issuperset(kinds(item)) and all(
        _is_whole(part.exponent) for part in walk(item) if isinstance(part, Pow)
    )


def _is_whole(exponent: Node) -> bool:
    return isinstance(exponent, Num) and exponent.value > 0 and exponent.value.q == 1


def _same_value(context: Context, gold: Node, answer: Node) -> bool:
    bases = (0, 10) if _bare_log(gold) or _bare_log(answer) else (0,)
    found = False
    for base in bases:
        names = symbols(gold) | symbols(answer) | _unknown(gold) | _unknown(answer)
        same = _same_constant if not names else _same_function
        found = found or same(context, gold, answer, base)
    return found


def _bare_log(item: Node) -> bool:
    return Call in kinds(item) and any(
        isinstance(part, Call) and part.name == "log" and len(part.args) == 1 for part in walk(item)
    )


def _unknown(item: Node) -> frozenset[str]:
    if Apply not in kinds(item):
        return frozenset()
    return frozenset(f"{part!r}" for part in walk(item) if isinstance(part, Apply))


# -- constants -----------------------------------------------------------------------------------


def _same_constant(context: Context, gold: Node, answer: Node, base: int) -> bool:
    left, right = constant(gold, base), constant(answer, base)
    gap = left - right
    if gap.is_finite() and not gap.contains(0):
        if _rounds(context, gold, answer, left, right):
            return context.says(True, "equal_rounded", f"{show(left)} and {show(right)}")
        return context.says(False, "different", lambda: f"{show(left)} is not {show(right)}")
    return _claim(context, gold, answer, base)


def _claim(context: Context, gold: Node, answer: Node, base: int) -> bool:
    """The look at full precision, before two constants are called equal."""
    left, right = constant(gold, base, FINE_BITS), constant(answer, base, FINE_BITS)
    gap = left - right
    if not gap.is_finite():
        raise Undecided("no finite value")
    if not gap.contains(0):
        return context.says(False, "different", f"{show(left)} is not quite {show(right)}")
    if gap.abs_upper() > (1 + left.abs_upper()) * arb(2) ** (-FINE_BITS // 2):
        raise Undecided("not precise enough to tell")
    return context.says(True, "equal_value", lambda: f"both are {show(left)}")


def constant(item: Node, base: int = 0, bits: int = BITS) -> acb:
    """The ball of a formula without variables."""
    precise(bits)
    try:
        return Evaluator(log_base=base).value(item)
    finally:
        precise(BITS)


def show(value: acb) -> str:
    real = value.real.str(12, radius=False)
    if value.imag.is_zero():
        return real
    return f"{real} + {value.imag.str(12, radius=False)}i"


# -- functions -----------------------------------------------------------------------------------


def _same_function(context: Context, gold: Node, answer: Node, base: int) -> bool:
    agreed, complex_agreed, disagreed = 0, 0, False
    imaginary = _imaginary(gold) or _imaginary(answer)
    hints, domains = _domains(gold, answer)
    for integers in domains:
        for left, right in _values(gold, answer, base, integers):
            real = imaginary or _both_real(left, right)
            if not _agree(left, right):
                if real:
                    return _differ(context, gold, answer, left, right)
                disagreed = True
                continue
            agreed += real
            complex_agreed += not real
        if agreed >= MIN_POINTS:
            corner = _corner(gold, answer, base, integers | hints)
            if corner is not None:
                return _differ(context, gold, answer, *corner)
            return context.says(True, "equal_function", _domain(agreed, integers))
    if complex_agreed >= MIN_POINTS and not agreed and not disagreed:
        return context.says(True, "equal_function", "at complex values")
    raise Undecided("nowhere defined together" if not agreed else "at too few points")


def _imaginary(item: Node) -> bool:
    return Const in kinds(item) and Const("i") in walk(item)


def _domains(gold: Node, answer: Node) -> tuple[frozenset[str], list[frozenset[str]]]:
    """Names that are integers; then, where to look: as if none was, then with those.

    A name with `#` and the n of a floor are always integers.
    """
    hints = _integer_names(gold) | _integer_names(answer)
    whole = frozenset(name for name in symbols(gold) | symbols(answer) if name.startswith("#"))
    whole |= _counted(gold) | _counted(answer)
    if whole and hints <= whole:
        return whole, [whole]
    return hints | whole, [whole, hints | whole] if hints else [whole]


def _differ(context: Context, gold: Node, answer: Node, left: acb, right: acb) -> bool:
    if _unknown(gold) != _unknown(answer):
        raise Undecided("an unknown function with two arguments")
    return context.says(
        False, "different", lambda: f"{show(left)} is not {show(right)} at one point"
    )


def _domain(agreed: int, integers: frozenset[str]) -> str:
    where = (
        f"integer {', '.join(sorted(integers))}" if integers else "real variables, where defined"
    )
    return f"agree at {agreed} random points ({where})"


def _agree(left: acb, right: acb) -> bool:
    gap = left - right
    if not gap.contains(0):
        return False
    if not gap.is_finite() or gap.abs_upper() > (1 + left.abs_upper()) * arb(2) ** -AGREE:
        raise Undecided("not precise enough to tell")
    return True


def _values(
    gold: Node, answer: Node, base: int, integers: frozenset[str]
) -> Iterator[tuple[acb, acb]]:
    """Both values at each point where both have one."""
    names = symbols(gold) | symbols(answer) | _unknown(gold) | _unknown(answer)
    precise(POINT_BITS)
    try:
        for point in islice(Points(names, integers), len(Points.SIZES)):
            left, right = _value(gold, point, base), _value(answer, point, base)
            if left is not None and right is not None:
                yield left, right
    finally:
        precise(BITS)


def _corner(
    gold: Node, answer: Node, base: int, integers: frozenset[str]
) -> tuple[acb, acb] | None:
    """Both values where two formulas that jump or bend differ after all."""
    names = sorted(symbols(gold) | symbols(answer) | _unknown(gold) | _unknown(answer))
    precise(POINT_BITS)
    try:
        for point in corners(gold, answer, names, integers, Random(SEED)):  # noqa: S311 - as above
            left, right = _value(gold, point, base), _value(answer, point, base)
            if left is None or right is None or (left - right).contains(0):
                continue
            if _both_real(left, right) or not _real_point(point):
                return left, right
    finally:
        precise(BITS)
    return None


def _real_point(point: dict[str, acb]) -> bool:
    return all(value.imag.is_zero() for value in point.values())


def _both_real(left: acb, right: acb) -> bool:
    return bool(left.imag.is_zero() and right.imag.is_zero())


def _value(item: Node, point: dict[str, acb], base: int) -> acb | None:
    try:
        value = Evaluator(point, log_base=base).value(item)
    except Huge:
        raise
    except (Undecided, Undefined):
        return None
    return value if value.is_finite() else None


_COUNTERS = frozenset(("n", "m", "k", "N"))


def _counted(item: Node) -> frozenset[str]:
    """`⌊n/2⌋`: the n of a floor counts."""
    if Call not in kinds(item):
        return frozenset()
    parts = [p for p in walk(item) if isinstance(p, Call) and p.name in ("floor", "ceil", "mod")]
    found: frozenset[str] = frozenset()
    return found.union(*(symbols(part) for part in parts)) & _COUNTERS


_OF_INTEGERS = frozenset(("factorial", "factorial2", "binom", "perm", "mod", "gcd", "lcm"))
_HINTING = frozenset((Repeated, Call, Pow))


def _integer_names(item: Node) -> frozenset[str]:
    """Letters that can only stand for integers: in bounds, factorials, exponents of a sign."""
    found: frozenset[str] = frozenset()
    if _HINTING.isdisjoint(kinds(item)):
        return found
    for part in walk(item):
        if isinstance(part, Repeated):
            found |= symbols(part.low) | symbols(part.high)
        elif isinstance(part, Call) and part.name in _OF_INTEGERS:
            found |= symbols(part)
        elif isinstance(part, Pow) and (value := exact(part.base)) is not None and value < 0:
            found |= symbols(part.exponent)
    return found


# -- decimals ------------------------------------------------------------------------------------


def _rounds(
    context: Context, gold: Node, answer: Node, left: acb | fmpq, right: acb | fmpq
) -> bool:
    """One side is a decimal whose digits are those of the other side."""
    wanted, given = decimal_of(gold), decimal_of(answer)
    if wanted is not None and given is not None:
        longer, shorter = sorted((wanted, given), key=lambda item: -item.places)
        return shown(context, shorter, longer.value)
    if given is not None and not has_decimals(gold):
        return shown(context, given, left)
    if wanted is not None and not has_decimals(answer):
        return shown(context, wanted, right)
    return False


def shown(context: Context, decimal: Num, value: acb | fmpq) -> bool:
    """Do the digits of `decimal` show `value`, rounded or cut off?"""
    value = value if isinstance(value, acb) else acb(arb(value))
    unit = fmpq(10) ** -decimal.places
    digits = abs(decimal.value / unit)
    if not value.imag.contains(0) or len(str(int(digits.floor()))) < context.policies.digits:
        return False
    gap = abs(value.real - arb(decimal.value))
    cut = abs(value.real) - arb(abs(decimal.value))
    return bool(gap <= arb(unit / 2)) or bool(cut >= 0 and gap < arb(unit))


# -- what is too large to compute ----------------------------------------------------------------


def _without_common_terms(context: Context, gold: Node, answer: Node) -> bool:
    """10^(10^10) - 10^(10^10) + 1: what cancels need not be computed."""
    left, right = _cancelled(gold), _cancelled(answer)
    if (left, right) == (gold, answer):
        raise Huge("too large to compute")
    return same_number(context, left, right)


def _cancelled(item: Node) -> Node:
    item = rebuild(item, _cancelled)
    if not isinstance(item, Add):
        return item
    kept: list[Node] = []
    for term in item.terms:
        opposite = term.arg if isinstance(term, Neg) else Neg(term)
        if opposite in kept:
            kept.remove(opposite)
        else:
            kept.append(term)
    if len(kept) < 2:
        return kept[0] if kept else ZERO
    return Add(tuple(kept))
