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
_FUNCTIONS = frozenset(_CALLED.split("|"))
_APPLIED = frozenset(name for name in _FUNCTIONS if name[:-1] not in _FUNCTIONS)
"""Functions that are words unless they are applied: `the sum of`, but `sum x`."""
_CALL = re.compile(r"[A-Za-z]++ (?:[(\d^]|[A-Za-z](?![A-Za-z]))")
"""A function's name that is applied: `sin x`, `max (`."""
_CAMEL = re.compile(r"[a-z]++[A-Z]")
INITIALS = 4
"""Longest run of ASCII capitals that is read as a label (ABC, GCD), not as a word."""


REMEMBERED = 20_000
"""Words of ASCII letters of which it is remembered whether they count, for all texts together."""
LONGEST = 30
"""Characters of a word that is worth remembering."""


class Reading(NamedTuple):
    """Words in order, as columns: most steps look at one property of all the words."""

    texts: list[str]
    starts: list[int]
    """Offsets in the text."""
    scripts: list[str]
    """Kana counts as Han: they are one script of Japanese."""
    weights: list[float]
    breaks: list[int]
    """Indices of words that begin a new clause, ascending; an index may repeat."""

    def add(self, word: str, start: int, script: str, weight: float) -> None:
        self.fill()
        self.texts.append(word)
        self.starts.append(start)
        self.scripts.append(script)
        self.weights.append(weight)

    def fill(self) -> None:
        """Words of which only text and start were noted are Latin and weigh 1."""
        missing = len(self.texts) - len(self.scripts)
        self.scripts.extend(["Latin"] * missing)
        self.weights.extend([1.0] * missing)

    def end(self, index: int) -> int:
        """Offset of the end of a word, exclusive."""
        return self.starts[index] + len(self.texts[index])


_PLAIN, _STOP, _CODED, _SPACED = 1, 2, 3, 4
"""Groups of `_tokens`; without a group is a run of a script that has no spaces."""


@lru_cache(maxsize=1)
def _tokens() -> re.Pattern[str]:
    """First what is commonest: ASCII letters with a blank, a stop or nothing behind them."""
    together, unspaced, spaced = letter_classes()
    return re.compile(
        r"([A-Za-z]++)(?:\ |(?=[.,:;!?\n])|\Z)"
        r"|([.!?。！？।؟;；:：\n,，、،])"
        rf"|({_CODE})"
        rf"|([{spaced}]++(?:[{_JOINERS}][{spaced}]++)*+)"
        rf"|[{together}]++|[{unspaced}]++"
    )


def read(text: str, regions: list[Region]) -> Reading:
    """The words outside `regions`, in order; linear in the text."""
    reading = Reading([], [], [], [], [])
    edges = [0, *(edge for region in regions for edge in region), len(text)]
    for index, (start, end) in enumerate(pairwise(edges)):
        if index % 2 == 0 and start < end:
            _read_part(text, start, end, reading)
    return reading


def _read_part(text: str, start: int, end: int, reading: Reading) -> None:
    """The words between two regions; a region does not end a clause."""
    texts, starts = reading.texts, reading.starts
    for match in _tokens().finditer(text, start, end):
        group = match.lastindex
        if group == _PLAIN:
            word = match[1]
            if _IS_WORD[word] or (word in _APPLIED and not _CALL.match(text, match.start(), end)):
                texts.append(word)
                starts.append(match.start())
        elif group == _STOP:
            reading.breaks.append(len(texts))
        elif group != _CODED:
            _add_run(match[0], match.start(), group == _SPACED, reading)
    reading.fill()


def _add_run(run: str, start: int, spaced: bool, reading: Reading) -> None:
    """Letters beyond ASCII, or that something other than a blank or a stop comes after."""
    if not spaced:
        script = _script(run[0])
        reading.add(run, start, script, UNSPACED.get(script, 0.5) * len(run))
    elif len(run) > INITIALS or not _is_label(run):
        reading.add(run, start, "Latin" if run[0] < "\u0250" else _script(run[0]), 1.0)


class _IsWord(dict[str, bool]):
    """Whether a run of ASCII letters is a word whatever comes after it."""

    def __missing__(self, run: str) -> bool:
        is_word = not (
            (len(run) <= INITIALS and _is_label(run))
            or _CAMEL.match(run)
            or run in _FUNCTIONS
            or run[:-1] in _FUNCTIONS  # `sinx`
        )
        if len(self) >= REMEMBERED:
            self.clear()
        if len(run) <= LONGEST:
            self[run] = is_word
        return is_word


_IS_WORD = _IsWord()


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
