"""The share of a text's words that are in a language, and the spans that are not.

DeepSeek-R1 (arXiv 2501.12948) eq. 7: `Num(Words_target) / Num(Words)`. Scripts decide first: a word
in another script than the target's is not in the target, and where a script has one language that
is all. Else every word gets the odds of target against its rivals (`odds`), and the likeliest
sequence of two states, target and other, with a cost for every change, is taken (Viterbi 1967): a
loan word alone does not leave the language, a clause does.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from adjudge.verifiers.language import odds
from adjudge.verifiers.language.han import of_run
from adjudge.verifiers.language.regions import Region, hidden_regions
from adjudge.verifiers.language.scripts import EXCLUSIVE, SCRIPT_OF, UNSPACED
from adjudge.verifiers.language.words import Reading, Word, read

SWITCH = 2.75
"""What a change of language costs within a clause, in the unit of the odds."""
AT_CLAUSE = 1.5
"""The same where a clause ends."""
HAN_SWITCH = 3.0
"""The same where the unit is a character."""
TWIN_SWITCH = 5.0
"""The same between languages so alike that most words are of both."""
TWIN_AT_CLAUSE = 0.7
"""Share of this where a clause ends."""
TWIN_SWITCHES = {"id": 20.0, "ms": 20.0}
"""Malay and formal Indonesian differ in little but what is frequent: a paragraph, not a clause."""


READ = 400_000
"""Characters, about 100,000 tokens; of a longer text so many are read, in slices."""
SLICE = 20_000
TERM_WORDS = 3.0
"""Longest span that may be a term or a name."""
TERMS_MOST = 0.1
"""Share of the words that may be terms and names."""


@dataclass(frozen=True, slots=True)
class Span:
    """Words next to each other that are not in the target."""

    start: int
    end: int
    """Offsets in the text."""
    script: str
    weight: float


@dataclass(frozen=True, slots=True)
class Measure:
    words: float
    """All words, by weight."""
    target: float
    """Those in the target."""
    others: tuple[Span, ...]

    @property
    def share(self) -> float:
        return min(1.0, self.target / self.words) if self.words else 0.0

    def without_terms(self) -> "Measure":
        """Short spans left out, as far as they are few: many of them are no terms."""
        short = sum(span.weight for span in self.others if span.weight <= TERM_WORDS)
        left_out = min(short, TERMS_MOST * self.words)
        return replace(self, words=self.words - left_out)


def measure(text: str, target: str) -> Measure:
    """What of `text` is in `target`, one of `scripts.SCRIPT_OF`.

    Linear in the text up to `READ` characters, about constant from there on; no I/O but for reading
    the package's own data once.
    """
    reading = read(text, _unread(text))
    if SCRIPT_OF[target] == "Han":
        reading = Reading(_characters(reading.words), [])
    inside = _decide(text, reading, target)
    words = reading.words
    total = sum(word.weight for word in words)
    kept = sum(word.weight for word, own in zip(words, inside, strict=True) if own)
    return Measure(total, kept, tuple(_spans(words, inside)))


def _unread(text: str) -> list[Region]:
    """What is not language; and all but evenly spread slices of a text longer than `READ`."""
    regions = hidden_regions(text)
    if len(text) <= READ:
        return regions
    step = len(text) * SLICE // READ
    gaps = [(at + SLICE, at + step) for at in range(0, len(text) - step + 1, step)]
    merged: list[Region] = []
    for start, end in sorted(regions + gaps):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _characters(words: list[Word]) -> list[Word]:
    """Runs of Han and Kana as single characters: a run may be of two languages."""
    apart: list[Word] = []
    for word in words:
        if word.script == "Han":
            places = range(word.start, word.end)
            apart.extend(Word(i, i + 1, "Han", UNSPACED["Han"]) for i in places)
        else:
            apart.append(word)
    return apart


def _decide(text: str, reading: Reading, target: str) -> list[bool]:
    """For each word, is it in the target."""
    script = SCRIPT_OF[target]
    inside = [word.script == script for word in reading.words]
    if target in EXCLUSIVE:
        return inside
    own = [index for index, same in enumerate(inside) if same]
    if script == "Han":
        evidence = _han_evidence(text, reading.words, own, target)
        states = likeliest(evidence, [HAN_SWITCH] * len(own))
    else:
        states = _told_by_words(text, reading, own, target)
    for index, state in zip(own, states, strict=True):
        inside[index] = state
    return inside


def _told_by_words(text: str, reading: Reading, own: list[int], target: str) -> list[bool]:
    """Against all rivals, and against the target's twin, which takes more to be believed."""
    windows = list(odds.in_windows(text, reading, own, target))
    begins = _begin_clauses(reading.breaks, own)
    costs = [AT_CLAUSE if begin else SWITCH for begin in begins]
    states = likeliest(odds.of_words(text, windows, reading, target), costs)
    twin = odds.of_twin(text, windows, reading, target)
    if not twin:
        return states
    switch = TWIN_SWITCHES.get(target, TWIN_SWITCH)
    costs = [switch * TWIN_AT_CLAUSE if begin else switch for begin in begins]
    against = likeliest(twin, costs, switch)
    return [one and other for one, other in zip(states, against, strict=True)]


def _begin_clauses(breaks: list[int], own: list[int]) -> list[bool]:
    """For each word of `own`, does a clause end between the one before it and itself."""
    before = [bisect_right(breaks, index) for index in own]
    return [one < other for one, other in zip([0, *before], before, strict=False)]


def _han_evidence(text: str, words: list[Word], own: list[int], target: str) -> list[float]:
    """Characters that touch are a run."""
    runs: list[list[int]] = []
    for index in own:
        if runs and words[runs[-1][-1]].end == words[index].start:
            runs[-1].append(index)
        else:
            runs.append([index])
    sign = 1.0 if target == "ja" else -1.0
    spans = (text[words[run[0]].start : words[run[-1]].end] for run in runs)
    return [sign * value for span in spans for value in of_run(span)]


def likeliest(evidence: list[float], costs: list[float], edge: float = 0.0) -> list[bool]:
    """Viterbi's path over two states; `evidence` is for True, minus `evidence` for False.

    A change just before a value costs its `costs`; to begin or to end in False costs `edge`.
    """
    yes, no = 0.0, -edge
    stays: list[tuple[bool, bool]] = []
    for value, switch in zip(evidence, costs, strict=True):
        stay_yes, stay_no = yes >= no - switch, no >= yes - switch
        yes, no = (
            (yes if stay_yes else no - switch) + value,
            (no if stay_no else yes - switch) - value,
        )
        stays.append((stay_yes, stay_no))
    state, path = yes >= no - edge, []
    for stay_yes, stay_no in reversed(stays):
        path.append(state)
        if not (stay_yes if state else stay_no):
            state = not state
    path.reverse()
    return path


def _spans(words: list[Word], inside: list[bool]) -> Iterator[Span]:
    """Runs of words that are not in the target, of one script each."""
    keys = [None if own else word.script for word, own in zip(words, inside, strict=True)]
    position = 0
    for key, group in groupby(keys):
        run = words[position : position + len(list(group))]
        position += len(run)
        if key:
            weight = sum(word.weight for word in run)
            yield Span(run[0].start, run[-1].end, key, weight)
