"""What is known of each language: frequent words, spelling, Han characters; read at first use.

`data/words.zip` holds one text a language (data/NOTICE.md says where they come from, and
bench/build_language_data.py makes it). A page has two parts: words by log-frequency, letters by
log-probability, in bins of a quarter; of Han, the log-odds of Japanese against Chinese, of
characters and of pairs.
"""

import math
import sys
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
BIN = 0.25
RAREST = -9.0
"""log P of a letter after two others that the model does not list."""

_PAGES = (
    "en de fr es it pt nl pl cs sk sl sv da nb fi hu ro tr vi id ms ca hr sw is lt lv tl "
    "ru uk bg mk ar fa ur hi mr"
)
LISTED = frozenset(_PAGES.split())
"""Languages that have a page."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    words: dict[str, float]
    """Natural log of the frequency of the 5,000 most frequent."""
    letters: dict[str, float]
    """Log-probability of the last letter of a pair or triple after those before it."""

    def spelling(self, word: str) -> float:
        """Log-probability of the letters of `word`, each after the two before it."""
        letters, padded, total = self.letters, f"_{word}_", 0.0
        total += letters.get(padded[:2], RAREST)
        for i in range(len(padded) - 2):
            found = letters.get(padded[i : i + 3])
            if found is None:
                found = letters.get(padded[i + 1 : i + 3], RAREST)
            total += found
        return total


@cache  # about 1 MB each, 40 MB for all with the model
def lexicon(language: str) -> Lexicon:
    """Of one of `LISTED`."""
    words, letters = _page(language)
    return Lexicon(_values(words), _values(letters))


@dataclass(frozen=True, slots=True)
class HanOdds:
    """log P(Japanese) − log P(Chinese)."""

    characters: dict[str, float]
    pairs: dict[str, float]


@cache
def han_odds() -> HanOdds:
    characters, pairs = _page("han")
    return HanOdds(_values(characters), _values(pairs))


def _page(name: str) -> tuple[str, str]:
    with zipfile.ZipFile(DATA / "words.zip") as archive:
        first, second = archive.read(f"{name}.txt").decode().split("\n\n")
    return first, second


def _values(part: str) -> dict[str, float]:
    values: dict[str, float] = {}
    for line in part.splitlines():
        number, *texts = line.split(" ")
        values.update(dict.fromkeys(map(sys.intern, texts), int(number) * BIN))
    return values


@cache
def _model() -> Any:  # noqa: ANN401  fasttext has no types
    import fasttext

    return fasttext.load_model(str(DATA / "lid.176.ftz"))


def identify(text: str, most: int = 6) -> dict[str, float]:
    """fastText's languages of a line of text (no line break in it), by our codes, with shares."""
    labels, shares = _model().predict(text, k=most)
    found: dict[str, float] = {}
    for code, share in zip(map(_code, labels), shares, strict=True):
        found[code] = found.get(code, 0.0) + min(1.0, share)
    return {code: share for code, share in found.items() if math.isfinite(share)}


@cache  # of 176 labels
def _code(label: str) -> str:
    code = label.removeprefix("__label__")
    return LABELS.get(code, code)


LABELS = {"no": "nb", "nn": "nb", "sr": "hr", "sh": "hr", "bs": "hr", "yue": "zh", "wuu": "zh",
          "als": "de", "bar": "de"}  # fmt: skip
"""fastText's codes that we count under another."""
