"""Are two trees one answer? Dispatched by what the two sides are; numbers last.

Everything that holds several values is taken apart here until formulas are left, which `numbers`
decides by exact values and ball arithmetic. What it leaves undecided goes to sympy (`fallback`), in
a process that can be killed; what that leaves undecided is `Undecided`.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction

from flint import fmpq

from adjudge.verifiers.math import nodes as n
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
_TRIALS = 8


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
    for _ in range(3):
        before = (gold, answer)
        gold, answer = _unnamed(context, gold, answer), _unnamed(context, answer, gold)
        gold, answer = _single(gold), _single(answer)
        if before == (gold, answer):
            break
    return gold, answer


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
    return (
        isinstance(item, n.Relation)
        and set(item.ops) <= {"=", "~", "in"}
        and "in" not in item.ops[1:]
        and isinstance(item.sides[0], n.Sym | n.Apply)
        and not (set(n.symbols(item.sides[0])) & set(n.symbols(item.sides[-1])))
    ) or (isinstance(item, n.Relation) and set(item.ops) == {"="} and not n.symbols(item.sides[-1]))


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
        return context.says(other.name == letter.letter, "choice")
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
    left, right = progressions(gold), progressions(answer)
    if left is None or right is None:
        return _without_given(context, gold, answer)
    return same_progressions(context, left, right)


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
    try:
        return same_pieces(context, _pieces(gold), _pieces(answer))
    except (NoSet, Undecided):
        return _structures(context, gold, answer)


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
        return context.says(False, "different_equation")
    return _multiple(context, left, right, ratio)


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
    left, right = _terms(gold), _terms(answer)
    if left is None or right is None or len(left) != len(right):
        return _differ(context, gold, answer)
    pairs = [
        (n.Mul((left[0], other)), n.Mul((right[0], one)))
        for one, other in zip(left[1:], right[1:], strict=True)
    ]
    return _all(context, pairs, "equal_ratio")


def _terms(item: n.Node) -> tuple[n.Node, ...] | None:
    if isinstance(item, n.Ratio):
        return item.items
    if isinstance(item, n.Div):
        return item.top, item.bottom
    if isinstance(item, n.Num) and not item.decimal:
        value = Fraction(int(item.value.p), int(item.value.q))
        return n.integer(value.numerator), n.integer(value.denominator)
    return None


def _branches(context: Context, gold: n.Node, answer: n.Node) -> bool:
    if not isinstance(gold, n.Piecewise) or not isinstance(answer, n.Piecewise):
        return _differ(context, gold, answer)
    left = [n.Tuple("(", ")", branch) for branch in gold.branches]
    right = [n.Tuple("(", ")", branch) for branch in answer.branches]
    if len(left) != len(right):
        return context.says(False, "different_branches")
    return _covered(context, left, right) and context.says(True, "equal_branches")


# -- formulas --------------------------------------------------------------------------------------


def _formula(item: n.Node) -> bool:
    return not isinstance(item, _STRUCTURES)


_SET_LIKE = (n.SetOp, n.Builder, n.Numbers)
_STRUCTURES = (
    *(n.List, n.Either, n.Both, n.Tuple, n.Matrix, n.Set, *_SET_LIKE, n.Relation, n.Congruence),
    *(n.Ratio, n.Given, n.Piecewise, n.Labeled, n.Text, n.Choice, n.Clock, n.Date),
)


def _with_constants(context: Context, gold: n.Node, answer: n.Node) -> bool:
    """Equal, or equal after renaming an arbitrary constant (`+ C`, `+ K`)."""
    renamed = answer
    if context.policies.rename and _formula(gold) and _formula(answer):
        mine, theirs = n.symbols(gold), n.symbols(answer)
        only, others = sorted(mine - theirs), sorted(theirs - mine)
        if len(only) == len(others) == 1 and {only[0], others[0]} <= _ARBITRARY:
            renamed = n.rename(answer, {others[0]: only[0]})
    if _formula(gold) and _formula(renamed):
        return _decided(context, gold, renamed)
    return same(context, gold, renamed)


def _formulas(context: Context, gold: n.Node, answer: n.Node) -> bool:
    if isinstance(gold, _STRUCTURES) or isinstance(answer, _STRUCTURES):
        return _differ(context, gold, answer)
    return _with_constants(context, gold, answer)


def _decided(context: Context, gold: n.Node, answer: n.Node) -> bool:
    try:
        return same_number(context, gold, answer)
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
    (_either(n.Piecewise), _branches),
    (_either(n.Ratio), _ratios),
    (_either(*_SETS), _sets),
    (_either(n.List, n.Either, n.Both, n.Set), _collections),
    (_either(n.Tuple), _tuples),
    (_either(n.Matrix), _matrices),
    (_signed, _collections),
    (_either(n.Quantity, n.Percent), same_quantity),
)
