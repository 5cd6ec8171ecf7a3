r"""The smallest pieces of a formula: numbers, letters, brackets, `\frac`, functions, matrices."""

from collections.abc import Callable

from flint import fmpq

from adjudge.verifiers.math.limits import DIGITS, Malformed, OverLimit
from adjudge.verifiers.math.measures import Measures
from adjudge.verifiers.math.nodes import (
    ONE,
    TWO,
    Add,
    Apply,
    Call,
    Const,
    Derivative,
    Div,
    Integral,
    Limit,
    Matrix,
    Mul,
    Neg,
    Node,
    Num,
    Numbers,
    Piecewise,
    Quantity,
    Relation,
    Repeated,
    Root,
    Set,
    Sym,
    Text,
    Tuple,
    integer,
)
from adjudge.verifiers.math.units import find
from adjudge.verifiers.math.vocabulary import (
    CONSTANTS,
    FUNCTIONS,
    GREEK,
    NAMED,
    OTHERWISE,
    SAME_LETTER,
    SETS,
)

_VARIABLE_RUNS = frozenset(
    ("abcd", "wxyz", "xyzw", "mnpq", "pqrs", "uvwx", "xyzt", "abcde", "ijkl")
)
_FUNCTION_LETTERS = frozenset(("f", "g", "h", "F", "G", "\\phi", "\\psi"))
_MONEY = frozenset(("\\$", "€", "£", "¥", "₹", "₽", "₩", "$", "Rs"))
_ACCENTS = frozenset(
    [
        "\\vec",
        "\\hat",
        "\\overline",
        "\\tilde",
        "\\dot",
        "\\ddot",
        "\\check",
        "\\widetilde",
        "\\breve",
    ]
)


def number(text: str) -> Num:
    """The value of digits, with how many of them stand after the point."""
    mantissa, _, power = text.replace("E", "e").partition("e")
    whole, _, part = mantissa.partition(".")
    if len(whole) + len(part) > DIGITS:
        raise OverLimit(f"a number of more than {DIGITS} digits")
    value = fmpq(int(whole + part or "0"), 10 ** len(part))
    shift = int(power or 0)
    scale = fmpq(10) ** shift
    return Num(value * scale, len(part) - shift, bool(part) or bool(power))


class Atoms(Measures):
    """What formulas are made of. The levels above are declared here, defined further down."""

    bars = 0
    """Open absolute values; a bar then closes, where an operator may stand."""
    separators: frozenset[str] = frozenset()
    """What ends the formula at hand though it could go on: `|` or `:` in a set builder."""
    differential = False
    """Inside an integral: `dx` ends the formula."""

    def sum(self) -> Node:
        raise NotImplementedError

    def product(self) -> Node:
        raise NotImplementedError

    def postfixed(self) -> Node:
        raise NotImplementedError

    def relation(self) -> Node:
        raise NotImplementedError

    def items(self, *closers: str) -> list[Node]:
        raise NotImplementedError

    def builder(self) -> Node:
        raise NotImplementedError

    # -- one atom ------------------------------------------------------------------------------

    def atom(self) -> Node:
        self.deeper()
        try:
            return self._atom()
        finally:
            self.depth -= 1

    def _atom(self) -> Node:
        token = self.ahead()
        match token.kind:
            case "num":
                return self._number(self.take().text)
            case "base":
                return self._based(self.take().text)
            case "letter":
                return self._letter()
            case "word" | "roman":
                return self._word()
            case "cmd":
                return self._command()
        return self._bracket()

    def _number(self, text: str) -> Node:
        if self.next == "\\overline" and self.ahead(1).text == "{":
            return self._repeating(text)
        if self.next == "\\dot":
            return self._dotted(text)
        if self.next == "(" and "." in text and self.ahead(2).text == ")" and not self.ahead().gap:
            digits = self.ahead(1)
            if digits.kind == "num" and digits.text.isdigit():
                self.at += 3
                return recurring(text, digits.text)
        if self.next == "\\ldots" and "." in text:
            self.at += 1
            return _continued(text)
        return number(text)

    def _repeating(self, text: str) -> Node:
        self.at += 1
        digits = self.raw_group()
        if not digits.isdigit():
            raise Malformed("a bar over what is no digit")
        return recurring(text, digits)

    def _dotted(self, text: str) -> Node:
        r"""`0.1\dot{6}`, `0.\dot{1}4\dot{2}`: from the first dot to the last."""
        digits = ""
        while self.next == "\\dot" or (digits and self.ahead().kind == "num"):
            digits += self.raw_group() if self.accept("\\dot") else self.take().text
        if not digits.isdigit():
            raise Malformed("a dot over what is no digit")
        return recurring(text, digits)

    def _based(self, text: str) -> Node:
        digits, _, base = text.partition("_")
        return Num(fmpq(int(digits, int(base))))

    def _letter(self) -> Node:
        name = self.take().text
        if name in ("e", "i"):
            plain = self.next != "_" and not (self.next == "(" and name == "i")
            return Const(name) if plain else self._named(name)
        if name in ("C", "P", "A") and self.next == "_":
            chosen = self._chosen(name)
            if chosen is not None:
                return chosen
        return self._named(name)

    def _chosen(self, name: str) -> Node | None:
        """`C_5^2`, five over two; `A_5^2` or `P_5^2`, with order. `C_1^2` is a square."""
        start = self.at
        self.at += 1
        low = self.group()
        if self.accept("^"):
            high = self.group()
            if _choosable(low, high):
                return Call("binom" if name == "C" else "perm", (low, high))
        self.at = start
        return None

    def _named(self, name: str) -> Node:
        if self.accept("_"):
            name = f"{name}_{self._subscript()}"
        if self.next.startswith("'"):
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
        if plain.split("_")[0] in _FUNCTION_LETTERS or "'" in name or self._defines():
            self.at += 1
            items = self.items(")")
            self.expect(")")
            return Apply(name, tuple(items))
        if plain in ("C", "P", "A", "B"):
            self.at += 1
            items = self.items(")")
            if self.accept(")") and len(items) == 2 and plain != "B" and _choosable(*items):
                return Call("binom" if plain == "C" else "perm", tuple(items))
        self.at = start
        return None

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
        token = self.ahead()
        text = token.text
        if text in _MONEY:
            return self._money()
        if text in NAMED:
            self.at += 1
            return NAMED[text]
        if len(text) == 1:
            self.at += 1
            return Const(text) if text in ("e", "i") else self._named(text)
        if token.kind == "word" and (len(text) <= 3 or text in _VARIABLE_RUNS):
            self.spread()
            return self.postfixed()
        raise Malformed(f"the word {text!r} in a formula")

    def _money(self) -> Node:
        unit = find(self.take().text)
        amount = self.postfixed()
        assert unit is not None
        return Quantity(self.measured_money(amount), unit)

    def measured_money(self, amount: Node) -> Node:
        """`\\$5 million`, `\\$2 \\frac12`."""
        found = self.measured(amount) if self.ahead().kind in ("word", "roman") else None
        return found if found is not None and not isinstance(found, Quantity) else amount

    # -- brackets ------------------------------------------------------------------------------

    def _bracket(self) -> Node:
        token = self.ahead()
        match token.text:
            case "(" | "[":
                return self._round(self.take().text, (")", "]"))
            case "]":
                return self._reversed()
            case "{":
                return self._braces()
            case "-" | "+":
                sign = self.take().text
                inner = self.postfixed()
                return Neg(inner) if sign == "-" else inner
            case "$":
                return self._money()
        raise Malformed(f"{token.text!r} where a value should stand")

    def _round(self, opened: str, closers: tuple[str, ...]) -> Node:
        outer = self.bars, self.separators, self.differential
        self.bars, self.separators, self.differential = 0, frozenset(), False
        items = [] if self.next in closers else self.items(*closers)
        self.bars, self.separators, self.differential = outer
        closed = self.take().text
        if closed not in closers:
            closed = self._reopened(closed)
        if len(items) == 1 and (opened, closed) in (("(", ")"), ("[", "]")):
            return items[0]
        return Tuple(opened, closed, tuple(items))

    def _reopened(self, closed: str) -> str:
        """`[1, 3[`: what opens elsewhere closes an open end here."""
        if closed != "[":
            raise Malformed(f"{closed!r} where a bracket should close")
        return ")"

    def _reversed(self) -> Node:
        self.at += 1
        items = self.items("[", "]")
        closed = self.take().text
        return Tuple("(", "]" if closed == "]" else ")", tuple(items))

    def _braces(self) -> Node:
        self.at += 1
        outer, self.bars = self.bars, 0
        if self.accept("}"):
            self.bars = outer
            return self.atom()
        items = self.items("}")
        if self.accept("\\choose", "\\binom"):
            items = [Call("binom", (items[0], self.sum()))]
        self.bars = outer
        self.expect("}")
        return items[0] if len(items) == 1 else Set(tuple(items))

    def group(self) -> Node:
        r"""A command's argument: a braced group, or one token (one digit of a number)."""
        token = self.ahead()
        if token.text == "{":
            return self._braces()
        if token.kind == "num" and len(token.text) > 1:
            self.tokens[self.at : self.at + 1] = [
                token._replace(text=token.text[0]),
                token._replace(text=token.text[1:], gap=False),
            ]
        if token.kind == "word":
            self.spread()
        if token.text in ("-", "+", "\\pm"):
            raise Malformed(f"{token.text!r} where a group should stand")
        return self.atom()

    # -- commands ------------------------------------------------------------------------------

    def _command(self) -> Node:
        token = self.take()
        name = token.text[1:]
        if token.text in CONSTANTS and name != "degree":
            return CONSTANTS[token.text]
        name = SAME_LETTER.get(name, name)
        if name in GREEK:
            return self._named(name)
        if token.text in _MONEY:
            self.at -= 1
            return self._money()
        if name in _COMMANDS and not (name == "binom" and self.next == "("):
            reader: Callable[[], Node] = getattr(self, f"_{_COMMANDS[name]}")
            return reader()
        if name in FUNCTIONS:
            return self.function(FUNCTIONS[name])
        raise Malformed(f"{token.text} is not known")

    def function(self, name: str) -> Node:
        raise NotImplementedError

    def _frac(self) -> Node:
        top_at = self.at
        top = self.group()
        bottom_at = self.at
        bottom = self.group()
        names = [t.text for t in self.tokens[top_at:bottom_at] if t.text not in "{}"]
        below = [t.text for t in self.tokens[bottom_at : self.at] if t.text not in "{}"]
        if names[:1] == ["d"] and len(below) == 2 and below[0] == "d" and len(names) < 3:
            if len(names) == 2:
                return Sym(f"d{names[1]}/d{below[1]}")
            return Derivative(below[1], self.product())
        return Div(top, bottom)

    def _binom(self) -> Node:
        return Call("binom", (self.group(), self.group()))

    def _sqrt(self) -> Node:
        if self.accept("["):
            index = self.sum()
            self.expect("]")
            return Root(self.group(), index)
        return Root(self.group(), TWO)

    def _surd(self) -> Node:
        """√ without a bar: it takes the whole number, letter or bracket that follows."""
        return Root(self.group() if self.next == "{" else self.atom(), TWO)

    def _cbrt(self) -> Node:
        return Root(self.group() if self.next == "{" else self.atom(), integer(3))

    def _fourth(self) -> Node:
        return Root(self.group() if self.next == "{" else self.atom(), integer(4))

    def _set(self) -> Node:
        outer = self.bars, self.separators
        self.bars, self.separators = 0, frozenset()
        found: Node = Set(()) if self.next == "\\}" else self.builder()
        self.bars, self.separators = outer
        self.expect("\\}")
        return found

    def _bar(self) -> Node:
        self.bars += 1
        outer, self.separators = self.separators, frozenset()
        inner = self.sum()
        self.bars -= 1
        self.separators = outer
        self.expect("\\|")
        return Call("abs", (inner,))

    def _norm(self) -> Node:
        inner = self.sum()
        self.expect("\\Vert")
        return Call("abs", (inner,))

    def _floor(self) -> Node:
        inner = self.sum()
        self.expect("\\rfloor")
        return Call("floor", (inner,))

    def _ceil(self) -> Node:
        inner = self.sum()
        self.expect("\\rceil")
        return Call("ceil", (inner,))

    def _angled(self) -> Node:
        items = self.items("\\rangle", ">")
        self.at += 1
        return Tuple("<", ">", tuple(items))

    def _blackboard(self) -> Node:
        name = SETS.get(self.raw_group())
        if name is None:
            raise Malformed("a set of numbers that is not known")
        return self._superscripted(name)

    def _superscripted(self, name: str) -> Node:
        while self.next in ("^", "_"):
            self.at += 1
            sign = self.raw_group().replace("\\", "")
            name += {"+": "+", "-": "-", "*": "*", ">0": "+", "0": "0", "ge0": "0+"}.get(sign, sign)
        return Numbers(name)

    def _accent(self) -> Node:
        accent = self.tokens[self.at - 1].text[1:]
        name = self.raw_group().strip().removeprefix("\\")
        if accent in ("hat", "vec") and name in ("i", "j", "k", "imath", "jmath"):
            return Sym(f"unit {name[0]}")
        return Sym(f"{accent} {name}")

    def _unit_vector(self) -> Node:
        return Sym(f"unit {self.tokens[self.at - 1].text[-1]}")

    def _figure(self) -> Node:
        r"""`\angle ABC`, `\triangle ABC`: the name of a thing."""
        name = [self.tokens[self.at - 1].text[1:]]
        while self.ahead().kind in ("letter", "word", "roman"):
            name.append(self.take().text)
        return Sym(" ".join(name))

    def _ellipsis(self) -> Node:
        return Sym("…")

    def _pmod(self) -> Node:
        return self.group()

    def _sum(self) -> Node:
        return self._repeated("sum")

    def _prod(self) -> Node:
        return self._repeated("prod")

    def _repeated(self, kind: str) -> Node:
        start: Node = ONE
        high: Node = ONE
        for _ in range(2):
            if self.accept("_"):
                start = self.group()
            elif self.accept("^"):
                high = self.group()
        if not isinstance(start, Relation) or not isinstance(start.sides[0], Sym | Const):
            raise Malformed(f"a {kind} without its bounds")
        name = getattr(start.sides[0], "name", "")
        return Repeated(kind, name, start.sides[1], high, _freed(self.product(), name))

    def _integral(self) -> Node:
        low = high = None
        for _ in range(2):
            if self.accept("_"):
                low = self.group()
            elif self.accept("^"):
                high = self.group()
        outer, self.differential = self.differential, True
        body: Node = ONE if self.differs() else self.sum()
        self.differential = outer
        return Integral(self._variable(), body, low, high)

    def differs(self) -> bool:
        """Does `dx` stand here?"""
        if self.ahead().kind in ("word", "roman") and len(self.next) == 2 and self.next[0] == "d":
            return True
        here = self.ahead(1)
        return self.next == "d" and (here.kind == "letter" or here.text[1:] in GREEK)

    def _variable(self) -> str:
        if not self.differs():
            raise Malformed("an integral without its variable")
        name = self.take().text
        return name[1] if len(name) == 2 else self.take().text.removeprefix("\\")

    def _limit(self) -> Node:
        self.expect("_")
        self.expect("{")
        variable = self.take().text.removeprefix("\\")
        if not self.accept("\\to", "\\rightarrow"):
            raise Malformed("a limit without its point")
        point = self.sum() if self.ahead(1).text != "^" else self.atom()
        side = self.raw_group() if self.accept("^") else ""
        self.expect("}")
        return Limit(variable, point, self.product(), side)

    # -- environments --------------------------------------------------------------------------

    def _begin(self) -> Node:
        name = self.raw_group().rstrip("*")
        if name == "array" and self.next == "{":
            self.raw_group()
        rows = self._rows()
        if name in ("cases", "dcases", "rcases"):
            return self._cases(rows)
        if name == "vmatrix":
            return Call("det", (_matrix(rows),))
        if "matrix" in name or name == "array":
            return _matrix(rows)
        raise Malformed(f"the environment {name} is not known")

    def _rows(self) -> list[list[Node]]:
        rows: list[list[Node]] = [[]]
        while True:
            if self.next not in ("&", "\\\\", "\\end"):
                rows[-1].append(self._cell())
            end = self.take().text
            if end == "\\\\":
                rows.append([])
            elif end == "\\end":
                self.raw_group()
                return [row for row in rows if row]
            elif end != "&":
                raise Malformed(f"{end!r} in a matrix")

    def _cell(self) -> Node:
        if self.next.lower() in OTHERWISE:
            self.at += 1
            return Text("otherwise")
        items = self.items("&", "\\\\", "\\end")
        return items[0] if len(items) == 1 else Tuple("", "", tuple(items))

    def _cases(self, rows: list[list[Node]]) -> Node:
        if all(len(row) == 1 for row in rows):
            return Tuple("cases", "", tuple(row[0] for row in rows))
        if any(len(row) != 2 for row in rows):
            raise Malformed("a case has a value and a condition")
        branches = tuple((_bare(row[0]), row[1]) for row in rows)
        return Piecewise(branches)


_COMMANDS = {
    "frac": "frac", "binom": "binom", "sqrt": "sqrt", "surd": "surd", "cbrt": "cbrt",
    "fourthroot": "fourth", "{": "set", "|": "bar", "Vert": "norm", "lfloor": "floor",
    "lceil": "ceil", "langle": "angled", "mathbb": "blackboard", "angle": "figure",
    "triangle": "figure", "ldots": "ellipsis", "sum": "sum", "prod": "prod", "int": "integral",
    "lim": "limit", "begin": "begin", "uniti": "unit_vector", "unitj": "unit_vector",
    "unitk": "unit_vector", "pmod": "pmod", "measuredangle": "figure", "overarc": "accent",
} | {accent[1:]: "accent" for accent in _ACCENTS}  # fmt: skip


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


def _choosable(low: Node, high: Node) -> bool:
    if isinstance(low, Num) and isinstance(high, Num):
        return low.value >= high.value and low.value > 1
    letters = Sym | Num | Add | Mul | Neg
    return isinstance(low, letters) and isinstance(high, letters) and not isinstance(low, Num)


def _freed(body: Node, name: str) -> Node:
    """The summation index `i` is no imaginary unit."""
    from adjudge.verifiers.math.nodes import replace

    return replace(body, Const("i"), Sym("i")) if name == "i" else body


def _matrix(rows: list[list[Node]]) -> Matrix:
    if not rows or len({len(row) for row in rows}) != 1:
        raise Malformed("rows of different lengths")
    return Matrix(tuple(tuple(row) for row in rows))


def _bare(value: Node) -> Node:
    """`x + 1,` before the `&`: the comma is layout."""
    return value.items[0] if isinstance(value, Tuple) and len(value.items) == 1 else value
