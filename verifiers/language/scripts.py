"""Writing systems: which one a letter is of, and which languages are written in it.

A script that only one supported language uses decides by itself (`EXCLUSIVE`); Latin, Cyrillic,
Arabic, Devanagari and Han/Kana are shared, and there words decide. The table names ranges by their
first character; what is not a living script of the table is "Other".
"""

import unicodedata
from bisect import bisect_right
from functools import lru_cache

_STARTS = (
    (0x0000, "Latin"), (0x0370, "Greek"), (0x0400, "Cyrillic"), (0x0530, "Armenian"),
    (0x0590, "Hebrew"), (0x0600, "Arabic"), (0x0700, "Other"), (0x0750, "Arabic"),
    (0x0780, "Other"), (0x0870, "Arabic"), (0x0900, "Devanagari"), (0x0980, "Bengali"),
    (0x0A00, "Gurmukhi"), (0x0A80, "Gujarati"), (0x0B00, "Oriya"), (0x0B80, "Tamil"),
    (0x0C00, "Telugu"), (0x0C80, "Kannada"), (0x0D00, "Malayalam"), (0x0D80, "Sinhala"),
    (0x0E00, "Thai"), (0x0E80, "Lao"), (0x0F00, "Tibetan"), (0x1000, "Myanmar"),
    (0x10A0, "Georgian"), (0x1100, "Hangul"), (0x1200, "Ethiopic"), (0x13A0, "Other"),
    (0x1780, "Khmer"), (0x1800, "Other"), (0x1C80, "Cyrillic"), (0x1C90, "Georgian"),
    (0x1CC0, "Other"), (0x1E00, "Latin"), (0x1F00, "Greek"), (0x2000, "Other"),
    (0x2C60, "Latin"), (0x2C80, "Other"), (0x2D00, "Georgian"), (0x2D30, "Other"),
    (0x2DE0, "Cyrillic"), (0x2E00, "Other"), (0x2E80, "Han"), (0x3040, "Kana"),
    (0x3100, "Han"), (0x3130, "Hangul"), (0x3190, "Han"), (0x31F0, "Kana"),
    (0x3200, "Han"), (0xA000, "Other"), (0xA640, "Cyrillic"), (0xA6A0, "Other"),
    (0xA720, "Latin"), (0xA800, "Other"), (0xA8E0, "Devanagari"), (0xA900, "Other"),
    (0xA960, "Hangul"), (0xA980, "Other"), (0xAB30, "Latin"), (0xAB70, "Other"),
    (0xAC00, "Hangul"), (0xD800, "Other"), (0xF900, "Han"), (0xFB00, "Latin"),
    (0xFB13, "Armenian"), (0xFB1D, "Hebrew"), (0xFB50, "Arabic"), (0xFE00, "Other"),
    (0xFE70, "Arabic"), (0xFEFF, "Other"), (0xFF00, "Latin"), (0xFF66, "Kana"),
    (0xFFA0, "Hangul"), (0xFFE0, "Other"), (0x1B000, "Kana"), (0x1B170, "Other"),
    (0x20000, "Han"), (0x323B0, "Other"),
)  # fmt: skip
_FIRST = [start for start, _ in _STARTS]
_NAMES = [name for _, name in _STARTS]

UNSPACED = {"Han": 0.5, "Kana": 0.5, "Thai": 0.2, "Lao": 0.2, "Khmer": 0.2, "Myanmar": 0.2,
            "Tibetan": 0.2}  # fmt: skip
"""Scripts written without spaces, and how much of a word one character weighs: two Han or Kana
characters, or five of the others, are a word's worth."""

EXCLUSIVE = {
    "el": "Greek", "hy": "Armenian", "he": "Hebrew", "bn": "Bengali", "pa": "Gurmukhi",
    "gu": "Gujarati", "or": "Oriya", "ta": "Tamil", "te": "Telugu", "kn": "Kannada",
    "ml": "Malayalam", "si": "Sinhala", "th": "Thai", "lo": "Lao", "bo": "Tibetan",
    "my": "Myanmar", "ka": "Georgian", "ko": "Hangul", "am": "Ethiopic", "km": "Khmer",
}  # fmt: skip
SHARED = {
    **dict.fromkeys(
        ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "cs", "sk", "sl", "sv", "da", "nb", "fi",
         "hu", "ro", "tr", "vi", "id", "ms", "ca", "hr", "sw", "is", "lt", "lv", "tl"), "Latin"),
    **dict.fromkeys(("ru", "uk", "bg", "mk"), "Cyrillic"),
    **dict.fromkeys(("ar", "fa", "ur"), "Arabic"),
    **dict.fromkeys(("hi", "mr"), "Devanagari"),
    **dict.fromkeys(("zh", "ja"), "Han"),
}  # fmt: skip
SCRIPT_OF = {**EXCLUSIVE, **SHARED}
"""Every supported language and its script (Kana goes with Han)."""

LANGUAGE_OF = {script: language for language, script in EXCLUSIVE.items()}
_COMMONEST = {"Latin": "en", "Cyrillic": "ru", "Arabic": "ar", "Devanagari": "hi", "Han": "zh",
              "Kana": "ja"}  # fmt: skip


def script_of(character: str) -> str:
    return _NAMES[bisect_right(_FIRST, ord(character)) - 1]


def likely_language(script: str) -> str:
    """A name for words of a script that nothing else is known of; for evidence, not for scores."""
    return LANGUAGE_OF.get(script) or _COMMONEST.get(script, "unknown")


@lru_cache(maxsize=1)
def letter_classes() -> tuple[str, str, str]:
    """Bodies of regular-expression sets: Han and Kana; the other unspaced scripts; all else.

    Letters and the marks that go with them, from the Unicode tables (`re` knows no \\p{M}).
    """
    sets: dict[str, list[int]] = {"cj": [], "unspaced": [], "spaced": []}
    for code in (*range(0x10000), *range(0x1D400, 0x1D7CC), *range(0x20000, 0x323B0)):
        if unicodedata.category(chr(code))[0] in "LM":
            sets[_kind(chr(code))].append(code)
    return _ranges(sets["cj"]), _ranges(sets["unspaced"]), _ranges(sets["spaced"])


def _kind(character: str) -> str:
    script = script_of(character)
    if script in ("Han", "Kana"):
        return "cj"
    return "unspaced" if script in UNSPACED else "spaced"


def _ranges(codes: list[int]) -> str:
    runs: list[list[int]] = []
    for code in codes:
        if runs and code == runs[-1][1] + 1:
            runs[-1][1] = code
        else:
            runs.append([code, code])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in runs)
