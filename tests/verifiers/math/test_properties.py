"""What must never change a verdict, and what always must."""

import random
from collections.abc import Callable

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from adjudge.verifiers.math import verify
from adjudge.verifiers.types import Outcome

from .formulas import (
    Formula,
    Style,
    clearly_differ,
    constants,
    formulas,
    nudged,
    shuffled,
    spell,
    styles,
)

SOME = settings(max_examples=150, deadline=None, derandomize=True)


def accepts(gold: str, answer: str) -> bool:
    return verify(gold, f"\\boxed{{{answer}}}").verdict is Outcome.CORRECT


# -- never -------------------------------------------------------------------------------------


@SOME
@given(formulas(), styles(), styles())
def test_respelling_never_matters(formula: Formula, one: Style, other: Style) -> None:
    assert accepts(spell(formula, one), spell(formula, other))


@SOME
@given(formulas(), st.integers(0, 10**9))
def test_the_order_of_terms_never_matters(formula: Formula, seed: int) -> None:
    assert accepts(spell(formula), spell(shuffled(formula, random.Random(seed))))


NEUTRAL: list[Callable[[str], str]] = [
    lambda text: f"{text}+0",
    lambda text: f"0+{text}",
    lambda text: f"1\\cdot({text})",
    lambda text: f"\\frac{{{text}}}{{1}}",
    lambda text: f"-(-({text}))",
    lambda text: f"({text})^1",
    lambda text: f"\\left({text}\\right)",
    lambda text: f"{{{text}}}",
    lambda text: f"\\frac{{2\\cdot({text})}}{{2}}",
    lambda text: f"$ {text} $",
    lambda text: f"{text}.",
]


@SOME
@given(formulas(), st.sampled_from(NEUTRAL))
def test_neutral_changes_never_matter(formula: Formula, change: Callable[[str], str]) -> None:
    text = spell(formula)
    assert accepts(text, change(text))
    assert accepts(change(text), text)


@SOME
@given(formulas(), formulas())
def test_a_product_may_be_multiplied_out(left: Formula, right: Formula) -> None:
    x = Formula("name", name="x")
    product = Formula("product", (Formula("sum", (left, x)), right))
    expanded = Formula("sum", (Formula("product", (left, right)), Formula("product", (x, right))))
    assert accepts(spell(product), spell(expanded))


@SOME
@given(formulas(), st.sampled_from("xtuvz"), st.sampled_from("fgh"))
def test_the_name_of_an_argument_never_matters(body: Formula, name: str, function: str) -> None:
    text = spell(body)
    gold = f"{function}(x)={text}"
    assert accepts(gold, f"{function}({name})={text.replace('x', name)}")
    assert accepts(gold, text)


@SOME
@given(st.lists(constants(), min_size=1, max_size=4), st.integers(0, 10**9))
def test_the_order_of_solutions_never_matters(items: list[Formula], seed: int) -> None:
    texts = [spell(item) for item in items]
    others = random.Random(seed).sample(texts, len(texts))
    assert accepts(", ".join(texts), ", ".join(others))
    assert accepts(", ".join(texts), f"\\{{{'; '.join(others)}\\}}")


# -- always ------------------------------------------------------------------------------------


@SOME
@given(formulas(), st.integers(0, 10**9))
def test_another_value_always_matters(formula: Formula, seed: int) -> None:
    other = nudged(formula, random.Random(seed))
    assume(clearly_differ(formula, other))
    assert not accepts(spell(formula), spell(other))


@SOME
@given(formulas(), formulas())
def test_equality_is_symmetric(left: Formula, right: Formula) -> None:
    one, other = spell(left), spell(right)
    assert accepts(one, other) == accepts(other, one)


@SOME
@given(formulas())
def test_the_sign_always_matters(formula: Formula) -> None:
    negated = Formula("product", (Formula("number", value=-1), formula))
    assume(clearly_differ(formula, negated))
    assert not accepts(spell(formula), spell(negated))


@SOME
@given(st.lists(st.integers(-99, 99), min_size=2, max_size=5, unique=True), st.integers(1, 4))
def test_lists_tuples_and_sets(items: list[int], turn: int) -> None:
    turned = items[turn % len(items) :] + items[: turn % len(items)]
    text, other = ",".join(map(str, items)), ",".join(map(str, turned))
    assert accepts(f"\\{{{text}\\}}", f"\\{{{other}\\}}")
    assert accepts(f"[{text}]", f"[{other}]") == (items == turned)
    assert accepts(f"({text})", f"({other})") == (items == turned)
    assert not accepts(f"\\{{{text}\\}}", f"\\{{{text},100\\}}")
    assert not accepts(f"\\{{{text}\\}}", f"\\{{{','.join(map(str, items[1:]))}\\}}")


BRACKETS = [("(", ")"), ("[", ")"), ("(", "]"), ("[", "]")]


@SOME
@given(
    st.integers(-50, 50),
    st.integers(1, 50),
    st.sampled_from(BRACKETS),
    st.sampled_from(BRACKETS),
    st.sampled_from([-1, 0, 0, 1]),
)
def test_intervals(
    low: int, width: int, one: tuple[str, str], other: tuple[str, str], shift: int
) -> None:
    high = low + width
    gold = f"{one[0]}{low},{high}{one[1]}"
    answer = f"{other[0]}{low}, {high + shift}{other[1]}"
    # Whether (1, 2) is a point or an interval, nobody knows; here nothing turns on it.
    assert accepts(gold, answer) == ((one, shift) == (other, 0))
    signs = {"(": "<", "[": "\\le", ")": "<", "]": "\\le"}
    chain = f"{low} {signs[other[0]]} x {signs[other[1]]} {high + shift}"
    assert accepts(gold, chain) == ((one, shift) == (other, 0))


@pytest.mark.parametrize(
    ("gold", "same", "other"),
    [
        ("3\\text{ km}", "3000\\text{ m}", "3\\text{ m}"),
        ("90\\text{ min}", "1.5\\text{ hours}", "90\\text{ s}"),
        ("5\\text{ kg}", "5000\\text{ g}", "5\\text{ lb}"),
        ("2\\text{ m}^2", "20000\\text{ cm}^2", "2\\text{ m}^3"),
        ("30^\\circ", "\\frac{\\pi}{6}", "30\\text{ radians}"),
    ],
)
def test_units(gold: str, same: str, other: str) -> None:
    assert accepts(gold, same)
    assert accepts(same, gold)
    assert not accepts(gold, other)
    assert not accepts(other, gold)


@SOME
@given(formulas(), st.integers(1, 60), st.integers(1, 60))
def test_relations_by_a_factor(formula: Formula, up: int, down: int) -> None:
    text = spell(formula)
    gold, scaled = f"b={text}", f"\\frac{{{up}}}{{{down}}}b=\\frac{{{up}}}{{{down}}}({text})"
    assert accepts(gold, scaled)
    assert accepts(gold, f"{text}=b")
    assert not accepts(gold, f"c={text}")
    assert accepts(f"b>{text}", f"{text}<b")
    assert not accepts(f"b>{text}", f"b<{text}")


# -- anything at all ---------------------------------------------------------------------------


@settings(max_examples=600, deadline=None, derandomize=True)
@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_gets_a_verdict(gold: str, answer: str) -> None:
    verdict = verify(gold, f"\\boxed{{{answer}}}")
    assert verdict.score is not None or verdict.reason == "bad_reference"


ALPHABET = [*"0123456789xynkie+-*/^_=<>(){}[]|.,;:!%'$& ", "\\frac", "\\sqrt", "\\pi", "\\pm"]
ALPHABET += [
    "\\{",
    "\\}",
    "\\cup",
    "\\in",
    "\\text{",
    "\\le",
    "\\infty",
    "\\circ",
    "\\begin{cases}",
]
ALPHABET += ["\\end{cases}", "\\\\", "\\sum_{k=1}^", "\\int", "\\log", "\\sin", "\\overline", "½"]


@settings(max_examples=1500, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(ALPHABET), max_size=16), st.booleans())
def test_any_formula_gets_a_verdict(pieces: list[str], as_gold: bool) -> None:
    text = "".join(pieces)
    verdict = verify(text, "\\boxed{5}") if as_gold else verify("5", f"\\boxed{{{text}}}")
    assert verdict.score is not None or (as_gold and verdict.reason == "bad_reference")
