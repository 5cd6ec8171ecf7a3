"""Bound variables: of sums, products, integrals and limits. Their names mean nothing."""

from collections.abc import Mapping
from types import MappingProxyType

from adjudge.verifiers.math.nodes import (
    ZERO,
    Integral,
    Limit,
    Node,
    Repeated,
    Sym,
    kinds,
    rebuild,
    with_values,
)

_BINDERS = (Repeated, Integral, Limit)
_NO_NAMES: Mapping[str, str] = MappingProxyType({})


def binds(item: Node) -> bool:
    """Has it bound variables?"""
    return not kinds(item).isdisjoint(_BINDERS)


def canonical(item: Node, names: Mapping[str, str] = _NO_NAMES, depth: int = 0) -> Node:
    """The same with bound variables named by how deep they are bound."""
    if isinstance(item, Sym):
        return Sym(names[item.name]) if item.name in names else item
    if not isinstance(item, _BINDERS):
        return rebuild(item, lambda part: canonical(part, names, depth))
    name = f"@{depth}"
    body = canonical(item.body, {**names, item.variable: name}, depth + 1)
    bounds = with_values(item, variable=name, body=ZERO)  # where it is not bound
    return with_values(rebuild(bounds, lambda part: canonical(part, names, depth + 1)), body=body)
