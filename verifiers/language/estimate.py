"""The share of a text's words that are in a language, and the spans that are not.

DeepSeek-R1 (arXiv 2501.12948) eq. 7: `Num(Words_target) / Num(Words)`. Scripts decide first: a word
in another script than the target's is not in the target, and where a script has one language that
is all. Else every word gets the odds of target against its rivals (`odds`), and the likeliest
sequence of two states, target and other, with a cost for every change, is taken (Viterbi 1967): a
loan word alone does not leave the language, a clause does.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import compress, groupby

from adjudge.verifiers.language import odds
from adjudge.verifiers.language.han import of_run
from adjudge.verifiers.language.regions import Region, hidden_regions
from adjudge.verifiers.language.scripts import EXCLUSIVE, SCRIPT_OF, UNSPACED
from adjudge.verifiers.language.words import Reading, read

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
        reading = _characters(reading)
    inside = _decide(reading, target)
    total, kept = sum(reading.weights), sum(compress(reading.weights, inside))
    return Measure(total, kept, tuple(_spans(reading, inside)))


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


def _characters(reading: Reading) -> Reading:
    """Runs of Han and Kana as single characters: a run may be of two languages."""
    apart = Reading([], [], [], [], [])
    for word, start, script, weight in zip(*reading[:4], strict=True):
        if script == "Han":
            for place, character in enumerate(word, start):
                apart.add(character, place, "Han", UNSPACED["Han"])
        else:
            apart.add(word, start, script, weight)
    return apart


def _decide(reading: Reading, target: str) -> list[bool]:
    """For each word, is it in the target."""
    script = SCRIPT_OF[target]
    inside = [word == script for word in reading.scripts]
    if target in EXCLUSIVE:
        return inside
    own = list(compress(range(len(inside)), inside))
    if script == "Han":
        evidence = _han_evidence(reading, own, target)
        states = likeliest(evidence, [HAN_SWITCH] * len(own))
    else:
        states = _told_by_words(reading, own, target)
    for index, state in zip(own, states, strict=True):
        inside[index] = state
    return inside


def _told_by_words(reading: Reading, own: list[int], target: str) -> list[bool]:
    """Against all rivals, and against the target's twin, which takes more to be believed."""
    words, clauses = reading.texts, reading.breaks
    if len(own) < len(words):
        words = [words[index] for index in own]
        clauses = [bisect_left(own, index) for index in clauses]
    windows = list(odds.in_windows(words, clauses, target))
    costs = _costs(len(own), clauses, SWITCH, AT_CLAUSE)
    states = likeliest(odds.of_words(words, windows, target), costs)
    twin = odds.of_twin(words, windows, target)
    if not twin:
        return states
    switch = TWIN_SWITCHES.get(target, TWIN_SWITCH)
    costs = _costs(len(own), clauses, switch, switch * TWIN_AT_CLAUSE)
    against = likeliest(twin, costs, switch)
    return [one and other for one, other in zip(states, against, strict=True)]


def _costs(words: int, clauses: list[int], within: float, at_clause: float) -> list[float]:
    """What a change of language just before each word costs."""
    costs = [within] * (words + 1)  # the last clause may have no words
    for place in clauses:
        costs[place] = at_clause
    return costs[:words]


def _han_evidence(reading: Reading, own: list[int], target: str) -> list[float]:
    """Characters that touch are a run."""
    runs: list[list[str]] = []
    end = -1
    for index in own:
        if reading.starts[index] != end:
            runs.append([])
        runs[-1].append(reading.texts[index])
        end = reading.end(index)
    sign = 1.0 if target == "ja" else -1.0
    return [sign * value for run in runs for value in of_run("".join(run))]


def likeliest(evidence: list[float], costs: list[float], edge: float = 0.0) -> list[bool]:
    """Viterbi's path over two states; `evidence` is for True, minus `evidence` for False.

    A change just before a value costs its `costs`; to begin or to end in False costs `edge`. None
    of the costs is negative.
    """
    if min(evidence, default=0.0) >= 0.0:
        return [True] * len(evidence)  # False is never the likelier
    yes, no = 0.0, -edge
    changes: dict[bool, list[int]] = {True: [], False: []}
    for place, (value, switch) in enumerate(zip(evidence, costs, strict=True)):
        if yes < no - switch:
            yes = no - switch
            changes[True].append(place)
        elif no < yes - switch:
            no = yes - switch
            changes[False].append(place)
        yes += value
        no -= value
    return _path(len(evidence), changes, yes >= no - edge)


def _path(length: int, changes: dict[bool, list[int]], state: bool) -> list[bool]:
    """Read from its end, where it is in `state`; `changes`: where the likelier way to be in a
    state was to come from the other."""
    path: list[bool] = []
    while len(path) < length:
        places = changes[state]
        while places and places[-1] >= length - len(path):
            places.pop()
        start = places.pop() if places else 0
        path.extend([state] * (length - len(path) - start))
        state = not state
    path.reverse()
    return path


def _spans(reading: Reading, inside: list[bool]) -> Iterator[Span]:
    """Runs of words that are not in the target, of one script each."""
    if all(inside):
        return
    keys = [None if own else script for script, own in zip(reading.scripts, inside, strict=True)]
    start = 0
    for key, group in groupby(keys):
        stop = start + len(list(group))
        if key:
            weight = sum(reading.weights[start:stop])
            yield Span(reading.starts[start], reading.end(stop - 1), key, weight)
        start = stop
