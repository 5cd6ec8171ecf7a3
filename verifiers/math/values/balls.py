"""Values as balls: a midpoint and a radius that surely contain the true value (arb, acb).

A. "Ball arithmetic" (Johansson, IEEE Trans. Computers 66(8), 2017). Two formulas differ where the
ball of their difference excludes zero: that is a proof. They are taken for equal where, at several
points drawn from a secret seed, the difference stays within 2^-AGREE of nothing: for formulas of
the size that we read, far beyond chance, but no proof.
"""

import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from random import Random
from typing import Any

from flint import acb, arb, ctx, fmpq

from adjudge.verifiers.math.limits import (
    EXPONENT_BITS,
    INTEGRAND,
    STEPS,
    OverLimit,
    Undecided,
    Undefined,
)
from adjudge.verifiers.math.nodes import (
    Add,
    Apply,
    Call,
    Const,
    Derivative,
    Div,
    Infinity,
    Integral,
    Limit,
    Matrix,
    Mul,
    Neg,
    Node,
    Num,
    Percent,
    Piecewise,
    Pow,
    Quantity,
    Ratio,
    Relation,
    Repeated,
    Root,
    Sym,
    integer,
    rebuild,
)
from adjudge.verifiers.math.values.exact import exact
from adjudge.verifiers.math.values.functions import (
    FUNCTIONS,
    Huge,
    bounded,
    determinant,
    holds,
    is_real,
    logarithm,
)
from adjudge.verifiers.math.values.integrals import ANALYTIC, analytic_parts

Point = Mapping[str, acb]
"""A value for every free symbol."""

SEED = secrets.randbits(128)
"""Drawn anew by every process: an answer cannot be built to agree at our points."""


class Budget(threading.local):
    """Steps left for the pair that this thread compares."""

    left = STEPS
    integrand = INTEGRAND
    """The same of evaluations of integrands."""

    def renew(self) -> None:
        self.left = STEPS
        self.integrand = INTEGRAND


budget = Budget()


_ORDERS = 3
_NESTED_ORDERS = 4
"""Of derivatives within derivatives, all together: no digits would be left of more."""
_DIFFERENCE_BITS, _STEP_BITS = 1_000, 200
_DIFFERENCE_ERROR = arb(2) ** -200


class Evaluator:
    """Evaluates nodes at one point, within the pair's budget."""

    def __init__(self, point: Point | None = None, log_base: int = 0) -> None:
        self.point = dict(point or {})
        self.log_base = log_base
        """What a bare `log` means: 0 the natural one, 10 the common one."""
        self._orders = 0
        self._terms = 1
        """Of all the sums and products that are being worked out, multiplied."""

    def value(self, item: Node) -> acb:
        budget.left -= 1
        if budget.left < 0:
            raise OverLimit("too many steps to compute it")
        reader = _READERS.get(type(item))
        if reader is None:
            raise Undecided(f"{type(item).__name__} has no numeric value")
        return reader(self, item)

    def _num(self, item: Num) -> acb:
        return acb(arb(item.value))

    def _sym(self, item: Sym) -> acb:
        found = self.point.get(item.name)
        if found is None:
            raise Undecided(f"{item.name} has no value")
        return found

    def _const(self, item: Const) -> acb:
        if item.name == "i":
            return acb(0, 1)
        return acb(arb.pi()) if item.name == "pi" else acb(arb.const_e())

    def _infinity(self, _item: Infinity) -> acb:
        raise Undecided("infinity is no number")

    def _add(self, item: Add) -> acb:
        total = acb(0)
        for term in item.terms:
            total += self.value(term)
        return total

    def _mul(self, item: Mul) -> acb:
        total = acb(1)
        for factor in item.factors:
            total *= self.value(factor)
        return total

    def _neg(self, item: Neg) -> acb:
        return -self.value(item.arg)

    def _div(self, item: Div) -> acb:
        top, bottom = self.value(item.top), self.value(item.bottom)
        if bottom.is_zero():
            raise Undefined("a division by zero")
        return top / bottom

    def _ratio(self, item: Ratio) -> acb:
        if len(item.items) != 2:
            raise Undecided("a ratio of three has no one value")
        return self._div(Div(item.items[0], item.items[1]))

    def _percent(self, item: Percent) -> acb:
        return self.value(item.arg) / 100

    def _pow(self, item: Pow) -> acb:
        if isinstance(item.base, Const) and item.base.name == "e":
            return self._exp(self.value(item.exponent))
        power = exact(item.exponent)
        base = self.value(item.base)
        if power is not None and power.q == 1 and abs(power) < EXPONENT_BITS:
            return self._whole_power(base, int(power.p))
        exponent = self.value(item.exponent)
        whole = exponent.unique_fmpz() if exponent.is_exact() else None
        if whole is not None and abs(whole) < EXPONENT_BITS:
            return self._whole_power(base, int(whole))
        if base.is_zero():
            return self._zero_power(exponent)
        if is_real(base) and is_real(exponent) and base.real > 0:
            return acb(self._exp(acb(exponent.real * base.real.log())).real)
        return self._exp(exponent * base.log())

    def _whole_power(self, base: acb, power: int) -> acb:
        if base.is_zero() and power <= 0:
            raise Undefined("zero to a power that is not positive")
        bounded(base, abs(power))
        return base**power

    def _zero_power(self, exponent: acb) -> acb:
        if exponent.real > 0:
            return acb(0)
        raise Undefined("zero to a power that is not positive")

    def _exp(self, exponent: acb) -> acb:
        if not exponent.is_finite() or exponent.abs_upper() > EXPONENT_BITS:
            raise Huge("a power too large to compute")
        return exponent.exp()

    def _root(self, item: Root) -> acb:
        arg, index = self.value(item.arg), exact(item.index)
        if index is None or index.q != 1 or not 0 < index < 1_000:
            return self._pow(Pow(item.arg, Div(integer(1), item.index)))
        degree = int(index.p)
        if degree == 2:
            return arg.sqrt() if not (is_real(arg) and arg.real > 0) else acb(arg.real.sqrt())
        if is_real(arg) and arg.real < 0 and degree % 2:
            return -acb((-arg.real).root(degree))
        if is_real(arg) and arg.real > 0:
            return acb(arg.real.root(degree))
        return arg.root(degree)

    def _quantity(self, item: Quantity) -> acb:
        scale = acb(arb(item.unit.factor)) * acb(arb.pi()) ** item.unit.pi
        return self.value(item.value) * scale

    def _call(self, item: Call) -> acb:
        known = exact(item)
        if known is not None:
            return acb(arb(known))
        if item.name == "det" and isinstance(item.args[0], Matrix):
            return self._determinant(item.args[0])
        values = [self.value(arg) for arg in item.args]
        if item.name in _JUMPING and not all(value.is_exact() for value in values):
            known = exact(self._placed(item))
            if known is not None:
                return acb(arb(known))
        if item.name == "log":
            return self._log(values)
        function = FUNCTIONS.get((item.name, len(values)))
        if function is None:
            raise Undecided(f"{item.name} of {len(values)} values")
        return function(*values)

    def _placed(self, item: Node) -> Node:
        """With the numbers that letters stand for here, where those are exact."""
        if isinstance(item, Sym):
            value = self.point.get(item.name)
            if value is None or not (value.is_exact() and value.imag.is_zero()):
                return item
            whole, power = value.real.man_exp()
            return Num(fmpq(whole) * fmpq(2) ** int(power)) if abs(power) < _TINY else item
        return rebuild(item, self._placed)

    def _log(self, values: list[acb]) -> acb:
        if any(value.is_zero() for value in values):
            raise Undefined("the logarithm of zero")
        if len(values) == 2:
            return logarithm(values[0]) / logarithm(values[1])
        top = logarithm(values[0])
        return top / acb(arb(self.log_base).log()) if self.log_base else top

    def _determinant(self, matrix: Matrix) -> acb:
        rows = matrix.rows
        if len(rows) != len(rows[0]) or len(rows) > 6:
            raise Undecided("a determinant of that size")
        return determinant([[self.value(cell) for cell in row] for row in rows])

    def _apply(self, item: Apply) -> acb:
        """An unknown function: one value for each argument as it is written."""
        key = f"{item!r}"
        if key not in self.point:
            raise Undecided(f"{item.name} is not known")
        return self.point[key]

    def _repeated(self, item: Repeated) -> acb:
        low, high = self._bound(item.low), self._bound(item.high)
        outer, terms = self.point.get(item.variable), self._terms
        self._terms *= max(high + 1 - low, 1)
        try:
            total = self._combined(item, range(low, high + 1))
        finally:
            self._terms = terms
        if outer is None:
            self.point.pop(item.variable, None)
        else:
            self.point[item.variable] = outer
        return total

    def _combined(self, item: Repeated, places: range) -> acb:
        total = acb(0 if item.kind == "sum" else 1)
        for index in places:
            self.point[item.variable] = acb(index)
            value = self.value(item.body)
            total = total + value if item.kind == "sum" else total * value
            if self._terms > STEPS:  # of which this was the first
                raise OverLimit("too many terms to add up")
        return total

    def _bound(self, bound: Node) -> int:
        value = self.value(bound)
        whole = value.unique_fmpz()
        if whole is None:
            raise Undecided("a bound that is no integer")
        if abs(int(whole)) > STEPS:
            raise OverLimit("too many terms to add up")
        return int(whole)

    def _derivative(self, item: Derivative) -> acb:
        """By central differences at 1,000 bits: an error of h², far below what agreement asks for.

        No proof, but then two functions that agree in this way at random points are equal far
        beyond chance, and an analytic one is not mistaken by 2^-300 at a point of moderate size.
        """
        outer = self.point.get(item.variable)
        if outer is None or item.order > _ORDERS:
            raise Undecided("a derivative that is not computed here")
        bits = ctx.prec
        precise(_DIFFERENCE_BITS)
        self._orders += item.order
        try:
            if self._orders > _NESTED_ORDERS:
                raise OverLimit("too many derivatives of each other")
            found = self._difference(item, acb(outer.real.mid(), outer.imag.mid()), item.order)
        finally:
            self._orders -= item.order
            precise(bits)
            self.point[item.variable] = outer
        return found + acb(arb(0, _DIFFERENCE_ERROR) * (1 + found.abs_upper()))

    def _difference(self, item: Derivative, place: acb, order: int) -> acb:
        if order == 0:
            self.point[item.variable] = place
            return self.value(item.body)
        step = acb(arb(2) ** -_STEP_BITS)
        after = self._difference(item, place + step, order - 1)
        return (after - self._difference(item, place - step, order - 1)) / (2 * step)

    def _limit(self, _item: Limit) -> acb:
        raise Undecided("a limit is not computed here")

    def _piecewise(self, item: Piecewise) -> acb:
        for value, condition in item.branches:
            if not isinstance(condition, Relation) or self.holds(condition):
                return self.value(value)
        raise Undefined("outside of every case")

    def holds(self, relation: Relation) -> bool:
        """Is the chain true here? Undecided where a ball cannot tell."""
        sides = [self.value(side) for side in relation.sides]
        return all(
            holds(op, left, right)
            for op, left, right in zip(relation.ops, sides, sides[1:], strict=False)
        )

    def _ends(self, item: Integral) -> tuple[acb, acb]:
        """Of an integral that can be computed here."""
        if item.low is None or item.high is None:
            raise Undecided("an integral without bounds")
        if not all(type(part).__name__ in ANALYTIC for part in analytic_parts(item.body)):
            raise Undecided("an integrand that may jump")
        if budget.integrand <= 0:
            raise Undecided("integrals that take too long")
        return self.value(item.low), self.value(item.high)

    def _integral(self, item: Integral) -> acb:
        low, high = self._ends(item)
        outer = self.point.get(item.variable)

        trouble: list[Exception] = []

        def body(x: acb, _analytic: bool) -> acb:
            self.point[item.variable] = x
            budget.integrand -= 1
            try:
                return acb("nan") if trouble else self.value(item.body)
            except (Undecided, Undefined):
                return acb("nan")  # no bound for so wide a ball: flint cuts it in two
            except OverLimit as error:
                trouble.append(error)  # flint cannot carry it
                return acb("nan")

        value = acb.integral(body, low, high, eval_limit=min(2_000, budget.integrand))
        self.point.pop(item.variable)
        if outer is not None:
            self.point[item.variable] = outer
        if trouble:
            raise trouble[0]
        return value


_READERS: dict[type[Node], Callable[[Evaluator, Any], acb]] = {
    Num: Evaluator._num, Sym: Evaluator._sym, Const: Evaluator._const, Add: Evaluator._add,
    Mul: Evaluator._mul, Neg: Evaluator._neg, Div: Evaluator._div, Pow: Evaluator._pow,
    Root: Evaluator._root, Percent: Evaluator._percent, Quantity: Evaluator._quantity,
    Call: Evaluator._call, Apply: Evaluator._apply, Repeated: Evaluator._repeated,
    Ratio: Evaluator._ratio, Infinity: Evaluator._infinity, Piecewise: Evaluator._piecewise,
    Integral: Evaluator._integral, Derivative: Evaluator._derivative, Limit: Evaluator._limit,
}  # fmt: skip


_JUMPING = frozenset(("floor", "ceil", "mod"))
_TINY = 500
"""Powers of two that a letter's value is written out with."""


class Points:
    """Where formulas are compared: positive numbers, then every pattern of signs, then positive."""

    SIZES = ((0, 1), (1, 4), (0, 1), (4, 40), (0, 3), (0, 3), (0, 1), (0, 40))
    FURTHER = ((0, 2), (1, 3), (0, 1), (1, 2))
    """Positive ones again, for those who need more than eight."""
    SIGNED = range(4, 8)
    """Which points of `SIZES` have signs: − −, + −, − +, + + for the first two variables."""

    def __init__(self, names: frozenset[str], integers: frozenset[str] = frozenset()) -> None:
        self.names, self.integers = names, integers

    def __iter__(self) -> Iterator[dict[str, acb]]:
        first = _drawn(self.names, self.integers, FIRST)
        yield from first
        yield from _drawn(self.names, self.integers, None)[FIRST:]

    def draw(self) -> Iterator[dict[str, acb]]:
        names = sorted(self.names)
        random = Random(SEED)  # noqa: S311 - the seed is secret; speed matters here
        for place, (low, high) in enumerate((*self.SIZES, *self.FURTHER)):
            yield {
                name: self._draw(random, name, low, high, place, nth)
                for nth, name in enumerate(names)
            }

    def _draw(self, random: Random, name: str, low: int, high: int, place: int, nth: int) -> acb:
        if name in self.integers:
            return acb(2 * random.randint(1, 14) + (place >> nth & 1))
        share = fmpq(random.getrandbits(60) | 1, 1 << 60)
        negative = place in self.SIGNED and not (place - self.SIGNED[0]) >> nth & 1
        size = low + (high - low) * share
        return acb(arb(-size if negative else size))


FIRST = 2
"""Points that most formulas are looked at, at most."""
_EXACT_BITS = 128
"""Enough to write out every number that is drawn."""


@lru_cache(maxsize=256)
def _drawn(
    names: frozenset[str], integers: frozenset[str], count: int | None
) -> tuple[dict[str, acb], ...]:
    """The first `count`: the same names get the same points, drawn once."""
    bits = ctx.prec
    precise(_EXACT_BITS)
    points = tuple(islice(Points(names, integers).draw(), count))
    precise(bits)
    return points


def precise(bits: int) -> None:
    ctx.prec = bits
