"""Arithmetic of vectors and matrices: sums, multiples, products, powers, transposes, inverses.

Cells stay formulas; what is rational becomes a number at once, so that powers stay small.
"""

from collections.abc import Sequence

from adjudge.verifiers.math.limits import BITS, OverLimit, Undefined
from adjudge.verifiers.math.nodes import (
    Add,
    Call,
    Div,
    Matrix,
    Mul,
    Neg,
    Node,
    Num,
    Pow,
    Sym,
    Tuple,
    integer,
    minus,
)
from adjudge.verifiers.math.values.exact import exact, size

Rows = tuple[tuple[Node, ...], ...]
_POWER = 64
_CELLS = 36
"""Cells of a matrix that is multiplied with another."""


def folded(item: Node) -> Node:
    """`item` as one vector or matrix if it is arithmetic of such; else as it is."""
    match item:
        case Add(terms=terms):
            return _sum(item, [folded(term) for term in terms])
        case Mul(factors=factors):
            return _product(item, [folded(factor) for factor in factors])
        case Neg() | Div():
            return _multiple(item)
        case Pow(base=base, exponent=exponent):
            return _power(item, folded(base), exponent)
        case Call(name="transpose", args=(arg,)):
            return _transposed(item, folded(arg))
    return item


def is_tensor(item: Node) -> bool:
    return isinstance(item, Matrix | Tuple)


def _cells(item: Node) -> Rows:
    if isinstance(item, Matrix):
        return item.rows
    assert isinstance(item, Tuple)
    return (item.items,)


def _like(item: Node, rows: Rows) -> Node:
    return Matrix(rows) if isinstance(item, Matrix) else Tuple("(", ")", rows[0])


def _simple(item: Node) -> Node:
    value = exact(item)
    if value is not None and size(value) > BITS:
        raise OverLimit("entries too large to compute")
    return item if value is None else Num(value)


def _plain(items: Sequence[Node]) -> bool:
    """Vectors in round or angle brackets, or matrices: no intervals."""
    return all(not isinstance(i, Tuple) or (i.left, i.right) in _VECTORS for i in items)


_VECTORS = frozenset((("(", ")"), ("<", ">"), ("[", "]")))


def _sum(item: Node, terms: list[Node]) -> Node:
    if not all(is_tensor(term) for term in terms) or not _plain(terms):
        return item
    tables = [_cells(term) for term in terms]
    shapes = {tuple(len(row) for row in table) for table in tables}
    if len(shapes) != 1:
        return item
    rows = tuple(
        tuple(_simple(Add(cells)) for cells in zip(*rows, strict=True))
        for rows in zip(*tables, strict=True)
    )
    return _like(terms[0], rows)


def _multiple(item: Node) -> Node:
    """Signs and divisors are gathered first: one by one, each would make all the cells anew."""
    core, scale = item, list[Node]()
    while True:
        match core:
            case Neg(arg=arg):
                core = arg
                scale.append(integer(-1))
            case Div(top=top, bottom=bottom) if not is_tensor(bottom):
                core = top
                scale.append(Div(integer(1), bottom))
            case _:
                break
    tensor = folded(core) if scale else core
    if not is_tensor(tensor):
        return item
    return _scaled(item, tensor, (_simple(Mul(tuple(scale))),))


def _scaled(item: Node, tensor: Node, scale: tuple[Node, ...]) -> Node:
    if not is_tensor(tensor) or not _plain((tensor,)):
        return item
    rows = tuple(tuple(_simple(Mul((*scale, cell))) for cell in row) for row in _cells(tensor))
    return _like(tensor, rows)


def _product(item: Node, factors: list[Node]) -> Node:
    tensors = [factor for factor in factors if is_tensor(factor)]
    scale = tuple(factor for factor in factors if not is_tensor(factor))
    if not tensors or any(isinstance(factor, Sym) and factor.name.isupper() for factor in scale):
        return item  # `A(1, 2)` is a point and its name
    product = tensors[0]
    for factor in tensors[1:]:
        multiplied = _multiplied(product, factor)
        if multiplied is None:
            return item
        product = multiplied
    return _scaled(item, product, scale) if scale else product


def _multiplied(left: Node, right: Node) -> Node | None:
    if not isinstance(left, Matrix) or not isinstance(right, Matrix | Tuple):
        return None
    rows = right.rows if isinstance(right, Matrix) else tuple((cell,) for cell in right.items)
    if len(left.rows[0]) != len(rows) or len(rows) * len(left.rows) > _CELLS:
        return None
    columns = tuple(zip(*rows, strict=True))
    return Matrix(tuple(tuple(_dot(row, column) for column in columns) for row in left.rows))


def _dot(row: Sequence[Node], column: Sequence[Node]) -> Node:
    return _simple(Add(tuple(Mul(pair) for pair in zip(row, column, strict=True))))


def _power(item: Node, base: Node, exponent: Node) -> Node:
    power = exact(exponent)
    if not isinstance(base, Matrix) or power is None or power.q != 1 or abs(power) > _POWER:
        return item
    if len(base.rows) != len(base.rows[0]) or len(base.rows) ** 2 > _CELLS:
        return item
    if power < 0:
        inverse = _inverse(base)
        return item if inverse is None else _power(item, inverse, integer(-int(power.p)))
    result = _unit(len(base.rows))
    for _ in range(int(power.p)):
        result = _multiplied(result, base) or result
    return result


def _unit(count: int) -> Node:
    return Matrix(tuple(tuple(integer(int(i == j)) for j in range(count)) for i in range(count)))


def _inverse(matrix: Matrix) -> Matrix | None:
    """By the adjugate, for two rows; larger ones where a formula says so are rare."""
    if len(matrix.rows) != 2:
        return None
    (a, b), (c, d) = matrix.rows
    determinant = _simple(minus(Mul((a, d)), Mul((b, c))))
    if determinant == integer(0):
        raise Undefined("the inverse of a singular matrix")
    rows = ((d, Neg(b)), (Neg(c), a))
    return Matrix(tuple(tuple(_simple(Div(cell, determinant)) for cell in row) for row in rows))


def _transposed(item: Node, tensor: Node) -> Node:
    if isinstance(tensor, Tuple):
        return tensor
    if not isinstance(tensor, Matrix):
        return item
    return Matrix(tuple(zip(*tensor.rows, strict=True)))
