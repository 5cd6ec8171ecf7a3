"""Random answers of every kind, with what must equal them and what must not.

Each kind draws a reference, spellings and rewritings of it that any teacher would accept, and
changes that no teacher would: another digit, sign, bound, bracket, unit, or one member less. What a
value is, is computed here by Python (fractions, math, datetime), not by the package.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, time
from fractions import Fraction

from hypothesis import strategies as st

ROW = " \\\\ "
"""Between the rows of a matrix."""


@dataclass(frozen=True)
class Statement:
    gold: str
    same: Sequence[str]
    other: Sequence[str]
    both_ways: bool = True
    """False where the policies themselves are not symmetric: then only (gold, answer) is asked."""


KINDS: dict[str, st.SearchStrategy[Statement]] = {}


def kind(make: Callable[["Source"], Statement]) -> Callable[["Source"], Statement]:
    """Register a maker of statements under its own name."""

    @st.composite
    def drawn(draw: st.DrawFn) -> Statement:
        return make(Source(draw))

    KINDS[make.__name__] = drawn()
    return make


class Source:
    """What makers draw from."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def whole(self, low: int, high: int) -> int:
        return self._draw(st.integers(low, high))

    def other(self, than: int, low: int, high: int) -> int:
        return self._draw(st.integers(low, high).filter(lambda value: value != than))

    def one(self, *of: str) -> str:
        return self._draw(st.sampled_from(of))

    def several(self, low: int, high: int, least: int = 2, most: int = 5) -> list[int]:
        """Different integers in any order."""
        return self._draw(
            st.lists(st.integers(low, high), min_size=least, max_size=most, unique=True)
        )

    def turned(self, items: Sequence[str]) -> list[str]:
        return self._draw(st.permutations(list(items)))

    def fraction(self, low: int, high: int) -> Fraction:
        """Not an integer."""
        value = st.fractions(low, high, max_denominator=12)
        return self._draw(value.filter(lambda found: found.denominator > 1))


def frac(value: Fraction, command: str = "\\frac") -> str:
    if value.denominator == 1:
        return str(value.numerator)
    sign = "-" if value < 0 else ""
    return f"{sign}{command}{{{abs(value.numerator)}}}{{{value.denominator}}}"


def signed(value: int) -> str:
    """As a further term."""
    return f"+{value}" if value >= 0 else f"{value}"


def plus(coefficient: int, name: str) -> str:
    """`+ 3x`, `- x`; nothing where the coefficient is 0."""
    if not coefficient:
        return ""
    size = "" if abs(coefficient) == 1 else str(abs(coefficient))
    return f"{'+' if coefficient > 0 else '-'}{size}{name}"


def polynomial(coefficients: Sequence[int], name: str = "x") -> str:
    """Highest power last in the argument, first in the text."""
    parts = [
        plus(value, f"{name}^{{{power}}}" if power > 1 else name) if power else signed(value)
        for power, value in reversed(list(enumerate(coefficients)))
        if value
    ]
    return "".join(parts).removeprefix("+") or "0"


# -- numbers -------------------------------------------------------------------------------------


@kind
def integers(s: Source) -> Statement:
    value = s.whole(1_000, 9_999_999)
    text, grouped = str(value), f"{value:,}"
    changed = value + s.whole(1, 9)
    return Statement(
        text,
        [
            grouped,
            grouped.replace(",", "{,}"),
            grouped.replace(",", "\\,"),
            grouped.replace(",", "\\ "),
            f"{text}.0",
            f"{text}.",
            f"+{text}",
            f"\\text{{{text}}}",
            f"${text}$",
            f"\\frac{{{2 * value}}}{{2}}",
            text.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")),
            text.translate(str.maketrans("0123456789", "０１２３４５６７８９")),
            f"{value - 5}+5",
            f"2\\cdot{value}-{value}",
        ],
        [f"-{text}", str(changed), f"{text}0", text[:-1], f"{text}.5", f"({grouped})"],
    )


@kind
def fractions(s: Source) -> Statement:
    value = s.fraction(-20, 20)
    top, bottom = value.numerator, value.denominator
    return Statement(
        frac(value),
        [
            f"{top}/{bottom}",
            frac(value, "\\dfrac"),
            frac(value, "\\tfrac"),
            f"\\frac{{{top}}}{{{bottom}}}",
            f"\\frac{{{-top}}}{{{-bottom}}}",
            f"\\frac{{{top * 3}}}{{{bottom * 3}}}",
            f"{top}\\div {bottom}",
            f"{{{top} \\over {bottom}}}",
            f"\\left(\\frac{{{bottom}}}{{{top}}}\\right)^{{-1}}",
            _mixed(value),
        ],
        [
            frac(-value),
            frac(1 / value) if abs(top) != bottom else "7",
            f"{top}/{bottom + 1}",
            f"{top + 1}/{bottom}",
            str(top),
            f"{top}{bottom}",
        ],
    )


def _mixed(value: Fraction) -> str:
    whole, rest = divmod(abs(value), 1)
    sign = "-" if value < 0 else ""
    return f"{sign}{whole}{frac(rest)}" if whole else frac(value)


@kind
def decimals(s: Source) -> Statement:
    places = s.whole(1, 5)
    digits = s.whole(1, 10**6)
    digits += digits % 10 == 0
    value = Fraction(digits, 10**places)
    text = f"{digits // 10**places}.{digits % 10**places:0{places}d}"
    other = f"{text[:-1]}{(int(text[-1]) % 9) + 1}"
    return Statement(
        text,
        [
            f"{text}0",
            text.lstrip("0") or text,
            f"{digits}\\times 10^{{-{places}}}",
            f"{digits}\\cdot10^{{{-places}}}",
            f"{digits}e-{places:02d}",
            frac(value),
            f"{digits}/{10**places}",
        ],
        [f"-{text}", other, f"{digits}{text[-1]}", f"1{text}", f"{digits}\\times10^{{{places}}}"],
    )


@kind
def percents(s: Source) -> Statement:
    value = s.whole(1, 99)
    return Statement(
        f"{value}\\%",
        [
            f"{value}%",
            f"{value} \\%",
            f"\\frac{{{value}}}{{100}}",
            f"{value / 100:g}",
            f"{value}％",
        ],
        [f"{value + 1}\\%", f"-{value}\\%", f"{value}0\\%", f"\\frac{{{value}}}{{10}}"],
    )


@kind
def repeating_decimals(s: Source) -> Statement:
    length = s.whole(1, 4)
    period = s.whole(1, 10**length - 2)
    whole = s.whole(0, 30)
    value = whole + Fraction(period, 10**length - 1)
    digits = f"{period:0{length}d}"
    return Statement(
        f"{whole}.\\overline{{{digits}}}",
        [
            frac(value, "\\frac"),
            f"{whole}.({digits})",
            f"{whole}.{digits}\\overline{{{digits}}}",
            f"{whole}.\\bar{{{digits}}}",
        ],
        [
            f"{whole + 1}.\\overline{{{digits}}}",
            frac(value + Fraction(1, 10 ** (length + 1))),
            f"{whole}.\\overline{{{digits}{digits[0]}}}" if len(set(digits)) > 1 else "99",
            f"-{whole}.\\overline{{{digits}}}",
        ],
    )


@kind
def bases(s: Source) -> Statement:
    base = s.whole(2, 9)
    value = s.whole(base, 4_000)
    text = _in_base(value, base)
    return Statement(
        f"{text}_{base}",
        [f"{text}_{{{base}}}", str(value), f"({text})_{{{base}}}"],
        [
            f"{_in_base(value + 1, base)}_{base}",
            str(value + 1),
            f"-{text}_{base}",
            f"{text}_{{{base + 1}}}" if int(text) >= 2 else "99",
        ],
    )


def _in_base(value: int, base: int) -> str:
    digits = ""
    while value:
        value, digit = divmod(value, base)
        digits = f"{digit}{digits}"
    return digits


@kind
def roots(s: Source) -> Statement:
    out, inside = s.whole(2, 9), s.whole(2, 30)
    inside += math.isqrt(inside) ** 2 == inside
    text = f"{out}\\sqrt{{{inside}}}"
    return Statement(
        text,
        [
            f"\\sqrt{{{out * out * inside}}}",
            f"{out}√{inside}",
            f"{out}\\cdot\\sqrt{{{inside}}}",
            f"\\sqrt{{{inside}}}\\times {out}",
            f"{out}*sqrt({inside})",
            f"{out}\\cdot {inside}^{{1/2}}",
            f"{out}\\cdot {inside}^{{0.5}}",
            f"\\sqrt[2]{{{inside}}}\\,{out}",
            f"\\frac{{{out * inside}}}{{\\sqrt{{{inside}}}}}",
            f"\\sqrt[4]{{{(out * out * inside) ** 2}}}",
        ],
        [
            f"-{text}",
            f"{out + 1}\\sqrt{{{inside}}}",
            f"{out}\\sqrt{{{inside + 1}}}",
            f"{out}\\sqrt[3]{{{inside}}}",
            f"{out}+\\sqrt{{{inside}}}",
            f"\\sqrt{{{out * inside}}}" if out > 1 else "0",
        ],
    )


@kind
def logarithms(s: Source) -> Statement:
    base, value = s.whole(2, 12), s.whole(13, 99)
    return Statement(
        f"\\log_{{{base}}} {value}",
        [
            f"\\log_{{{base}}}({value})",
            f"\\frac{{\\ln {value}}}{{\\ln {base}}}",
            f"\\frac{{\\log {value}}}{{\\log {base}}}",
            f"\\log_{{{base}}}{{{value * base}}} - 1",
            f"-\\log_{{{base}}}\\frac{{1}}{{{value}}}",
            f"\\frac{{1}}{{\\log_{{{value}}}{{{base}}}}}",
            f"\\frac12\\log_{{{base}}}{{{value**2}}}",
        ],
        [
            f"\\log_{{{base + 1}}} {value}",
            f"\\log_{{{base}}} {value + 1}",
            f"-\\log_{{{base}}} {value}",
            f"\\log_{{{value}}} {base}",
        ],
    )


@kind
def counting(s: Source) -> Statement:
    n = s.whole(4, 12)
    k = s.whole(2, n - 2)
    count = math.comb(n, k)
    return Statement(
        f"\\binom{{{n}}}{{{k}}}",
        [
            str(count),
            f"\\dbinom{{{n}}}{{{k}}}",
            f"\\binom{{{n}}}{{{n - k}}}",
            f"{{{n} \\choose {k}}}",
            f"C_{{{n}}}^{{{k}}}",
            f"C({n},{k})",
            f"\\frac{{{n}!}}{{{k}!\\,{n - k}!}}",
            f"\\frac{{P({n},{k})}}{{{k}!}}",
        ],
        [str(count + 1), f"\\binom{{{n + 1}}}{{{k}}}", f"P({n},{k})", f"-{count}", f"{n}!"],
    )


@kind
def complex_numbers(s: Source) -> Statement:
    real, imaginary = s.whole(-20, 20), s.other(0, -20, 20)
    text = f"{real}{signed(imaginary)}i"
    return Statement(
        text,
        [
            f"{imaginary}i+({real})",
            f"{real} {signed(imaginary)} i",
            f"{real}{signed(imaginary)}\\mathrm{{i}}",
            f"{real}+i\\cdot({imaginary})",
            f"{real}+({imaginary})\\cdot \\sqrt{{-1}}",
            f"-({-real}{signed(-imaginary)}i)",
            f"({real}{signed(imaginary)}i)",
        ],
        [
            f"{real}{signed(-imaginary)}i",
            f"{real + 1}{signed(imaginary)}i",
            f"{real}{signed(imaginary)}" if imaginary else "1",
            f"{real}{signed(imaginary)}j",
            str(real),
        ],
    )


@kind
def angles(s: Source) -> Statement:
    degrees = s.whole(1, 359)
    value = Fraction(degrees, 180)
    return Statement(
        f"{degrees}^\\circ",
        [
            f"{degrees}°",
            f"{degrees}^{{\\circ}}",
            f"{degrees} \\text{{ degrees}}",
            f"{frac(value)}\\pi" if value != 1 else "\\pi",
            f"\\frac{{{value.numerator}\\pi}}{{{value.denominator}}}",
            f"\\frac{{{value.numerator}π}}{{{value.denominator}}} \\text{{ rad}}",
        ],
        [
            f"{degrees + 1}^\\circ",
            f"-{degrees}^\\circ",
            f"{degrees} \\text{{ rad}}",
            f"\\frac{{{value.numerator}}}{{{value.denominator}}}",
            f"{degrees}'",
        ],
    )


@kind
def number_words(s: Source) -> Statement:
    words = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    value = s.whole(0, 10)
    return Statement(
        str(value),
        [words[value], words[value].capitalize(), f"\\text{{{words[value]}}}"],
        [words[(value + 1) % 11], f"{words[value]} hundred" if value else "one"],
    )


# -- formulas ------------------------------------------------------------------------------------


@kind
def polynomials(s: Source) -> Statement:
    p, q = s.other(0, -9, 9), s.other(0, -9, 9)
    name = s.one(*"xyztn")
    expanded = polynomial([p * q, p + q, 1], name)
    factors = [f"({name}{signed(p)})", f"({name}{signed(q)})"]
    return Statement(
        expanded,
        [
            "".join(factors),
            "".join(reversed(factors)),
            "\\cdot ".join(factors),
            " \\times ".join(factors),
            f"{p * q}{plus(p + q, name)}+{name}^2",
            f"{name}({name}{signed(p + q)}){signed(p * q)}",
            f"{expanded}+0",
            f"1\\cdot({expanded})",
            expanded.replace("^{2}", "²"),
            expanded.replace("^{2}", "**2"),
            expanded.replace("+", " + ").replace("-", " − "),
            f"\\left({expanded}\\right)",
        ],
        [
            polynomial([p * q + 1, p + q, 1], name),
            polynomial([p * q, p + q + 1, 1], name),
            polynomial([p * q, p + q, 2], name),
            polynomial([-p * q, -p - q, -1], name),
            expanded.replace(name, "w"),
            expanded.replace("^{2}", "^{3}"),
        ],
    )


@kind
def powers_and_exponentials(s: Source) -> Statement:
    a, b = s.whole(2, 9), s.whole(2, 9)
    return Statement(
        f"{a}^{{{b}x}}",
        [
            f"({a}^{{{b}}})^x",
            f"{a**b}^x",
            f"({a}^x)^{{{b}}}",
            f"e^{{{b}x\\ln {a}}}",
            f"\\exp({b}x\\ln {a})",
            f"\\frac{{1}}{{{a}^{{-{b}x}}}}",
            f"{a}^{{x\\cdot {b}}}",
        ],
        [f"{a}^{{{b + 1}x}}", f"{a + 1}^{{{b}x}}", f"{a}^{{-{b}x}}", f"{a}^{{{b}}}x", f"{a}{b}^x"],
    )


@kind
def trigonometry(s: Source) -> Statement:
    a, b = s.whole(2, 9), s.whole(1, 9)
    return Statement(
        f"{a}\\sin^2(x)+{b}",
        [
            f"{a}\\sin^{{2}} x + {b}",
            f"{b}+{a}(\\sin x)^2",
            f"{a + b}-{a}\\cos^2 x",
            f"{b}+\\frac{{{a}(1-\\cos 2x)}}{{2}}",
            f"{a}\\sin(x)\\sin(x)+{b}",
            f"{a}\\cos^2\\left(\\frac{{\\pi}}{{2}}-x\\right)+{b}",
        ],
        [
            f"{a}\\cos^2(x)+{b}",
            f"{a}\\sin(x^2)+{b}",
            f"{a}\\sin^2(x)-{b}",
            f"{a + 1}\\sin^2(x)+{b}",
            f"{a}\\sin^2(2x)+{b}",
            f"{a}\\sin^{{-1}}(x)+{b}",
            f"{a}\\sin^2(y)+{b}",
        ],
    )


@kind
def rational_functions(s: Source) -> Statement:
    p, q = s.whole(1, 9), s.whole(10, 20)
    return Statement(
        f"\\frac{{1}}{{(x+{p})(x+{q})}}",
        [
            f"\\frac{{1}}{{x^2+{p + q}x+{p * q}}}",
            f"\\frac{{1}}{{{q - p}}}\\left(\\frac{{1}}{{x+{p}}}-\\frac{{1}}{{x+{q}}}\\right)",
            f"(x+{p})^{{-1}}(x+{q})^{{-1}}",
            f"1/((x+{q})(x+{p}))",
            f"\\frac{{3}}{{3(x+{p})(x+{q})}}",
            f"\\dfrac{{1}}{{(x+{p})\\cdot(x+{q})}}",
        ],
        [
            f"\\frac{{1}}{{(x-{p})(x+{q})}}",
            f"\\frac{{1}}{{(x+{p})(x+{q + 1})}}",
            f"\\frac{{-1}}{{(x+{p})(x+{q})}}",
            f"(x+{p})(x+{q})",
            f"\\frac{{1}}{{(x+{p})+(x+{q})}}",
        ],
    )


@kind
def absolute_values(s: Source) -> Statement:
    a = s.whole(1, 30)
    return Statement(
        f"|x-{a}|",
        [
            f"|{a}-x|",
            f"\\left|x-{a}\\right|",
            f"\\lvert x-{a}\\rvert",
            f"\\sqrt{{(x-{a})^2}}",
            f"\\max(x-{a},{a}-x)",
            f"|-x+{a}|",
        ],
        [f"|x+{a}|", f"x-{a}", f"-|x-{a}|", f"|x-{a + 1}|", f"|x|-{a}"],
    )


@kind
def bounded_sums(s: Source) -> Statement:
    low, width, power = s.whole(1, 4), s.whole(1, 9), s.whole(1, 3)
    high = low + width
    value = sum(k**power for k in range(low, high + 1))

    def total(name: str, first: int, last: int, body: str) -> str:
        return f"\\sum_{{{name}={first}}}^{{{last}}} {body}"

    return Statement(
        total("k", low, high, f"k^{{{power}}}"),
        [
            str(value),
            total("i", low, high, f"i^{{{power}}}"),
            total("j", low + 1, high + 1, f"(j-1)^{{{power}}}"),
            total("n", low, high, f"n^{power}") + " + 0",
            f"{total('k', low, high - 1, f'k^{power}')} + {high**power}",
            f"\\sum\\limits_{{m={low}}}^{{{high}}} m^{{{power}}}",
        ],
        [
            str(value + 1),
            total("k", low, high + 1, f"k^{{{power}}}"),
            total("k", low + 1, high, f"k^{{{power}}}"),
            total("k", low, high, f"k^{{{power + 1}}}") if high > 1 else "0",
            total("k", low, high, f"(-k)^{{{power}}}") if power % 2 else f"-{value}",
        ],
    )


@kind
def bounded_products(s: Source) -> Statement:
    n = s.whole(3, 12)
    return Statement(
        f"\\prod_{{k=1}}^{{{n}}} k",
        [
            f"{n}!",
            str(math.factorial(n)),
            f"\\prod_{{j=1}}^{{{n}}} j",
            f"\\prod_{{i=0}}^{{{n - 1}}}(i+1)",
            f"{n}\\cdot {n - 1}!",
        ],
        [f"\\prod_{{k=1}}^{{{n + 1}}} k", f"{n + 1}!", f"\\prod_{{k=2}}^{{{n}}} (k+1)", f"{n}!!"],
    )


@kind
def definite_integrals(s: Source) -> Statement:
    low, width, slope = s.whole(-4, 4), s.whole(1, 6), s.whole(1, 9)
    high = low + width
    value = Fraction(slope * (high**3 - low**3), 3)

    def integral(name: str, first: int, last: int) -> str:
        return f"\\int_{{{first}}}^{{{last}}} {slope}{name}^2 \\, d{name}"

    return Statement(
        integral("x", low, high),
        [
            frac(value),
            integral("t", low, high),
            integral("u", low, high).replace("\\, ", "\\mathrm{~}"),
            f"-{integral('x', high, low)}",
            f"{slope}\\int_{{{low}}}^{{{high}}} x^2\\,dx",
        ],
        [
            frac(value + 1),
            integral("x", low, high + 1),
            integral("x", high, low) if value else "1",
            frac(-value) if value else "1",
        ],
    )


@kind
def derivatives(s: Source) -> Statement:
    a, n = s.whole(2, 9), s.whole(2, 7)
    return Statement(
        f"{a * n}x^{{{n - 1}}}",
        [
            f"\\frac{{d}}{{dx}} ({a}x^{{{n}}})",
            f"\\frac{{d}}{{dx}}\\left({a}x^{{{n}}}+7\\right)",
            f"{n}\\cdot {a}x^{{{n - 1}}}",
        ],
        [f"{a * n}x^{{{n}}}", f"{a}x^{{{n - 1}}}", f"\\frac{{d}}{{dx}} ({a}x^{{{n + 1}}})"],
    )


@kind
def antiderivatives(s: Source) -> Statement:
    a = s.whole(1, 9)
    return Statement(
        f"{a}x^2+\\sin^2 x+C",
        [
            f"\\sin^2 x+{a}x^2+C",
            f"{a}x^2+\\sin^2 x+K",
            f"{a}x^2-\\cos^2 x+C",
            f"{a}x^2-\\frac{{\\cos 2x}}{{2}}+C",
            f"C+{a}x^2+\\sin^2x",
        ],
        [
            f"{a}x^2+\\sin^2 x",
            f"{a}x^2+\\cos^2 x+C",
            f"{a + 1}x^2+\\sin^2 x+C",
            f"{a}x^2-\\sin^2 x+C",
            f"{a}x^2+\\sin^2 x+Cx",
        ],
    )


@kind
def function_definitions(s: Source) -> Statement:
    a, b = s.whole(2, 9), s.other(0, -9, 9)
    return Statement(
        f"f(x)={a}x{signed(b)}",
        [
            f"f(t)={a}t{signed(b)}",
            f"f(n) = {b}+{a}n" if b > 0 else f"f(n)={a}n{signed(b)}",
            f"{a}x{signed(b)}",
            f"y={a}x{signed(b)}",
            f"{a}x{signed(b)}=f(x)",
        ],
        [
            f"f(x)={a}x{signed(-b)}",
            f"f(x)={a + 1}x{signed(b)}",
            f"f(t)={a}x{signed(b)}",
            f"g(x)={a}x{signed(b)}",
            f"f(x)={a}x^2{signed(b)}",
        ],
    )


# -- several values ------------------------------------------------------------------------------


@kind
def lists_of_solutions(s: Source) -> Statement:
    values = [str(value) for value in s.several(-50, 50)]
    turned = s.turned(values)
    short = values[:-1]
    changed = [*values[:-1], str(int(values[-1]) + 101)]
    negated = [*values[:-1], str(-int(values[-1]) - 200)]
    return Statement(
        ",".join(values),
        [
            ", ".join(turned),
            f"\\{{{','.join(turned)}\\}}",
            " or ".join(turned),
            "; ".join(turned),
            " \\text{ and } ".join(turned),
            f"{', '.join(turned[:-1])} and {turned[-1]}",
            f"x={', '.join(turned)}",
            " \\text{ or } ".join(f"x={value}" for value in turned),
            ", ".join(f"x_{at}={value}" for at, value in enumerate(turned, 1)),
            ", ".join([*turned, turned[0]]),
            "、".join(turned),
        ],
        [
            ",".join(short) if len(short) > 1 else short[0],
            ",".join([*values, "777"]),
            ",".join(changed),
            ",".join(negated),
        ],
    )


@kind
def finite_sets(s: Source) -> Statement:
    values = [frac(Fraction(value, 3)) for value in s.several(-40, 40)]
    turned = s.turned(values)
    return Statement(
        f"\\{{{', '.join(values)}\\}}",
        [
            f"\\left\\{{{','.join(turned)}\\right\\}}",
            f"\\lbrace {', '.join(turned)} \\rbrace",
            f"\\{{{';'.join(turned)}\\}}",
            f"S=\\{{{', '.join(turned)}\\}}",
            "\\cup".join(f"\\{{{value}\\}}" for value in turned),
            f"\\{{{', '.join([*turned, values[0]])}\\}}",
            f"x\\in\\{{{', '.join(turned)}\\}}",
        ],
        [
            f"\\{{{', '.join(values[1:])}\\}}",
            f"\\{{{', '.join([*values, '99'])}\\}}",
            f"\\{{{', '.join(['99', *values[1:]])}\\}}",
            "\\emptyset",
        ],
    )


@kind
def plus_minus(s: Source) -> Statement:
    a, b = s.whole(-9, 9), s.whole(1, 9)
    b += math.isqrt(b) ** 2 == b
    return Statement(
        f"{a}\\pm\\sqrt{{{b}}}",
        [
            f"{a}±√{b}",
            f"{a}+\\sqrt{{{b}}},{a}-\\sqrt{{{b}}}",
            f"x={a}\\pm\\sqrt{{{b}}}",
            f"\\{{{a}-\\sqrt{{{b}}},{a}+\\sqrt{{{b}}}\\}}",
            f"{a}-\\sqrt{{{b}}} \\text{{ or }} {a}+\\sqrt{{{b}}}",
            f"{a}\\mp\\sqrt{{{b}}}",
        ],
        [
            f"{a}+\\sqrt{{{b}}}",
            f"{a}-\\sqrt{{{b}}}",
            f"{a + 1}\\pm\\sqrt{{{b}}}",
            f"{a}\\pm\\sqrt{{{b + 1}}}",
            f"-\\sqrt{{{b}}}, \\sqrt{{{b}}}" if a else "1",
        ],
    )


@kind
def points(s: Source) -> Statement:
    values = [str(value) for value in s.several(-30, 30, least=3, most=4)]
    turned = [values[1], values[0], *values[2:]]
    return Statement(
        f"({','.join(values)})",
        [
            f"\\left({', '.join(values)}\\right)",
            f"\\langle {', '.join(values)} \\rangle",
            f"({', '.join(f'{value}.0' for value in values)})",
            f"（{'，'.join(values)}）",
            f"P({', '.join(values)})",
            f"P=({', '.join(values)})",
            f"\\begin{{pmatrix}}{' & '.join(values)}\\end{{pmatrix}}",
            f"\\begin{{bmatrix}}{ROW.join(values)}\\end{{bmatrix}}",
        ],
        [
            f"({','.join(turned)})",
            f"({','.join(values[:-1])})",
            f"({','.join([*values, '0'])})",
            f"({','.join(['99', *values[1:]])})",
            f"({','.join([str(-int(values[0]) - 99), *values[1:]])})",
        ],
    )


def matrix(rows: Sequence[Sequence[int]], name: str = "pmatrix") -> str:
    body = ROW.join(" & ".join(map(str, row)) for row in rows)
    return f"\\begin{{{name}}} {body} \\end{{{name}}}"


@kind
def matrices(s: Source) -> Statement:
    a, b, c, d = (s.whole(-20, 20) for _ in range(4))
    rows = [[a, b], [c, d]]
    tripled = [[3 * value for value in row] for row in rows]
    flipped = [[c, d], [a, b]] if (a, b) != (c, d) else [[a, b], [c, d + 1]]
    return Statement(
        matrix(rows),
        [
            matrix(rows, "bmatrix"),
            matrix(rows).replace(" ", ""),
            f"\\left[\\begin{{array}}{{cc}}{a}&{b}\\\\{c}&{d}\\end{{array}}\\right]",
            f"\\frac13{matrix(tripled)}",
            f"A={matrix(rows)}",
        ],
        [
            matrix([[a + 1, b], [c, d]]),
            matrix([[a, b], [c, d + 1]]),
            matrix(flipped),
            matrix([[a, b]]),
            matrix([[a, c], [b, d]]) if b != c else matrix([[a, b + 1], [c, d]]),
            f"2{matrix(rows)}" if any((a, b, c, d)) else "1",
            str(a * d - b * c),
        ],
    )


# -- sets of reals -------------------------------------------------------------------------------


@kind
def intervals(s: Source) -> Statement:
    low, width = s.whole(-40, 40), s.whole(2, 40)
    high = low + width
    opened, closed = s.one("(", "["), s.one(")", "]")
    left, right = "<" if opened == "(" else "\\le", "<" if closed == ")" else "\\le"
    between = low + 1
    text = f"{opened}{low},{high}{closed}"
    return Statement(
        text,
        [
            f"\\left{opened}{low}, {high}\\right{closed}",
            f"{low} {left} x {right} {high}",
            f"x \\in {text}",
            f"\\{{x \\mid {low} {left} x {right} {high}\\}}",
            f"\\{{x\\in\\mathbb{{R}}: {low} {left} x {right} {high}\\}}",
            f"{opened}{low},{between}]\\cup({between},{high}{closed}",
            f"{opened}{low},{between}]\\cup[{between},{high}{closed}",
            f"{opened}{low},{high + 3})\\cap({low - 3},{high}{closed}",
        ],
        [
            f"{'[' if opened == '(' else '('}{low},{high}{closed}",
            f"{opened}{low},{high}{')' if closed == ']' else ']'}",
            f"{opened}{low - 1},{high}{closed}",
            f"{opened}{low},{high + 1}{closed}",
            f"{opened}{-high},{-low}{closed}" if low != -high else f"({low},\\infty)",
            f"{opened}{low},{between})\\cup({between},{high}{closed}",
            f"{opened}{low},\\infty)",
            f"x {left} {high}",
        ],
    )


@kind
def unions(s: Source) -> Statement:
    ends = sorted(s.several(-60, 60, least=4, most=4))
    a, b, c, d = ends
    first, second = f"[{a},{b})", f"({c},{d}]"
    return Statement(
        f"{first}\\cup{second}",
        [
            f"{second} \\cup {first}",
            f"{first}∪{second}",
            f"x\\in {second}\\cup{first}",
            f"{a}\\le x<{b} \\text{{ or }} {c}<x\\le {d}",
            f"[{a},{d}]\\setminus[{b},{c}]",
        ],
        [
            first,
            second,
            f"[{a},{b}]\\cup{second}",
            f"{first}\\cup({c},{d})",
            f"{first}\\cup({c},{d + 1}]",
            f"[{a},{d}]",
            f"{first}\\cap{second}",
        ],
    )


@kind
def rays(s: Source) -> Statement:
    low = s.whole(-50, 50)
    return Statement(
        f"({low},\\infty)",
        [
            f"x>{low}",
            f"{low}<x",
            f"({low}, +\\infty)",
            f"({low},∞)",
            f"2x>{2 * low}",
            f"-x<{-low}",
            f"x-({low})>0",
            f"\\{{t: t>{low}\\}}",
            f"\\mathbb{{R}}\\setminus(-\\infty,{low}]",
        ],
        [
            f"[{low},\\infty)",
            f"x\\ge {low}",
            f"x<{low}",
            f"(-\\infty,{low})",
            f"x>{low + 1}",
            f"({low},{low + 9})",
            "\\mathbb{R}",
        ],
    )


@kind
def all_but_a_point(s: Source) -> Statement:
    hole = s.whole(-30, 30)
    return Statement(
        f"(-\\infty,{hole})\\cup({hole},\\infty)",
        [
            f"x\\ne {hole}",
            f"\\mathbb{{R}}\\setminus\\{{{hole}\\}}",
            f"x<{hole} \\text{{ or }} x>{hole}",
            f"\\{{x\\in\\mathbb{{R}}\\mid x\\neq {hole}\\}}",
        ],
        [f"x\\ne {hole + 1}", "\\mathbb{R}", f"x={hole}", f"x>{hole}"],
    )


# -- relations -----------------------------------------------------------------------------------


@kind
def lines(s: Source) -> Statement:
    a, b, c, k = s.other(0, -9, 9), s.other(0, -9, 9), s.other(0, -20, 20), s.whole(2, 5)
    a += 2 * (a == b)
    a += a == 0
    text = f"{a}x{signed(b)}y{signed(c)}=0"
    return Statement(
        text,
        [
            f"{k * a}x{signed(k * b)}y{signed(k * c)}=0",
            f"{-a}x{signed(-b)}y{signed(-c)}=0",
            f"{a}x{signed(b)}y={-c}",
            f"0={a}x{signed(b)}y{signed(c)}",
            f"{b}y{signed(a)}x{signed(c)}=0",
            f"y=\\frac{{{-a}x{signed(-c)}}}{{{b}}}",
            f"\\frac{{{a}x{signed(b)}y}}{{{k}}}=\\frac{{{-c}}}{{{k}}}",
        ],
        [
            f"{a}x{signed(b)}y{signed(-c)}=0",
            f"{a}x{signed(-b)}y{signed(c)}=0",
            f"{a + 1}x{signed(b)}y{signed(c)}=0" if a != -1 else f"y{signed(c)}=0",
            f"{a}x{signed(b)}y{signed(c + 1)}=0",
            f"{a}x{signed(b)}z{signed(c)}=0",
            f"{a}x{signed(b)}y{signed(c)}>0",
            f"{a}x{signed(b)}y{signed(c)}",
        ],
    )


@kind
def circles(s: Source) -> Statement:
    h, k, r = s.other(0, -9, 9), s.other(0, -9, 9), s.whole(1, 12)
    text = f"(x{signed(-h)})^2+(y{signed(-k)})^2={r * r}"
    rest = h * h + k * k - r * r
    return Statement(
        text,
        [
            f"(y{signed(-k)})^2+(x{signed(-h)})^2={r}^2",
            f"x^2+y^2{signed(-2 * h)}x{signed(-2 * k)}y{signed(rest)}=0",
            f"({h}-x)^2+({k}-y)^2={r * r}",
            f"\\frac{{(x{signed(-h)})^2}}{{{r * r}}}+\\frac{{(y{signed(-k)})^2}}{{{r * r}}}=1",
        ],
        [
            f"(x{signed(h)})^2+(y{signed(-k)})^2={r * r}",
            f"(x{signed(-h)})^2+(y{signed(-k)})^2={r * r + 1}",
            f"(x{signed(-h)})^2-(y{signed(-k)})^2={r * r}",
            f"(x{signed(-h)})^2+(y{signed(-k)})^2<{r * r}",
        ],
    )


@kind
def inequalities(s: Source) -> Statement:
    a, b, k = s.whole(1, 9), s.whole(-20, 20), s.whole(2, 5)
    return Statement(
        f"{a}a+b>{b}",
        [
            f"{b}<{a}a+b",
            f"{k * a}a+{k}b>{k * b}",
            f"-{a}a-b<{-b}",
            f"{a}a+b{signed(-b)}>0",
            f"b>{b}-{a}a",
        ],
        [
            f"{a}a+b\\ge {b}",
            f"{a}a+b<{b}",
            f"{a}a+b>{b + 1}",
            f"{a}a-b>{b}",
            f"-{a}a-b>{-b}",
            f"{a}a+b={b}",
        ],
    )


@kind
def chains(s: Source) -> Statement:
    names = s.turned("abcd")
    first, op = names[0], s.one("<", "\\le")
    chain = op.join(f" {name} " for name in names)
    back = {"<": ">", "\\le": "\\ge"}[op]
    return Statement(
        chain,
        [back.join(f" {name} " for name in reversed(names)), chain.replace(" ", "  ")],
        [
            back.join(f" {name} " for name in names),
            {"<": "\\le", "\\le": "<"}[op].join(f" {name} " for name in names),
            op.join(f" {name} " for name in [*names[1:], first]),
        ],
    )


@kind
def named_values(s: Source) -> Statement:
    value, name = s.other(0, -99, 99), s.one(*"xyzabt")
    return Statement(
        f"{name}={value}",
        [str(value), f"{name} = {value}.0", f"{value}={name}", f"2{name}={2 * value}"],
        [f"{name}={value + 1}", f"{name}={-value}", f"w={value}", f"{name}\\ne {value}"],
    )


@kind
def congruences(s: Source) -> Statement:
    modulus = s.whole(2, 30)
    rest = s.whole(0, modulus - 1)
    return Statement(
        f"x\\equiv {rest} \\pmod{{{modulus}}}",
        [
            f"x \\equiv {rest - modulus} \\pmod {modulus}",
            f"x \\equiv {rest + modulus} (\\bmod {modulus})",
            f"{rest} \\pmod{{{modulus}}}",
            f"{rest} (mod {modulus})",
            f"{modulus}k+{rest}, k\\in\\mathbb{{Z}}",
            f"x={modulus}n+{rest + modulus}, n\\in\\mathbb{{Z}}",
        ],
        [
            f"x\\equiv {(rest + 1) % modulus} \\pmod{{{modulus}}}",
            f"x\\equiv {rest} \\pmod{{{2 * modulus}}}",
            f"x\\equiv {rest} \\pmod{{{modulus + 1}}}",
            f"{modulus}k+{rest + 1}, k\\in\\mathbb{{Z}}",
        ],
    )


@kind
def families(s: Source) -> Statement:
    bottom, period = s.whole(3, 8), s.whole(1, 2)
    step = "\\pi" if period == 1 else "2\\pi"
    return Statement(
        f"\\frac{{\\pi}}{{{bottom}}}+{step} k, k\\in\\mathbb{{Z}}",
        [
            f"x=\\frac{{\\pi}}{{{bottom}}}+{step} n, n\\in\\mathbb{{Z}}",
            f"{step} k+\\frac{{\\pi}}{{{bottom}}}, k\\in Z",
            f"\\frac{{\\pi}}{{{bottom}}}+{step}(k-1), k\\in\\mathbb{{Z}}",
            f"\\frac{{\\pi}}{{{bottom}}}-{step} m, m\\in\\mathbb{{Z}}",
            f"\\frac{{{1 + bottom * period}\\pi}}{{{bottom}}}+{step} k, k\\in\\mathbb{{Z}}",
        ],
        [
            f"\\frac{{\\pi}}{{{bottom + 1}}}+{step} k, k\\in\\mathbb{{Z}}",
            f"-\\frac{{\\pi}}{{{bottom}}}+{step} k, k\\in\\mathbb{{Z}}",
            f"\\frac{{\\pi}}{{{bottom}}}+3{step} k, k\\in\\mathbb{{Z}}",
            f"\\frac{{\\pi}}{{{bottom}}}",
        ],
    )


@kind
def piecewise(s: Source) -> Statement:
    a, b = s.whole(1, 9), s.whole(-9, 9)

    def cases(*branches: str) -> str:
        return f"\\begin{{cases}} {ROW.join(branches)} \\end{{cases}}"

    below, above = f"{a}x & x<{b}", f"x^2 & x\\ge {b}"
    return Statement(
        cases(below, above),
        [
            cases(above, below),
            cases(f"{a}x, & \\text{{if }} x<{b}", f"x^2, & \\text{{if }} x\\ge {b}"),
            f"f(x)={cases(below, above)}",
            cases(f"{a}x & {b}>x", f"x^2 & {b}\\le x"),
        ],
        [
            cases(f"{a + 1}x & x<{b}", above),
            cases(f"{a}x & x<{b + 1}", f"x^2 & x\\ge {b + 1}"),
            cases(f"{a}x & x>{b}", f"x^2 & x\\le {b}"),
            cases(f"{a}x & x\\le {b}", f"x^2 & x>{b}") if a * b != b * b else f"{a}x",
            cases(below),
        ],
    )


# -- with a dimension ----------------------------------------------------------------------------

UNITS = (
    ("km", "m", 1000),
    ("m", "cm", 100),
    ("kg", "g", 1000),
    ("h", "min", 60),
    ("L", "mL", 1000),
)


@kind
def measures(s: Source) -> Statement:
    large, small, factor = UNITS[s.whole(0, len(UNITS) - 1)]
    value = s.whole(2, 400)
    text = f"{value}\\text{{ {large}}}"
    return Statement(
        text,
        [
            f"{value} {large}",
            f"{value}\\,\\mathrm{{{large}}}",
            f"{value * factor}\\text{{ {small}}}",
            f"{value}.0\\text{{{large}}}",
            f"{value - 1}\\text{{ {large}}} + {factor} \\text{{ {small}}}",
        ],
        [
            f"{value + 1}\\text{{ {large}}}",
            f"-{value}\\text{{ {large}}}",
            f"{value}\\text{{ {small}}}",
            f"{value}\\text{{ {large}}}^2",
            f"{value}\\text{{ K}}",
            f"{value * factor + 1}\\text{{ {small}}}",
        ],
    )


@kind
def speeds(s: Source) -> Statement:
    value = s.whole(1, 60)
    return Statement(
        f"{value}\\text{{ m/s}}",
        [
            f"{value} \\frac{{\\text{{m}}}}{{\\text{{s}}}}",
            f"{value} m s^{{-1}}",
            f"{frac(Fraction(18 * value, 5))}\\text{{ km/h}}",
            f"{value}\\text{{ meters per second}}",
        ],
        [
            f"{value}\\text{{ km/h}}",
            f"{value}\\text{{ m/s}}^2",
            f"{value}\\text{{ m}}",
            f"{value + 1}\\text{{ m/s}}",
        ],
    )


@kind
def money(s: Source) -> Statement:
    value = s.whole(2, 900)
    return Statement(
        f"\\${value}",
        [f"\\${value}.00", f"{value} dollars", f"{value}\\text{{ dollars}}", f"\\${value},"[:-1]],
        [f"\\${value + 1}", f"€{value}", f"\\${value}.50", f"{value} cents", f"-\\${value}"],
    )


@kind
def times_of_day(s: Source) -> Statement:
    at = time(s.whole(13, 23), s.whole(1, 59))
    short = f"{at.hour - 12}:{at.minute:02d}"
    return Statement(
        f"{at.hour}:{at.minute:02d}",
        [f"{short} PM", f"{short} p.m.", f"\\text{{{short} PM}}"],
        [
            f"{short} AM",
            f"{at.hour}:{(at.minute + 1) % 60:02d}",
            f"{at.hour - 12 + 1 if at.hour < 23 else 1}:{at.minute:02d} PM",
        ],
    )


@kind
def dates(s: Source) -> Statement:
    day = date(s.whole(1900, 2100), s.whole(1, 12), s.whole(13, 28))
    month = day.strftime("%B")
    return Statement(
        f"{month} {day.day}, {day.year}",
        [
            day.isoformat(),
            f"{day.day} {month} {day.year}",
            f"\\text{{{month} {day.day}, {day.year}}}",
        ],
        [
            f"{month} {day.day - 1}, {day.year}",
            f"{month} {day.day}, {day.year + 1}",
            f"{day.year}-{day.month % 12 + 1:02d}-{day.day}",
        ],
    )


@kind
def ratios(s: Source) -> Statement:
    a, b = s.whole(1, 12), s.whole(31, 60)  # 15:42 would be a time and nothing else
    k = s.whole(2, 5)
    return Statement(
        f"{a}:{b}",
        [f"{k * a}:{k * b}", f"{a} : {b}", f"\\frac{{{a}}}{{{b}}}", f"{a} \\text{{ to }} {b}"],
        [f"{b}:{a}", f"{a + 1}:{b}", f"{a}:{b}:1", f"-{a}:{b}"],
    )


@kind
def choices(s: Source) -> Statement:
    letter, other = s.one(*"ABCDE"), s.one(*"FGHJ")
    return Statement(
        f"({letter})",
        [letter, f"{letter}.", f"\\textbf{{({letter})}}", f"\\text{{{letter}}}", f"({letter}) 12"],
        [other, f"({other})", f"({letter}) or ({other})", f"{letter}, {other}", f"-{letter}"],
    )
