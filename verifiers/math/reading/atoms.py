r"""The smallest pieces of a formula, and the commands that begin one."""

from collections.abc import Callable

from adjudge.verifiers.math.limits import Malformed
from adjudge.verifiers.math.nodes import (
    TWO,
    Call,
    Derivative,
    Div,
    Node,
    Num,
    Numbers,
    Root,
    Sym,
    integer,
)
from adjudge.verifiers.math.reading.environments import Environments
from adjudge.verifiers.math.reading.names import _MONEY
from adjudge.verifiers.math.vocabulary import (
    CONSTANTS,
    FUNCTIONS,
    GREEK,
    SAME_LETTER,
    SETS,
)

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


class Atoms(Environments):
    """The smallest pieces of a formula, and the commands that begin one."""

    def atom(self) -> Node:
        self.deeper()
        match self.kind:
            case "num":
                found = self._number(self.take().text)
            case "letter":
                found = self._letter()
            case "cmd":
                found = self._command()
            case "word" | "roman":
                found = self._word()
            case "base":
                found = self._based(self.take().text)
            case _:
                found = self._bracket()
        self.depth -= 1
        return found

    def _command(self) -> Node:
        token = self.take()
        name = token.text[1:]
        if token.text in CONSTANTS and name != "degree":
            return CONSTANTS[token.text]
        name = SAME_LETTER.get(name, name)
        if name in GREEK:
            return self._named(name)
        if token.text in _MONEY:
            self.go(self.at - 1)
            return self._money()
        if name in _COMMANDS and not (name == "binom" and self.next == "("):
            reader: Callable[[], Node] = getattr(self, f"_{_COMMANDS[name]}")
            return reader()
        if name in FUNCTIONS:
            return self.function(FUNCTIONS[name])
        raise Malformed(f"{token.text} is not known")

    def _frac(self) -> Node:
        top_at = self.at
        top = self.group()
        bottom_at = self.at
        bottom = self.group()
        if isinstance(top, Num) or isinstance(bottom, Num):
            return Div(top, bottom)
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

    def _blackboard(self) -> Node:
        name = SETS.get(self.raw_group())
        if name is None:
            raise Malformed("a set of numbers that is not known")
        return self._superscripted(name)

    def _superscripted(self, name: str) -> Node:
        while self.next in ("^", "_"):
            self.skip()
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
        if self.tokens[self.at - 1].text == "\\angle" and self.kind == "num":
            return Call("cis", (self.postfixed(),))  # `2\\angle 60^\\circ`
        name = [self.tokens[self.at - 1].text[1:]]
        while self.kind in ("letter", "word", "roman"):
            name.append(self.take().text)
        return Sym(" ".join(name))

    def _ellipsis(self) -> Node:
        return Sym("…")

    def _pmod(self) -> Node:
        return self.group()


_COMMANDS = {
    "frac": "frac", "binom": "binom", "sqrt": "sqrt", "surd": "surd", "cbrt": "cbrt",
    "fourthroot": "fourth", "{": "set", "|": "bar", "lfloor": "floor",
    "lceil": "ceil", "langle": "angled", "mathbb": "blackboard", "angle": "figure",
    "triangle": "figure", "ldots": "ellipsis", "sum": "sum", "prod": "prod", "int": "integral",
    "lim": "limit", "begin": "begin", "uniti": "unit_vector", "unitj": "unit_vector",
    "unitk": "unit_vector", "pmod": "pmod", "measuredangle": "figure",
    "nabla": "figure", "overarc": "accent",
} | {accent[1:]: "accent" for accent in _ACCENTS}  # fmt: skip
