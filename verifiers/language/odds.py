"""Odds that a word is of the target and not of a rival, for languages that share a script.

Two sources: fastText (lid.176, Joulin et al. 2016, arXiv 1607.01759) on windows of a dozen words,
which also names the rivals; and each word by itself: its frequency in the word lists, or its
spelling where no list has it.
"""

import math
from bisect import bisect_right
from collections.abc import Container, Iterator
from dataclasses import dataclass

from adjudge.verifiers.language.lexicon import Lexicon, identify, lexicon
from adjudge.verifiers.language.scripts import SCRIPT_OF
from adjudge.verifiers.language.words import Reading, Word

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


@dataclass(frozen=True, slots=True)
class Window:
    words: list[int]
    """Indices in the reading."""
    shares: dict[str, float]
    """fastText's languages of the target's script, summing to 1."""


def of_words(text: str, windows: list[Window], reading: Reading, target: str) -> list[float]:
    """For each word of the windows, in order, the odds of `target`."""
    rivals = _rivals(windows, target)
    judges: dict[tuple[str, ...], _Words] = {}
    evidence: list[float] = []
    for window in windows:
        here = rivals + _local_rivals(window, target, rivals)
        judge = judges.get(here) or judges.setdefault(here, _Words(target, here))
        context = _context(window, target, here)
        for index in window.words:
            word = reading.words[index]
            evidence.append(context + judge.odds(text[word.start : word.end]))
    return evidence


def of_twin(text: str, windows: list[Window], reading: Reading, target: str) -> list[float]:
    """The same against the target's twin alone; empty where there is none to tell it from."""
    twin = CLOSE.get(target)
    if twin is None or target in UNSURE:
        return []
    judge = _Words(target, (twin,))
    evidence: list[float] = []
    for window in windows:
        context = _context(window, target, (twin,))
        words = (reading.words[index] for index in window.words)
        evidence.extend(context + judge.odds(text[word.start : word.end]) for word in words)
    return evidence


def in_windows(text: str, reading: Reading, own: list[int], target: str) -> Iterator[Window]:
    """Windows that fastText is sure of as they are, the others in smaller pieces."""
    listed = lexicon(target)
    known: Container[str] = listed.words if listed else ()
    for part in _cut(reading, own, WINDOW):
        words = [text[reading.words[i].start : reading.words[i].end].lower() for i in part]
        if sum(word in known for word in words) >= PLAIN * len(part):
            yield Window(part, {target: 1.0})
            continue
        window = _window(text, reading.words, part, target)
        if window.shares.get(target, 0.0) >= SURE:
            yield window
        else:
            for piece in _cut(reading, part, PIECE):
                yield _window(text, reading.words, piece, target)


def _cut(reading: Reading, own: list[int], least: int) -> Iterator[list[int]]:
    """Parts of `least` to twice as many words, cut where a clause ends if one does."""
    breaks = reading.breaks
    part: list[int] = []
    place = bisect_right(breaks, own[0]) if own else 0
    for index in own:
        new = place < len(breaks) and breaks[place] <= index
        while place < len(breaks) and breaks[place] <= index:
            place += 1
        if (new and len(part) >= least) or len(part) >= 2 * least:
            yield part
            part = []
        part.append(index)
    if part:
        yield part


def _window(text: str, words: list[Word], part: list[int], target: str) -> Window:
    line = " ".join([text[words[i].start : words[i].end] for i in part])
    if line.isupper():
        line = line.lower()
    script = SCRIPT_OF[target]
    found = {x: p for x, p in identify(line).items() if SCRIPT_OF.get(x, script) == script}
    total = sum(found.values()) or 1.0
    return Window(part, {language: share / total for language, share in found.items()})


def _rivals(windows: list[Window], target: str) -> tuple[str, ...]:
    tally: dict[str, float] = {}
    for window in windows:
        for language, share in window.shares.items():
            tally[language] = tally.get(language, 0.0) + share * len(window.words)
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
    return CONTEXT * ratio * min(1.0, len(window.words) / 6)


class _Words:
    """Odds of single words, each worked out once a text."""

    def __init__(self, target: str, rivals: tuple[str, ...]) -> None:
        self.target = lexicon(target)
        self.rivals = [found for found in map(lexicon, rivals) if found]
        self.known: dict[str, float] = {}

    def odds(self, word: str) -> float:
        found = self.known.get(word)
        if found is None:
            found = self.known[word] = self._odds(word)
        return found

    def _odds(self, word: str) -> float:
        plain = word.lower()
        if self.target is None:
            return 0.0
        listed = self.target.words.get(plain, FLOOR)
        rival = max((x.words.get(plain, FLOOR) for x in self.rivals), default=FLOOR)
        value = _clamp(LISTED_GAIN * (listed - rival), LISTED_BOUND)
        if listed == FLOOR or (rival == FLOOR and listed < -10):
            value += self._spelling(self.target, plain)
        return value * NAME_DAMPING if word[0].isupper() and abs(value) < 1.2 else value

    def _spelling(self, target: Lexicon, plain: str) -> float:
        if not self.rivals:
            return 0.0
        best = max(rival.spelling(plain) for rival in self.rivals)
        return _clamp(SPELLING_GAIN * (target.spelling(plain) - best), SPELLING_BOUND)


def _clamp(value: float, bound: float) -> float:
    return max(-bound, min(bound, value))
