"""Sums, products, powers: how the atoms of a formula bind to each other."""

from flint import fmpq

from adjudge.verifiers.math import units
from adjudge.verifiers.math.atoms import Atoms, number
from adjudge.verifiers.math.limits import Malformed
from adjudge.verifiers.math.measures import lifted, plain
from adjudge.verifiers.math.nodes import (
    ONE,
    TEN,
    TWO,
    Add,
    Apply,
    Call,
    Congruence,
    Const,
    Div,
    Infinity,
    Mul,
    Neg,
    Node,
    Num,
    Percent,
    PlusMinus,
    Pow,
    Quantity,
    Ratio,
    Relation,
    Root,
    Sym,
    Tuple,
    integer,
)
from adjudge.verifiers.math.vocabulary import FUNCTIONS, GREEK, INVERSES, ORDINALS

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
        "\\Vert",
    ]
)
_LARGE_POWER = 400


class Formula(Atoms):
    def sum(self) -> Node:
        self.deeper()
        try:
            return self._sum_of_terms()
        finally:
            self.depth -= 1

    def _sum_of_terms(self) -> Node:
        terms = [self._signed()]
        while self.next in ("+", "-", "\\pm", "\\mp"):
            if self.next == "-" and self.ahead(1).kind == "end":
                raise Malformed("it ends after a minus")
            terms.append(self._signed())
        if len(terms) == 1:
            return terms[0]
        return lifted(terms) or Add(tuple(terms))

    def _signed(self) -> Node:
        negative = False
        while self.next in ("+", "-"):
            negative ^= self.take().text == "-"
        if self.next in ("\\pm", "\\mp"):
            lower = self.take().text == "\\mp"
            return PlusMinus(self.product(), lower ^ negative)
        term = self.product()
        return _negative(term) if negative else term

    # -- products ------------------------------------------------------------------------------

    def product(self) -> Node:
        factors = [self._factor()]
        while True:
            if self.accept(*_TIMES):
                factors.append(self._signed_factor())
                self._scientific(factors)
            elif self.next in ("/", "\\div") and not self._is_unit_slash(factors[-1]):
                self.at += 1
                factors = [Div(_times(factors), self._signed_factor())]
            elif self.next == ":" and ":" not in self.separators and self.ahead(1).text:
                factors = [self._ratio(_times(factors))]
            elif self._binary_mod():
                factors = [Call("mod", (_times(factors), self._signed_factor()))]
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
            return _negative(inner) if sign == "-" else inner
        return self._factor()

    def _factor(self) -> Node:
        factor = self.postfixed()
        if plain(factor) or isinstance(factor, Quantity):
            return self.measured_all(factor)
        return factor

    def measured_all(self, factor: Node) -> Node:
        if isinstance(factor, Quantity):
            return factor
        return self.measured(factor) or factor

    def _ratio(self, first: Node) -> Node:
        items = [first]
        while self.next == ":":
            self.at += 1
            factors = [self._signed_factor()]
            while self._implied(factors):
                pass
            items.append(_times(factors))
        return Ratio(tuple(items))

    def _binary_mod(self) -> bool:
        if self.next in ("\\bmod", "\\mod") or (self.next == "mod" and self.ahead().kind != "sign"):
            if self.relating:
                return False
            self.at += 1
            return True
        return False

    relating = False
    """A congruence sign came before: `mod` names its modulus."""

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
        if self.ahead().kind == "num":
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
        if isinstance(before, Num | Quantity) or self.tokens[self.at - 1].kind == "num":
            raise Malformed("two numbers side by side")
        factors.append(self._factor())
        return True

    def _minutes(self, degrees: Quantity) -> Node | None:
        marks = self.ahead(1).text
        total = degrees.value
        while self.ahead().kind == "num" and self.ahead(1).text == "'":
            part = number(self.take().text).value
            self.at += 1
            seconds = self.accept("'")
            total = Add((total, Num(part / (3600 if seconds else 60))))
        return Quantity(total, units.DEGREE) if marks == "'" else None

    def _goes_on(self) -> bool:
        token = self.ahead()
        if self.differential and self.differs():
            return False
        if token.text == "(" and self._condition_follows():
            return False
        if token.text == "\\|":
            return self.bars == 0 and "\\|" not in self.separators
        if token.kind in ("num", "letter", "base"):
            return True
        if token.kind == "word":
            return len(token.text) <= 3 and not self.stops()
        if token.kind == "roman":
            return len(token.text) == 1 and not self.stops()
        name = token.text[1:]
        return token.text in _STARTS or name in GREEK or _is_function(token.text)

    def stops(self) -> bool:
        raise NotImplementedError

    def _condition_follows(self) -> bool:
        """`k\\pi (k \\in \\mathbb{Z})`, `3 (mod 7)`: the bracket is no factor."""
        end = self.closing("(", ")")
        inner = [token.text for token in self.tokens[self.at + 1 : max(end - 1, self.at + 1)]]
        return any(text in _CONDITION for text in inner)

    def _mixed(self, factors: list[Node], whole: Num) -> bool:
        r"""`1\frac34` and `1 3/4`; an improper fraction multiplies."""
        if whole.decimal or whole.value.q != 1 or self.tokens[self.at - 1].kind != "num":
            return False
        start = self.at
        part = self._proper()
        if part is None:
            self.at = start
            return False
        factors[-1] = Num(whole.value + part)
        if len(factors) > 1:
            raise Malformed("a mixed number in a product")
        return True

    def _proper(self) -> fmpq | None:
        if self.accept("\\frac"):
            top, bottom = self.group(), self.group()
            return _share(top, bottom)
        if self.ahead().gap and self.ahead(1).text == "/" and self.ahead(2).kind == "num":
            if self.ahead().kind != "num":
                return None
            top, _, bottom = number(self.take().text), self.take(), number(self.take().text)
            return _share(top, bottom)
        return None

    def _with_unit(self, factors: list[Node]) -> Node:
        value = _times(factors)
        if isinstance(value, Mul | Div) and all(_unitless(part) for part in factors):
            return self.measured(value) or value
        return value

    # -- powers, factorials, degrees -----------------------------------------------------------

    def postfixed(self) -> Node:
        base = self.atom()
        while True:
            after = self._postfix(base)
            if after is None:
                return base
            base = after

    def _postfix(self, base: Node) -> Node | None:
        match self.next:
            case "!":
                self.at += 1
                return Call("factorial2" if self.accept("!") else "factorial", (base,))
            case "%":
                self.at += 1
                return Percent(base)
            case "\\circ" | "\\degree":
                self.at += 1
                return self._degrees(base)
            case "^":
                return self._raised(base)
            case "_":
                return self._lowered(base)
            case "'" | "\\prime" if isinstance(base, Num):
                self.at += 1
                seconds = self.accept("'", "\\prime")
                return Quantity(base, units.ARCSECOND if seconds else units.ARCMINUTE)
        return None

    def _degrees(self, base: Node) -> Node:
        scale = {"C": "degC", "F": "degF", "celsius": "degC", "Celsius": "degC"}
        found = units.find(scale.get(self.next, ""))
        if found is not None:
            self.at += 1
        return Quantity(base, found or units.DEGREE)

    def _raised(self, base: Node) -> Node | None:
        self.at += 1
        inside = self.ahead(1).text if self.next == "{" else self.next
        if inside in ("\\circ", "\\degree"):
            self.at += 3 if self.next == "{" else 1
            return self._degrees(base)
        if inside.strip() in ORDINALS:
            self.raw_group()
            return base
        if inside in ("\\prime", "'"):
            return self._primed(base, len(self.raw_group().replace("\\prime", "'")))
        if self.next in ("-", "+") and self.ahead(1).kind in ("num", "letter"):
            sign = self.take().text
            inner = self.atom()
            return Pow(base, _negative(inner) if sign == "-" else inner)
        if inside in ("*", "+", "T", "\\top", "C", "c") and isinstance(base, Sym | Tuple):
            mark = self.raw_group()
            return Call("transpose", (base,)) if mark in ("T", "\\top") else Sym(f"{base}^{mark}")
        return Pow(base, self._exponent())

    def _exponent(self) -> Node:
        """Plain text writes `2^10`, LaTeX `2^{10}`: all digits of an unbraced one count."""
        if self.ahead().kind == "num":
            return number(self.take().text)
        return self.group()

    def _primed(self, base: Node, count: int) -> Node:
        if not isinstance(base, Sym):
            raise Malformed("a prime behind what is no name")
        return self._named(base.name + "'" * count)

    def _lowered(self, base: Node) -> Node | None:
        """`(1011)_2`; other subscripts belong to names."""
        if not isinstance(base, Num) or base.decimal:
            return None
        self.at += 1
        mark = self.raw_group()
        radix = _RADIX.get(mark.lower(), mark)
        digits = str(base.value)
        if not str(radix).isdigit() or not 2 <= int(radix) <= 36:
            raise Malformed("a subscript that is no base")
        if any(int(digit, 36) >= int(radix) for digit in digits.lstrip("-")):
            raise Malformed(f"{digits} is no numeral in base {radix}")
        return Num(fmpq(int(digits, int(radix))))

    # -- functions -----------------------------------------------------------------------------

    def function(self, name: str) -> Node:
        low: Node | None = None
        high: Node | None = None
        while self.next in ("_", "^"):
            if self.take().text == "_":
                low = self.group()
            else:
                high = self._exponent() if self.next != "-" else Neg(self._after_sign())
        if name == "lim":
            raise Malformed("a limit without its point")
        if high in (Neg(ONE), integer(-1)) and name in INVERSES:
            name, high = INVERSES[name], None
        call = _called(name, self._arguments(), low)
        return call if high is None else Pow(call, high)

    def _after_sign(self) -> Node:
        self.at += 1
        return self.group()

    def _arguments(self) -> tuple[Node, ...]:
        if self.next == "(" or self.next == "\\{":
            close = ")" if self.take().text == "(" else "\\}"
            outer, self.bars = self.bars, 0
            outer_stops, self.separators = self.separators, frozenset()
            items = self.items(close)
            self.bars, self.separators = outer, outer_stops
            self.expect(close)
            return tuple(items)
        factors = [self._argument()]
        while self._argument_goes_on():
            factors.append(self._argument())
        return (_times(factors),)

    def _argument(self) -> Node:
        if self.next in ("-", "+"):
            sign = self.take().text
            inner = self.postfixed()
            return Neg(inner) if sign == "-" else inner
        value = self.postfixed()
        if self.next == "/" and self.ahead(1).kind == "num" and not self.ahead().gap:
            self.at += 1
            value = Div(value, self.postfixed())
        return value

    def _argument_goes_on(self) -> bool:
        token = self.ahead()
        if self.differential and self.differs():
            return False
        tight = token.kind in ("letter", "num") or token.text in (
            "\\pi",
            "\\frac",
            "\\sqrt",
            "\\surd",
        )
        return tight or token.text[1:] in GREEK


_CONDITION = frozenset(
    ("\\in", "mod", "\\mod", "\\bmod", "modulo", "\\ne", "\\neq", "<", ">", "\\le", "\\ge", "\\leq",
     "\\geq", "<=", ">=", "!=", "where", "for", "is", "integer", "constant", "\\pmod")
)  # fmt: skip
_RADIX = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "twelve": 12, "sixteen": 16,
}  # fmt: skip


def _is_function(text: str) -> bool:
    return text.startswith("\\") and text[1:] in FUNCTIONS


def _negative(value: Node) -> Node:
    match value:
        case Num():
            return Num(-value.value, value.places, value.decimal)
        case Quantity():
            return Quantity(_negative(value.value), value.unit)
        case Percent():
            return Percent(_negative(value.arg))
    return Neg(value)


def _times(factors: list[Node]) -> Node:
    return factors[0] if len(factors) == 1 else Mul(tuple(factors))


def _small(exponent: Node) -> int | None:
    if isinstance(exponent, Neg):
        inner = _small(exponent.arg)
        return None if inner is None else -inner
    if isinstance(exponent, Num) and exponent.value.q == 1 and abs(exponent.value) <= _LARGE_POWER:
        return int(exponent.value.p)
    return None


def _share(top: Node, bottom: Node) -> fmpq | None:
    if not isinstance(top, Num) or not isinstance(bottom, Num):
        return None
    if top.decimal or bottom.decimal or not 0 <= top.value < bottom.value:
        return None
    return top.value / bottom.value


def _unitless(value: Node) -> bool:
    return not isinstance(value, Quantity | Relation | Congruence | Apply | Infinity)


def _called(name: str, args: tuple[Node, ...], low: Node | None) -> Node:
    if name == "exp" and len(args) == 1:
        return Pow(Const("e"), args[0])
    if name == "lg":
        return Call("log", (args[0], TEN))
    if name == "lb":
        return Call("log", (args[0], TWO))
    if name == "log" and low is not None:
        return Call("log", (args[0], low))
    if name == "sqrt":
        return Root(args[0], TWO)
    if low is not None:
        raise Malformed(f"a subscript of {name}")
    return Call(name, args)
