r"""Conditions behind a value: `where k is an integer`, `(k \in \mathbb{Z})`, `for all x`."""

from abc import abstractmethod

from adjudge.verifiers.math.nodes import (
    Both,
    Given,
    Node,
    Num,
    Numbers,
    Relation,
    Sym,
    Text,
)
from adjudge.verifiers.math.reading.attaching import is_condition
from adjudge.verifiers.math.reading.formula import Formula
from adjudge.verifiers.math.vocabulary import (
    WHERE,
)

_SPEECH = frozenset(
    [
        "is",
        "are",
        "be",
        "any",
        "an",
        "integer",
        "integers",
        "constant",
        "constants",
        "real",
        "arbitrary",
        "positive",
    ]
)
_TYPES = ("integer", "integers", "整数", "целое", "natural")
_KINDS = frozenset(
    ("all", "every", "any", "some", "integers", "integer", "real", "numbers", "number")
)
_INTEGERS = {
    "positive": "Z+", "natural": "N", "nonnegative": "N", "non-negative": "N", "negative": "Z-",
}  # fmt: skip


class Conditions(Formula):
    """A statement under its conditions."""

    @abstractmethod
    def _item(self) -> Node: ...

    def _conditioned(self, found: list[Node], closers: tuple[str, ...]) -> list[Node]:
        """The items under the condition that follows `where`, `for`, `if` or in brackets.

        That a letter is an integer holds for all of them; anything else for the last one.
        """
        condition = self._condition(closers)
        if condition is None:
            return found
        if is_condition(condition):
            return [item if isinstance(item, Given) else Given(item, condition) for item in found]
        return [*found[:-1], Given(found[-1], condition)]

    def _condition(self, closers: tuple[str, ...]) -> Node | None:
        spoken = self._spoken(closers)
        if spoken is not None:
            return None if spoken == Text("") else spoken
        opened = self.accept("(")
        whole = self._skip_kinds()
        items = self.items(*closers, ")") if opened else [self._item()]
        items = [_of_integers(item) for item in items] if whole else items
        if opened:
            self.expect(")")
        return items[0] if len(items) == 1 else Both(tuple(items))

    def _skip_kinds(self) -> bool:
        """Skips `when`, `all integers`; were integers named?"""
        start = self.at
        while (word := self.next.lower()) in WHERE or word in _KINDS:
            self.skip()
        return any(
            token.text.lower().startswith("integer") for token in self.tokens[start : self.at]
        )

    def _spoken(self, closers: tuple[str, ...]) -> Node | None:
        """`where k is any integer`, `for all x`, `C is a constant`; Text('') says nothing."""
        place, words, letters = self.at, [], []
        while place < len(self.tokens) and (
            self.tokens[place].text not in (*closers, ",", ";") or self._more_letters(place)
        ):
            token = self.tokens[place]
            place += 1
            if token.kind in ("word", "roman") and len(token.text) > 1:
                words.append(token.text.lower())
            elif token.kind == "letter" or token.kind == "roman":
                letters.append(token.text)
            elif token.text not in ("(", ")", "-", ",", "\\forall"):
                words = [word for word in words if word not in ("all", "every", "any", "some")]
                if not words:
                    self._skip_quantifier()
                return (
                    None
                    if not words or words[0] not in _SPEECH
                    else self._end_at(place, letters, words)
                )
        if not words and len(letters) != 1:
            return None
        self.go(place)
        return _spoken_condition(letters, words)

    def _more_letters(self, place: int) -> bool:
        """`for real constants m, c`: a letter alone behind the comma is one more of them."""
        kinds = [token.kind for token in self.tokens[place + 1 : place + 2]]
        after = self.tokens[place + 2].text if place + 2 < len(self.tokens) else ""
        return self.tokens[place].text == "," and kinds == ["letter"] and after in ("", ",", ")")

    def _end_at(self, place: int, letters: list[str], words: list[str]) -> Node | None:
        return None if place < len(self.tokens) and letters else _spoken_condition(letters, words)

    def _skip_quantifier(self) -> None:
        while self.next.lower() in ("all", "every", "any", "some", "\\forall"):
            self.skip()


def _spoken_condition(letters: list[str], words: list[str]) -> Node | None:
    """What the words say of the letters; Text('') for what changes nothing."""
    said = set(words)
    if said & set(_TYPES) and letters:
        kind = next((_INTEGERS[word] for word in words if word in _INTEGERS), "Z")
        return Relation(("in",), (Sym(letters[0]), Numbers(kind)))
    if said & {"constant", "constants", "real", "arbitrary", "reals", "all", "any", "every"}:
        return Text("")
    if not words:
        return Text("")
    return None


def _of_integers(item: Node) -> Node:
    """`integers k ≥ 0` are the natural numbers."""
    match item:
        case Relation(ops=(">=",), sides=(Sym(), Num(value=low))) if low in (0, 1):
            return Relation(("in",), (item.sides[0], Numbers("N" if low == 0 else "Z+")))
        case Relation(ops=(">",), sides=(Sym(), Num(value=low))) if low == 0:
            return Relation(("in",), (item.sides[0], Numbers("Z+")))
    return item
