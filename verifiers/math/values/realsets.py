"""Sets of real numbers as unions of intervals; inequalities in one variable are such sets."""

from adjudge.verifiers.math.limits import Undecided
from adjudge.verifiers.math.nodes import (
    ZERO,
    Both,
    Builder,
    Call,
    Either,
    Given,
    List,
    Neg,
    Node,
    Numbers,
    Relation,
    Set,
    SetOp,
    Sym,
    Tuple,
    minus,
    symbols,
)
from adjudge.verifiers.math.values.inequalities import solved_polynomial
from adjudge.verifiers.math.values.intervals import (
    FLIPPED,
    LINE,
    NoSet,
    Piece,
    Pieces,
    complement,
    end_of,
    half_line,
    merged,
    operated,
)

ORDERED = frozenset(FLIPPED)


def pieces(item: Node, variable: str = "") -> Pieces:
    """The set that `item` is, or that its solutions in `variable` are; raises NoSet."""
    match item:
        case Tuple(left=("(" | "[") as left, right=right, items=(low, high)):
            return (_interval(low, high, left == "[", right == "]"),)
        case Numbers(name=name):
            return _numbers(name)
        case Set(items=members):
            return tuple(_point(member) for member in members)
        case SetOp(op=op, items=parts):
            return operated(op, [pieces(part, variable) for part in parts])
        case Builder(element=element, condition=condition):
            return _built(element, condition)
        case _:
            return _conditions(item, variable)


def _conditions(item: Node, variable: str) -> Pieces:
    match item:
        case Either(items=parts):
            return operated("cup", [pieces(part, variable) for part in parts])
        case List(items=parts):
            met = _met(parts, variable)
            return met or operated("cup", [pieces(part, variable) for part in parts])
        case Both(items=parts):
            return operated("cap", [pieces(part, variable) for part in parts])
        case Relation():
            return solved(item, variable)
        case Given(body=body, condition=Relation(ops=("in",), sides=(_, Numbers(name="R")))):
            return pieces(body, variable)
    raise NoSet


def _met(parts: tuple[Node, ...], variable: str) -> Pieces:
    """`x > 1, x < 3`; where nothing is in both (`x < 0, x > 2`), either is meant."""
    return merged(operated("cap", [pieces(part, variable) for part in parts]))


def _point(member: Node) -> Piece:
    if isinstance(member, Tuple | Set | List | Relation):
        raise NoSet
    return Piece(member, member, True, True)


def _interval(low: Node, high: Node, low_in: bool, high_in: bool) -> Piece:
    return Piece(end_of(low, -1), end_of(high, 1), low_in, high_in)


def _numbers(name: str) -> Pieces:
    named: dict[str, Pieces] = {
        "R": LINE,
        "R+": (Piece(ZERO, None),),
        "R-": (Piece(None, ZERO),),
        "R0+": (Piece(ZERO, None, True),),
        "R*": (Piece(None, ZERO), Piece(ZERO, None)),
    }
    if name not in named:
        raise NoSet
    return named[name]


def _built(element: Node, condition: Node) -> Pieces:
    match element:
        case Sym(name=name):
            return pieces(condition, name)
        case Relation(ops=("in",), sides=(Sym(name=name), domain)):
            return operated("cap", [pieces(domain, name), pieces(condition, name)])
    raise NoSet


def solved(relation: Relation, variable: str) -> Pieces:
    if relation.ops == ("in",) and relation.sides[0] == Sym(variable):
        return pieces(relation.sides[1], variable)
    if relation.ops == ("notin",) and relation.sides[0] == Sym(variable):
        return complement(pieces(relation.sides[1], variable))
    if not set(relation.ops) <= ORDERED or not variable:
        raise NoSet
    steps = zip(relation.sides, relation.ops, relation.sides[1:], strict=False)
    return operated("cap", [_step(left, op, right, variable) for left, op, right in steps])


def _step(left: Node, op: str, right: Node, variable: str) -> Pieces:
    if left == Sym(variable) and variable not in symbols(right):
        return half_line(op, right)
    if right == Sym(variable) and variable not in symbols(left):
        return half_line(FLIPPED[op], left)
    if variable not in symbols(left) | symbols(right):
        raise Undecided("a condition on something else")
    absolute = _absolute(left, op, right, variable)
    return absolute if absolute is not None else solved_polynomial(minus(left, right), op, variable)


def _absolute(left: Node, op: str, right: Node, variable: str) -> Pieces | None:
    """|u| < c is -c < u < c; |u| > c the rest."""
    if isinstance(right, Call) and right.name == "abs":
        left, op, right = right, FLIPPED[op], left
    if not isinstance(left, Call) or left.name != "abs" or variable in symbols(right):
        return None
    inner = left.args[0]
    above, below = (
        _step(inner, op, right, variable),
        _step(inner, FLIPPED[op], Neg(right), variable),
    )
    both = op in ("<", "<=", "!=")
    return operated("cap" if both else "cup", [above, below])
