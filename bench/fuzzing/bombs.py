"""Bombs: nests and rows of a random size, often one inside another."""

# ruff: noqa: ARG005 - every maker takes a source of chance and a size, whether it needs them or not
import random
from collections.abc import Callable

from fuzzing.texts import Pair

Nest = Callable[[str, int], str]
"""(inside, how often) → a text."""

NESTS: dict[str, Nest] = {
    "brackets": lambda inner, n: "(" * n + inner + ")" * n,
    "left right": lambda inner, n: "\\left(" * (n // 2) + inner + "\\right)" * (n // 2),
    "braces": lambda inner, n: "{" * n + inner + "}" * n,
    "unclosed": lambda inner, n: "(" * n + inner,
    "fractions": lambda inner, n: "\\frac{1}{1+" * (n // 4) + inner + "}" * (n // 4),
    "fractions above": lambda inner, n: "\\frac{" * (n // 4) + inner + "}{2}" * (n // 4),
    "roots": lambda inner, n: "\\sqrt{2+" * (n // 4) + inner + "}" * (n // 4),
    "towers": lambda inner, n: "9^{" * (n // 4) + inner + "}" * (n // 4),
    "subscripts": lambda inner, n: "x_{" * (n // 4) + inner + "}" * (n // 4),
    "functions": lambda inner, n: "\\sin(" * (n // 5) + inner + ")" * (n // 5),
    "logs": lambda inner, n: "\\log_{2}(" * (n // 9) + inner + ")" * (n // 9),
    "absolute": lambda inner, n: "|" * n + inner + "|" * n,
    "text": lambda inner, n: "\\text{" * (n // 6) + inner + "}" * (n // 6),
    "sets": lambda inner, n: "\\{" * (n // 2) + inner + "\\}" * (n // 2),
    "cases": lambda inner, n: _nested_cases(inner, min(n // 40, 60)),
    "minus": lambda inner, n: "-" * n + inner,
    "plus minus": lambda inner, n: "\\pm" * (n // 3) + inner,
    "sums": lambda inner, n: "\\sum_{k=1}^{9}" * (n // 14) + inner,
    "integrals": lambda inner, n: "\\int" * (n // 4) + inner + " dx",
    "limits": lambda inner, n: "\\lim_{x\\to 0}" * (n // 13) + inner,
    "derivatives": lambda inner, n: "\\frac{d}{dx}" * (n // 12) + inner,
    "factorial": lambda inner, n: inner + "!" * n,
    "primes": lambda inner, n: f"f{'′' * (n // 2)}{chr(39) * (n // 2)}({inner})",
    "percent": lambda inner, n: inner + "\\%" * (n // 2),
    "degrees": lambda inner, n: inner + "^\\circ" * (n // 6),
    "dots": lambda inner, n: inner + "." * n,
    "marks": lambda inner, n: inner + "\u0301\u0316" * (n // 2),
    "boxes": lambda inner, n: "\\boxed{" * (n // 8) + inner + "}" * (n // 8),
}


def _nested_cases(inner: str, depth: int) -> str:
    opened = "\\begin{cases} x & x>0 \\\\ " * depth
    return opened + inner + " & x<1 \\end{cases}" * depth


Row = Callable[[random.Random, int], str]
"""(source, how large) → a text."""


def _many(make: Callable[[random.Random, int], str], between: str, most: int = 4_000) -> Row:
    def row(draw: random.Random, n: int) -> str:
        return between.join(make(draw, at) for at in range(min(n, most)))

    return row


def _matrix(draw: random.Random, n: int) -> str:
    side = min(2 + n // 60, 42)
    cell = draw.choice(("7", "x", "\\frac12", "x_1", "\\sqrt2"))
    body = "\\\\".join("&".join([cell] * side) for _ in range(side))
    name = draw.choice(("pmatrix", "bmatrix", "vmatrix", "array"))
    return f"{draw.choice(('', chr(92) + 'det', '2'))}\\begin{{{name}}}{body}\\end{{{name}}}"


def _bound(draw: random.Random, n: int) -> str:
    return draw.choice(
        ("9" * (1 + n % 30), f"10^{{{1 + n % 99}}}", "\\infty", "n", "99", "9^{9^9}")
    )


ROWS: dict[str, Row] = {
    "digits": lambda draw, n: _digits(draw, n),
    "decimal": lambda draw, n: f"{_digits(draw, 1)}.{_digits(draw, n)}",
    "repeating": lambda draw, n: f"0.{_digits(draw, n // 2)}\\overline{{{_digits(draw, n // 2)}}}",
    "thousands": _many(lambda draw, _: _digits(draw, 3), ","),
    "scientific": lambda draw, n: (
        f"{_digits(draw, 2)}e{draw.choice('+-')}{_digits(draw, n % 9 + 1)}"
    ),
    "based": lambda draw, n: f"{'1' * n}_{{{draw.randint(0, 40)}}}",
    "power": lambda draw, n: f"{_digits(draw, 2)}^{{{_digits(draw, n % 12 + 1)}}}",
    "negative power": lambda draw, n: f"{_digits(draw, 2)}^{{-{_digits(draw, n % 12 + 1)}}}",
    "binomial power": lambda draw, n: f"(x+{_digits(draw, 1)})^{{{_digits(draw, n % 7 + 1)}}}",
    "polynomials": lambda draw, n: f"(x+y+z)^{{{n % 300}}}-(x+y-z)^{{{n % 299}}}",
    "factorials": lambda draw, n: f"{_digits(draw, n % 9 + 1)}!{'!' * (n % 3)}",
    "binomials": lambda draw, n: f"\\binom{{{_digits(draw, n % 9 + 1)}}}{{{_digits(draw, n % 9)}}}",
    "bounded sum": lambda draw, n: (
        f"\\sum_{{k=1}}^{{{_bound(draw, n)}}}{draw.choice(('k', 'k^k', 'k!', '2^k', '1/k', 'x^k'))}"
    ),
    "bounded product": lambda draw, n: f"\\prod_{{k=1}}^{{{_bound(draw, n)}}}(1+{_bound(draw, n)})",
    "triple sum": lambda draw, n: (
        f"\\sum_{{a=1}}^{{{n}}}\\sum_{{b=1}}^{{{n}}}\\sum_{{c=1}}^{{{n}}}\\frac{{1}}{{a+b+c}}"
    ),
    "integral": lambda draw, n: f"\\int_0^{{{_bound(draw, n)}}} x^{{{_bound(draw, n)}}} dx",
    "derivative": lambda draw, n: f"\\frac{{d^{{{n}}}}}{{dx^{{{n}}}}} \\sin(x^{{{n % 9}}})",
    "limit": lambda draw, n: f"\\lim_{{n\\to\\infty}} (1+1/n)^{{{_bound(draw, n)}}}",
    "matrix": _matrix,
    "list": _many(lambda draw, at: str(at), ","),
    "set": lambda draw, n: f"\\{{{','.join(f'{chr(92)}sqrt{{{k}}}' for k in range(n))}\\}}",
    "tuple": lambda draw, n: f"({','.join('xyz123'[k % 6] for k in range(n))})",
    "union": _many(lambda draw, at: f"({at},{at + 1}{draw.choice(')]')}", "\\cup"),
    "crossed union": _many(lambda draw, at: f"({draw.randint(0, 99)},{at + 9})", "\\cap"),
    "differences": _many(lambda draw, at: f"[{at},{at + 2}]", "\\setminus"),
    "or": _many(lambda draw, at: f"x={at}", " or "),
    "and": _many(lambda draw, at: f"x>{at}", " and "),
    "chain": _many(lambda draw, at: f"x_{at}", "<"),
    "equations": _many(lambda draw, at: str(at % 7), "="),
    "plus minus terms": _many(lambda draw, at: f"\\sqrt{{{at + 2}}}", "\\pm"),
    "variables": _many(lambda draw, at: f"x_{{{at}}}", "+"),
    "product": _many(lambda draw, at: f"(x-{at})", ""),
    "quotient": _many(lambda draw, at: str(at + 1), "/"),
    "ratio": _many(lambda draw, at: str(at + 1), ":"),
    "modulus": lambda draw, n: f"7^{{{_bound(draw, n)}}} \\bmod {_digits(draw, n % 20 + 1)}",
    "congruence": lambda draw, n: f"x\\equiv {_digits(draw, n)} \\pmod{{{_digits(draw, n)}}}",
    "family": lambda draw, n: f"x=\\frac{{\\pi}}{{{n + 1}}}+{n}k\\pi, k\\in\\mathbb{{Z}}",
    "gcd": lambda draw, n: f"\\gcd({_bound(draw, n)},{_bound(draw, n)})",
    "equation": lambda draw, n: f"x^{{{n}}}+{_digits(draw, 2)}x+1=0",
    "builder": lambda draw, n: f"\\{{x\\mid x^{{{n % 40}}}<{_digits(draw, n % 20 + 1)}\\}}",
    "units": _many(lambda draw, _: draw.choice(("km", "h", "kg", "m^2", "/s")), " "),
    "words": _many(lambda draw, _: draw.choice(("one", "hundred", "and", "million", "the")), " "),
    "escapes": _many(lambda draw, _: draw.choice(("\\\\", "\\{", "\\ ", "\\,", "\\!", "$")), ""),
    "blanks": lambda draw, n: " " * n + "1" + "\\," * n,
    "letters": lambda draw, n: draw.choice("xkeiCπ") * n,
    "commands": _many(lambda draw, _: "\\" + draw.choice(("alpha", "sin", "frac", "zz")), ""),
}


def _digits(draw: random.Random, n: int) -> str:
    return "".join(draw.choices("0123456789", k=max(n, 1)))


def bomb(draw: random.Random) -> Pair:
    gold = draw.choice(("1", "x+1", "(1,2)", "\\frac{1}{2}", "\\pi", "x=1", "[0,1]", "", ""))
    answer = _bomb(draw)
    return gold or (answer if draw.random() < 0.5 else _bomb(draw)), answer


def _bomb(draw: random.Random) -> str:
    inner = draw.choice(list(ROWS.values()))(draw, _size(draw))
    if draw.random() < 0.5:
        return inner
    nest = draw.choice(list(NESTS.values()))
    return nest(draw.choice(("1", "x", inner, inner)), _size(draw))


def _size(draw: random.Random) -> int:
    """Mostly small enough to pass the caps, sometimes far past them."""
    return int(draw.choice((8, 40, 200, 900, 4_000)) * draw.random()) + 1
