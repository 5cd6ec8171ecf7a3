"""What of a text is not language: code, formulas, tags, addresses, commands.

One pass from opener to closer; nothing is searched for twice (a closer that is not there is
remembered), so a hostile text of n characters costs O(n). What this finds is *set aside*, not
thrown away: `words` still reads the prose inside, and `estimate` counts it once there is too much
of it, so that a chain of thought in code fences or in \\text{} is not an escape.
"""

import re
from collections.abc import Callable

Region = tuple[int, int]
"""Start and end (exclusive) in the text."""

INLINE = 600
"""Longest formula or code span inside a line of text, in characters."""
TAG = 80
_OPENER = re.compile(
    r"```|~~~|`|\$\$?|\\\[|\\\(|\\begin\{([a-z]{1,20}\*?)\}|(?:https?://|www\.)[!-;=?-~]{1,2000}"
    r"|<\|(?:start|channel|im_start)\|>[a-z]{0,12}|\[/?THINK\]"
    r"|</?[A-Za-z!|｜][^<>\n]{0,80}>|\\[A-Za-z]{1,40}"
)
_ENVIRONMENTS = (
    "equation align aligned alignat gather gathered multline split eqnarray math displaymath array "
    "matrix pmatrix bmatrix vmatrix Vmatrix Bmatrix smallmatrix cases tabular tikzpicture "
    "verbatim lstlisting minted algorithm algorithmic asy"
)
_NOT_TEXT = frozenset(_ENVIRONMENTS.split())
_FORMULA = re.compile(r"[\\^_{}=<>+*/|]")
_WORDS = re.compile(r"[^\W\d_]{2,40}[ ,.;:!?]{1,3}[^\W\d_]{2,40}")
_BEYOND_ASCII = re.compile(r"[\u00c0-\u024f\u0400-\U0010ffff]")


class Scanner:
    """One pass over one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.absent: set[str] = set()

    def regions(self) -> list[Region]:
        """Disjoint and in order."""
        found: list[Region] = []
        position = 0
        while match := _OPENER.search(self.text, position):
            position = self._end(match)
            if position > match.start() + 1 or match.group() == "\\":
                found.append((match.start(), position))
        return found

    def _end(self, match: re.Match[str]) -> int:
        """Where the region that opens here ends; one character on if none does."""
        token = match.group()
        if token in _CLOSERS:
            return _CLOSERS[token](self, match.end())
        environment = match.group(1)
        if environment and environment.rstrip("*") in _NOT_TEXT:
            return self._block(f"\\end{{{environment}}}", match.end(), match.end())
        return match.end()

    def _find(self, closer: str, start: int) -> int:
        if closer in self.absent:
            return -1
        end = self.text.find(closer, start)
        if end < 0:
            self.absent.add(closer)
        return end

    def _block(self, closer: str, start: int, otherwise: int) -> int:
        end = self._find(closer, start)
        return otherwise if end < 0 else end + len(closer)

    def _fence(self, closer: str, start: int) -> int:
        """A fence that is not closed runs to the end (a truncated completion)."""
        return self._block(closer, start, len(self.text))

    def _inline(self, closer: str, start: int) -> int:
        """Closed on the same paragraph and near; otherwise the opener was a plain character."""
        end = self.text.find(closer, start, start + INLINE)
        if end < 0 or "\n\n" in self.text[start:end]:
            return start - len(closer) + 1
        return end + len(closer)

    def _dollar(self, start: int) -> int:
        """`$5 apples and $6 pears` is money, not a formula."""
        end = self._inline("$", start)
        body = self.text[start : end - 1]
        if end > start and not is_formula(body):
            return start
        return end


def is_formula(body: str) -> bool:
    """Between two dollars: a formula has its signs, or no two words side by side."""
    if _FORMULA.search(body):
        return True
    return bool(body.strip()) and not (_WORDS.search(body) or _BEYOND_ASCII.search(body))


_CLOSERS: dict[str, Callable[[Scanner, int], int]] = {
    "```": lambda scanner, start: scanner._fence("```", start),
    "~~~": lambda scanner, start: scanner._fence("~~~", start),
    "`": lambda scanner, start: scanner._inline("`", start),
    "$$": lambda scanner, start: scanner._block("$$", start, start),
    "$": lambda scanner, start: scanner._dollar(start),
    "\\[": lambda scanner, start: scanner._block("\\]", start, start),
    "\\(": lambda scanner, start: scanner._block("\\)", start, start),
}


def hidden_regions(text: str) -> list[Region]:
    return Scanner(text).regions()
