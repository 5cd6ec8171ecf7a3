"""Which letters of two formulas are arbitrary constants, and not the constants of a problem.

`C_1 e^x + C_2 e^{-x}` may be scaled and renamed; `kx`, `mc^2` and `A \\sin \\omega t` may not. So:
a numbered C is arbitrary, a bare C where it is added, or stands in the solution for a function; any
other letter only in the place of one that is, or as the `+ c` of an antiderivative in one variable.
"""

import re

from adjudge.verifiers.math.nodes import Add, Mul, Neg, Node, Num, Sym, children, symbols

_NUMBERED = re.compile(r"[CcKA]_\{?\d\}?|[Cc]\d")
_LETTERS = frozenset(("C", "K", "c", "k", "A", "B", "D", "C'", "E", "a", "b"))
_ADDED = frozenset(("C", "c", "K", "k"))
_MOST = 3


def constants_of(gold: Node, answer: Node, solved: bool = False) -> tuple[list[str], list[str]]:
    """The constants of both sides: as many, or none on either."""
    if not (symbols(gold) and symbols(answer)):
        return [], []
    mine, theirs = _sure(gold, solved), _sure(answer, solved)
    if not mine and not theirs:
        mine, theirs = _of_antiderivative(gold), _of_antiderivative(answer)
        return (sorted(mine), sorted(theirs)) if mine and theirs else ([], [])
    mine |= _fresh(gold, answer, len(theirs) - len(mine))
    theirs |= _fresh(answer, gold, len(mine) - len(theirs))
    if len(mine) != len(theirs) or len(mine) > _MOST:
        return [], []
    return sorted(mine), sorted(theirs)


def _sure(item: Node, solved: bool) -> set[str]:
    names = symbols(item)
    numbered = {name for name in names if len(name) > 1 and _NUMBERED.fullmatch(name)}
    if not any("1" in name for name in numbered):
        numbered = set()  # `c_0`, `A_2`: numbered, but not from the first one on
    if "C" in names and (solved or _adds(item, "C")):
        numbered.add("C")
    return numbered


def _adds(item: Node, name: str) -> bool:
    """Is the letter a term of a sum somewhere, perhaps with a number before it?"""
    if isinstance(item, Add) and any(_multiple_of(term, name) for term in item.terms):
        return True
    return any(_adds(part, name) for part in children(item))


def _multiple_of(term: Node, name: str) -> bool:
    match term:
        case Sym(name=found):
            return found == name
        case Neg(arg=arg):
            return _multiple_of(arg, name)
        case Mul(factors=(Num(), factor)):
            return _multiple_of(factor, name)
    return False


def _of_antiderivative(item: Node) -> set[str]:
    """The c of `F(x) + c`, with one variable in F."""
    if not isinstance(item, Add):
        return set()
    added = {term.name for term in item.terms if isinstance(term, Sym)} & _ADDED
    others = symbols(item) - added
    alone = all(added.isdisjoint(symbols(t)) for t in item.terms if not isinstance(t, Sym))
    alone &= not others & _LETTERS
    return added if len(added) == 1 and len(others) == 1 and alone else set()


def _fresh(item: Node, other: Node, count: int) -> set[str]:
    """Letters that stand where the other side has its constants."""
    found = {name for name in symbols(item) if name in _LETTERS} - symbols(other)
    return found if count > 0 and len(found) == count else set()
