"""Are two trees one answer? Dispatched by what the two sides are; numbers last.

Everything that holds several values is taken apart here until formulas are left, which `numbers`
decides by exact values and ball arithmetic. What it leaves undecided goes to sympy (`fallback`), in
a process that can be killed; what that leaves undecided is `Undecided`.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import permutations

from flint import fmpq

from adjudge.verifiers.math import nodes as n
from adjudge.verifiers.math.balls import Huge
from adjudge.verifiers.math.context import Context, Decision, Policies
from adjudge.verifiers.math.exact import exact
from adjudge.verifiers.math.fallback import Unsupported, prover
from adjudge.verifiers.math.families import progressions, same_progressions
from adjudge.verifiers.math.limits import ITEMS, OverLimit, Undecided, Undefined
from adjudge.verifiers.math.numbers import same_number
from adjudge.verifiers.math.quantities import same_quantity
from adjudge.verifiers.math.realsets import NoSet, pieces, same_pieces
from adjudge.verifiers.math.signs import has_signs, variants

_EQUAL = ("=",)
_INEQUALITIES = frozenset(("<", ">", "<=", ">=", "!=", "in"))
_ARBITRARY = frozenset(
    [
        "C",
        "c",
        "K",
        "k",
        "A",
        "B",
        "D",
        "c1",
        "c2",
        "C1",
        "C2",
        "C_1",
        "C_2",
        "c_1",
        "c_2",
        "c_{1}",
        "c_{2}",
        "C_{1}",
        "C_{2}",
    ]
)
_INTEGER_NAMES = frozenset(["k", "n", "m", "l", "j", "t"])
_TRIALS = 8
MAX_CONSTANTS = 3


def compare(gold: n.Node, answer: n.Node, policies: Policies | None = None) -> Decision:
    """Never raises for what the two are; `equal` is None where it stays undecided."""
    context = Context(policies or Policies())
    try:
        equal = same(context, gold, answer)
    except Undefined as error:
        return Decision(False, "undefined", str(error))
    except OverLimit as error:
        return Decision(False, "limit", str(error))
    except (Undecided, NoSet) as error:
        return Decision(None, "undecided", str(error))
    return Decision(equal, context.rule, context.note)


def same(context: Context, gold: n.Node, answer: n.Node) -> bool:
    gold, answer = _alike(context, gold, answer)
    if gold == answer and not _formula(gold):
        return context.says(True, "equal_structure")
    for applies, decide in _RULES:
        if applies(gold, answer):
            return decide(context, gold, answer)
    return _formulas(context, gold, answer)


# -- making the two sides alike --------------------------------------------------------------------


def _alike(context: Context, gold: n.Node, answer: n.Node) -> tuple[n.Node, n.Node]:
    """Drop what only one side says: labels, letters of options, names of unknowns."""
    gold, answer = _unlabelled(gold, answer)
    gold, answer = _expanded(gold), _expanded(answer)
    gold, answer = _pointed(gold, answer), _pointed(answer, gold)
    gold, answer = _headed(context, gold, answer)
    for _ in range(3):
        before = (gold, answer)
        gold, answer = _unnamed(context, gold, answer), _unnamed(context, answer, gold)
        gold, answer = _single(gold), _single(answer)
        if before == (gold, answer):
            break
    return gold, answer


def _expanded(item: n.Node) -> n.Node:
    """`x = ±2` is two equations; a matrix times a number is a matrix."""
    item = _unrounded(item)
    if isinstance(item, n.Relation) and has_signs(item):
        return n.Either(tuple(variants(item)))
    if isinstance(item, n.Mul) and sum(isinstance(f, n.Quantity) for f in item.factors) == 1:
        return _lifted(item)
    if isinstance(item, n.Mul) and sum(isinstance(f, n.Matrix) for f in item.factors) == 1:
        matrix = next(factor for factor in item.factors if isinstance(factor, n.Matrix))
        scale = tuple(factor for factor in item.factors if factor is not matrix)
        if all(_formula(factor) for factor in scale):
            rows = tuple(tuple(n.Mul((*scale, cell)) for cell in row) for row in matrix.rows)
            return n.Matrix(rows)
    return item


def _lifted(item: n.Mul) -> n.Node:
    """`6.56 × 10^-7 m` is a number of metres."""
    measured = next(factor for factor in item.factors if isinstance(factor, n.Quantity))
    rest = tuple(factor for factor in item.factors if factor is not measured)
    if not all(_formula(factor) for factor in rest):
        return item
    return n.Quantity(n.Mul((*rest, measured.value)), measured.unit)


def _unrounded(item: n.Node) -> n.Node:
    """`(1 + √97)/8 ≈ 1.36` is its exact side."""
    if not isinstance(item, n.Relation) or item.ops[-1] != "~":
        return item
    if len(item.ops) > 1:
        return n.Relation(item.ops[:-1], item.sides[:-1])
    return item if n.symbols(item.sides[0]) else item.sides[0]


def _pointed(item: n.Node, other: n.Node) -> n.Node:
    """`A(1, 2)` beside a point is a point with its name."""
    if not isinstance(other, n.Tuple):
        return item
    if isinstance(item, n.Apply) and len(item.args) > 1:
        return n.Tuple("(", ")", item.args)
    if isinstance(item, n.Mul) and len(item.factors) == 2:
        name, point = item.factors
        if isinstance(name, n.Sym) and name.name.isupper() and isinstance(point, n.Tuple):
            return point
    if isinstance(item, n.Add | n.Mul | n.Neg | n.Sym) and any(
        name.startswith("unit ") for name in n.symbols(item)
    ):
        return _components(item)
    return item


def _components(item: n.Node) -> n.Node:
    """`2i − 3j + k` by its components."""
    units = ("unit i", "unit j", "unit k")
    used = units if "unit k" in n.symbols(item) else units[:2]
    zero = {name: n.Num(fmpq(0)) for name in units}
    parts = tuple(_put(item, zero | {name: n.Num(fmpq(1))}) for name in used)
    return n.Tuple("(", ")", parts)


def _headed(context: Context, gold: n.Node, answer: n.Node) -> tuple[n.Node, n.Node]:
    """`f(x) = …` beside `f(t) = …`: the argument's name is bound."""
    if not (isinstance(gold, n.Relation) and isinstance(answer, n.Relation)):
        return gold, answer
    one, other = gold.sides[0], answer.sides[0]
    if not (isinstance(one, n.Apply) and isinstance(other, n.Apply)):
        return gold, answer
    if not context.policies.rename or one.args == other.args or len(one.args) != len(other.args):
        return gold, answer
    names = {
        theirs.name: mine.name
        for mine, theirs in zip(one.args, other.args, strict=True)
        if isinstance(mine, n.Sym) and isinstance(theirs, n.Sym)
    }
    return gold, n.rename(answer, names) if len(names) == len(one.args) else answer


def _single(item: n.Node) -> n.Node:
    if isinstance(item, n.List | n.Either | n.Both) and len(item.items) == 1:
        return item.items[0]
    if isinstance(item, n.Tuple) and len(item.items) == 1 and (item.left, item.right) == ("(", ")"):
        return item.items[0]
    return item


def _unlabelled(gold: n.Node, answer: n.Node) -> tuple[n.Node, n.Node]:
    if isinstance(gold, n.Labeled) != isinstance(answer, n.Labeled):
        gold = gold.value if isinstance(gold, n.Labeled) else gold
        answer = answer.value if isinstance(answer, n.Labeled) else answer
    if isinstance(gold, n.Choice) and not isinstance(answer, n.Choice) and gold.value is not None:
        return gold.value, answer
    if isinstance(answer, n.Choice) and not isinstance(gold, n.Choice) and answer.value is not None:
        return gold, answer.value
    return gold, answer


def _unnamed(context: Context, item: n.Node, other: n.Node) -> n.Node:
    """`x = 5` beside what names nothing is `5`; a list of such is a list of values."""
    if not context.policies.names or _names(other):
        return item
    if isinstance(item, n.List | n.Either | n.Both) and all(_named(part) for part in item.items):
        names = {_name(part) for part in item.items}
        if isinstance(other, n.Tuple) and len(names) == len(item.items):
            return n.Tuple(other.left, other.right, tuple(_valued(part) for part in item.items))
        return n.List(tuple(_valued(part) for part in item.items))
    return _valued(item) if _named(item) else item


def _names(item: n.Node) -> bool:
    if isinstance(item, n.List | n.Either | n.Both):
        return any(_names(part) for part in item.items)
    return isinstance(item, n.Relation | n.Congruence | n.Given)


def _named(item: n.Node) -> bool:
    """`x = 5`, `f(x) = x^2`, or a true chain of constants such as `2 + 2 = 4`."""
    if not isinstance(item, n.Relation):
        return False
    head, value = item.sides[0], item.sides[-1]
    if set(item.ops) == {"="} and not n.symbols(item):
        return _true_chain(item)
    if not set(item.ops) <= {"=", "~", "in"} or "in" in item.ops[1:]:
        return False
    if isinstance(head, n.Apply):
        return True
    if isinstance(head, n.Tuple):
        names = {part.name for part in head.items if isinstance(part, n.Sym)}
        return len(names) == len(head.items) and not names & n.symbols(value)
    return isinstance(head, n.Sym) and head.name not in n.symbols(value)


def _true_chain(item: n.Relation) -> bool:
    try:
        return all(same_number(Context(), item.sides[0], side) for side in item.sides[1:])
    except (Undecided, Undefined, OverLimit):
        return False


def _name(item: n.Node) -> n.Node:
    assert isinstance(item, n.Relation)
    return item.sides[0]


def _valued(item: n.Node) -> n.Node:
    assert isinstance(item, n.Relation)
    return item.sides[-1]


# -- rules -----------------------------------------------------------------------------------------

Rule = tuple[
    Callable[[n.Node, n.Node], bool],
    Callable[[Context, n.Node, n.Node], bool],
]


def _either(*kinds: type[n.Node]) -> Callable[[n.Node, n.Node], bool]:
    return lambda gold, answer: isinstance(gold, kinds) or isinstance(answer, kinds)


def _both(*kinds: type[n.Node]) -> Callable[[n.Node, n.Node], bool]:
    return lambda gold, answer: isinstance(gold, kinds) and isinstance(answer, kinds)


def _differ(context: Context, gold: n.Node, answer: n.Node) -> bool:
    names = f"{type(gold).__name__.lower()} against {type(answer).__name__.lower()}"
    return context.says(False, "different_kind", names)


def _letters(context: Context, gold: n.Node, answer: n.Node) -> bool:
    if isinstance(gold, n.Choice) and isinstance(answer, n.Choice):
        return context.says(gold.letter == answer.letter, "choice")
    letter = gold if isinstance(gold, n.Choice) else answer
    other = answer if letter is gold else gold
    assert isinstance(letter, n.Choice)
    if isinstance(other, n.Sym):
        return context.says(other.name.upper() == letter.letter, "choice")
    return _differ(context, gold, answer)


def _words(context: Context, gold: n.Node, answer: n.Node) -> bool:
    if isinstance(gold, n.Text) and isinstance(answer, n.Text):
        return context.says(gold.words == answer.words, "same_words")
    return _differ(context, gold, answer)


def _labelled(context: Context, gold: n.Node, answer: n.Node) -> bool:
    assert isinstance(gold, n.Labeled)
    assert isinstance(answer, n.Labeled)
    if gold.label != answer.label:
        return context.says(False, "different_label", f"{answer.label} is not {gold.label}")
    return same(context, gold.value, answer.value)


def _moments(context: Context, gold: n.Node, answer: n.Node) -> bool:
    if isinstance(gold, n.Clock) and isinstance(answer, n.Clock):
        return context.says(_same_clock(gold, answer), "same_time")
    if isinstance(gold, n.Date) and isinstance(answer, n.Date):
        pairs = ((gold.year, answer.year), (gold.month, answer.month), (gold.day, answer.day))
        return context.says(
            all(a == b or None in (a, b) for a, b in pairs) and gold.day == answer.day, "same_date"
        )
    return _differ(context, gold, answer)


def _same_clock(gold: n.Clock, answer: n.Clock) -> bool:
    half = 12 * 3600
    if gold.marked and answer.marked:
        return gold.seconds == answer.seconds
    return gold.seconds % half == answer.seconds % half


def _families(context: Context, gold: n.Node, answer: n.Node) -> bool:
    left, right = progressions(_bare(gold)), progressions(_bare(answer))
    left = left if left is not None else progressions(_assumed(_bare(gold)))
    right = right if right is not None else progressions(_assumed(_bare(answer)))
    if left is None or right is None:
        return _without_given(context, gold, answer)
    return same_progressions(context, left, right)


def _assumed(item: n.Node) -> n.Node:
    """Beside a family, `7k + 3` is one over the integers too."""
    names = n.symbols(item)
    if not _formula(item) or len(names) != 1 or not names <= _INTEGER_NAMES:
        return item
    (name,) = names
    return n.Given(item, n.Relation(("in",), (n.Sym(name), n.Numbers("Z"))))


def _bare(item: n.Node) -> n.Node:
    """A family without the name of its unknown: `x = 5k + 1`."""
    if isinstance(item, n.Relation) and _named(item):
        return _valued(item)
    if isinstance(item, n.Given):
        return n.Given(_bare(item.body), item.condition)
    if isinstance(item, n.List | n.Either):
        return type(item)(tuple(_bare(part) for part in item.items))
    return item


def _implied(gold: n.Node, answer: n.Node) -> bool:
    """Families whose integer parameter is not introduced: `±π/3 + 2kπ`."""
    if not (_of_angles(gold) and _of_angles(answer)):
        return False
    return progressions(_bare(gold)) is not None and progressions(_bare(answer)) is not None


def _of_angles(item: n.Node) -> bool:
    return bool(n.symbols(item)) and any(
        part == n.Const("pi") or isinstance(part, n.Quantity) for part in n.walk(item)
    )


def _without_given(context: Context, gold: n.Node, answer: n.Node) -> bool:
    if isinstance(gold, n.Given) and isinstance(answer, n.Given):
        return same(context, gold.body, answer.body) and same(
            context, gold.condition, answer.condition
        )
    if isinstance(gold, n.Given):
        return same(context, gold.body, answer)
    if isinstance(answer, n.Given):
        return same(context, gold, answer.body)
    if isinstance(gold, n.Congruence) and isinstance(answer, n.Congruence):
        return _formulas(context, gold.modulus, answer.modulus) and _formulas(
            context, gold.right, answer.right
        )
    if isinstance(gold, n.Congruence) or isinstance(answer, n.Congruence):
        return _differ(context, gold, answer)
    raise Undecided("a family that no rule reads")


def _has_family(gold: n.Node, answer: n.Node) -> bool:
    return any(
        isinstance(part, n.Given | n.Congruence) for side in (gold, answer) for part in n.walk(side)
    )


def _matrices(context: Context, gold: n.Node, answer: n.Node) -> bool:
    left, right = _rows(gold), _rows(answer)
    if left is None or right is None:
        return _formulas(context, gold, answer)
    if [len(row) for row in left] != [len(row) for row in right]:
        return context.says(False, "different_shape")
    pairs = [
        pair
        for one, other in zip(left, right, strict=True)
        for pair in zip(one, other, strict=True)
    ]
    return _all(context, pairs, "equal_matrix")


def _rows(item: n.Node) -> tuple[tuple[n.Node, ...], ...] | None:
    if isinstance(item, n.Matrix):
        return item.rows
    if isinstance(item, n.Tuple) and all(isinstance(part, n.Tuple) for part in item.items):
        return tuple(part.items for part in item.items if isinstance(part, n.Tuple))
    if isinstance(item, n.Tuple):
        return tuple((part,) for part in item.items)
    return None


def _vector(item: n.Node) -> tuple[n.Node, ...] | None:
    if isinstance(item, n.Tuple):
        return item.items
    if isinstance(item, n.Matrix) and all(len(row) == 1 for row in item.rows):
        return tuple(row[0] for row in item.rows)
    if isinstance(item, n.Matrix) and len(item.rows) == 1:
        return item.rows[0]
    return None


def _tuples(context: Context, gold: n.Node, answer: n.Node) -> bool:
    left, right = _vector(gold), _vector(answer)
    if left is None or right is None:
        return _tuple_and_other(context, gold, answer)
    if has_signs(gold) or has_signs(answer):
        return _collections(context, n.List((gold,)), n.List((answer,)))
    if len(left) != len(right):
        return context.says(False, "different_length", f"{len(left)} and {len(right)} members")
    if not _same_brackets(gold, answer):
        return context.says(False, "different_bounds", "open is not closed")
    return _all(context, list(zip(left, right, strict=True)), "equal_tuple")


def _tuple_and_other(context: Context, gold: n.Node, answer: n.Node) -> bool:
    tuple_, other = (gold, answer) if isinstance(gold, n.Tuple) else (answer, gold)
    assert isinstance(tuple_, n.Tuple)
    if isinstance(other, n.List) and not context.policies.order and len(other.items) > 1:
        if (tuple_.left, tuple_.right) == ("(", ")") and gold is other:
            return _all(
                context, list(zip(gold.items, tuple_.items, strict=False)), "equal_list"
            ) and (len(gold.items) == len(tuple_.items))
        return _differ(context, gold, answer)
    if isinstance(other, n.Relation | n.SetOp | n.Builder | n.Either | n.Both):
        return _sets(context, gold, answer)
    return _differ(context, gold, answer)


def _same_brackets(gold: n.Node, answer: n.Node) -> bool:
    """Only an interval is told by its brackets; of two members, it may be one."""
    if not isinstance(gold, n.Tuple) or not isinstance(answer, n.Tuple) or len(gold.items) != 2:
        return True
    one, other = (gold.left, gold.right), (answer.left, answer.right)
    vectors = {("(", ")"), ("<", ">"), ("langle", "rangle")}
    return one == other or (one in vectors and other in vectors)


def _all(context: Context, pairs: Sequence[tuple[n.Node, n.Node]], rule: str) -> bool:
    undecided: Undecided | None = None
    for one, other in pairs:
        try:
            if not same(context, one, other):
                return False
        except Undecided as error:
            undecided = error
    if undecided is not None:
        raise undecided
    return context.says(True, rule)


def _collections(context: Context, gold: n.Node, answer: n.Node) -> bool:
    """Lists, alternatives and finite sets: every member has its like, in whatever order."""
    left, right = _members(gold), _members(answer)
    if max(len(left), len(right)) > ITEMS:
        raise OverLimit("too many members")
    if context.policies.order and isinstance(gold, n.List) and isinstance(answer, n.List):
        if len(left) != len(right):
            return context.says(False, "different_length")
        return _all(context, list(zip(left, right, strict=True)), "equal_list")
    if _covered(context, left, right) and _covered(context, right, left):
        return context.says(True, "equal_members")
    return context.says(False, "different_members", context.note)


def _members(item: n.Node) -> list[n.Node]:
    parts = item.items if isinstance(item, n.List | n.Either | n.Both | n.Set) else (item,)
    return [value for part in parts for value in variants(part)]


def _covered(context: Context, left: Sequence[n.Node], right: Sequence[n.Node]) -> bool:
    return all(_found(context, one, right) for one in left)


def _found(context: Context, one: n.Node, others: Sequence[n.Node]) -> bool:
    undecided: Undecided | None = None
    for other in others:
        try:
            if same(context, one, other):
                return True
        except Undecided as error:
            undecided = error
    if undecided is not None:
        raise undecided
    return False


def _sets(context: Context, gold: n.Node, answer: n.Node) -> bool:
    """Sets of real numbers, however they are written."""
    if _other_names(gold, answer):
        return _structures(context, gold, answer)
    try:
        return same_pieces(context, _pieces(gold), _pieces(answer))
    except (NoSet, Undecided):
        return _structures(context, gold, answer)


def _other_names(gold: n.Node, answer: n.Node) -> bool:
    """`a > 0` is not `b > 0`; a set builder's variable is bound and may have any name."""
    if isinstance(gold, n.Builder) or isinstance(answer, n.Builder):
        return False
    mine, theirs = n.symbols(gold), n.symbols(answer)
    return bool(mine and theirs and mine != theirs)


def _pieces(item: n.Node):  # type: ignore[no-untyped-def]  # noqa: ANN202 - Pieces
    names = sorted(n.symbols(item))
    return pieces(item, names[0] if len(names) == 1 else ("x" if "x" in names else ""))


def _structures(context: Context, gold: n.Node, answer: n.Node) -> bool:
    if isinstance(gold, n.Relation) and isinstance(answer, n.Relation):
        return _relations(context, gold, answer)
    if isinstance(gold, n.SetOp) and isinstance(answer, n.SetOp) and gold.op == answer.op:
        if gold.op == "minus":
            return _all(context, list(zip(gold.items, answer.items, strict=False)), "equal_set")
        return _covered(context, gold.items, answer.items) and _covered(
            context, answer.items, gold.items
        )
    if isinstance(gold, n.Builder) and isinstance(answer, n.Builder):
        pairs = [(gold.element, answer.element), (gold.condition, answer.condition)]
        return _all(context, pairs, "equal_set")
    if type(gold) is not type(answer):
        return _differ(context, gold, answer)
    raise Undecided("sets that no rule reads")


def _relations(context: Context, gold: n.Relation, answer: n.Relation) -> bool:
    if gold.ops == _EQUAL and answer.ops == _EQUAL:
        return _equations(context, gold, answer)
    for turned in (answer, _flipped(answer)):
        if gold.ops == turned.ops and _all(
            context, list(zip(gold.sides, turned.sides, strict=True)), "equal_relation"
        ):
            return True
    if len(gold.ops) == len(answer.ops) == 1 and gold.ops[0] in _TURNED:
        return _scaled(context, gold, answer)
    return context.says(False, "different_relation", context.note)


_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!="}


def _flipped(item: n.Relation) -> n.Relation:
    ops = tuple(_TURNED.get(op, op) for op in reversed(item.ops))
    return n.Relation(ops, tuple(reversed(item.sides)))


def _scaled(context: Context, gold: n.Relation, answer: n.Relation) -> bool:
    """l < r and l' < r' are one where l' − r' is a positive multiple of l − r."""
    left = n.minus(gold.sides[0], gold.sides[1])
    right = n.minus(answer.sides[0], answer.sides[1])
    ratio = _ratio(left, right)
    if ratio is None:
        return context.says(False, "different_relation")
    wanted = gold.ops[0] if ratio > 0 else _TURNED[gold.ops[0]]
    if answer.ops[0] != wanted:
        return context.says(False, "different_relation")
    return _multiple(context, left, right, ratio)


def _equations(context: Context, gold: n.Relation, answer: n.Relation) -> bool:
    """l = r and l' = r' are one where l' − r' is a multiple of l − r."""
    named = _named(gold) and _named(answer)
    if named and _renamed_heads(context, gold, answer):
        return _with_constants(context, gold.sides[1], answer.sides[1])
    left = n.minus(gold.sides[0], gold.sides[1])
    right = n.minus(answer.sides[0], answer.sides[1])
    if n.symbols(left) != n.symbols(right):
        if named:
            return context.says(False, "different_name")
        return context.says(False, "different_equation", "not the same variables")
    ratio = _ratio(left, right)
    if ratio is None:
        return _crosswise(context, left, right)
    return _multiple(context, left, right, ratio)


def _crosswise(context: Context, left: n.Node, right: n.Node) -> bool:
    """l(x)·r(p) = r(x)·l(p) at a point p where neither is nothing: r is a multiple of l."""
    names = sorted(n.symbols(left))
    points = {name: n.Num(fmpq(2 * at + 3, 5)) for at, name in enumerate(names)}
    low, high = _put(left, points), _put(right, points)
    zero = n.Num(fmpq(0))
    if _decided(Context(), low, zero) or _decided(Context(), high, zero):
        return context.says(False, "different_equation")
    equal = _decided(context, n.Mul((left, high)), n.Mul((right, low)))
    return context.says(equal, "equal_equation" if equal else "different_equation")


def _renamed_heads(context: Context, gold: n.Relation, answer: n.Relation) -> bool:
    one, other = gold.sides[0], answer.sides[0]
    if isinstance(one, n.Apply) and isinstance(other, n.Apply):
        return one.name == other.name and one.args == other.args
    if isinstance(one, n.Apply) or isinstance(other, n.Apply):
        return context.policies.names
    return one == other


def _ratio(left: n.Node, right: n.Node) -> fmpq | None:
    """right/left at a rational point at which both are exact and not zero."""
    names = sorted(n.symbols(left) | n.symbols(right))
    for trial in range(_TRIALS):
        points = {
            name: n.Num(fmpq(2 * (at + 1) * (trial + 2) + 1, trial + 3))
            for at, name in enumerate(names)
        }
        low, high = exact(_put(left, points)), exact(_put(right, points))
        if low is not None and high is not None and low != 0 and high != 0:
            ratio: fmpq = high / low
            return ratio
    return None


def _put(item: n.Node, points: dict[str, n.Num]) -> n.Node:
    if isinstance(item, n.Sym):
        return points.get(item.name, item)
    return n.rebuild(item, lambda part: _put(part, points))


def _multiple(context: Context, left: n.Node, right: n.Node, ratio: fmpq) -> bool:
    if _formulas(context, n.Mul((n.Num(ratio), left)), right):
        return context.says(True, "equal_equation", f"the same up to the factor {ratio}")
    return context.says(False, "different_equation")


def _ratios(context: Context, gold: n.Node, answer: n.Node) -> bool:
    if isinstance(gold, n.Num) or isinstance(answer, n.Num):
        return _with_constants(context, _quotient(gold), _quotient(answer))
    left, right = _terms(gold), _terms(answer)
    if left is None or right is None or len(left) != len(right):
        return _differ(context, gold, answer)
    pairs = [
        (n.Mul((left[0], other)), n.Mul((right[0], one)))
        for one, other in zip(left[1:], right[1:], strict=True)
    ]
    return _all(context, pairs, "equal_ratio")


def _quotient(item: n.Node) -> n.Node:
    if isinstance(item, n.Ratio) and len(item.items) == 2:
        return n.Div(*item.items)
    return item


def _terms(item: n.Node) -> tuple[n.Node, ...] | None:
    if isinstance(item, n.Ratio):
        return item.items
    if isinstance(item, n.Div):
        return item.top, item.bottom
    if isinstance(item, n.Num):
        value = Fraction(int(item.value.p), int(item.value.q))
        return n.integer(value.numerator), n.integer(value.denominator)
    return None


def _branches(context: Context, gold: n.Node, answer: n.Node) -> bool:
    if not isinstance(gold, n.Piecewise) or not isinstance(answer, n.Piecewise):
        if isinstance(gold, _COMPOUND) or isinstance(answer, _COMPOUND):
            return _differ(context, gold, answer)
        return _decided(context, gold, answer)
    left = [n.Tuple("(", ")", branch) for branch in gold.branches]
    right = [n.Tuple("(", ")", branch) for branch in answer.branches]
    if len(left) != len(right):
        return context.says(False, "different_branches")
    return _covered(context, left, right) and context.says(True, "equal_branches")


# -- formulas --------------------------------------------------------------------------------------


def _formula(item: n.Node) -> bool:
    return not isinstance(item, _STRUCTURES)


_SET_LIKE = (n.SetOp, n.Builder, n.Numbers)
_COMPOUND = (
    *(n.List, n.Either, n.Both, n.Tuple, n.Matrix, n.Set, *_SET_LIKE, n.Relation, n.Congruence),
    *(n.Ratio, n.Given, n.Labeled, n.Text, n.Choice, n.Clock, n.Date),
)
_STRUCTURES = (*_COMPOUND, n.Piecewise)


def _with_constants(context: Context, gold: n.Node, answer: n.Node) -> bool:
    """Equal, or equal as families in their arbitrary constants (`+ C`, `C_1 e^x`)."""
    if not (_formula(gold) and _formula(answer)):
        return same(context, gold, answer)
    if not context.policies.rename:
        return _decided(context, gold, answer)
    mine = sorted(n.symbols(gold) & _ARBITRARY)
    theirs = sorted(n.symbols(answer) & _ARBITRARY)
    if isinstance(gold, n.Integral) and gold.low is None and theirs:
        return _antiderivative(context, gold, answer)
    if not mine or len(mine) != len(theirs) or len(mine) > MAX_CONSTANTS:
        return _decided(context, gold, answer)
    if n.symbols(gold) - set(mine) != n.symbols(answer) - set(theirs):
        return _decided(context, gold, answer)
    return _as_families(context, gold, answer, mine, theirs)


def _antiderivative(context: Context, gold: n.Integral, answer: n.Node) -> bool:
    """An indefinite integral is every function with that derivative."""
    derivative = n.Derivative(gold.variable, answer)
    return _decided(context, gold.body, derivative)


def _as_families(
    context: Context, gold: n.Node, answer: n.Node, mine: list[str], theirs: list[str]
) -> bool:
    variables = n.symbols(gold) - set(mine)
    if len(mine) == 1 and mine != theirs and not variables:
        return _decided(context, gold, answer)
    for order in permutations(mine):
        renamed = n.rename(answer, dict(zip(theirs, order, strict=True)))
        if _decided(context, gold, renamed):
            return True
        if not variables:
            return False
    if len(mine) == 1 and _up_to_constant(
        context, gold, n.rename(answer, {theirs[0]: mine[0]}), mine[0]
    ):
        return context.says(True, "equal_up_to_constant", "the same up to a constant")
    return context.says(False, "different", context.note)


def _up_to_constant(context: Context, gold: n.Node, answer: n.Node, name: str) -> bool:
    """Two antiderivatives `F + C`, `G + C`: F − G is the same everywhere."""
    left, right = _without_term(gold, name), _without_term(answer, name)
    if left is None or right is None:
        return False
    difference = n.minus(left, right)
    points = {
        symbol: n.Num(fmpq(2 * at + 5, 7))
        for at, symbol in enumerate(sorted(n.symbols(difference)))
    }
    return _decided(Context(context.policies), difference, _put(difference, points))


def _without_term(item: n.Node, name: str) -> n.Node | None:
    """F of `F + C`; None where C does not stand there as a term of its own."""
    if not isinstance(item, n.Add) or n.Sym(name) not in item.terms:
        return None
    rest = n.Add(tuple(term for term in item.terms if term != n.Sym(name)))
    return None if name in n.symbols(rest) else rest


def _formulas(context: Context, gold: n.Node, answer: n.Node) -> bool:
    if isinstance(gold, _STRUCTURES) or isinstance(answer, _STRUCTURES):
        return _differ(context, gold, answer)
    return _with_constants(context, gold, answer)


def _decided(context: Context, gold: n.Node, answer: n.Node) -> bool:
    try:
        return same_number(context, gold, answer)
    except Huge as error:
        raise OverLimit(str(error)) from error
    except Undecided as error:
        return _proven(context, gold, answer, error)


def _proven(context: Context, gold: n.Node, answer: n.Node, why: Undecided) -> bool:
    try:
        said = prover().decide(gold, answer, {})
    except Unsupported:
        raise why from None
    if said == "limit":
        raise OverLimit("too heavy to be compared")
    if said == "undecided":
        raise why
    return context.says(said == "equal", f"{said}_symbolic")


def _measured(context: Context, gold: n.Node, answer: n.Node) -> bool:
    """Quantities; degrees beside a formula in radians are an angle too."""
    if same_quantity(context, gold, answer):
        return True
    left, right = _radians(gold), _radians(answer)
    if (left is None) == (right is None):
        return False
    note, rule = context.note, context.rule
    if _plain_number(gold) or _plain_number(answer):
        return context.says(False, rule, note)
    return _decided(context, left or gold, right or answer)


def _plain_number(item: n.Node) -> bool:
    return isinstance(item, n.Num) or (isinstance(item, n.Neg) and isinstance(item.arg, n.Num))


def _radians(item: n.Node) -> n.Node | None:
    if not isinstance(item, n.Quantity) or item.unit.pi != 1:
        return None
    return n.Mul((item.value, n.Num(item.unit.factor), n.Const("pi")))


def _of_rows(gold: n.Node, answer: n.Node) -> bool:
    """A matrix beside nested brackets."""
    sides = (gold, answer)
    return any(isinstance(side, n.Matrix) for side in sides) and any(
        isinstance(side, n.Tuple) and all(isinstance(part, n.Tuple) for part in side.items)
        for side in sides
    )


def _signed(gold: n.Node, answer: n.Node) -> bool:
    return has_signs(gold) != has_signs(answer) or (has_signs(gold) and has_signs(answer))


_SETS = (*_SET_LIKE, n.Relation)

_RULES: tuple[Rule, ...] = (
    (_either(n.Choice), _letters),
    (_either(n.Text), _words),
    (_both(n.Labeled), _labelled),
    (_either(n.Labeled), _differ),
    (_either(n.Clock, n.Date), _moments),
    (_has_family, _families),
    (_implied, _families),
    (_either(n.Piecewise), _branches),
    (_either(n.Ratio), _ratios),
    (_either(*_SETS), _sets),
    (_either(n.List, n.Either, n.Both, n.Set), _collections),
    (_of_rows, _matrices),
    (_either(n.Tuple), _tuples),
    (_either(n.Matrix), _matrices),
    (_signed, _collections),
    (_either(n.Quantity, n.Percent), _measured),
)
