"""Odds that a word is of the target and not of a rival, for languages that share a script.

Two sources: fastText (lid.176, Joulin et al. 2016, arXiv 1607.01759) on windows of a dozen words,
which also names the rivals; and each word by itself: its frequency in the word lists, or its
spelling where no list has it.
"""

import math
from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from adjudge.verifiers.language.lexicon import LISTED, Lexicon, identify, lexicon
from adjudge.verifiers.language.scripts import SCRIPT_OF
from adjudge.verifiers.language.words import LONGEST

WINDOW = 12
"""Words that fastText sees together, up to twice as many; a window ends with a clause."""
PIECE = 4
"""The same where it is not sure."""
PLAIN = 0.85
"""Share of a window's words that are in the target's list: fastText need not be asked."""
SURE = 0.97
RIVALS = 3
RIVAL_SHARE = 0.08
"""A language below this share of the text, over all windows, is no rival."""
LOCAL_SHARE = 0.35
LOCAL_RATIO = 0.5
"""A language with such a share of a window, and of the target's share, is a rival there."""
CONTEXT = 0.05
"""How much a window counts against a word."""
LISTED_GAIN = 0.55
LISTED_BOUND = 2.6
SPELLING_GAIN = 0.16
SPELLING_BOUND = 2.4
FLOOR = -12.5
"""Log-frequency of a word that a list does not have."""
NAME_DAMPING = 0.5
"""A capitalised word may be a name, which is of no language in particular."""
CLOSE = {"da": "nb", "nb": "da", "cs": "sk", "sk": "cs", "id": "ms", "ms": "id", "hr": "sl",
         "sl": "hr", "bg": "mk", "mk": "bg", "hi": "mr", "mr": "hi"}  # fmt: skip
"""Languages so alike that fastText takes one for the other: a rival only when well ahead, or else
by the words alone (`of_twin`)."""
UNSURE = frozenset({"mr"})
"""Languages whose words have no frequencies: too little to tell them from a twin by."""


REMEMBERED = 3_000
"""Words of which the odds are remembered, against each of the rivals lately met."""


class Window(NamedTuple):
    start: int
    stop: int
    """Places in the list of words."""
    shares: dict[str, float]
    """fastText's languages of the target's script, summing to 1."""


def of_words(words: list[str], windows: list[Window], target: str) -> list[float]:
    """For each word, the odds of `target`; the windows hold all the words in order."""
    rivals = _rivals(windows, target)
    evidence: list[float] = []
    for window in windows:
        here = rivals + _local_rivals(window, target, rivals)
        evidence += _of_window(words, window, target, here)
    return evidence


def of_twin(words: list[str], windows: list[Window], target: str) -> list[float]:
    """The same against the target's twin alone; empty where there is none to tell it from."""
    twin = CLOSE.get(target)
    if twin is None or target in UNSURE:
        return []
    return [x for window in windows for x in _of_window(words, window, target, (twin,))]


def _of_window(
    words: list[str], window: Window, target: str, rivals: tuple[str, ...]
) -> list[float]:
    context, odds = _context(window, target, rivals), _odds(target, rivals)
    return [context + odds[word] for word in words[window.start : window.stop]]


def in_windows(words: list[str], clauses: list[int], target: str) -> Iterator[Window]:
    """Windows that fastText is sure of as they are, the others in smaller pieces.

    `clauses`: the places of the words that begin a clause, ascending.
    """
    known = lexicon(target).words
    listed = list(map(known.__contains__, map(str.lower, words)))
    for start, stop in _cut(clauses, 0, len(words), WINDOW):
        if sum(listed[start:stop]) >= PLAIN * (stop - start):
            yield Window(start, stop, {target: 1.0})
            continue
        window = _window(words, start, stop, target)
        if window.shares.get(target, 0.0) >= SURE:
            yield window
        else:
            for piece in _cut(clauses, start, stop, PIECE):
                yield _window(words, *piece, target)


def _cut(clauses: list[int], start: int, stop: int, least: int) -> Iterator[tuple[int, int]]:
    """Parts of `least` to twice as many words, cut where a clause ends if one does."""
    while start < stop:
        end = min(start + 2 * least, stop)
        place = bisect_left(clauses, start + least)
        if place < len(clauses):
            end = min(end, clauses[place])
        yield start, end
        start = end


def _window(words: list[str], start: int, stop: int, target: str) -> Window:
    line = " ".join(words[start:stop])
    if line.isupper():
        line = line.lower()
    script = SCRIPT_OF[target]
    found = {x: p for x, p in identify(line).items() if SCRIPT_OF.get(x, script) == script}
    total = sum(found.values()) or 1.0
    return Window(start, stop, {language: share / total for language, share in found.items()})


def _rivals(windows: list[Window], target: str) -> tuple[str, ...]:
    tally: dict[str, float] = {}
    for window in windows:
        for language, share in window.shares.items():
            tally[language] = tally.get(language, 0.0) + share * (window.stop - window.start)
    total = sum(tally.values()) or 1.0
    twin, ours = CLOSE.get(target), tally.pop(target, 0.0)
    if twin in tally and tally[twin] < 1.5 * ours:
        del tally[twin]
    ranked = sorted(tally, key=lambda language: (-tally[language], language))
    rivals = [x for x in ranked if tally[x] / total > RIVAL_SHARE][:RIVALS]
    if SCRIPT_OF[target] == "Latin" and target != "en" and "en" not in rivals:
        rivals.append("en")
    return tuple(rivals)


def _local_rivals(window: Window, target: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Languages of one window that are too rare in the text to be rivals everywhere."""
    ours, found = window.shares.get(target, 0.0), window.shares
    rare = [x for x in found if x not in known and x != target and x != CLOSE.get(target)]
    here = [x for x in rare if found[x] > LOCAL_SHARE and found[x] > LOCAL_RATIO * ours]
    return tuple(sorted(here, key=lambda language: -found[language])[:1])


def _context(window: Window, target: str, rivals: tuple[str, ...]) -> float:
    """A window's log-odds, weaker where few words speak."""
    best = max((window.shares.get(rival, 0.0) for rival in rivals), default=0.0)
    ratio = math.log((window.shares.get(target, 0.0) + 0.05) / (best + 0.05))
    return CONTEXT * ratio * min(1.0, (window.stop - window.start) / 6)


class _Odds(dict[str, float]):
    """Odds of single words for a target against rivals, each worked out when first met."""

    def __init__(self, target: Lexicon, rivals: list[Lexicon]) -> None:
        super().__init__()
        self.target = target
        self.rivals = rivals

    def __missing__(self, word: str) -> float:
        odds = self._odds(word)
        if len(self) >= REMEMBERED:
            self.clear()
        if len(word) <= LONGEST:
            self[word] = odds
        return odds

    def _odds(self, word: str) -> float:
        plain = word.lower()
        listed = self.target.words.get(plain, FLOOR)
        rival = FLOOR
        for other in self.rivals:
            rival = max(rival, other.words.get(plain, FLOOR))
        value = _clamp(LISTED_GAIN * (listed - rival), LISTED_BOUND)
        if self.rivals and (listed == FLOOR or (rival == FLOOR and listed < -10)):
            value += self._spelling(plain)
        return value * NAME_DAMPING if word[0].isupper() and abs(value) < 1.2 else value

    def _spelling(self, plain: str) -> float:
        best = max(rival.spelling(plain) for rival in self.rivals)
        return _clamp(SPELLING_GAIN * (self.target.spelling(plain) - best), SPELLING_BOUND)


@lru_cache(maxsize=16)
def _odds(target: str, rivals: tuple[str, ...]) -> _Odds:
    return _Odds(lexicon(target), [lexicon(rival) for rival in rivals if rival in LISTED])


def _clamp(value: float, bound: float) -> float:
    return max(-bound, min(bound, value))
