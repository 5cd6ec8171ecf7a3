r"""Sums and products: how the atoms of a formula bind to each other."""

from flint import fmpq

from adjudge.verifiers.math import units
from adjudge.verifiers.math.limits import Malformed
from adjudge.verifiers.math.nodes import (
    TEN,
    Add,
    Apply,
    Call,
    Congruence,
    Div,
    Infinity,
    Mul,
    Node,
    Num,
    PlusMinus,
    Pow,
    Quantity,
    Ratio,
    Relation,
)
from adjudge.verifiers.math.reading.levels import negative, times
from adjudge.verifiers.math.reading.measures import lifted, plain
from adjudge.verifiers.math.reading.numerals import number
from adjudge.verifiers.math.reading.powers import Powers, _is_function
from adjudge.verifiers.math.vocabulary import (
    GREEK,
    SAME_LETTER,
)

_TIMES = frozenset(("*", "\\cdot", "\\times"))
_STARTS = frozenset(
    [
        "(",
        "{",
        "\\{",
        "\\|",
        "\\frac",
        "\\sqrt",
        "\\surd",
        "\\cbrt",
        "\\binom",
        "\\pi",
        "\\infty",
        "\\lfloor",
        "\\lceil",
        "\\langle",
        "\\vec",
        "\\hat",
        "\\overline",
        "\\sum",
        "\\prod",
        "\\int",
        "\\lim",
        "\\begin",
        "\\uniti",
        "\\unitj",
        "\\unitk",
        "\\ldots",
        "\\emptyset",
        "\\mathbb",
        "\\tilde",
        "\\fourthroot",
        "\\imath",
        "\\dot",
        "\\angle",
    ]
)
_ENDS = frozenset(("", "+", "-", "=", ",", ";", ")", "]", "}", "<", ">"))
"""No factor, postfix or unit goes on with these."""
_ADDED = frozenset(("+", "-", "\\pm", "\\mp"))
_LARGE_POWER = 400
_BAR_REACH = 200
"""Tokens in which an absolute value must close."""


class Formula(Powers):
    """Sums and products: how the atoms of a formula bind to each other."""

    def sum(self) -> Node:
        self.deeper()
        first = self._signed() if self.next in _ADDED else self.product()
        found = self._added(first) if self.next in _ADDED else first
        self.depth -= 1
        return found

    def _added(self, first: Node) -> Node:
        terms = [first]
        while self.next in _ADDED:
            if self.next == "-" and self.ahead(1).kind == "end":
                raise Malformed("it ends after a minus")
            terms.append(self._signed())
        return lifted(terms) or Add(tuple(terms))

    def _signed(self) -> Node:
        minus = False
        while self.next in ("+", "-"):
            minus ^= self.take().text == "-"
        if self.next in ("\\pm", "\\mp"):
            lower = self.take().text == "\\mp"
            return PlusMinus(self.product(), lower ^ minus)
        term = self.product()
        return negative(term) if minus else term

    def product(self) -> Node:
        factors = [self._factor()]
        if self.next in _ENDS:
            return factors[0]
        while True:
            sign = self.next
            if sign in _TIMES:
                self.skip()
                factors.append(self._signed_factor())
                self._scientific(factors)
            elif sign in ("/", "\\div") and not self._is_unit_slash(factors[-1]):
                self.skip()
                factors = [Div(times(factors), self._signed_factor())]
            elif sign == ":" and ":" not in self.separators and self.ahead(1).text:
                factors = [self._ratio(times(factors))]
            elif self._binary_mod():
                factors = [Call("mod", (times(factors), self._signed_factor()))]
            elif not self._implied(factors):
                return self._with_unit(factors)

    def _is_unit_slash(self, before: Node) -> bool:
        return isinstance(before, Quantity) and self.ahead(1).kind == "roman"

    def _signed_factor(self) -> Node:
        """After a times sign: `3 \\cdot -2`."""
        if self.next in ("-", "+", "\\pm"):
            sign = self.take().text
            inner = self._signed_factor()
            if sign == "\\pm":
                return PlusMinus(inner)
            return negative(inner) if sign == "-" else inner
        return self._factor()

    def _factor(self) -> Node:
        factor = self.postfixed()
        if self.next not in _ENDS and plain(factor):
            return self.measured(factor) or factor
        return factor

    def _ratio(self, first: Node) -> Node:
        items = [first]
        while self.next == ":":
            self.skip()
            factors = [self._signed_factor()]
            while self._implied(factors):
                pass
            items.append(times(factors))
        return Ratio(tuple(items))

    def _binary_mod(self) -> bool:
        if self.next in ("\\bmod", "\\mod") or (self.next == "mod" and self.kind != "sign"):
            if self.relating:
                return False
            self.skip()
            return True
        return False

    def _scientific(self, factors: list[Node]) -> None:
        """3.0 × 10^8 is one number, with its digits."""
        match factors:
            case [*_, Num() as first, Pow(base, exponent)] if base == TEN:
                power = _small(exponent)
                if power is not None:
                    places = first.places - power
                    value = first.value * fmpq(10) ** power
                    factors[-2:] = [Num(value, places, first.decimal or power < 0)]

    def _implied(self, factors: list[Node]) -> bool:
        """Multiply by what follows without a sign, if anything does."""
        before = factors[-1]
        if not self._goes_on():
            return False
        if isinstance(before, Num) and self._mixed(factors, before):
            return True
        if self.kind == "num":
            return self._number_follows(factors, before)
        if isinstance(before, Quantity) and before.unit.dimension:
            return False
        factors.append(self._factor())
        return True

    def _number_follows(self, factors: list[Node], before: Node) -> bool:
        """`2\\pi 3` hardly; `30° 15'` yes; two numbers side by side are malformed."""
        if isinstance(before, Quantity) and before.unit == units.DEGREE:
            part = self._minutes(before)
            if part is not None:
                factors[-1] = part
                return True
        if isinstance(before, Quantity) and before.unit == units.ARCMINUTE:
            inches = self._inches(before)
            if inches is not None:
                factors[-1] = inches
                return True
        if isinstance(before, Num | Quantity) or self.tokens[self.at - 1].kind == "num":
            raise Malformed("two numbers side by side")
        factors.append(self._factor())
        return True

    def _inches(self, feet: Quantity) -> Node | None:
        """`5'10''`, without degrees before it."""
        marks = [self.ahead(step).text for step in range(1, 3)]
        if marks != ["'", "'"] and marks[:1] != ["''"]:
            return None
        part = number(self.take().text).value
        self.skip(2 if marks == ["'", "'"] else 1)
        unit = units.find("ft")
        return None if unit is None else Quantity(Add((feet.value, Num(part / 12))), unit)

    def _minutes(self, degrees: Quantity) -> Node | None:
        marks = self.ahead(1).text
        total = degrees.value
        while self.kind == "num" and self.ahead(1).text == "'":
            part = number(self.take().text).value
            self.skip()
            seconds = self.accept("'")
            total = Add((total, Num(part / (3600 if seconds else 60))))
        return Quantity(total, units.DEGREE) if marks == "'" else None

    def _goes_on(self) -> bool:
        token = self.here
        if token.text in _ENDS or (self.differential and self.differs()):
            return False
        if token.text == "(" and self._condition_follows():
            return False
        if token.text == "\\|":
            return self._opens_bar()
        if token.kind in ("num", "letter", "base"):
            return True
        if token.kind == "word":
            return len(token.text) <= 3 and not self.stops()
        if token.kind == "roman":
            return len(token.text) == 1 and not self.stops()
        name = token.text[1:]
        return (
            token.text in _STARTS
            or SAME_LETTER.get(name, name) in GREEK
            or _is_function(token.text)
        )

    def _opens_bar(self) -> bool:
        """A bar that closes again begins an absolute value; a lone one says `divides`."""
        if self.bars or "\\|" in self.separators:
            return False
        rest = self.tokens[self.at + 1 : self.at + 1 + _BAR_REACH]
        return any(token.text == "\\|" for token in rest)

    def _condition_follows(self) -> bool:
        """`k\\pi (k \\in \\mathbb{Z})`, `3 (mod 7)`: the bracket is no factor."""
        end = self.closing("(", ")")
        inner = [token.text for token in self.tokens[self.at + 1 : max(end - 1, self.at + 1)]]
        return any(text in _CONDITION for text in inner)

    def mixed(self, whole: Num) -> Node | None:
        """`\\$7\\frac12`."""
        start, part = self.at, self._proper()
        if part is None or whole.decimal:
            self.go(start)
            return None
        return Num(whole.value + part)

    def _mixed(self, factors: list[Node], whole: Num) -> bool:
        r"""`1\frac34` and `1 3/4`; an improper fraction multiplies."""
        if whole.decimal or whole.value.q != 1 or self.tokens[self.at - 1].kind != "num":
            return False
        start = self.at
        part = self._proper()
        if part is None:
            self.go(start)
            return False
        mixed = self.postfixes(Num(whole.value + part))
        factors[-1] = mixed if isinstance(mixed, Quantity) else self.measured(mixed) or mixed
        if len(factors) > 1:
            raise Malformed("a mixed number in a product")
        return True

    def _proper(self) -> fmpq | None:
        if self.accept("\\frac"):
            top, bottom = self.group(), self.group()
            return _share(top, bottom)
        if self.here.gap and self.ahead(1).text == "/" and self.ahead(2).kind == "num":
            if self.kind != "num":
                return None
            top, _, bottom = number(self.take().text), self.take(), number(self.take().text)
            return _share(top, bottom)
        return None

    def _with_unit(self, factors: list[Node]) -> Node:
        value = times(factors)
        if type(value) in _PRODUCTS and _UNITED.isdisjoint(map(type, factors)):
            return self.measured(value) or value
        return value


_CONDITION = frozenset(
    ("\\in", "mod", "\\mod", "\\bmod", "modulo", "\\ne", "\\neq", "<", ">", "\\le", "\\ge", "\\leq",
     "\\geq", "<=", ">=", "!=", "where", "for", "is", "integer", "constant", "\\pmod")
)  # fmt: skip


def _small(exponent: Node) -> int | None:
    if isinstance(exponent, Num) and exponent.value.q == 1 and abs(exponent.value) <= _LARGE_POWER:
        return int(exponent.value.p)
    return None


def _share(top: Node, bottom: Node) -> fmpq | None:
    if not isinstance(top, Num) or not isinstance(bottom, Num):
        return None
    if top.decimal or bottom.decimal or not 0 <= top.value < bottom.value:
        return None
    return top.value / bottom.value


_PRODUCTS = frozenset((Mul, Div))
_UNITED = frozenset((Quantity, Relation, Congruence, Apply, Infinity))
"""No unit follows what is one of these, or holds it as a factor."""
