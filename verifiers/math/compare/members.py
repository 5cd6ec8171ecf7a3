"""What holds several values: tuples, vectors, matrices, lists, finite sets."""

from adjudge.verifiers.math import nodes as n
from adjudge.verifiers.math.compare.formulas import formulas
from adjudge.verifiers.math.compare.joint import Pairs, aligned_heads, jointly, shares_constants
from adjudge.verifiers.math.compare.kinds import differ
from adjudge.verifiers.math.compare.matching import covered, every
from adjudge.verifiers.math.context import Context
from adjudge.verifiers.math.limits import ITEMS, OverLimit
from adjudge.verifiers.math.values.signs import has_signs, variants


def matrices(context: Context, gold: n.Node, answer: n.Node) -> bool:
    one, other = _vector(gold), _vector(answer)
    if one is not None and other is not None and len(one) == len(other):
        return _in_order(context, list(zip(one, other, strict=True)), "equal_vector")
    left, right = _rows(gold), _rows(answer)
    if left is None or right is None:
        return formulas(context, gold, answer)
    if [len(row) for row in left] != [len(row) for row in right]:
        return context.says(False, "different_shape")
    pairs = [
        pair
        for one, other in zip(left, right, strict=True)
        for pair in zip(one, other, strict=True)
    ]
    return _in_order(context, pairs, "equal_matrix")


def _in_order(context: Context, pairs: Pairs, rule: str) -> bool:
    if shares_constants(pairs):
        return jointly(context, pairs)
    return every(context, pairs, rule)


def _rows(item: n.Node) -> tuple[tuple[n.Node, ...], ...] | None:
    if isinstance(item, n.Matrix):
        return item.rows
    if isinstance(item, n.Tuple) and all(isinstance(part, n.Tuple) for part in item.items):
        return tuple(part.items for part in item.items if isinstance(part, n.Tuple))
    if isinstance(item, n.Tuple):
        return tuple((part,) for part in item.items)
    return None


def _vector(item: n.Node) -> tuple[n.Node, ...] | None:
    if isinstance(item, n.Tuple):
        return item.items
    if isinstance(item, n.Matrix) and all(len(row) == 1 for row in item.rows):
        return tuple(row[0] for row in item.rows)
    if isinstance(item, n.Matrix) and len(item.rows) == 1:
        return item.rows[0]
    return None


def tuples(context: Context, gold: n.Node, answer: n.Node) -> bool:
    left, right = _vector(gold), _vector(answer)
    if left is None or right is None:
        return _tuple_and_other(context, gold, answer)
    if has_signs(gold) or has_signs(answer):
        return collections(context, n.List((gold,)), n.List((answer,)))
    if len(left) != len(right):
        return context.says(False, "different_length", f"{len(left)} and {len(right)} members")
    if not _same_brackets(gold, answer):
        return context.says(False, "different_bounds", "open is not closed")
    return _in_order(context, list(zip(left, right, strict=True)), "equal_tuple")


def _tuple_and_other(context: Context, gold: n.Node, answer: n.Node) -> bool:
    return differ(context, gold, answer)


def _same_brackets(gold: n.Node, answer: n.Node) -> bool:
    """Only an interval is told by its brackets; of two members, it may be one."""
    if not isinstance(gold, n.Tuple) or not isinstance(answer, n.Tuple) or len(gold.items) != 2:
        return True
    one, other = (gold.left, gold.right), (answer.left, answer.right)
    vectors = {("(", ")"), ("<", ">"), ("langle", "rangle")}
    return one == other or (one in vectors and other in vectors)


def collections(context: Context, gold: n.Node, answer: n.Node) -> bool:
    """Lists, alternatives and finite sets: every member has its like, in whatever order."""
    left, right = _members(gold), _members(answer)
    if max(len(left), len(right)) > ITEMS:
        raise OverLimit("too many members")
    if context.policies.order and isinstance(gold, n.List) and isinstance(answer, n.List):
        if len(left) != len(right):
            return context.says(False, "different_length")
        return every(context, list(zip(left, right, strict=True)), "equal_list")
    aligned = aligned_heads(left, right)
    if aligned is not None and shares_constants(aligned):
        return jointly(context, aligned)
    if covered(context, left, right) and covered(context, right, left):
        return context.says(True, "equal_members")
    return context.says(False, "different_members", context.note)


def _members(item: n.Node) -> list[n.Node]:
    parts = item.items if isinstance(item, n.List | n.Either | n.Both | n.Set) else (item,)
    return [value for part in parts for value in variants(part)]


def of_rows(gold: n.Node, answer: n.Node) -> bool:
    """A matrix beside nested brackets."""
    sides = (gold, answer)
    return any(isinstance(side, n.Matrix) for side in sides) and any(
        isinstance(side, n.Tuple) and all(isinstance(part, n.Tuple) for part in side.items)
        for side in sides
    )


def signed(gold: n.Node, answer: n.Node) -> bool:
    return has_signs(gold) != has_signs(answer) or (has_signs(gold) and has_signs(answer))
