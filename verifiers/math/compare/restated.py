"""The same statement in another shape: sequences by their first member, chains as intervals, pence.

Each change is made where the other side shows that it is meant.
"""

from adjudge.verifiers.math import nodes as n
from adjudge.verifiers.math.units import find

_CLOSED = {("<", "<"): ("(", ")"), ("<=", "<="): ("[", "]"),
           ("<", "<="): ("(", "]"), ("<=", "<"): ("[", ")")}  # fmt: skip
_TURNED = {">": "<", ">=": "<="}
_MOST = 64


def restated(gold: n.Node, answer: n.Node) -> tuple[n.Node, n.Node]:
    gold, answer = written_out(gold), written_out(answer)
    gold, answer = _by_cases(gold), _by_cases(answer)
    gold, answer = _as_interval(gold, answer), _as_interval(answer, gold)
    return _as_pence(gold, answer), _as_pence(answer, gold)


def written_out(item: n.Node) -> n.Node:
    """`{1, 2, …, 5}`: the integers between, in steps of what the first ones show."""
    if not isinstance(item, n.Set | n.List | n.Tuple) or n.Sym("…") not in item.items:
        return item
    place = item.items.index(n.Sym("…"))
    before, after = item.items[:place], item.items[place + 1 :]
    values = [_whole(part) for part in (*before, *after)]
    if len(before) < 2 or not after or any(value is None for value in values):
        return item
    known = [value for value in values if value is not None]
    filled = _filled(known[: len(before)], known[len(before) :])
    if filled is None:
        return item
    parts = tuple(n.integer(value) for value in filled)
    return n.Tuple(item.left, item.right, parts) if isinstance(item, n.Tuple) else type(item)(parts)


def _whole(item: n.Node) -> int | None:
    if isinstance(item, n.Num) and item.value.q == 1 and not item.decimal:
        return int(item.value.p)
    return None


def _filled(before: list[int], after: list[int]) -> list[int] | None:
    step = before[1] - before[0]
    count = (after[-1] - before[0]) // step + 1 if step else 0
    if not len(before) + len(after) <= count <= _MOST:
        return None
    found = [before[0] + step * place for place in range(count)]
    fits = found[: len(before)] == before and found[-len(after) :] == after
    return found if fits else None


def _by_cases(item: n.Node) -> n.Node:
    """`a_1 = 2, a_n = 2n - 1 (n ≥ 2)` is one sequence by cases."""
    match item:
        case n.List(items=(n.Relation(ops=("=",), sides=(n.Sym(first), start)),
                           n.Given(n.Relation(ops=("=",), sides=(n.Sym(name) as head, rest)),
                                   n.Relation() as condition))):  # fmt: skip
            letter = name.rpartition("_")[2]
            if first == name.rpartition("_")[0] + "_1" and condition.sides[0] == n.Sym(letter):
                only = n.Relation(("=",), (n.Sym(letter), n.ONE))
                cases = n.Piecewise(((start, only), (rest, condition)))
                return n.Relation(("=",), (head, cases))
    return item


def _as_interval(item: n.Node, other: n.Node) -> n.Node:
    """`kπ < x < kπ + π/2, k ∈ ℤ` beside intervals for every k."""
    match item, other:
        case n.Given(n.Relation() as chain, condition), n.Given(n.Tuple(), _):
            found = _interval(chain)
            return item if found is None else n.Given(found, condition)
    return item


def _interval(chain: n.Relation) -> n.Node | None:
    ops, sides = chain.ops, chain.sides
    if set(ops) <= set(_TURNED):
        ops, sides = tuple(_TURNED[op] for op in reversed(ops)), tuple(reversed(sides))
    if ops not in _CLOSED or not isinstance(sides[1], n.Sym):
        return None
    left, right = _CLOSED[ops]
    return n.Tuple(left, right, (sides[0], sides[2]))


def _as_pence(item: n.Node, other: n.Node) -> n.Node:
    """`360p` beside pounds."""
    pound = find("£")
    penny = find("pence")
    match item, other:
        case n.Mul(factors=(n.Num() as count, n.Sym(name="p"))), n.Quantity(unit=unit):
            if penny is not None and pound is not None and unit.dimension == pound.dimension:
                return n.Quantity(count, penny)
    return item
