r"""Brackets of all kinds, and the groups that commands take."""

from adjudge.verifiers.math.limits import Malformed
from adjudge.verifiers.math.nodes import (
    Call,
    Matrix,
    Neg,
    Node,
    Set,
    Tuple,
)
from adjudge.verifiers.math.reading.lexer import Token
from adjudge.verifiers.math.reading.names import Names

_SINGLE = frozenset(("num", "letter"))
"""What is its own value in a group that holds nothing else: most groups do."""


class Brackets(Names):
    """Brackets of all kinds, and the groups that commands take."""

    def _bracket(self) -> Node:
        token = self.here
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
            case "<":
                self.skip()
                return self._angled()
        raise Malformed(f"{token.text!r} where a value should stand")

    def _round(self, opened: str, closers: tuple[str, ...]) -> Node:
        outer = self.bars, self.separators, self.differential
        self.bars, self.separators, self.differential = 0, frozenset(), False
        if opened == "[" and self._has_rows():
            items: list[Node] = [self._row_by_row()]
        else:
            ends = (*closers, "[") if opened == "[" else closers
            items = [] if self.next in closers else self.items(*ends)
        self.bars, self.separators, self.differential = outer
        closed = self.take().text
        if closed == "[":  # `[1, 3[`: what opens elsewhere closes an open end here
            closed = ")"
        if len(items) == 1 and (opened, closed) in (("(", ")"), ("[", "]")):
            return items[0]
        return Tuple(opened, closed, tuple(items))

    def _has_rows(self) -> bool:
        """`[1, 0; 0, 1]`: commas and semicolons."""
        self.go(self.at - 1)
        end = self.closing("[", "]")
        self.skip()
        inside = {token.text for token in self.tokens[self.at : max(end, self.at)]}
        return "," in inside and ";" in inside

    def _row_by_row(self) -> Node:
        rows = [tuple(self.items(";", "]"))]
        while self.accept(";"):
            rows.append(tuple(self.items(";", "]")))
        if len({len(row) for row in rows}) != 1:
            raise Malformed("rows of different lengths")
        return Matrix(tuple(rows))

    def _reversed(self) -> Node:
        self.skip()
        items = self.items("[", "]")
        closed = self.take().text
        return Tuple("(", "]" if closed == "]" else ")", tuple(items))

    def _braces(self) -> Node:
        self.skip()
        if self.kind in _SINGLE and self.ahead(1).text == "}":
            found = self.atom()
            self.skip()
            return found
        outer, self.bars = self.bars, 0
        if self.accept("}"):
            self.bars = outer
            return self.atom()
        items = self.items("}", "\\choose")
        if self.accept("\\choose"):
            items = [Call("binom", (items[0], self.sum()))]
        self.bars = outer
        self.expect("}")
        return items[0] if len(items) == 1 else Set(tuple(items))

    def group(self) -> Node:
        r"""A command's argument: a braced group, or one token (one digit of a number)."""
        token = self.here
        if token.text == "{":
            return self._braces()
        if token.kind == "num" and len(token.text) > 1:
            first, rest = token._replace(text=token.text[0]), Token("num", token.text[1:])
            self.put([first, rest])
        if token.kind == "word":
            self.spread()
        if token.text in ("-", "+", "\\pm"):
            raise Malformed(f"{token.text!r} where a group should stand")
        return self.atom()

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

    def _floor(self) -> Node:
        inner = self.sum()
        self.expect("\\rfloor")
        return Call("floor", (inner,))

    def _ceil(self) -> Node:
        inner = self.sum()
        self.expect("\\rceil")
        return Call("ceil", (inner,))

    def _angled(self) -> Node:
        outer, self.separators = self.separators, frozenset((">",))
        items = self.items("\\rangle", ">")
        self.separators = outer
        self.skip()
        return Tuple("<", ">", tuple(items))
