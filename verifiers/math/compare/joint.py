"""Several formulas that share their arbitrary constants: one family, not one for each.

`(C₁eᵗ + C₂, C₁eᵗ - C₂)` and the same with eᵗ and 1 exchanged agree member by member, each under a
renaming of its own. Weighted with letters of their own, the members are one formula, whose
constants mean the same everywhere.
"""

from collections.abc import Sequence

from adjudge.verifiers.math import nodes as n
from adjudge.verifiers.math.compare.constants import constants_of
from adjudge.verifiers.math.compare.formulas import with_constants
from adjudge.verifiers.math.compare.kinds import formula
from adjudge.verifiers.math.context import Context

Pairs = Sequence[tuple[n.Node, n.Node]]


def shares_constants(pairs: Pairs) -> bool:
    """Do two members of one side hold the same arbitrary constant, beside variables?"""
    sides = list(zip(*pairs, strict=True)) if len(pairs) > 1 else []
    if not all(formula(part) for side in sides for part in side):
        return False
    return any(_shared(side) for side in sides)


def _shared(side: tuple[n.Node, ...]) -> bool:
    seen: set[str] = set()
    for part in filter(n.symbols, side):
        mine = set(constants_of(part, part, solved=True)[0])
        if mine & seen:
            return True
        seen |= mine
    return False


def jointly(context: Context, pairs: Pairs) -> bool:
    left, right = (_weighted(side) for side in zip(*pairs, strict=True))
    return with_constants(context, left, right, solved=True)


def _weighted(parts: tuple[n.Node, ...]) -> n.Node:
    return n.Add(tuple(n.Mul((n.Sym(f"weight {place}"), part)) for place, part in enumerate(parts)))


def aligned_heads(left: Sequence[n.Node], right: Sequence[n.Node]) -> Pairs | None:
    """`x = …, y = …` beside the same names: the two values of each; None where they differ."""
    mine, theirs = _by_head(left), _by_head(right)
    if mine is None or theirs is None or mine.keys() != theirs.keys() or len(mine) < 2:
        return None
    return [(mine[head], theirs[head]) for head in mine]


def _by_head(items: Sequence[n.Node]) -> dict[n.Node, n.Node] | None:
    found = {
        item.sides[0]: item.sides[1]
        for item in items
        if isinstance(item, n.Relation) and item.ops == ("=",)
    }
    return found if len(found) == len(items) else None
