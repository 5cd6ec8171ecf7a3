"""Functions of balls, with their poles, branches and limits of size."""

from collections.abc import Callable

from flint import acb, arb

from adjudge.verifiers.math.limits import (
    EXPONENT_BITS,
    Undecided,
    Undefined,
)


class Huge(Undecided):
    """Past what is computed with; only structure can tell now."""


def holds(op: str, left: acb, right: acb) -> bool:
    if not (is_real(left) and is_real(right)):
        raise Undefined("complex numbers have no order")
    gap = left.real - right.real
    if op in ("=", "!=") and (gap.is_zero() or not gap.contains(0)):
        return bool(gap.is_zero()) == (op == "=")
    if gap.is_zero():
        return op in ("<=", ">=")
    if gap.contains(0) or op not in ("<", "<=", ">", ">="):
        raise Undecided("a condition that a ball cannot tell")
    return bool(gap < 0) == (op[0] == "<")


def bounded(base: acb, power: int) -> None:
    upper, lower = base.abs_upper(), base.abs_lower()
    if not upper.is_finite() or (
        upper > 2 ** EXPONENT_BITS.bit_length() and _too_large(upper, power)
    ):
        raise Huge("a power too large to compute")
    if lower > 0 and _too_large(1 / lower, power) and power > 1:
        raise Huge("a power too small to compute")
    if _too_large(upper, power):
        raise Huge("a power too large to compute")


def _too_large(upper: arb, power: int) -> bool:
    return bool(upper > 1 and upper.log() * power > EXPONENT_BITS)


def is_real(value: acb) -> bool:
    return bool(value.imag.is_zero())


def logarithm(value: acb) -> acb:
    if value.is_zero():
        raise Undefined("the logarithm of zero")
    return acb(value.real.log()) if is_real(value) and value.real > 0 else value.log()


def determinant(rows: list[list[acb]]) -> acb:
    if len(rows) == 1:
        return rows[0][0]
    total = acb(0)
    for place, cell in enumerate(rows[0]):
        minor = [row[:place] + row[place + 1 :] for row in rows[1:]]
        total += cell * determinant(minor) * (-1) ** place
    return total


def _gamma(value: acb) -> acb:
    """Γ; poles are undefined, and huge arguments are not computed."""
    if value.abs_upper() > 1 << 20:
        raise Huge("a factorial too large to compute")
    whole = value.unique_fmpz()
    if whole is not None and whole <= 0 and is_real(value):
        raise Undefined("a factorial of a negative integer")
    return value.gamma()


def _binomial(n: acb, k: acb) -> acb:
    whole, difference, top = k.unique_fmpz(), (n - k).unique_fmpz(), n.unique_fmpz()
    if whole is not None and whole < 0:
        return acb(0)
    if top is not None and difference is not None and top >= 0 and difference < 0:
        return acb(0)
    return _gamma(n + 1) / (_gamma(k + 1) * _gamma(n - k + 1))


def _acot(value: acb) -> acb:
    """The range (0, π), as school has it."""
    if is_real(value):
        return acb(arb.pi() / 2 - value.real.atan())
    return (1 / value).atan()


def _floor(value: acb) -> acb:
    return acb(only_real(value).floor())


def only_real(value: acb) -> arb:
    if not is_real(value):
        raise Undecided("a complex number where a real one should be")
    return value.real


def _mod(value: acb, modulus: acb) -> acb:
    left, right = only_real(value), only_real(modulus)
    return acb(left - right * (left / right).floor())


def _real_or_complex(name: str) -> Callable[[acb], acb]:
    def apply(value: acb) -> acb:
        if is_real(value):
            found = getattr(value.real, name)()
            if found.is_finite():
                return acb(found)
        result: acb = getattr(value, name)()
        return result

    return apply


def _factorial2(value: acb) -> acb:
    whole = value.unique_fmpz()
    if whole is None or not 0 <= whole <= _DOUBLE:
        raise Undecided("a double factorial of no small integer")
    result = acb(1)
    for factor in range(int(whole), 1, -2):
        result *= factor
    return result


_DOUBLE = 2_000


FUNCTIONS: dict[tuple[str, int], Callable[..., acb]] = {
    (name, 1): _real_or_complex(name)
    for name in (
        "sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh", "coth", "sech", "csch",
        "asin", "acos", "atan", "asinh", "acosh", "atanh", "erf",
    )
} | {
    ("ln", 1): logarithm,
    ("acot", 1): _acot,
    ("asec", 1): lambda x: (1 / x).acos(),
    ("acsc", 1): lambda x: (1 / x).asin(),
    ("abs", 1): lambda x: acb(abs(x.real)) if is_real(x) else acb(abs(x)),
    ("floor", 1): _floor,
    ("ceil", 1): lambda x: -_floor(-x),
    ("re", 1): lambda x: acb(x.real),
    ("im", 1): lambda x: acb(x.imag),
    ("arg", 1): lambda x: acb(x.arg()),
    ("conj", 1): lambda x: x.conjugate(),
    ("sign", 1): lambda x: acb(only_real(x).sgn()),
    ("cis", 1): lambda x: x.cos() + acb(0, 1) * x.sin(),
    ("gamma", 1): _gamma,
    ("factorial", 1): lambda x: _gamma(x + 1),
    ("factorial2", 1): _factorial2,
    ("binom", 2): _binomial,
    ("perm", 2): lambda n, k: _gamma(n + 1) / _gamma(n - k + 1),
    ("mod", 2): _mod,
    ("max", 2): lambda x, y: acb(only_real(x).max(only_real(y))),
    ("min", 2): lambda x, y: acb(only_real(x).min(only_real(y))),
}  # fmt: skip
