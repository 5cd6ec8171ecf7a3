"""Bound variables: of sums, products, integrals and limits. Their names mean nothing."""

from adjudge.verifiers.math.nodes import (
    Integral,
    Limit,
    Node,
    Repeated,
    Sym,
    kinds,
    rebuild,
    replace,
    with_values,
)

_BINDERS = (Repeated, Integral, Limit)


def binds(item: Node) -> bool:
    """Has it bound variables?"""
    return not kinds(item).isdisjoint(_BINDERS)


def canonical(item: Node, depth: int = 0) -> Node:
    """The same with bound variables named by how deep they are bound."""
    if not isinstance(item, _BINDERS):
        return rebuild(item, lambda part: canonical(part, depth))
    name = f"@{depth}"
    body = replace(item.body, Sym(item.variable), Sym(name))
    renamed = with_values(item, variable=name, body=body)
    return rebuild(renamed, lambda part: canonical(part, depth + 1))
