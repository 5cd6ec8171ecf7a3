"""Every member has its like: in the same order, or in whatever order."""

from collections.abc import Sequence

from adjudge.verifiers.math import nodes as n
from adjudge.verifiers.math.context import Context
from adjudge.verifiers.math.limits import Undecided


def every(context: Context, pairs: Sequence[tuple[n.Node, n.Node]], rule: str) -> bool:
    undecided: Undecided | None = None
    for one, other in pairs:
        try:
            if not context.same(one, other):
                return False
        except Undecided as error:
            undecided = error
    if undecided is not None:
        raise undecided
    return context.says(True, rule)


def covered(context: Context, left: Sequence[n.Node], right: Sequence[n.Node]) -> bool:
    return all(_found(context, one, right) for one in left)


def _found(context: Context, one: n.Node, others: Sequence[n.Node]) -> bool:
    undecided: Undecided | None = None
    for other in others:
        try:
            if context.same(one, other):
                return True
        except Undecided as error:
            undecided = error
    if undecided is not None:
        raise undecided
    return False
