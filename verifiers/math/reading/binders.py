r"""What binds a variable: sums, products, integrals, limits."""

from adjudge.verifiers.math.limits import Malformed
from adjudge.verifiers.math.nodes import (
    ONE,
    Const,
    Integral,
    Limit,
    Node,
    Relation,
    Repeated,
    Sym,
)
from adjudge.verifiers.math.reading.brackets import Brackets
from adjudge.verifiers.math.vocabulary import (
    GREEK,
)


class Binders(Brackets):
    """What binds a variable: sums, products, integrals, limits."""

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
        if self.kind in ("word", "roman") and len(self.next) == 2 and self.next[0] == "d":
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


def _freed(body: Node, name: str) -> Node:
    """The summation index `i` is no imaginary unit."""
    from adjudge.verifiers.math.nodes import replace

    return replace(body, Const("i"), Sym("i")) if name == "i" else body
