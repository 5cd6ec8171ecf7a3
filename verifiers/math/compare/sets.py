"""Sets of real numbers: intervals, unions, inequalities, set builders."""

from adjudge.verifiers.math import nodes as n
from adjudge.verifiers.math.compare.kinds import differ
from adjudge.verifiers.math.compare.matching import covered, every
from adjudge.verifiers.math.compare.relations import relations
from adjudge.verifiers.math.context import Context
from adjudge.verifiers.math.limits import Undecided
from adjudge.verifiers.math.values.intervals import NoSet
from adjudge.verifiers.math.values.realsets import pieces
from adjudge.verifiers.math.values.samesets import same_pieces


def sets(context: Context, gold: n.Node, answer: n.Node) -> bool:
    """Sets of real numbers, however they are written."""
    if _other_names(gold, answer):
        return _structures(context, gold, answer)
    try:
        return same_pieces(context, _pieces(gold), _pieces(answer))
    except (NoSet, Undecided):
        return _structures(context, gold, answer)


def _other_names(gold: n.Node, answer: n.Node) -> bool:
    """`a > 0` is not `b > 0`; a set builder's variable is bound and may have any name."""
    if isinstance(gold, n.Builder) or isinstance(answer, n.Builder):
        return False
    mine, theirs = n.symbols(gold), n.symbols(answer)
    return bool(mine and theirs and mine != theirs)


def _pieces(item: n.Node):  # type: ignore[no-untyped-def]  # noqa: ANN202 - Pieces
    names = sorted(n.symbols(item))
    return pieces(item, names[0] if len(names) == 1 else ("x" if "x" in names else ""))


def _structures(context: Context, gold: n.Node, answer: n.Node) -> bool:
    if isinstance(gold, n.Relation) and isinstance(answer, n.Relation):
        return relations(context, gold, answer)
    if isinstance(gold, n.SetOp) and isinstance(answer, n.SetOp) and gold.op == answer.op:
        if gold.op == "minus":
            return every(context, list(zip(gold.items, answer.items, strict=False)), "equal_set")
        return covered(context, gold.items, answer.items) and covered(
            context, answer.items, gold.items
        )
    if isinstance(gold, n.Builder) and isinstance(answer, n.Builder):
        pairs = [(gold.element, answer.element), (gold.condition, answer.condition)]
        return every(context, pairs, "equal_set")
    if type(gold) is not type(answer):
        return differ(context, gold, answer)
    raise Undecided("sets that no rule reads")
