"""Integrands that ball arithmetic may integrate: analytic ones, which cannot jump or branch."""

from adjudge.verifiers.math.limits import (
    Undecided,
)
from adjudge.verifiers.math.nodes import (
    Call,
    Const,
    Node,
    Pow,
)
from adjudge.verifiers.math.values.exact import exact


def analytic_parts(item: Node) -> list[Node]:
    from adjudge.verifiers.math.nodes import walk

    found = list(walk(item))
    for part in found:
        if isinstance(part, Pow) and exact(part.exponent) is None and part.base != Const("e"):
            raise Undecided("an integrand that may branch")
        if isinstance(part, Pow) and (power := exact(part.exponent)) is not None and power.q != 1:
            raise Undecided("an integrand that may branch")
        if isinstance(part, Call) and part.name not in ("sin", "cos", "sinh", "cosh", "tan", "sec"):
            raise Undecided("an integrand that may branch")
    return found


ANALYTIC = frozenset(("Num", "Sym", "Const", "Add", "Mul", "Neg", "Div", "Pow", "Call"))
