r"""Letters: variables with their subscripts, functions applied, combinations, money."""

from flint import fmpq

from adjudge.verifiers.math.limits import Malformed
from adjudge.verifiers.math.nodes import (
    Add,
    Apply,
    Call,
    Const,
    Matrix,
    Mul,
    Neg,
    Node,
    Num,
    Quantity,
    Sym,
)
from adjudge.verifiers.math.reading.numerals import Numerals
from adjudge.verifiers.math.units import find
from adjudge.verifiers.math.vocabulary import (
    NAMED,
    NUMBER_WORDS,
)

_VARIABLE_RUNS = frozenset(
    ("abcd", "wxyz", "xyzw", "mnpq", "pqrs", "uvwx", "xyzt", "abcde", "ijkl")
)
_FUNCTION_LETTERS = frozenset(("f", "g", "h", "F", "G", "\\phi", "\\psi"))
_CHANCES = frozenset(("P", "E", "Pr", "V"))
_EVENTS = frozenset(
    ("\\mid", "\\|", "\\cap", "\\cup", "=", "<", ">", "\\le", "\\ge", "\\leq", "\\geq", "\\ne")
)
_MONEY = frozenset(
    (
        "\\$",
        "€",
        "£",
        "¥",
        "₹",
        "₽",
        "₩",
        "$",
        "Rs",
        "USD",
        "EUR",
        "GBP",
        "CNY",
        "RMB",
        "JPY",
        "INR",
    )
)


_TAILS = frozenset(("_", "'", "("))
"""What may belong to the name before it."""
_OPERATORS = frozenset(("Var", "Cov", "SD", "Pr", "Std", "Corr", "Area", "Vol"))
"""Heads of more than one letter, which name a value: `Var(X) = 2`."""


class Names(Numerals):
    """Letters: variables with their subscripts, functions applied, combinations, money."""

    def _letter(self) -> Node:
        name = self.take().text
        if name in _FUNCTION_LETTERS and self._inverse_follows():
            name += "^-1"
            return self._named(name)
        if name in ("e", "i"):
            plain = self.next != "_" and not (self.next == "(" and name == "i")
            return Const(name) if plain else self._named(name)
        if name in ("C", "P", "A") and self.next == "_":
            chosen = self._chosen(name)
            if chosen is not None:
                return chosen
        return self._named(name)

    def _inverse_follows(self) -> bool:
        """Takes the exponent of `f^{-1}(x)`."""
        texts = [self.ahead(step).text for step in range(6)]
        taken = 5 if texts == ["^", "{", "-", "1", "}", "("] else 0
        self.skip(taken)
        return bool(taken)

    def _chosen(self, name: str) -> Node | None:
        """`C_5^2`, five over two; `A_5^2` or `P_5^2`, with order. `C_1^2` is a square."""
        start = self.at
        self.skip()
        low = self.group()
        if self.accept("^"):
            high = self.group()
            if _choosable(low, high):
                return Call("binom" if name == "C" else "perm", (low, high))
        self.go(start)
        return None

    def _named(self, name: str) -> Node:
        return self._continued(name) if self.next in _TAILS else Sym(name)

    def _continued(self, name: str) -> Node:
        if self.accept("_"):
            name = f"{name}_{self._subscript()}"
        if self.next == "'":
            name += self.take().text
        if self.next == "(":
            called = self._applied(name)
            if called is not None:
                return called
        return Sym(name)

    def _subscript(self) -> str:
        return self.raw_group().replace(" ", "").replace("\\", "")

    def _applied(self, name: str) -> Node | None:
        """`f(x)`, or `C(5,2)`; a letter times a bracket otherwise."""
        plain = name.rstrip("'")
        start = self.at
        if plain in _CHANCES and self._is_event():
            return self._event(name)
        if (
            plain.removesuffix("^-1").split("_")[0] in _FUNCTION_LETTERS
            or "'" in name
            or self._defines()
        ):
            self.skip()
            items = self.items(")")
            self.expect(")")
            return Apply(name, tuple(items))
        if plain in ("C", "P", "A", "B"):
            self.skip()
            items = self.items(")")
            if self.accept(")") and len(items) == 2 and plain != "B" and _choosable(*items):
                return Call("binom" if plain == "C" else "perm", tuple(items))
        self.go(start)
        return None

    def _is_event(self) -> bool:
        """`P(A \\mid B)`, `P(X > 2)`: what stands in the bracket is no value."""
        end = self.closing("(", ")")
        inside = {token.text for token in self.tokens[self.at : max(end, self.at)]}
        return bool(inside & _EVENTS)

    def _event(self, name: str) -> Node:
        end = self.closing("(", ")")
        words = " ".join(token.text for token in self.tokens[self.at + 1 : end - 1])
        self.go(end)
        return Apply(name, (Sym(words),))

    def _defines(self) -> bool:
        """`T(10) =`, `x(t) =`: the left side of a definition begins the statement."""
        end = self.closing("(", ")")
        if end < 0 or self.tokens[end : end + 1][:1] == [] or self.tokens[end].text != "=":
            return False
        inner = self.tokens[self.at + 1 : end - 1]
        simple = all(
            t.kind in ("letter", "num") or t.text in (",", "-", "\\theta", "0") for t in inner
        )
        before = self.tokens[max(0, self._name_start() - 1)].text if self._name_start() else ","
        return simple and bool(inner) and before in (",", ";", "and", "or", "\\\\", "{")

    def _name_start(self) -> int:
        place = self.at - 1
        while place > 0 and self.tokens[place].kind not in ("letter", "cmd"):
            place -= 1
        while place > 1 and self.tokens[place - 1].text in ("_", "{"):
            place -= 1
            if self.tokens[place - 1].kind in ("letter", "cmd"):
                place -= 1
        return place

    def _word(self) -> Node:
        token = self.here
        text = token.text
        if text in _MONEY and self.ahead(1).kind == "num":
            return self._money()
        if text in NAMED:
            self.skip()
            return NAMED[text]
        if text in _OPERATORS and self.ahead(1).text == "(":
            self.skip(2)
            items = self.items(")")
            self.expect(")")
            return Apply(text, tuple(items))
        if text == "diag" and self.ahead(1).text == "(":
            return self._diagonal()
        if text.lower() in NUMBER_WORDS and self._is_alone():
            self.skip()
            return Num(fmpq(NUMBER_WORDS[text.lower()]))
        if len(text) == 1:
            self.skip()
            return Const(text) if text in ("e", "i") else self._named(text)
        if self.letters and token.kind == "word" and (len(text) <= 3 or text in _VARIABLE_RUNS):
            self.spread()
            return self.postfixed()
        raise Malformed(f"the word {text!r} in a formula")

    def _is_alone(self) -> bool:
        """`x = three`, `ten percent`: words for numbers never multiply."""
        before = self.tokens[self.at - 1].text if self.at else "="
        after = self.ahead(1)
        return before in ("=", ",", "-") and (
            after.kind in ("end", "sign") or after.text == "percent"
        )

    def _diagonal(self) -> Node:
        self.skip(2)
        items = self.items(")")
        self.expect(")")
        zero = Num(fmpq(0))
        rows = [[a if i == j else zero for j in range(len(items))] for i, a in enumerate(items)]
        return Matrix(tuple(map(tuple, rows)))

    def _money(self) -> Node:
        unit = find(self.take().text)
        amount = self.postfixed()
        if isinstance(amount, Num) and self.next == "\\frac":
            amount = self.mixed(amount) or amount
        assert unit is not None
        return Quantity(self.measured_money(amount), unit)

    def measured_money(self, amount: Node) -> Node:
        """`\\$5 million`, `\\$2 \\frac12`."""
        found = self.measured(amount) if self.kind in ("word", "roman") else None
        return found if found is not None and not isinstance(found, Quantity) else amount


def _choosable(low: Node, high: Node) -> bool:
    if isinstance(low, Num) and isinstance(high, Num):
        return low.value >= high.value >= 0 and low.value > 1
    letters = Sym | Num | Add | Mul | Neg
    return isinstance(low, letters) and isinstance(high, letters) and not isinstance(low, Num)
