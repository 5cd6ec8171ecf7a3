"""Exact rational values, where a formula has one, within `BITS`."""

from collections.abc import Callable
from types import EllipsisType
from typing import Any

from flint import fmpq, fmpq_mat, fmpz

from adjudge.verifiers.math.limits import BITS, Undefined
from adjudge.verifiers.math.nodes import (
    Add,
    Call,
    Div,
    Matrix,
    Mul,
    Neg,
    Node,
    Num,
    Percent,
    Pow,
    Quantity,
    Ratio,
    Root,
    walk,
)

_FACTORIAL = 2_500


def exact(item: Node) -> fmpq | None:
    """The rational number that `item` is; None where it is none, or too large to write out."""
    if type(item) is Num:
        return item.value
    work_out = _WORKED_OUT.get(type(item))
    if work_out is None:
        return None
    found = item._exact
    if isinstance(found, EllipsisType):
        found = work_out(item)
        object.__setattr__(item, "_exact", found)
    return found


def _negative(item: Neg) -> fmpq | None:
    inner = exact(item.arg)
    return None if inner is None else -inner


def _ratio(item: Ratio) -> fmpq | None:
    if len(item.items) != 2:
        return None
    return _quotient(exact(item.items[0]), exact(item.items[1]))


def _pure(item: Quantity) -> fmpq | None:
    """Without dimension: a dozen."""
    if item.unit.dimension or item.unit.pi:
        return None
    amount = exact(item.value)
    return None if amount is None else amount * item.unit.factor


def _called(item: Call) -> fmpq | None:
    if item.name == "det" and len(item.args) == 1 and isinstance(item.args[0], Matrix):
        return _determinant(item.args[0])
    if item.name not in _CALLS:
        return None
    values = [known for arg in item.args if (known := exact(arg)) is not None]
    return _call(item.name, values) if len(values) == len(item.args) else None


def _total(item: Add) -> fmpq | None:
    total = fmpq(0)
    for term in item.terms:
        value = exact(term)
        if value is None:
            return None
        total += value
    return total


def _product(item: Mul) -> fmpq | None:
    total = fmpq(1)
    for factor in item.factors:
        value = exact(factor)
        if value is None or size(total) + size(value) > BITS:
            return None
        total *= value
    return total


def _quotient(top: fmpq | None, bottom: fmpq | None) -> fmpq | None:
    if bottom is not None and bottom == 0:
        raise Undefined("a division by zero")
    return None if top is None or bottom is None else top / bottom


def size(value: fmpq) -> int:
    """Bits of its larger part."""
    return max(int(value.p).bit_length(), int(value.q).bit_length())


def _power(base: fmpq | None, exponent: fmpq | None) -> fmpq | None:
    if base is None or exponent is None:
        return None
    if exponent.q != 1:
        return _fractional(base, exponent)
    if base == 0 and exponent <= 0:
        raise Undefined("zero to a power that is not positive")
    if abs(exponent) > BITS or size(base) * abs(int(exponent.p)) > BITS:
        return base if base in (0, 1) else None
    return base ** int(exponent.p)


def _fractional(base: fmpq, exponent: fmpq) -> fmpq | None:
    root = _root(base, fmpq(exponent.q)) if base >= 0 else None
    return None if root is None else _power(root, fmpq(exponent.p))


def _root(value: fmpq | None, index: fmpq | None) -> fmpq | None:
    if value is None or index is None or index.q != 1 or not 0 < index < 64:
        return None
    degree = int(index.p)
    if value < 0 and degree % 2 == 0:
        return None
    top, bottom = _whole_root(abs(value).p, degree), _whole_root(value.q, degree)
    if top is None or bottom is None:
        return None
    return fmpq(top if value >= 0 else -top, bottom)


def _whole_root(value: fmpz, degree: int) -> int | None:
    root = int(value.root(degree))
    return root if fmpz(root) ** degree == value else None


def _determinant(matrix: Matrix) -> fmpq | None:
    rows = [[value for cell in row if (value := exact(cell)) is not None] for row in matrix.rows]
    if any(len(row) != len(rows) for row in rows):
        return None
    return fmpq_mat(rows).det()


def _whole(values: list[fmpq]) -> list[int] | None:
    return None if any(value.q != 1 for value in values) else [int(value.p) for value in values]


def _call(name: str, values: list[fmpq]) -> fmpq | None:
    if name == "abs" and len(values) == 1:
        return abs(values[0])
    if name in ("max", "min") and len(values) > 1:
        return max(values) if name == "max" else min(values)
    if name in ("floor", "ceil") and len(values) == 1:
        return fmpq(values[0].floor() if name == "floor" else values[0].ceil())
    whole = _whole(values)
    return None if whole is None else _integer_call(name, whole)


def _integer_call(name: str, values: list[int]) -> fmpq | None:
    match name, values:
        case "factorial", [n] if 0 <= n <= _FACTORIAL:
            return fmpq(fmpz.fac_ui(n))  # type: ignore[arg-type] # flint's stub is wrong: a C long
        case "factorial2", [n] if 0 <= n <= _FACTORIAL:
            return fmpq(_double_factorial(n))
        case "binom", [n, k] if 0 <= n <= _FACTORIAL and k >= 0:
            return fmpq(fmpz.bin_uiui(n, k))
        case "perm", [n, k] if 0 <= k <= n <= _FACTORIAL:
            return fmpq(fmpz.fac_ui(n), fmpz.fac_ui(n - k))  # type: ignore[arg-type]
        case "mod", [a, b] if b != 0:
            return fmpq(a % abs(b))
        case (("gcd" | "lcm"), [first, *rest]):
            return _gathered(name, first, rest)
    return None


def _double_factorial(n: int) -> fmpz:
    result = fmpz(1)
    for factor in range(n, 1, -2):
        result *= factor
    return result


def _gathered(name: str, first: int, rest: list[int]) -> fmpq:
    result = fmpz(first)
    for value in rest:
        result = result.gcd(value) if name == "gcd" else result.lcm(value)
    return fmpq(abs(result))


_CALLS = frozenset(
    ("abs", "max", "min", "floor", "ceil", "factorial", "factorial2", "binom", "perm", "mod",
     "gcd", "lcm")
)  # fmt: skip

_WORKED_OUT: dict[type[Node], Callable[[Any], fmpq | None]] = {
    Neg: _negative, Add: _total, Mul: _product, Ratio: _ratio, Quantity: _pure, Call: _called,
    Div: lambda item: _quotient(exact(item.top), exact(item.bottom)),
    Pow: lambda item: _power(exact(item.base), exact(item.exponent)),
    Percent: lambda item: _quotient(exact(item.arg), fmpq(100)),
    Root: lambda item: _root(exact(item.arg), exact(item.index)),
}  # fmt: skip


def decimal_of(item: Node) -> Num | None:
    """The decimal literal that `item` is, its sign, percent sign and plain unit aside."""
    if isinstance(item, Num):
        return item if item.decimal else None
    match item:
        case Neg(arg=arg):
            inner = decimal_of(arg)
            return None if inner is None else Num(-inner.value, inner.places, True)
        case Percent(arg=Num(value=value, places=0) as whole) if not whole.decimal:
            return Num(value / 100, 2, True) if abs(value) >= 100 else None
        case Percent(arg=arg):
            inner = decimal_of(arg)
            return None if inner is None else Num(inner.value / 100, inner.places + 2, True)
    return None


def has_decimals(item: Node) -> bool:
    return any(isinstance(part, Num) and part.decimal for part in walk(item))
