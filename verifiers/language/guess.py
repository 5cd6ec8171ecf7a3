"""Which language a piece of text is in: of prompts (`auto`), and of spans that evidence names."""

from adjudge.verifiers.language.estimate import Span, measure
from adjudge.verifiers.language.han import is_kana
from adjudge.verifiers.language.lexicon import LISTED, identify, lexicon
from adjudge.verifiers.language.regions import hidden_regions
from adjudge.verifiers.language.scripts import LANGUAGE_OF, SCRIPT_OF, likely_language
from adjudge.verifiers.language.words import Reading, read

SPAN_CHARS = 400
"""Characters of a span that are looked at."""


def text_language(text: str) -> str | None:
    """The language of most of a text."""
    reading = read(text, hidden_regions(text))
    weights: dict[str, float] = {}
    for script, weight in zip(reading.scripts, reading.weights, strict=True):
        weights[script] = weights.get(script, 0.0) + weight
    known = [s for s in weights if s in set(SCRIPT_OF.values())]
    if not known:
        return None
    script = max(known, key=lambda s: (weights[s], s))
    if script in LANGUAGE_OF:
        return LANGUAGE_OF[script]
    if script == "Han":
        return max(("zh", "ja"), key=lambda language: measure(text, language).target)
    return _among(reading, script)


def _among(reading: Reading, script: str) -> str:
    """fastText over all the words, and the word lists: each word's best list."""
    pairs = zip(reading.texts, reading.scripts, strict=True)
    words = [word.lower() for word, its in pairs if its == script]
    shares = identify(" ".join(words))
    candidates = sorted(language for language in LISTED if SCRIPT_OF[language] == script)
    scores = {x: shares.get(x, 0.0) + _listed(words[:400], x) for x in candidates}
    return max(candidates, key=lambda language: scores[language])


def _listed(words: list[str], language: str) -> float:
    """Share of the words that are in a language's list."""
    known = lexicon(language).words
    return sum(word in known for word in words) / len(words)


def span_language(text: str, span: Span, target: str) -> str:
    """A name for a span that is known not to be in the target; for people, not for scores."""
    if span.script in LANGUAGE_OF:
        return LANGUAGE_OF[span.script]
    line = " ".join(text[span.start : min(span.end, span.start + SPAN_CHARS)].split())
    if span.script == "Han":
        return "ja" if any(map(is_kana, line)) else "zh" if target != "zh" else "ja"
    shares = identify(line)
    fitting = [x for x in shares if x != target and SCRIPT_OF.get(x) == span.script]
    return max(fitting, key=lambda x: shares[x], default=likely_language(span.script))
