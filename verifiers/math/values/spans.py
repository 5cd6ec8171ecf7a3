"""Families that are linear in their arbitrary constants: f₀ + C₁f₁ + C₂f₂.

Two are the same if they have the same span and the difference of their particular parts lies in it:
`C₁eˣ + C₂e⁻ˣ` is `A cosh x + B sinh x`, `ln|x| + C` is `ln|2x| + C`. The coefficients are found
from as many points as there are constants, and must hold at further ones far beyond chance.
"""

from collections.abc import Iterator, Mapping, Sequence

from flint import acb, acb_mat, arb

from adjudge.verifiers.math.limits import OverLimit, Undecided, Undefined
from adjudge.verifiers.math.nodes import Node, symbols
from adjudge.verifiers.math.values.balls import Evaluator, Points, precise

_BITS, _AGREE, _CHECKS = 320, 96, 3


def same_span(
    gold: Node, answer: Node, mine: Sequence[str], theirs: Sequence[str], log_base: int = 0
) -> bool | None:
    """Are both affine in their constants, and the same family? None where that cannot be told."""
    names = (symbols(gold) - set(mine)) | (symbols(answer) - set(theirs))
    if not names or len(mine) != len(theirs):
        return None
    precise(_BITS)
    try:
        return _compared(_Family(gold, mine, log_base), _Family(answer, theirs, log_base), names)
    except (Undecided, Undefined, OverLimit, ZeroDivisionError, ValueError):
        return None
    finally:
        precise(128)


class _Family:
    """f₀ and the fᵢ at a point; raises Undecided where the formula is not affine."""

    def __init__(self, formula: Node, constants: Sequence[str], log_base: int) -> None:
        self.formula, self.constants, self.log_base = formula, list(constants), log_base

    def at(self, point: Mapping[str, acb]) -> tuple[acb, list[acb]]:
        shift = self._value(point, [0] * len(self.constants))
        slopes = []
        for place in range(len(self.constants)):
            ones = [int(place == other) for other in range(len(self.constants))]
            slopes.append(self._value(point, ones) - shift)
        trial = [3 + 2 * place for place in range(len(self.constants))]
        wanted = shift + sum((slope * k for slope, k in zip(slopes, trial, strict=True)), acb(0))
        if not _agree(self._value(point, trial), wanted):
            raise Undecided("not linear in its constants")
        return shift, slopes

    def _value(self, point: Mapping[str, acb], constants: Sequence[int]) -> acb:
        values = {name: acb(k) for name, k in zip(self.constants, constants, strict=True)}
        return Evaluator({**point, **values}, log_base=self.log_base).value(self.formula)


def _agree(left: acb, right: acb) -> bool:
    gap = left - right
    return bool(
        gap.is_finite()
        and gap.contains(0)
        and gap.abs_upper() < (1 + left.abs_upper()) * arb(2) ** -_AGREE
    )


def _compared(gold: _Family, answer: _Family, names: frozenset[str]) -> bool:
    count = len(gold.constants)
    samples = _samples(gold, answer, names)
    fitted = [next(samples) for _ in range(count)]
    basis = acb_mat([slopes for (_, slopes), _ in fitted])
    others = acb_mat([[*slopes, shift - mine] for (mine, _), (shift, slopes) in fitted])
    found = basis.solve(others)
    square = acb_mat([[found[i, j] for j in range(count)] for i in range(count)])
    if square.det().contains(0):
        return False
    return all(_holds(next(samples), found, count) for _ in range(_CHECKS))


_Sample = tuple[tuple[acb, list[acb]], tuple[acb, list[acb]]]


def _samples(gold: _Family, answer: _Family, names: frozenset[str]) -> Iterator[_Sample]:
    for point in Points(names):
        try:
            pair = gold.at(point), answer.at(point)
        except Undefined:
            continue
        yield pair
    raise Undecided("defined at too few points")


def _holds(sample: _Sample, found: acb_mat, count: int) -> bool:
    (shift, slopes), (other, others) = sample
    targets = [*others, other - shift]
    return all(
        _agree(target, sum((slopes[i] * found[i, j] for i in range(count)), acb(0)))
        for j, target in enumerate(targets)
    )
