"""What of a text is not language: code, formulas, tags, addresses, commands.

One pass from opener to closer; nothing is searched for twice (a closer that is not there is
remembered), so a hostile text of n characters costs O(n). Regions that are mostly prose are opened
again once they are longer than all the open text: to think in a fence or in \\text{} is no escape.
"""

import re
from collections.abc import Callable

Region = tuple[int, int]
"""Start and end (exclusive) in the text."""

INLINE = 600
"""Longest formula or code span inside a line of text, in characters."""
TAG = 80
_MARK = (
    r"(?<=`)(?:``)?|(?<=~)~~|(?<=\$)\$?|(?<=\[)/?THINK\]"
    r"|(?<=\\)(?:[\[(]|begin\{([a-z]{1,20}\*?)\}|[A-Za-z]{1,40})"
    r"|(?<=<)(?:\|(?:start|channel|im_start)\|>[a-z]{0,12}|/?[A-Za-z!|｜][^<>\n]{0,80}>)"
)
"""What opens a region, after its first character: a search for one of a few is quick."""
_OPENER = re.compile(rf"[`~$\\\[<](?:{_MARK})")
_ADDRESS = r"(?:(?<=h)ttps?://|(?<=w)ww\.)[!-;=?-~]{1,2000}"
_OPENER_OR_ADDRESS = re.compile(rf"[`~$\\\[<hw](?:{_MARK}|{_ADDRESS})")
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
        has_address = "://" in self.text or "www." in self.text
        opener = _OPENER_OR_ADDRESS if has_address else _OPENER
        while match := opener.search(self.text, position):
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


PROSE_CHARS = 30
"""A shorter region is never prose."""
PROSE_SHARE = 0.6
"""Of the characters of a region that is prose; commented code has less."""
_LETTER = r"(?:[^\W\d_]|[\u0300-\u036f\u0900-\u0eff])"
_PROSE = re.compile(
    rf"(?:{_LETTER}{{2,}}+[ ,.;:!?'’\-\n]{{1,3}}+){{5,}}+{_LETTER}*+"
    r"|[\u0e00-\u0eff\u3005\u3040-\u9fff，。、]{12,}+"
)


def hidden_regions(text: str) -> list[Region]:
    """What of `text` is not language; disjoint and in order."""
    regions = Scanner(text).regions()
    prose = {
        (start, end)
        for start, end in regions
        if end - start >= PROSE_CHARS and _is_prose(text[start:end])
    }
    shut = sum(end - start for start, end in regions)
    if sum(end - start for start, end in prose) <= len(text) - shut:
        return regions
    return [region for region in regions if region not in prose]


def _is_prose(body: str) -> bool:
    prose = sum(match.end() - match.start() for match in _PROSE.finditer(body))
    return prose >= PROSE_SHARE * len(body)
