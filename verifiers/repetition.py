"""`repetition`: a penalty for saying the same again, 0 down to −1.

Two signs, the stronger of which counts:

- *n-grams* (Yeo et al. 2025, arXiv 2502.03373 appendix C.2): the share of n-grams that were there
  before, 1 − unique/total, above a share that natural text has too. Words where a script parts them
  by blanks, characters where it does not (Han, Kana, Thai, Lao, Khmer, Burmese).
- *a loop at the end*: how far zlib packs the last thousand characters. Natural text of 40 languages
  stays above 0.3 (one byte for each character of a small alphabet, so that scripts compare), code
  and the formulas of MATH-500's solutions above 0.185; loops and paraphrased loops are below 0.15.
"""

import re
import string
import zlib

from pydantic import Field

from adjudge.verifiers.types import Completion, Frozen, Reference, Verdict, Verifier

_UNITS = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
    r"|[^\s\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+"
)
"""A character of a script without blanks, or a run of others: no position is read twice."""
MAX_UNITS = 200_000
TAIL_CHARS = 1_000
LOOP_RATIO = 0.18
"""The end is a loop if it packs to less than this."""
MIN_TAIL_CHARS = 400
"""A shorter text is not looked at for a loop: any packs well."""


class RepetitionReference(Reference):
    """Nothing is needed."""


class RepetitionParams(Frozen):
    ngram: int = Field(default=4, ge=1, le=64)
    """Units in a row that count as said again."""
    free: float = Field(default=0.2, ge=0.0, lt=1.0)
    """Share of repeated n-grams that costs nothing; natural chains of thought stay below 0.03."""
    max_penalty: float = Field(default=1.0, gt=0.0, le=1.0)
    """The penalty where everything is repeated, and for a loop."""
    tail_chars: int = Field(default=TAIL_CHARS, ge=MIN_TAIL_CHARS, le=20_000)
    loop_ratio: float = Field(default=LOOP_RATIO, ge=0.0, lt=1.0)
    """The end is a loop if it packs to less than this share; 0: not looked at."""


def check(completion: Completion, _: RepetitionReference, params: RepetitionParams) -> Verdict:
    text = completion.text
    share = repeated_share(text, params.ngram)
    packed = packed_ratio(tail(text, params.tail_chars))
    if packed < params.loop_ratio:
        detail = f"the last {params.tail_chars:,} characters pack to {packed:.2f} of their size"
        return Verdict.penalty(-params.max_penalty, "loop", detail)
    detail = f"{share:.1%} of the {params.ngram}-grams were there before"
    if share <= params.free:
        return Verdict.penalty(0.0, "varied", detail)
    excess = (share - params.free) / (1.0 - params.free)
    return Verdict.penalty(-params.max_penalty * excess, "repeated_ngrams", detail)


def repeated_share(text: str, n: int) -> float:
    """1 − unique/total over the n-grams of a text's words or characters; 0 for too short a text."""
    units = _units(text)
    total = len(units) - n + 1
    if total <= 0:
        return 0.0
    unique = len({tuple(units[at : at + n]) for at in range(total)})
    return 1.0 - unique / total


def _units(text: str) -> list[str]:
    units: list[str] = []
    for found in _UNITS.finditer(text):
        units.append(found[0].casefold())
        if len(units) >= MAX_UNITS:
            break
    return units


def tail(text: str, chars: int) -> str:
    """The end of a text, each run of blanks as one: indentation is no loop."""
    near = _single_spaced(text[-2 * chars :])
    if len(near) < chars and len(text) > 2 * chars:  # much of it was blank
        near = _single_spaced(text[-4 * chars :])
    return near[-chars:]


def _single_spaced(text: str) -> str:
    """`" ".join(text.split())`, in a third of the time where blanks seldom stand together."""
    if not text.isascii():
        return " ".join(text.split())
    text = text.translate(_SPACES)
    while "  " in text:
        text = text.replace("  ", " ")
    return text.strip(" ")


def packed_ratio(text: str) -> float:
    """Packed size over size; 1 for a text too short to tell."""
    if len(text) < MIN_TAIL_CHARS:
        return 1.0
    plain = _numbered(text)
    packer = zlib.compressobj(6, zlib.DEFLATED, *_window(len(plain)))
    return (len(packer.compress(plain)) + len(packer.flush())) / len(plain)


def _window(size: int) -> tuple[int, int]:
    """zlib's `wbits` and `memLevel`: a short text needs a window of 4 kB and one block, and to set
    up more costs more than to pack it. The result has the same length."""
    return (12, 6) if size <= 2_000 else (15, 8)


_SPACES = {code: " " for code in range(128) if chr(code).isspace()}
_COMMON = f" {string.ascii_lowercase}{string.digits}{string.punctuation}".encode()
_COMMON_FIRST = bytes.maketrans(_COMMON + bytes(set(range(128)) - set(_COMMON)), bytes(range(128)))
"""ASCII with what most texts are made of in front."""


def _numbered(text: str) -> bytes:
    """A byte for each character, small numbers for what comes up; two where there are too many.

    Packing then costs much the same whatever the script.
    """
    if text.isascii():
        return text.encode().translate(_COMMON_FIRST)
    numbers = {ord(char): at for at, char in enumerate(dict.fromkeys(text))}
    if len(numbers) <= 256:
        return text.translate(numbers).encode("latin-1")
    return text.encode("utf-16-le", "surrogatepass")


verifier = Verifier(
    kind="repetition",
    version="2",
    summary="a penalty for saying the same again: n-grams, and loops at the end",
    reference=RepetitionReference,
    params=RepetitionParams,
    check=check,
)
