"""Every member has its like: in the same order, or in whatever order."""

from collections.abc import Sequence

from adjudge.verifiers.math import nodes as n
from adjudge.verifiers.math.context import Context
from adjudge.verifiers.math.limits import Undecided


def every(context: Context, pairs: Sequence[tuple[n.Node, n.Node]], rule: str) -> bool:
    undecided: Undecided | None = None
    for one, other in pairs:
        try:
            if not context.same(one, other):
                return False
        except Undecided as error:
            undecided = error
    if undecided is not None:
        raise undecided
    return context.says(True, rule)


def covered(context: Context, left: Sequence[n.Node], right: Sequence[n.Node]) -> bool:
    """Has every member of `left` its like in `right`?"""
    return _Table(context, left, right).rows()


def matched(context: Context, left: Sequence[n.Node], right: Sequence[n.Node]) -> bool:
    """Has every member of either side its like on the other?"""
    table = _Table(context, left, right)
    return table.rows() and table.columns()


class _Table:
    """Which members are alike. No pair is compared twice: that would double the work with every
    level of a nest of sets."""

    def __init__(self, context: Context, left: Sequence[n.Node], right: Sequence[n.Node]) -> None:
        self.context, self.left, self.right = context, left, right
        self.known: dict[tuple[int, int], bool | Undecided] = {}

    def rows(self) -> bool:
        places = range(len(self.right))
        return all(self._any([(row, place) for place in places]) for row in range(len(self.left)))

    def columns(self) -> bool:
        places = range(len(self.left))
        return all(self._any([(place, col) for place in places]) for col in range(len(self.right)))

    def _any(self, pairs: list[tuple[int, int]]) -> bool:
        undecided: Undecided | None = None
        for pair in sorted(pairs, key=self._promising, reverse=True):
            alike = self._alike(pair)
            if alike is True:
                return True
            if isinstance(alike, Undecided):
                undecided = alike
        if undecided is not None:
            raise undecided
        return False

    def _promising(self, pair: tuple[int, int]) -> bool:
        """Known to be alike, or written alike."""
        return self.known.get(pair) is True or self.left[pair[0]] == self.right[pair[1]]

    def _alike(self, pair: tuple[int, int]) -> bool | Undecided:
        found = self.known.get(pair)
        if found is None:
            try:
                found = self.context.same(self.left[pair[0]], self.right[pair[1]])
            except Undecided as error:
                found = error
            self.known[pair] = found
        return found
