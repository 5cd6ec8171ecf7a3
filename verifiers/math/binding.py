"""Bound variables: of sums, products, integrals and limits. Their names mean nothing."""

from adjudge.verifiers.math.nodes import (
    Integral,
    Limit,
    Node,
    Repeated,
    Sym,
    rebuild,
    replace,
    walk,
)

_BINDERS = (Repeated, Integral, Limit)


def bound(item: Node) -> list[str]:
    """The names of bound variables."""
    return [part.variable for part in walk(item) if isinstance(part, _BINDERS)]


def canonical(item: Node, depth: int = 0) -> Node:
    """The same with bound variables named by how deep they are bound."""
    if not isinstance(item, _BINDERS):
        return rebuild(item, lambda part: canonical(part, depth))
    name = f"@{depth}"
    renamed = {field: getattr(item, field) for field in item.__slots__}
    renamed |= {"variable": name, "body": replace(item.body, Sym(item.variable), Sym(name))}
    return rebuild(type(item)(**renamed), lambda part: canonical(part, depth + 1))
