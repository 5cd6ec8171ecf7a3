"""Are two trees one answer? Dispatched by what the two sides are; numbers last."""

from adjudge.verifiers.math import nodes as n
from adjudge.verifiers.math.compare.alike import alike
from adjudge.verifiers.math.compare.cases import branches
from adjudge.verifiers.math.compare.formulas import formulas, measured, plain_formulas
from adjudge.verifiers.math.compare.kinds import SETS, Rule, both, differ, either, formula
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
    return Decision(equal, context.rule, context.note)


def same(context: Context, gold: n.Node, answer: n.Node) -> bool:
    if _plain(gold) and _plain(answer):
        return plain_formulas(context, gold, answer)
    lines = as_lines(gold, answer)
    if lines is not None:
        return same_line(context, *lines)
    gold, answer = alike(context, gold, answer)
    if gold == answer and not formula(gold):
        return context.says(True, "equal_structure")
    for applies, decide in _RULES:
        if applies(gold, answer):
            return decide(context, gold, answer)
    return formulas(context, gold, answer)


_PLAIN = frozenset((n.Num, n.Sym, n.Neg, n.Add, n.Mul, n.Div, n.Pow, n.Root, n.Call))


def _plain(item: n.Node) -> bool:
    """Most answers are formulas that no rule but the last one is for."""
    if type(item) is n.Num:
        return True
    return _PLAIN.issuperset(n.kinds(item)) and DOTS.name not in n.symbols(item)


def as_lines(gold: n.Node, answer: n.Node) -> tuple[Line, Line] | None:
    """Both as lines, where one of them can be nothing else."""
    left = line(gold)
    right = line(answer) if left is not None else None
    if left is None or right is None or not (left.looks or right.looks):
        return None
    return left, right


_RULES: tuple[Rule, ...] = (
    (either(n.Choice), letters),
    (either(n.Text), words),
    (both(n.Labeled), labelled),
    (either(n.Labeled), differ),
    (either(n.Clock, n.Date), moments),
    (either(n.Piecewise), branches),
    (has_family, families),
    (implied, families),
    (either(n.Ratio), ratios),
    (either(*SETS), sets),
    (of_inequalities, sets),
    (either(n.List, n.Either, n.Both, n.Set), collections),
    (of_rows, matrices),
    (either(n.Tuple), tuples),
    (either(n.Matrix), matrices),
    (signed, collections),
    (either(n.Quantity, n.Percent), measured),
)
