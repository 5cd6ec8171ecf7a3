"""Powers, primes, factorials, degrees; functions and what they take."""

from flint import fmpq

from adjudge.verifiers.math import units
from adjudge.verifiers.math.limits import Malformed
from adjudge.verifiers.math.nodes import (
    ONE,
    TEN,
    TWO,
    Apply,
    Call,
    Const,
    Div,
    Matrix,
    Neg,
    Node,
    Num,
    Percent,
    Pow,
    Quantity,
    Sym,
    Tuple,
    integer,
)
from adjudge.verifiers.math.reading.atoms import Atoms
from adjudge.verifiers.math.reading.levels import negative, times
from adjudge.verifiers.math.reading.numerals import number
from adjudge.verifiers.math.vocabulary import (
    FUNCTIONS,
    GREEK,
    INVERSES,
    ORDINALS,
)

_POSTFIXES = frozenset(("!", "%", "\\circ", "\\degree", "^", "_", "'", "\\prime"))


class Powers(Atoms):
    """What stands behind an atom, and functions with what they take."""

    def postfixed(self) -> Node:
        base = self.atom()
        return self.postfixes(base) if self.next in _POSTFIXES else base

    def postfixes(self, base: Node) -> Node:
        while self.next in _POSTFIXES:
            after = self._postfix(base)
            if after is None:
                return base
            base = after
        return base

    def _postfix(self, base: Node) -> Node | None:
        match self.next:
            case "!":
                self.skip()
                return Call("factorial2" if self.accept("!") else "factorial", (base,))
            case "%":
                self.skip()
                return Percent(base)
            case "\\circ" | "\\degree":
                self.skip()
                return self._degrees(base)
            case "^":
                return self._raised(base)
            case "_":
                return self._lowered(base)
            case "'" | "\\prime" if isinstance(base, Num):
                self.skip()
                seconds = self.accept("'", "\\prime")
                return Quantity(base, units.ARCSECOND if seconds else units.ARCMINUTE)
        return None

    def _degrees(self, base: Node) -> Node:
        scale = {"C": "degC", "F": "degF", "celsius": "degC", "Celsius": "degC"}
        found = units.find(scale.get(self.next, ""))
        if found is not None:
            self.skip()
        return Quantity(base, found or units.DEGREE)

    def _raised(self, base: Node) -> Node | None:
        self.skip()
        inside = self.ahead(1).text if self.next == "{" else self.next
        if inside in ("\\circ", "\\degree") or (inside == "o" and isinstance(base, Num)):
            self.skip(3 if self.next == "{" else 1)
            return self._degrees(base)
        if inside.strip() in ORDINALS:
            self.raw_group()
            return base
        if inside in ("\\prime", "'"):
            return self._primed(base, len(self.raw_group().replace("\\prime", "'")))
        if self.next in ("-", "+") and self.ahead(1).kind in ("num", "letter"):
            sign = self.take().text
            inner = self.atom()
            return Pow(base, negative(inner) if sign == "-" else inner)
        if inside in ("*", "+", "T", "\\top", "C", "c") and isinstance(base, Sym | Tuple | Matrix):
            mark = self.raw_group()
            return Call("transpose", (base,)) if mark in ("T", "\\top") else Sym(f"{base}^{mark}")
        return Pow(base, self._exponent())

    def _exponent(self) -> Node:
        """Plain text writes `2^10`, LaTeX `2^{10}`: all digits of an unbraced one count."""
        if self.kind == "num":
            return number(self.take().text)
        return self.group()

    def _primed(self, base: Node, count: int) -> Node:
        if not isinstance(base, Sym):
            raise Malformed("a prime behind what is no name")
        return self._named(base.name + "'" * count)

    def _lowered(self, base: Node) -> Node | None:
        """`(1011)_2`; other subscripts belong to names."""
        if not isinstance(base, Num) or base.decimal or base.value.q != 1:
            return None
        self.skip()
        mark = self.raw_group()
        radix = _RADIX.get(mark.lower(), mark)
        digits = str(base.value)
        if not str(radix).isdecimal() or not 2 <= int(radix) <= 36:
            raise Malformed("a subscript that is no base")
        if any(int(digit, 36) >= int(radix) for digit in digits.lstrip("-")):
            raise Malformed(f"{digits} is no numeral in base {radix}")
        return Num(fmpq(int(digits, int(radix))))

    def function(self, name: str) -> Node:
        low: Node | None = None
        high: Node | None = None
        while self.next in ("_", "^"):
            if self.take().text == "_":
                low = self.group()
            else:
                high = self._exponent() if self.next != "-" else Neg(self._after_sign())
        if high in (Neg(ONE), integer(-1)) and name in INVERSES:
            name, high = INVERSES[name], None
        call = _called(name, self._arguments(), low)
        return call if high is None else Pow(call, high)

    def _after_sign(self) -> Node:
        self.skip()
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
        return (times(factors),)

    def _argument(self) -> Node:
        if self.next in ("-", "+"):
            sign = self.take().text
            inner = self.postfixed()
            return Neg(inner) if sign == "-" else inner
        value = self.postfixed()
        if self.next == "/" and self.ahead(1).kind == "num" and not self.here.gap:
            self.skip()
            value = Div(value, self.postfixed())
        return value

    def _argument_goes_on(self) -> bool:
        token = self.here
        if self.differential and self.differs():
            return False
        tight = token.kind in ("letter", "num") or token.text in (
            "\\pi",
            "\\frac",
            "\\sqrt",
            "\\surd",
        )
        return tight or token.text[1:] in GREEK


_RADIX = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "twelve": 12, "sixteen": 16,
}  # fmt: skip


def _is_function(text: str) -> bool:
    return text.startswith("\\") and text[1:] in FUNCTIONS


def _called(name: str, args: tuple[Node, ...], low: Node | None) -> Node:
    if name == "exp" and len(args) == 1:
        return Pow(Const("e"), args[0])
    if name == "lg":
        return Call("log", (args[0], TEN))
    if name == "lb":
        return Call("log", (args[0], TWO))
    if name == "log" and low is not None:
        return Call("log", (args[0], low))
    if low is not None:
        raise Malformed(f"a subscript of {name}")
    if name in ("max", "min") and len(args) == 1:
        return Apply(name, args)  # of a function
    return Call(name, args)
