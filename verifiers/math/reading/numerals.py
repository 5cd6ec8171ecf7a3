r"""Digits: decimals, repeating decimals, numerals in a base."""

from flint import fmpq

from adjudge.verifiers.math.limits import DIGITS, Malformed, OverLimit
from adjudge.verifiers.math.nodes import (
    Node,
    Num,
)
from adjudge.verifiers.math.reading.levels import Levels


def number(text: str) -> Num:
    """The value of digits, with how many of them stand after the point."""
    if text.isdecimal() and len(text) <= DIGITS:
        return Num(fmpq(int(text)))
    mantissa, _, power = text.replace("E", "e").partition("e")
    whole, _, part = mantissa.partition(".")
    if len(whole) + len(part) > DIGITS:
        raise OverLimit(f"a number of more than {DIGITS} digits")
    value = fmpq(int(whole + part or "0"), 10 ** len(part))
    shift = int(power or 0)
    scale = fmpq(10) ** shift
    return Num(value * scale, len(part) - shift, bool(part) or bool(power))


_MARKS = frozenset(("\\overline", "\\dot", "(", "\\ldots"))


class Numerals(Levels):
    """Digits: decimals, repeating decimals, numerals in a base."""

    def _number(self, text: str) -> Node:
        return self._marked(text) if self.next in _MARKS else number(text)

    def _marked(self, text: str) -> Node:
        """What stands behind digits may belong to them."""
        if self.next == "\\overline" and self.ahead(1).text == "{":
            return self._repeating(text)
        if self.next == "\\dot":
            return self._dotted(text)
        if self.next == "(" and "." in text and self.ahead(2).text == ")" and not self.here.gap:
            digits = self.ahead(1)
            if digits.kind == "num" and digits.text.isdecimal():
                self.skip(3)
                return recurring(text, digits.text)
        if self.next == "\\ldots" and "." in text:
            self.skip()
            return _continued(text)
        return number(text)

    def _repeating(self, text: str) -> Node:
        self.skip()
        digits = self.raw_group()
        if not digits.isdecimal():
            raise Malformed("a bar over what is no digit")
        return recurring(text, digits)

    def _dotted(self, text: str) -> Node:
        r"""`0.1\dot{6}`, `0.\dot{1}4\dot{2}`: from the first dot to the last."""
        digits = ""
        while self.next == "\\dot" or (digits and self.kind == "num"):
            digits += self.raw_group() if self.accept("\\dot") else self.take().text
        if not digits.isdecimal():
            raise Malformed("a dot over what is no digit")
        return recurring(text, digits)

    def _based(self, text: str) -> Node:
        digits, _, base = text.partition("_")
        return Num(fmpq(int(digits, int(base))))


def recurring(text: str, digits: str) -> Num:
    """0.1 followed by the period 6: (16 - 1)/90."""
    whole, _, part = text.partition(".")
    if len(whole) + len(part) + len(digits) > DIGITS:
        raise OverLimit(f"a number of more than {DIGITS} digits")
    before = int(whole + part or "0")
    scale = 10 ** len(part)
    return Num(fmpq(before, scale) + fmpq(int(digits), scale * (10 ** len(digits) - 1)))


def _continued(text: str) -> Num:
    """`0.333...` repeats; `3.14159...` is cut off."""
    part = text.partition(".")[2]
    for length in (1, 2, 3, 6):
        period = part[-length:]
        if len(part) >= 3 * length or (len(part) >= 2 * length and length > 1):
            times = 3 if length == 1 else 2
            if part.endswith(period * times):
                return recurring(text, period)
    return number(text)
