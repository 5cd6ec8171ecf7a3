"""Answers made to be heavy: each has a verdict, a name for it, and the process stays small."""

import pytest

from adjudge.verifiers.math import verify
from adjudge.verifiers.math.fallback import prover
from adjudge.verifiers.types import Outcome

BOMBS = {
    "tower": "9^{9^{9^{9}}}",
    "power": "9^{9^{9}}",
    "negative tower": "9^{-9^{9^{9}}}",
    "factorial": "99999999!",
    "factorials": "((9!)!)!",
    "double factorial": "999999999!!",
    "binomial": "\\binom{10^{9}}{5\\cdot10^{8}}",
    "sum": "\\sum_{k=1}^{10^{9}} k^k",
    "nested sums": "\\sum_{a=1}^{999}\\sum_{b=1}^{999}\\sum_{c=1}^{999} \\frac{1}{a+b+c}",
    "product": "\\prod_{k=1}^{10^8} k",
    "expansion": "(x+1)^{5000}",
    "expansions": "(x+1)^{100}-(x+3)^{100}",
    "matrix": "\\begin{pmatrix}" + "\\\\".join(["&".join("123" * 13)] * 40) + "\\end{pmatrix}",
    "determinant": "\\det\\begin{pmatrix}"
    + "\\\\".join(["&".join("x23" * 9)] * 27)
    + "\\end{pmatrix}",
    "parentheses": "(" * 3_000 + "1" + ")" * 3_000,
    "open parentheses": "(" * 3_000,
    "braces": "{" * 1_500 + "1" + "}" * 1_500,
    "fractions": "\\frac{1}{" * 300 + "2" + "}" * 300,
    "roots": "\\sqrt{" * 500 + "2" + "}" * 500,
    "signs": "-" * 3_000 + "5",
    "plus minus": "\\pm" * 50 + "5",
    "plus minus terms": "+".join(["\\pm 1"] * 40),
    "digits": "7" * 3_900,
    "decimals": "0." + "3" * 3_900,
    "exponent": "1e999999999",
    "big exponent": "10^{" + "9" * 900 + "}",
    "factorial marks": "3" + "!" * 3_000,
    "list": ",".join(map(str, range(900))),
    "set": "\\{" + ",".join(f"\\sin {k}" for k in range(300)) + "\\}",
    "union": "\\cup".join(f"({k},{k + 1})" for k in range(300)),
    "solutions": "x^{9999}+x+1=0",
    "integral": "\\int_0^1 x^{x^{x^{x}}} dx",
    "integrals": "\\int" * 400 + "x",
    "derivative": "\\frac{d^{999}}{dx^{999}} e^{\\sin x^x}",
    "limit": "\\lim_{n\\to\\infty} n^{n^{n}}",
    "logs": "\\log_{2^5}(" * 300 + "x" + ")" * 300,
    "modulus": "7^{9^{9^{9}}} \\bmod 10",
    "congruence": "x \\equiv 1 \\pmod{10^{999}}",
    "base": "1" * 900 + "_{2}",
    "bad base": "11_{999999999999}",
    "repeating": "0.\\overline{" + "1" * 900 + "}",
    "bars": "|" * 2_000,
    "relations": "x<" * 1_000 + "y",
    "variables": "+".join(f"x_{{{k}}}" for k in range(400)),
    "gcd": "\\gcd(10^{99999999}, 6^{99999999})",
    "alike sets": "\\{" * 200 + "7" + ",\\frac{14}{2}\\}" * 200,
    "limits": "\\lim_{x\\to 0}" * 240 + "x",
    "derivatives": "\\frac{d}{dx}" * 240 + "x",
    "families": "9^{" * 300 + "x=k\\pi, k\\in\\mathbb{Z}" + "}" * 300,
    "halved tuple": "\\frac{" * 300 + "(" + "1," * 200 + "1)" + "}{2}" * 300,
    "subscripts": "x" + "_{a" * 500 + "}" * 500,
    "units": "5 " + "km " * 900,
    "text": "\\text{" * 600 + "}" * 600,
    "words": "one " * 1_000,
}


@pytest.fixture(autouse=True, scope="module")
def _close() -> object:
    yield None
    prover().close()


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize("gold", ["1", "x+1"])
def test_a_bomb_is_wrong_and_has_a_reason(name: str, gold: str) -> None:
    verdict = verify(gold, f"\\boxed{{{BOMBS[name]}}}")
    assert verdict.verdict in (Outcome.INCORRECT, Outcome.NO_ANSWER)
    assert verdict.reason


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_against_itself_gets_a_verdict(name: str) -> None:
    assert verify(BOMBS[name], f"\\boxed{{{BOMBS[name]}}}").reason


def test_a_nest_of_equal_members_takes_no_time() -> None:
    nest = "\\{" * 30 + "7" + ",\\frac{14}{2}\\}" * 30
    assert verify("7", f"\\boxed{{{nest}}}").reason == "equal_members"
    assert verify("7", f"\\boxed{{{BOMBS['alike sets']}}}").reason == "limit"


@pytest.mark.parametrize("length", [5_000, 20_000, 1_000_000])
def test_a_long_answer_is_a_limit(length: int) -> None:
    verdict = verify("5", f"\\boxed{{{'7' * length}}}")
    assert (verdict.verdict, verdict.reason) == (Outcome.INCORRECT, "limit")
