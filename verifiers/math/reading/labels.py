r"""Words around a statement: `area: 5`, `maximum value 5`, `n is even`, `circle`."""

from abc import abstractmethod

from adjudge.verifiers.math.nodes import (
    ZERO,
    Congruence,
    Labeled,
    Node,
    Sym,
    Text,
    integer,
)
from adjudge.verifiers.math.reading.conditions import Conditions
from adjudge.verifiers.math.vocabulary import (
    HEDGES,
    MEASURED,
    NUMBER_WORDS,
    PHRASES,
    WHERE,
    told,
)

_WORDLIKE = frozenset(("word", "roman"))
_EXTREME_SIGNS = frozenset(("\\max", "\\min"))
PARITIES = {"even": 0, "odd": 1, "偶数": 0, "奇数": 1, "чётное": 0, "нечётное": 1}
_ABOUT_EXTREMES = {
    "minimum": "minimum", "min": "minimum", "least": "minimum", "smallest": "minimum",
    "minimal": "minimum", "maximum": "maximum", "max": "maximum", "greatest": "maximum",
    "largest": "maximum", "maximal": "maximum", "value": "", "the": "", "global": "",
    "absolute": "", "local": "", "possible": "", "最小值": "minimum", "最大值": "maximum",
}  # fmt: skip


_VALUE_STARTS = frozenset(("(", "[", "\\frac", "\\sqrt", "\\pi", *"123456789"))


DIVIDED = frozenset(("divisible", "multiple"))
_DIVISIBLE = (("is", "divisible", "by"), ("is", "a", "multiple", "of"), ("is", "multiple", "of"),
              ("divisible", "by"))  # fmt: skip


_SAYING = frozenset(("is", "an", "divisible", *PARITIES))
"""How it goes on where something is said of a letter."""


class Labels(Conditions):
    """One statement of a list."""

    @abstractmethod
    def _joint(self) -> str: ...

    def _item(self) -> Node:
        if self.kind not in _WORDLIKE and self.next not in _EXTREME_SIGNS:
            found = self.relation()
            return self._parity(found) if self.next.lower() in _SAYING else found
        label = self._label()
        value = self._text() or self._parity(self.relation())
        return Labeled(label, value) if label else value

    def _parity(self, found: Node) -> Node:
        """`n` even, `n is odd`, `n is an even integer`."""
        if not isinstance(found, Sym):
            return found
        if divided := self._divided(found):
            return divided
        words = [self.ahead(step).text.lower() for step in range(4)]
        place = next((at for at, word in enumerate(words) if word in PARITIES), 4)
        if place == 4 or set(words[:place]) - {"is", "an"}:
            return found
        self.skip(place + 1)
        if self.next.lower() in ("integer", "number"):
            self.skip()
        return Congruence(found, integer(PARITIES[words[place]]), integer(2))

    def _divided(self, found: Node) -> Node | None:
        """`n is divisible by 3`, `n is a multiple of 3`."""
        words = tuple(self.ahead(step).text.lower() for step in range(4))
        length = next((len(said) for said in _DIVISIBLE if words[: len(said)] == said), 0)
        if not length or self.ahead(length).kind != "num":
            return None
        self.skip(length)
        return Congruence(found, ZERO, self.postfixed())

    def _label(self) -> str:
        """`Paolo: 18`, `area = 5`: words before a colon."""
        place = 0
        while self.ahead(place).kind in ("word", "roman") or (
            place and self.ahead(place).kind == "letter"
        ):
            place += 1
        words = [self.ahead(step).text for step in range(place)]
        if extreme := self._extreme():
            return extreme
        if not words or words[0].lower() in WHERE or len(words[0]) == 1:
            return ""
        if HEDGES & {word.lower() for word in words}:
            return ""
        if place == 1 and words[0].lower() in MEASURED and self.ahead(1).text in _VALUE_STARTS:
            self.skip()
            return words[0].lower().replace("centre", "center")
        if self.ahead(place).text not in (":", "=", "is", "are") or self._is_product(words, place):
            return ""
        self.skip(place + 1)
        return " ".join(words).lower()

    def _is_product(self, words: list[str], place: int) -> bool:
        """`xyz = 8` is an equation, `Area = 8` a label."""
        alone = len(words) == 1 and self.kind == "word" and len(words[0]) <= 3
        return alone and self.ahead(place).text == "="

    def _extreme(self) -> str:
        r"""`minimum value -9/4`, `\max = 5`, `the maximum is 5`."""
        place, found = 0, ""
        while (word := self.ahead(place).text.lower().removeprefix("\\")) in _ABOUT_EXTREMES:
            found = found or _ABOUT_EXTREMES[word]
            place += 1
        signs = self.ahead(place).text in ("=", ":", "is", "of")
        short = place < 2 and self.kind != "roman"
        if not found or (not signs and (self.ahead(place).text in "({_^" or short)):
            return ""
        self.skip(place + signs)
        return found

    def _text(self) -> Node | None:
        """An item of nothing but words: `circle`, `no solution`."""
        if self.next.lower() in NUMBER_WORDS:
            return None
        start, words = self.at, []
        while self.kind in ("word", "roman") and not self._joint():
            words.append(self.take().text.lower())
        whole = (
            self.kind == "end" or bool(self._joint()) or self.next in ("\\}", "}", ")", "&", "\\\\")
        )
        named = " ".join(words) in PHRASES
        if words and whole and (named or any(len(word) > 3 for word in words)):
            found = PHRASES.get(" ".join(words))
            return found or Text(told(words))
        self.go(start)
        return None
