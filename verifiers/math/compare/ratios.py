"""Ratios of two or more terms: `2 : 3`."""

from adjudge.verifiers.math import nodes as n
from adjudge.verifiers.math.compare.formulas import with_constants
from adjudge.verifiers.math.compare.kinds import differ
from adjudge.verifiers.math.compare.matching import every
from adjudge.verifiers.math.context import Context


def ratios(context: Context, gold: n.Node, answer: n.Node) -> bool:
    if isinstance(gold, n.Num | n.Percent) or isinstance(answer, n.Num | n.Percent):
        one, other = _quotient(gold), _quotient(answer)
        if isinstance(one, n.Ratio) or isinstance(other, n.Ratio):
            return differ(context, gold, answer)
        return with_constants(context, one, other)
    left, right = _terms(gold), _terms(answer)
    if left is None or right is None or len(left) != len(right):
        return differ(context, gold, answer)
    pairs = [
        (n.Mul((left[0], other)), n.Mul((right[0], one)))
        for one, other in zip(left[1:], right[1:], strict=True)
    ]
    return every(context, pairs, "equal_ratio")


def _quotient(item: n.Node) -> n.Node:
    if isinstance(item, n.Ratio) and len(item.items) == 2:
        return n.Div(*item.items)
    return item


def _terms(item: n.Node) -> tuple[n.Node, ...] | None:
    if isinstance(item, n.Ratio):
        return item.items
    if isinstance(item, n.Div):
        return item.top, item.bottom
    return None
