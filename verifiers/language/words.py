"""The words of a text: where they stand, in which script, and how much each weighs.

A word of a spaced script weighs 1; a Han or Kana character half a word; a character of Thai, Lao,
Khmer, Burmese or Tibetan a fifth. Numbers have no letters; what else is written in letters but is
no language (identifiers, function names, units, single letters, initials) is left out here, what
stands in formulas, code, tags and addresses by `regions`.
"""

import re
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from adjudge.verifiers.language.regions import Region
from adjudge.verifiers.language.scripts import UNSPACED, letter_classes, script_of

_JOINERS = "'’ʼ\u00ad\u200c\u200d-"
"""What may stand inside a word, between letters."""
_CALLED = (
    "sin|cos|tan|cot|sec|csc|arcsin|arccos|arctan|sinh|cosh|tanh|log|ln|lg|exp|max|min|gcd|lcm|mod|"
    "lim|det|dim|ker|deg|arg|sup|inf|sgn|sqrt|abs|floor|ceil|argmax|argmin|len|range|print|sum|sort"
)
_PLURALS = "s|es|a|as|e|en|in|innen|er|r|t|ne|ies|i|o|os|x"
"""Brackets that belong to a word, as in `apple(s)`; any other `word(` is a call."""
_CODE = (
    r"(?:[A-Za-z]*+[0-9_]++[A-Za-z][A-Za-z0-9_]*+"
    r"|[A-Za-z]++[0-9_][A-Za-z0-9_]*+"
    r"|[a-z]++[A-Z][A-Za-z]*+"
    rf"|(?:{_CALLED})(?=\ ?(?:[(\d^]|[A-Za-z](?![A-Za-z])))"
    rf"|[A-Za-z]{{1,40}}\((?!(?:{_PLURALS})\)))"
)
_UNIT_NAMES = (
    "km cm mm dm nm kg mg ml cl dl kwh mph kmh km² cm² m² m³ cm³ hz khz mhz ghz kb mb gb tb usd "
    "eur gbp cny rmb"
)
_UNITS = frozenset(_UNIT_NAMES.split())
INITIALS = 4
"""Longest run of ASCII capitals that is read as a label (ABC, GCD), not as a word."""


class Word(NamedTuple):
    start: int
    end: int
    """Offsets in the text."""
    script: str
    """Kana counts as Han: they are one script of Japanese."""
    weight: float


class Reading(NamedTuple):
    words: list[Word]
    breaks: list[int]
    """Indices of words that begin a new clause, ascending; an index may repeat."""


@lru_cache(maxsize=1)
def _tokens() -> re.Pattern[str]:
    together, unspaced, spaced = letter_classes()
    return re.compile(
        rf"(?P<code>{_CODE})|(?P<together>[{together}]++)|(?P<unspaced>[{unspaced}]++)"
        rf"|(?P<spaced>[{spaced}]++(?:[{_JOINERS}][{spaced}]++)*+)"
        r"|(?P<stop>[.!?。！？।؟;；:：\n,，、،])"
    )


def read(text: str, regions: list[Region]) -> Reading:
    """The words outside `regions`, in order; linear in the text."""
    reading = Reading([], [])
    edges = [0, *(edge for region in regions for edge in region), len(text)]
    for index, (start, end) in enumerate(pairwise(edges)):
        if index % 2 == 0 and start < end:
            _read_part(text, start, end, reading)
    return reading


def _read_part(text: str, start: int, end: int, reading: Reading) -> None:
    """The words between two regions; a region does not end a clause."""
    words, breaks = reading
    for match in _tokens().finditer(text, start, end):
        kind = match.lastgroup
        if kind == "spaced":
            word = _spaced(match.group(), match.start(), match.end())
            if word:
                words.append(word)
        elif kind == "stop":
            breaks.append(len(words))
        elif kind != "code":
            script = _script(match.group()[0])
            weight = UNSPACED.get(script, 0.5) * (match.end() - match.start())
            words.append(Word(match.start(), match.end(), script, weight))


def _spaced(word: str, start: int, end: int) -> Word | None:
    if len(word) <= INITIALS and _is_label(word):
        return None
    return Word(start, end, "Latin" if word[0] < "\u0250" else _script(word[0]), 1.0)


def _is_label(word: str) -> bool:
    """A variable, a name made of capitals, a unit, a lone mark."""
    if word.isascii():
        return len(word) == 1 or word.isupper() or word.lower() in _UNITS
    if len(word) == 1:
        return not word.isalpha() or script_of(word) in ("Greek", "Other")
    return word in _UNITS


@lru_cache(maxsize=8192)
def _script(character: str) -> str:
    script = script_of(character)
    return "Han" if script == "Kana" else script
