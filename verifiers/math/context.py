"""What a comparison carries along: the policies, and why it decided as it did."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from pydantic import Field

from adjudge.verifiers.math.limits import NEST, OverLimit
from adjudge.verifiers.math.nodes import Node
from adjudge.verifiers.types import Frozen


class Policies(Frozen):
    """Where careful teachers differ. The defaults are those of `docs/math.md`."""

    digits: int = Field(default=3, ge=1, le=30)
    """Significant digits that a rounded decimal must show; fewer are exact."""
    units: bool = True
    """Accept a bare number for a measured reference, and the reverse."""
    percent: bool = True
    """Accept the bare number of percents for a reference in percent, and the reverse."""
    order: bool = False
    """Lists without brackets are compared in their order."""
    rename: bool = True
    """Arbitrary constants, integer parameters and function arguments may be renamed."""
    names: bool = True
    """`x = 5` may answer `5`, and the reverse."""
    sets: bool = True
    """Inequalities in one variable may answer intervals, and the reverse."""


Note = str | Callable[[], str]
"""Words, or what makes them: most notes are never read."""


def _never(_context: "Context", _gold: Node, _answer: Node) -> bool:
    raise AssertionError("a comparison of numbers asked for one of trees")


@dataclass(slots=True)
class Context:
    policies: Policies = field(default_factory=Policies)
    decide: Callable[["Context", Node, Node], bool] = _never
    """The dispatch over all kinds of trees, for rules that hold several values."""
    rule: str = "equal"
    """The rule that decided last; the verdict's reason."""
    note: Note = ""
    """Its reason in words: both values of different numbers."""
    depth: int = 0
    """How many comparisons of members within each other are under way."""

    def same(self, gold: Node, answer: Node) -> bool:
        """Are two members of what is compared one answer?"""
        self.depth += 1
        if self.depth > NEST:
            raise OverLimit("nested too deeply to be compared")
        try:
            return self.decide(self, gold, answer)
        finally:
            self.depth -= 1

    def says(self, equal: bool, rule: str, note: Note = "") -> bool:
        self.rule = rule
        self.note = note
        return equal

    def told(self) -> str:
        """The note in words."""
        return self.note if isinstance(self.note, str) else self.note()


class Decision(NamedTuple):
    """Are two answers one? None: neither proven equal nor proven different."""

    equal: bool | None
    reason: str
    detail: str = ""
