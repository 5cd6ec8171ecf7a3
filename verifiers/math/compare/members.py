"""What holds several values: tuples, vectors, matrices, lists, finite sets."""

import secrets
from typing import TypeGuard

from adjudge.verifiers.math import nodes as n
from adjudge.verifiers.math.compare.formulas import formulas
from adjudge.verifiers.math.compare.joint import Pairs, aligned_heads, jointly, shares_constants
from adjudge.verifiers.math.compare.kinds import differ
from adjudge.verifiers.math.compare.matching import every, matched
from adjudge.verifiers.math.context import Context
from adjudge.verifiers.math.limits import ITEMS, OverLimit
from adjudge.verifiers.math.values.signs import has_signs, variants
from adjudge.verifiers.math.values.tensors import folded


def matrices(context: Context, gold: n.Node, answer: n.Node) -> bool:
    if name := _power_name(gold) or _power_name(answer):
        return _at_integers(context, gold, answer, name)
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


def _power_name(item: n.Node) -> str:
    """n of a matrix to the n."""
    for part in n.walk(item):
        if isinstance(part, n.Pow) and isinstance(part.base, n.Matrix):
            names = n.symbols(part.exponent)
            return next(iter(names)) if len(names) == 1 else ""
    return ""


def _at_integers(context: Context, gold: n.Node, answer: n.Node, name: str) -> bool:
    """At a few exponents that nobody can foresee."""
    for exponent in (1, 2, 3, *(4 + secrets.randbelow(30) for _ in range(3))):
        value = n.integer(exponent)
        left, right = (folded(n.replace(side, n.Sym(name), value)) for side in (gold, answer))
        if not isinstance(left, n.Matrix) or not isinstance(right, n.Matrix):
            return differ(context, gold, answer)
        if not matrices(context, left, right):
            return False
    return context.says(True, "equal_matrix", f"at six exponents {name}")


def _rows(item: n.Node) -> tuple[tuple[n.Node, ...], ...] | None:
    if isinstance(item, n.Matrix):
        return item.rows
    if isinstance(item, n.Tuple):
        return tuple(part.items for part in item.items if isinstance(part, n.Tuple))
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
    if isinstance(gold, n.List) and _ordered(answer, len(gold.items)):
        return every(context, list(zip(gold.items, answer.items, strict=True)), "equal_list")
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
    if matched(context, left, right):
        return context.says(True, "equal_members")
    return context.says(False, "different_members", context.note)


def _ordered(item: n.Node, count: int) -> TypeGuard[n.Tuple]:
    """Three or more values in parentheses, which are no interval, in the order of the list."""
    return (
        isinstance(item, n.Tuple)
        and (item.left, item.right) == ("(", ")")
        and (len(item.items) == count > 2)
    )


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
