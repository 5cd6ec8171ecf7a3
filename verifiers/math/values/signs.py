"""What ± stands for: every upper sign at once, every lower sign at once, ∓ against them.

In one formula the signs go together (`a ± b ∓ c` is two values); in different members of a tuple
they are independent where both readings are possible, and the larger set is meant.
"""

from itertools import product

from adjudge.verifiers.math.limits import VARIANTS, OverLimit
from adjudge.verifiers.math.nodes import Neg, Node, PlusMinus, Tuple, kinds, rebuild


def has_signs(item: Node) -> bool:
    return PlusMinus in kinds(item)


def variants(item: Node) -> list[Node]:
    """The values that `item` stands for; itself where there is no ±."""
    if not has_signs(item):
        return [item]
    if isinstance(item, Tuple):
        members = [variants(member) for member in item.items]
        count = 1
        for member in members:
            count *= len(member)
        if count > VARIANTS:
            raise OverLimit("too many signs")
        return [Tuple(item.left, item.right, chosen) for chosen in product(*members)]
    return [_chosen(item, lower=False), _chosen(item, lower=True)]


def _chosen(item: Node, lower: bool) -> Node:
    if isinstance(item, PlusMinus):
        inner = _chosen(item.arg, lower)
        return Neg(inner) if item.lower ^ lower else inner
    return rebuild(item, lambda part: _chosen(part, lower))
