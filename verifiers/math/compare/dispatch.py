"""Are two trees one answer? Dispatched by what the two sides are; numbers last."""

from adjudge.verifiers.math import nodes as n
from adjudge.verifiers.math.compare.alike import alike
from adjudge.verifiers.math.compare.cases import branches
from adjudge.verifiers.math.compare.formulas import formulas, measured, plain_formulas
from adjudge.verifiers.math.compare.kinds import (
    SETS,
    Kind,
    Rule,
    any_kinds,
    both,
    differ,
    either,
    formula,
)
from adjudge.verifiers.math.compare.members import (
    collections,
    matrices,
    of_rows,
    signed,
    tuples,
)
from adjudge.verifiers.math.compare.parameters import families, has_family, implied
from adjudge.verifiers.math.compare.ratios import ratios
from adjudge.verifiers.math.compare.sets import of_inequalities, sets
from adjudge.verifiers.math.compare.words import labelled, letters, moments, words
from adjudge.verifiers.math.context import Context, Decision, Policies
from adjudge.verifiers.math.limits import OverLimit, Undecided, Undefined
from adjudge.verifiers.math.values.balls import budget
from adjudge.verifiers.math.values.ellipses import DOTS
from adjudge.verifiers.math.values.intervals import NoSet
from adjudge.verifiers.math.values.lines import Line, line, same_line
from adjudge.verifiers.math.values.numbers import same_number


def compare(gold: n.Node, answer: n.Node, policies: Policies | None = None) -> Decision:
    """Never raises for what the two are; `equal` is None where it stays undecided."""
    context = Context(policies or Policies(), same)
    budget.renew()
    try:
        equal = same(context, gold, answer)
    except Undefined as error:
        return Decision(False, "undefined", str(error))
    except (OverLimit, RecursionError) as error:
        return Decision(False, "limit", str(error))
    except (Undecided, NoSet, ArithmeticError, ValueError, LookupError) as error:
        return Decision(None, "undecided", str(error))
    return Decision(equal, context.rule, context.told())


def same(context: Context, gold: n.Node, answer: n.Node) -> bool:
    if _literal(gold) and _literal(answer):
        return same_number(context, gold, answer)
    if _plain(gold) and _plain(answer):
        return plain_formulas(context, gold, answer)
    lines = as_lines(gold, answer)
    if lines is not None:
        return same_line(context, *lines)
    gold, answer = alike(context, gold, answer)
    if gold == answer and not formula(gold):
        return context.says(True, "equal_structure")
    for rule in _rules_of(type(gold), type(answer)):
        if rule.applies is None or rule.applies(gold, answer):
            return rule.decide(context, gold, answer)
    return formulas(context, gold, answer)


def _literal(item: n.Node) -> bool:
    """A numeral or a fraction of numerals, with its sign."""
    if isinstance(item, n.Neg):
        item = item.arg
    if isinstance(item, n.Div):
        return type(item.top) is n.Num and type(item.bottom) is n.Num
    return type(item) is n.Num


_PLAIN = frozenset((n.Num, n.Sym, n.Neg, n.Add, n.Mul, n.Div, n.Pow, n.Root, n.Call))


def _plain(item: n.Node) -> bool:
    """Most answers are formulas that no rule but the last one is for."""
    kinds, names = n.kinds(item), n.symbols(item)
    if not names:
        kinds -= _CONST  # π beside a letter may be a family of angles
    return _PLAIN.issuperset(kinds) and DOTS.name not in names


_CONST = frozenset((n.Const,))


def as_lines(gold: n.Node, answer: n.Node) -> tuple[Line, Line] | None:
    """Both as lines, where one of them can be nothing else."""
    if not (n.symbols(gold) and n.symbols(answer)):
        return None
    left = line(gold)
    right = line(answer) if left is not None else None
    if left is None or right is None or not (left.looks or right.looks):
        return None
    return left, right


_RULES: tuple[Rule, ...] = (
    Rule(either(n.Choice), letters),
    Rule(either(n.Text), words),
    Rule(both(n.Labeled), labelled),
    Rule(either(n.Labeled), differ),
    Rule(either(n.Clock, n.Date), moments),
    Rule(either(n.Piecewise), branches),
    Rule(any_kinds, families, has_family),
    Rule(any_kinds, families, implied),
    Rule(either(n.Ratio), ratios),
    Rule(either(*SETS), sets),
    Rule(either(n.List, n.Either, n.Both), sets, of_inequalities),
    Rule(either(n.List, n.Either, n.Both, n.Set), collections),
    Rule(either(n.Matrix), matrices, of_rows),
    Rule(either(n.Tuple), tuples),
    Rule(either(n.Matrix), matrices),
    Rule(any_kinds, collections, signed),
    Rule(either(n.Quantity, n.Percent), measured),
)

_BY_KINDS: dict[tuple[Kind, Kind], tuple[Rule, ...]] = {}


def _rules_of(gold: Kind, answer: Kind) -> tuple[Rule, ...]:
    """Those that may apply to such nodes."""
    known = _BY_KINDS.get((gold, answer))
    if known is None:
        known = tuple(rule for rule in _RULES if rule.kinds(gold, answer))
        _BY_KINDS[gold, answer] = known
    return known
