r"""General solutions with an integer parameter, and congruences: unions of progressions.

`\pi/6 + 2k\pi` is the progression with offset π/6 and period 2π. Two unions over all integers are
equal if they hold the same residues modulo a common period; over the naturals, if they have the
same first members.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import gcd, lcm

from flint import fmpq

from adjudge.verifiers.math.context import Context
from adjudge.verifiers.math.limits import OverLimit, Undecided
from adjudge.verifiers.math.nodes import (
    TWO,
    ZERO,
    Add,
    Builder,
    Congruence,
    Const,
    Div,
    Either,
    Given,
    Labeled,
    List,
    Mul,
    Node,
    Num,
    Numbers,
    Relation,
    Set,
    SetOp,
    Sym,
    integer,
    minus,
    replace,
    symbols,
    walk,
)
from adjudge.verifiers.math.values.exact import exact
from adjudge.verifiers.math.values.numbers import constant, same_number
from adjudge.verifiers.math.values.signs import variants

INTEGERS = frozenset(("Z", "N", "Z+", "N+", "N*", "N0", "Z0+", "Z*", "Z0", "Z_ge0"))
_STARTS = {"N": 0, "N0": 0, "Z0+": 0, "Z+": 1, "N+": 1, "N*": 1}
_PARAMETERS = frozenset(["k", "n", "m", "l", "j", "t", "p", "q", "r", "s"])
_IMPLICIT = frozenset(["k", "n", "m", "l", "j", "N"])
_MOST = 48


@dataclass(frozen=True, slots=True)
class Progression:
    offset: Node
    period: Node
    start: int | None = None
    """None: over all integers. Else the offset is the member at index `start`."""


@lru_cache(maxsize=64)
def progressions(item: Node) -> list[Progression] | None:
    """The union that `item` is; None where it is no such thing. To be read only: it is asked for
    to know whether a rule applies, and once more by the rule."""
    bodies = _bodies(item)
    if bodies is None or len(bodies) > _MOST:
        return None
    found: list[Progression] = []
    for body, name, start in bodies:
        steps = _steps(body, name, start)
        if steps is None:
            return None
        found.extend(steps)
    return found


_Body = tuple[Node, str, int | None]


def _bodies(item: Node) -> list[_Body] | None:
    match item:
        case Congruence(left=left, right=right, modulus=modulus):
            return _solved(left, right, modulus)
        case Given(body=body, condition=condition):
            return _given(body, condition)
        case Builder(element=element, condition=condition):
            return _built(element, condition)
        case List(items=parts) | Either(items=parts) | Set(items=parts):
            return _several(parts)
        case SetOp(op="cup", items=parts):
            return _several(parts)
        case Relation(ops=("=",), sides=(Sym(), body)) | Labeled(value=body):
            return _bodies(body)
    return _implicit(item)


def _built(element: Node, condition: Node) -> list[_Body] | None:
    """`{x | x = kπ, k ∈ ℤ}`, `{kπ | k ∈ ℤ}`, `{x | x ≡ 1 (mod 3)}`."""
    match condition:
        case Given(body=Relation(ops=("=",), sides=(head, value)), condition=rest):
            return _given(value, rest) if head == element else None
    return _given(element, condition) or _congruence_builder(element, condition)


def _solved(left: Node | None, right: Node, modulus: Node) -> list[_Body] | None:
    """a x + b ≡ r (mod m) is x ≡ (r − b) / a modulo m / gcd(a, m), where there is a solution."""
    if left is None or isinstance(left, Sym):
        return _congruent(right, modulus)
    names, size = symbols(left), exact(modulus)
    if len(names) != 1 or size is None or size.q != 1 or size == 0:
        return None
    (name,) = names
    shift, one = (exact(replace(left, Sym(name), integer(step))) for step in (0, 1))
    two, wanted = exact(replace(left, Sym(name), integer(2))), exact(right)
    if shift is None or one is None or wanted is None or two != 2 * one - shift:
        return None
    if any(value.q != 1 for value in (shift, one, wanted)):
        return None
    return _linear_congruence(int((one - shift).p), int((wanted - shift).p), abs(int(size.p)))


def _linear_congruence(factor: int, wanted: int, modulus: int) -> list[_Body] | None:
    shared = gcd(factor, modulus)
    if shared == modulus or wanted % shared:
        return None
    modulus //= shared
    value = wanted // shared * pow(factor // shared, -1, modulus) % modulus if modulus > 1 else 0
    return _congruent(integer(value), integer(modulus))


def _congruent(right: Node, modulus: Node) -> list[_Body] | None:
    if exact(modulus) in (None, 0):
        return None
    rights = right.items if isinstance(right, List | Set | Either) else (right,)
    return [
        (Add((value, Mul((modulus, Sym("#"))))), "#", None)
        for part in rights
        for value in variants(part)
    ]


def _congruence_builder(element: Node, condition: Node) -> list[_Body] | None:
    """`{x : x ≡ 1 (mod 3)}`, perhaps with `x ∈ ℤ`."""
    if isinstance(condition, Congruence) and isinstance(element, Sym | Relation):
        return _bodies(condition)
    return None


def _several(parts: tuple[Node, ...]) -> list[_Body] | None:
    found: list[_Body] = []
    shared = _shared_congruence(parts)
    for part in shared or parts:
        bodies = _bodies(part)
        if bodies is None:
            return None
        found.extend(bodies)
    return found


def _shared_congruence(parts: tuple[Node, ...]) -> tuple[Node, ...] | None:
    """`x ≡ 1, 3 (mod 8)`: the modulus at the end is everyone's."""
    last = parts[-1] if parts else None
    if not isinstance(last, Congruence) or any(isinstance(p, Congruence) for p in parts[:-1]):
        return None
    rights = [
        part.sides[1] if isinstance(part, Relation) and part.ops == ("equiv",) else part
        for part in parts[:-1]
    ]
    return (*(Congruence(None, right, last.modulus) for right in rights), last)


def _given(body: Node, condition: Node) -> list[_Body] | None:
    match condition:
        case Relation(ops=("in",), sides=(Sym(name=name), Numbers(name=domain))):
            return _parametrised(body, name, domain)
        case Relation(ops=(">=" | ">",) as ops, sides=(Sym(name=name), low)):
            first = exact(low)
            if first is None or first.q != 1 or name not in _PARAMETERS:
                return None
            return [(part, name, int(first.p) + (ops[0] == ">")) for part in _parts(body)]
    return None


def _parametrised(body: Node, name: str, domain: str) -> list[_Body] | None:
    if domain not in INTEGERS:
        return None
    return [(part, name, _STARTS.get(domain)) for part in _parts(body)]


def _parts(body: Node) -> list[Node]:
    match body:
        case List(items=items) | Either(items=items) | Set(items=items):
            return [part for item in items for part in _parts(item)]
        case Relation(ops=("=",), sides=(Sym(), value)):
            return _parts(value)
        case Congruence():
            return [body]
    return list(variants(body))


def _implicit(item: Node) -> list[_Body] | None:
    r"""`\pi/6 + k\pi` without `k \in \mathbb{Z}`: a letter times π is a parameter."""
    names = symbols(item) & _IMPLICIT
    of_pi = len(names) == 1 and symbols(item) == names and Const("pi") in walk(item)
    of_degrees = len(symbols(item)) == 1 and any(_is_degrees(part) for part in walk(item))
    if not of_pi and not of_degrees:
        return None
    name = next(iter(symbols(item)))
    return [(part, name, None) for part in variants(item)] if name in _IMPLICIT else None


def _is_degrees(item: Node) -> bool:
    from adjudge.verifiers.math.nodes import Quantity

    return isinstance(item, Quantity) and item.unit.pi == 1


# -- one body --------------------------------------------------------------------------------------


def _steps(body: Node, name: str, start: int | None) -> list[Progression] | None:
    """The progressions of one body: itself, or its even and odd members."""
    whole = _affine(body, name, start)
    if whole is not None or start is not None:
        return None if whole is None else [whole]
    k = Sym(name)
    even = _affine(replace(body, k, Mul((TWO, k))), name, None)
    odd = _affine(replace(body, k, Add((Mul((TWO, k)), integer(1)))), name, None)
    return None if even is None or odd is None else [even, odd]


def _affine(body: Node, name: str, start: int | None) -> Progression | None:
    if symbols(body) != {name}:
        return None
    first = start or 0
    at = [_simple(replace(body, Sym(name), integer(first + step))) for step in (0, 1, 5, 12)]
    period = _simple(minus(at[1], at[0]))
    for step, value in ((5, at[2]), (12, at[3])):
        if not _same(value, Add((at[0], Mul((integer(step), period))))):
            return None
    if _same(period, ZERO):
        return None
    return Progression(at[0], period, start)


def _simple(item: Node) -> Node:
    value = exact(item)
    return item if value is None else Num(value)


def _same(left: Node, right: Node) -> bool:
    try:
        return same_number(Context(), left, right)
    except Undecided:
        return False


# -- comparing -------------------------------------------------------------------------------------


def same_progressions(context: Context, gold: list[Progression], answer: list[Progression]) -> bool:
    if not gold or not answer:
        return context.says(not gold and not answer, "different_family", "one side is empty")
    bounded = {one.start is not None for one in (*gold, *answer)}
    if len(bounded) != 1:
        return context.says(False, "different_family", "all integers against some of them")
    unit = gold[0].period
    ratios = [_ratio(one.period, unit) for one in (*gold, *answer)]
    common = lcm(*(abs(int(ratio.p)) for ratio in ratios))
    left = _residues(gold, unit, common)
    right = _residues(answer, unit, common)
    modulus = None if bounded == {True} else Mul((integer(common), unit))
    same = _within(left, right, modulus) and _within(right, left, modulus)
    return context.says(same, "equal_family" if same else "different_family")


def _ratio(period: Node, unit: Node) -> fmpq:
    quotient = exact(Div(period, unit))
    if quotient is not None:
        return quotient
    ball = constant(Div(period, unit)).real
    for bottom in range(1, 25):
        top = (ball * bottom).unique_fmpz()
        if top is not None:
            return fmpq(top, bottom)
    raise Undecided("periods without a common multiple")


def _residues(family: list[Progression], unit: Node, common: int) -> list[Node]:
    """One member for each residue class modulo `common` units."""
    found: list[Node] = []
    for one in family:
        count = common / _ratio(one.period, unit)
        if count.q != 1 or abs(count) > 4 * _MOST:
            raise OverLimit("too many residues")
        for step in range(abs(int(count.p))):
            found.append(_simple(Add((one.offset, Mul((integer(step), one.period))))))
    if len(found) > 4 * _MOST:
        raise OverLimit("too many residues")
    return found


def _within(left: list[Node], right: list[Node], modulus: Node | None) -> bool:
    return all(any(_congruent_to(one, other, modulus) for other in right) for one in left)


def _congruent_to(one: Node, other: Node, modulus: Node | None) -> bool:
    if modulus is None:
        return _same(one, other)
    gap = _simple(Div(minus(one, other), modulus))
    value = exact(gap)
    if value is not None:
        return bool(value.q == 1)
    whole = constant(gap).real.unique_fmpz()
    return whole is not None and _same(gap, integer(int(whole)))
