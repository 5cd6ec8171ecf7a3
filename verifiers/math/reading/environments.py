r"""`\\begin{…}`: matrices and cases."""

from adjudge.verifiers.math.limits import Malformed
from adjudge.verifiers.math.nodes import (
    Both,
    Call,
    Matrix,
    Node,
    Piecewise,
    Text,
    Tuple,
)
from adjudge.verifiers.math.reading.binders import Binders
from adjudge.verifiers.math.vocabulary import (
    OTHERWISE,
    WHERE,
)


class Environments(Binders):
    """`\\begin{…}`: matrices and cases."""

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
            self.skip()
            return Text("otherwise")
        while self.next.lower() in WHERE:
            self.skip()
        items = self.items("&", "\\\\", "\\end")
        return items[0] if len(items) == 1 else Tuple("", "", tuple(items))

    def _cases(self, rows: list[list[Node]]) -> Node:
        if not rows:
            raise Malformed("cases without a case")
        if all(len(row) == 1 for row in rows):
            return Both(tuple(row[0] for row in rows))
        if any(len(row) != 2 for row in rows):
            raise Malformed("a case has a value and a condition")
        branches = tuple((_bare(row[0]), _joined(row[1])) for row in rows)
        return Piecewise(branches)


def _matrix(rows: list[list[Node]]) -> Matrix:
    if not rows or len({len(row) for row in rows}) != 1:
        raise Malformed("rows of different lengths")
    return Matrix(tuple(tuple(row) for row in rows))


def _bare(value: Node) -> Node:
    """`x + 1,` before the `&`: the comma is layout."""
    return value.items[0] if isinstance(value, Tuple) and len(value.items) == 1 else value


def _joined(condition: Node) -> Node:
    """`x > 0, x < 1` in one cell: both hold."""
    several = isinstance(condition, Tuple) and condition.left == condition.right == ""
    return Both(condition.items) if several and isinstance(condition, Tuple) else condition
