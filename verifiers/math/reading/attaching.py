r"""What stands behind a comma and belongs to what stands before it."""

from adjudge.verifiers.math.nodes import (
    Add,
    Both,
    Const,
    Div,
    Given,
    List,
    Mul,
    Neg,
    Node,
    Num,
    Numbers,
    PlusMinus,
    Pow,
    Relation,
    Root,
    Sym,
    Tuple,
    symbols,
)

_VALUES = Num | Neg | Add | Mul | Div | Pow | Root | Const | PlusMinus


def attached(items: list[Node]) -> list[Node]:
    r"""`\pi/6 + k\pi, k \in \mathbb{Z}`: a membership behind a comma is a condition."""
    if len(items) == 1:
        return items
    items = _shared_head(items)
    kept: list[Node] = []
    conditions: list[Node] = []
    for item in items:
        if kept and _bounds(kept[-1], item):
            kept[-1] = Given(kept[-1], _counting(item))
        elif kept and (is_condition(item) or _is_index(item, kept[-1])):
            conditions.extend(_with_letters_before(kept, item))
        else:
            kept.append(item)
    if not conditions:
        return kept
    condition = conditions[0] if len(conditions) == 1 else Both(tuple(conditions))
    return [Given(item, condition) for item in kept]


_COUNTERS = frozenset(("n", "m", "k", "j", "l"))


def _counting(item: Node) -> Node:
    """`k ≥ 1` is said of integers where k counts."""
    match item:
        case Relation(ops=(">=" | ">" as op,), sides=(Sym(name=name) as letter, Num(value=low))):
            least = low + (op == ">")
            if name in _COUNTERS and least in (0, 1):
                return Relation(("in",), (letter, Numbers("N0" if least == 0 else "Z+")))
    return item


_ORDERS = frozenset((">", ">=", "<", "<=", "!="))


def _bounds(before: Node, item: Node) -> bool:
    r"""`f(x) = 1/x, x \neq 0`, `n = 2^k, k \ge 1`: said of a letter in the value."""
    if isinstance(before, Pow | Mul | Add) and isinstance(item, Relation):
        return _counting(item) is not item and symbols(item) <= symbols(before)
    if not isinstance(before, Relation) or before.ops != ("=",):
        return False
    match item:
        case Relation(ops=(op,), sides=(Sym(name=name), bound)) if op in _ORDERS:
            head, value = before.sides
            named = symbols(head) if isinstance(head, Sym | Tuple) else frozenset[str]()
            return name in symbols(value) and name not in named and not symbols(bound)
    return False


def _with_letters_before(kept: list[Node], condition: Node) -> list[Node]:
    r"""`ax + b, a, b \in \mathbb{R}`: the letters before belong to the condition."""
    found = [condition]
    while len(kept) > 1 and isinstance(kept[-1], Sym) and isinstance(condition, Relation):
        found.append(Relation(("in",), (kept.pop(), condition.sides[1])))
    return found


def _shared_head(items: list[Node]) -> list[Node]:
    r"""`x \neq -1, 3`, `\lambda = 1, 4`: what stands before the sign is said of every value."""
    first = items[0]
    if not isinstance(first, Relation) or first.ops not in (("!=",), ("=",)):
        return items
    points = isinstance(first.sides[0], Tuple) and all(isinstance(i, Tuple) for i in items[1:])
    head = first.sides[0]
    letters = symbols(first.sides[1]) if len(first.sides) == 2 else frozenset[str]()
    values = isinstance(head, Sym) and all(_is_value(item, letters) for item in items[1:])
    if not points and not values:
        return items
    return [first, *(Relation(first.ops, (first.sides[0], item)) for item in items[1:])]


def _is_value(item: Node, letters: frozenset[str]) -> bool:
    """A number, written in whatever way; or a formula of the same letters as the first (4k + 1)."""
    return isinstance(item, _VALUES) and symbols(item) == (letters if letters else frozenset())


def _is_index(item: Node, before: Node) -> bool:
    """`a_n = 3n - 1, n >= 1`."""
    match item, before:
        case Relation(ops=((">" | ">="),), sides=(Sym(name=name), Num())), Relation(ops=("=",)):
            return any(part.endswith(f"_{name}") for part in symbols(before))
    return False


def is_condition(item: Node) -> bool:
    return (
        isinstance(item, Relation)
        and item.ops == ("in",)
        and isinstance(item.sides[0], Sym | List)
        and isinstance(item.sides[1], Numbers)
    )
