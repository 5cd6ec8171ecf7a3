"""Language codes: what a dataset may write, and what we call it."""

from adjudge.verifiers.language.scripts import SCRIPT_OF

_ALIASES = {
    "no": "nb", "nn": "nb", "iw": "he", "in": "id", "fil": "tl", "bs": "hr", "sh": "hr",
    "cmn": "zh", "yue": "zh", "eng": "en", "deu": "de", "ger": "de", "fra": "fr", "fre": "fr",
    "spa": "es", "ita": "it", "por": "pt", "nld": "nl", "dut": "nl", "pol": "pl", "ces": "cs",
    "cze": "cs", "slk": "sk", "slo": "sk", "slv": "sl", "swe": "sv", "dan": "da", "nor": "nb",
    "nob": "nb", "nno": "nb", "fin": "fi", "hun": "hu", "ron": "ro", "rum": "ro", "tur": "tr",
    "vie": "vi", "ind": "id", "msa": "ms", "may": "ms", "zsm": "ms", "cat": "ca", "hrv": "hr",
    "bos": "hr", "swa": "sw", "swh": "sw", "isl": "is", "ice": "is", "lit": "lt", "lav": "lv",
    "tgl": "tl", "rus": "ru", "ukr": "uk", "bul": "bg", "mkd": "mk", "mac": "mk", "ara": "ar",
    "arb": "ar", "fas": "fa", "per": "fa", "pes": "fa", "urd": "ur", "hin": "hi", "mar": "mr",
    "zho": "zh", "chi": "zh", "jpn": "ja", "kor": "ko", "ell": "el", "gre": "el", "heb": "he",
    "ben": "bn", "tam": "ta", "tel": "te", "tha": "th", "kat": "ka", "geo": "ka", "hye": "hy",
    "arm": "hy", "pan": "pa", "guj": "gu", "ori": "or", "kan": "kn", "mal": "ml", "sin": "si",
    "lao": "lo", "bod": "bo", "tib": "bo", "mya": "my", "bur": "my", "amh": "am", "khm": "km",
}  # fmt: skip
"""Other ISO 639 codes, and those of languages that are not told apart from another."""


def canonical(code: str) -> str | None:
    """Our code for an ISO 639 code (`en`, `eng`, `en-US`, `zh_Hant`); None where not known."""
    language = code[:40].strip().lower().replace("_", "-").partition("-")[0]
    language = _ALIASES.get(language, language)
    return language if language in SCRIPT_OF else None


def supported() -> str:
    return ", ".join(sorted(SCRIPT_OF))
