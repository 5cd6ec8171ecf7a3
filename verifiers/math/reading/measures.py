"""Units behind a value, while parsing: `5 \\text{ cm}^2`, `20 km/h`, `3 ft 2 in`, `12 students`."""

from flint import fmpq

from adjudge.verifiers.math import units
from adjudge.verifiers.math.nodes import (
    Add,
    Call,
    Const,
    Div,
    Labeled,
    Mul,
    Neg,
    Node,
    Num,
    Percent,
    PlusMinus,
    Pow,
    Quantity,
    Root,
    Tuple,
    Unit,
)
from adjudge.verifiers.math.reading.cursor import Cursor
from adjudge.verifiers.math.reading.lexer import Token
from adjudge.verifiers.math.vocabulary import (
    CHINESE_HEDGES,
    HEDGES,
    ORDINALS,
    SCALES,
    SHORT_NOUNS,
    STOPPERS,
)

_POWERS = {
    "square": 2,
    "sq": 2,
    "cubic": 3,
    "cu": 3,
    "平方": 2,
    "立方": 3,
    "squared": 2,
    "cubed": 3,
}
_END = frozenset(
    ("", ",", ";", "}", ")", "]", "=", "\\}", "&", "\\\\", ".", "\\approx", "and", "or")
)
_LOOSE = frozenset(
    [
        "m",
        "g",
        "s",
        "h",
        "N",
        "J",
        "W",
        "A",
        "V",
        "L",
        "l",
        "K",
        "C",
        "F",
        "T",
        "t",
        "d",
        "y",
        "Hz",
        "Pa",
    ]
)
_LETTERS = frozenset(("letter", "word", "roman"))


class Measures(Cursor):
    loose = True
    """May a lone letter after a number and a blank (`5 m`) be a unit?"""

    def measured(self, value: Node) -> Node | None:
        """`value` with the unit that stands here; None where none does."""
        token = self.here
        if token.kind == "cmd":
            return self._sign_unit(value, token)
        if token.kind not in _LETTERS:
            return None
        if self._stopped(token):
            return self._inch(value, token)
        if token.text in SCALES and token.kind != "letter":
            self.skip()
            return Mul((value, Num(fmpq(SCALES[token.text]))))
        if token.text in ("percent", "percentage", "pct"):
            self.skip()
            return self._changed_by(Percent(value))
        return self._word_unit(value, token)

    def _inch(self, value: Node, token: Token) -> Node | None:
        """`72 in`, and nothing behind it."""
        unit = units.find("in") if token.text == "in" and self.ahead(1).kind == "end" else None
        self.skip(unit is not None)
        return None if unit is None else Quantity(value, unit)

    def _changed_by(self, share: Percent) -> Node:
        """`20 percent increase`: a label, which a decrease contradicts."""
        if self.next.lower() in ("increase", "decrease"):
            return Labeled(self.take().text.lower(), share)
        return share

    def _sign_unit(self, value: Node, token: Token) -> Node | None:
        if token.text == "\\frac" and self.ahead(2).kind == "roman":
            return self._fraction_of_units(value)
        if token.text in ("\\$", "\\Omega", "\\mu", "\\ohm", "\\angstrom", "\\AA"):
            start, unit = self.at, self._units()
            if unit is not None and (token.text != "\\Omega" or self._ends()):
                return Quantity(value, unit)
            self.go(start)
        return None

    def _fraction_of_units(self, value: Node) -> Node | None:
        r"""`5 \frac{\text{m}}{\text{s}}`."""
        start = self.at
        self.skip()
        top, bottom = self._braced_units(), self._braced_units()
        if top is not None and bottom is not None:
            return Quantity(value, units.product(top, bottom, -1))
        self.go(start)
        return None

    def _braced_units(self) -> Unit | None:
        unit = self._units() if self.accept("{") else None
        return unit if unit is not None and self.accept("}") else None

    def _word_unit(self, value: Node, token: Token) -> Node | None:
        if token.text in ORDINALS and isinstance(value, Num):
            self.skip()
            return self._noun_after(value) or value
        start, unit = self.at, self._units()
        if unit is not None and (token.kind != "letter" or self._loosely(token)):
            return self._compound(Quantity(value, unit))
        self.go(start)
        return self._noun_after(value) if token.kind != "letter" else None

    def _loosely(self, token: Token) -> bool:
        if sum(other.text == token.text for other in self.tokens) > 1:
            return False  # `\\pi m, m \\in Z`: a letter that stands elsewhere too
        before = self.tokens[self.at - 1] if self.at else token
        return self.loose and token.gap and self._ends() and before.kind != "end"

    def _ends(self) -> bool:
        return self.next in _END or self.kind in ("num", "roman")

    def _compound(self, first: Quantity) -> Node:
        """`3 ft 2 in`: a smaller unit of the same dimension follows."""
        start = self.at
        self.accept("and", ",")
        if self.kind == "num" and "." not in self.next and self.ahead(1).kind in _LETTERS:
            amount = Num(fmpq(int(self.take().text)))
            unit = self._units()
            if unit and first.unit == units.DEGREE:
                unit = {60: units.ARCMINUTE, 1: units.ARCSECOND}.get(int(unit.factor.p), unit)
            if unit and unit.dimension == first.unit.dimension and unit.factor < first.unit.factor:
                share = unit.factor / first.unit.factor
                total = Add((first.value, Mul((amount, Num(share)))))
                return self._compound(Quantity(total, first.unit)) if unit else first
        self.go(start)
        return first

    def _stopped(self, token: Token) -> bool:
        """`12 such triangles` goes on, `12 such that` does not."""
        after = self.ahead(1)
        such = token.text == "such" and after.kind in ("roman", "word") and after.text != "that"
        return token.text.lower() in STOPPERS and not such

    def _noun_after(self, value: Node) -> Node | None:
        """`12 students`: a noun counts, it never converts."""
        start, words = self.at, list[str]()
        self.accept("such")
        while self.kind in ("roman", "word") and self.next.lower() not in STOPPERS:
            if self.kind == "word" and not words and not self._is_noun(self.here):
                break
            words.append(self.take().text.lower())
        if HEDGES & set(words) or any(CHINESE_HEDGES & set(word) for word in words):
            self.go(start)  # `20 more than Bob` counts nothing
            return None
        return Quantity(value, units.noun(" ".join(words))) if words else None

    @staticmethod
    def _is_noun(token: Token) -> bool:
        """`3abc` is a product; `12 men`, `15 students` are counts."""
        return token.gap and (len(token.text) > 3 or token.text in SHORT_NOUNS)

    def _units(self) -> Unit | None:
        """A product of units: `m/s^2`, `square meters`, `kg \\cdot m per second`."""
        unit = self._one_unit()
        while unit is not None:
            start = self.at
            sign = -1 if self._per() else 1 if self._times() else 0
            factor = self._one_unit() if sign else None
            if factor is None:
                self.go(start)
                break
            unit = units.product(unit, factor, sign)
        return unit

    def _per(self) -> bool:
        return self.accept("/", "per", "每")

    def _times(self) -> bool:
        if self.accept("\\cdot", "*", "\\times", "-"):
            return True
        here = self.here
        if here.kind == "letter" and here.gap and self.ahead(1).text == "^":
            power = self.ahead(3 if self.ahead(2).text == "{" else 2).text
            return power == "-" and units.find(here.text) is not None  # `m s^{-1}`
        return here.kind in ("roman", "word") and units.find(here.text) is not None

    def _one_unit(self) -> Unit | None:
        bracket = self.accept("(") if self.at and self.tokens[self.at - 1].text == "/" else False
        power = _POWERS.get(self.next.lower(), 1)
        if power != 1:
            self.skip()
            self.accept(".")
        unit = self._unit_name()
        if unit is None:
            return None
        power *= self._power()
        if bracket:
            self.accept(")")
        return unit if power == 1 else units.product(units.ONE, unit, power)

    def _unit_name(self) -> Unit | None:
        token = self.here
        if token.text == "\\mu" and self.ahead(1).kind in _LETTERS:
            self.skip()
            name = "u" + self.take().text
            return units.find(name)
        if token.text.lower() in ("degree", "degrees") and self.ahead(1).kind in ("roman", "word"):
            scale = {"celsius": "degC", "c": "degC", "fahrenheit": "degF", "f": "degF"}
            found = units.find(scale.get(self.ahead(1).text.lower(), ""))
            self.skip(2 if found else 0)
            if found:
                return found
        unit = units.find(token.text)
        self.skip(unit is not None)
        return unit

    def _power(self) -> int:
        if self.next.lower() in ("squared", "cubed"):
            return _POWERS[self.take().text.lower()]
        if not self.accept("^"):
            return 1
        braced = self.accept("{")
        sign = -1 if self.accept("-") else 1
        text = self.take().text
        if braced:
            self.expect("}")
        return sign * int(text) if text.isdecimal() and len(text) == 1 else 1


def lifted(terms: list[Node]) -> Node | None:
    """`5 + 2\\sqrt{3} cm`: the unit at the end is the whole sum's; `1 km + 200 m` is one length."""
    last = terms[-1]
    if not isinstance(last, Quantity) or not last.unit.dimension:
        return None
    if any(isinstance(term, Quantity) for term in terms[:-1]):
        return _added(terms)
    return Quantity(Add((*terms[:-1], last.value)), last.unit)


def _added(terms: list[Node]) -> Node | None:
    """`1 km + 500 m`, in the first one's unit; None where their dimensions differ."""
    measured = [term for term in terms if isinstance(term, Quantity)]
    unit = measured[0].unit
    same = all(one.unit.dimension == unit.dimension and one.unit.pi == unit.pi for one in measured)
    if len(measured) < len(terms) or not same or any(one.unit.offset for one in measured):
        return None
    parts = [Mul((one.value, Num(one.unit.factor / unit.factor))) for one in measured]
    return Quantity(Add(tuple(parts)), unit)


def plain(value: Node) -> bool:
    """May a unit follow? A number, or a formula of numbers."""
    return type(value) in _PLAIN


_PLAIN = frozenset((Num, Mul, Div, Add, Pow, Root, Const, Call, Neg, PlusMinus, Tuple))
