"""`number`: the answer is the reference's number, within a tolerance.

For plain numbers, read by rules that fit on a page; what takes mathematics to compare is `math`'s.
Values are exact fractions: a tolerance of 0 means equal, whatever floats make of 0.1 + 0.2.
"""

import re
from fractions import Fraction

from pydantic import Field

from adjudge.verifiers.answers import Where, find
from adjudge.verifiers.exact import SHOWN
from adjudge.verifiers.types import BadReference, Completion, Frozen, Reference, Verdict, Verifier

MAX_EXPONENT = 400
"""Ten to a higher power is no plain number."""
MAX_DIGITS = 400

_PLAIN = r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]*)?|\.[0-9]+"
_POWER = r"(?:e|(?:\*|×|·|\\times|\\cdot)10\^)\{?([-+]?[0-9]+)\}?"
_NUMBER = re.compile(
    rf"(?P<sign>[-+])?(?P<plain>{_PLAIN})(?:{_POWER})?(?:/(?P<under>{_PLAIN}))?(?P<percent>%|\\%)?"
)
_FRAC = re.compile(r"\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}")
_NOISE = re.compile(r"\\(?:left|right|text|mathrm|,|!|;|:|quad|displaystyle)|[\s$€£¥~{}]|\*\*")
_MINUS = str.maketrans({"−": "-", "–": "-", "，": ",", "．": ".", "／": "/", "％": "%"})
_FULL_WIDTH = str.maketrans("０１２３４５６７８９", "0123456789")


class NumberReference(Reference):
    answer: str | float | int
    """The number: JSON's, or written as people do (`1,234.5`, `3/4`, `12%`, `6.02e23`)."""


class NumberParams(Frozen):
    extract: Where = "auto"
    """Where the answer stands; in running text the last number counts."""
    tolerance: float = Field(default=1e-9, ge=0)
    """Largest absolute difference."""
    relative_tolerance: float = Field(default=1e-9, ge=0)
    """Largest difference as a share of the reference; the larger of the two bounds holds."""


def check(completion: Completion, reference: NumberReference, params: NumberParams) -> Verdict:
    wanted = read(str(reference.answer))
    if wanted is None:
        raise BadReference(f"answer: {str(reference.answer)[:SHOWN]!r} is not a number")
    found = find(completion, params.extract)
    if found.reason is not None:
        return found.refusal()
    values = {read(candidate) for candidate in found.candidates}
    if len(values) > 1:
        return Verdict.no_answer("ambiguous", "several different numbers are given")
    given, shown = values.pop(), found.answer[-SHOWN:]
    if given is None:
        return Verdict.no_answer("no_number", f"no number in {shown!r}")
    return _compare(given, wanted, shown, params)


def _compare(given: Fraction, wanted: Fraction, shown: str, params: NumberParams) -> Verdict:
    allowed = max(Fraction(params.tolerance), Fraction(params.relative_tolerance) * abs(wanted))
    detail = f"{_short(given)} against {_short(wanted)}, within {float(allowed):.3g}"
    if abs(given - wanted) <= allowed:
        return Verdict.correct("within_tolerance", detail, shown)
    return Verdict.incorrect("different", detail, shown)


def _short(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else f"{float_text(value)}"


def float_text(value: Fraction) -> str:
    """Twelve digits; a fraction's own text where no float is so large or small."""
    try:
        return f"{float(value):.12g}"
    except OverflowError:
        return str(value)[:SHOWN]


def read(text: str) -> Fraction | None:
    """The last number in a text; None where there is none that is plain."""
    text = _clean(text)
    number = None
    for number in _NUMBER.finditer(text):  # noqa: B007 - the last one
        pass
    return _value(number) if number is not None else None


def _clean(text: str) -> str:
    text = text.translate(_MINUS).translate(_FULL_WIDTH)
    text = _FRAC.sub(r"\1/\2", text).replace("{,}", ",")
    return _NOISE.sub("", text) if len(text.split()) <= 3 else _SPACES.sub(" ", text)


_SPACES = re.compile(r"[$€£¥~{}]|\*\*|\\(?:text|mathrm|,|!)")


def _value(number: re.Match[str]) -> Fraction | None:
    plain = number["plain"].replace(",", "")
    exponent = int((number[3] or "0")[:6])
    if len(plain) > MAX_DIGITS or abs(exponent) > MAX_EXPONENT:
        return None
    value = Fraction(plain.rstrip(".") or "0") * Fraction(10) ** exponent
    if number["under"]:
        under = Fraction(number["under"].replace(",", "").rstrip(".")[:MAX_DIGITS] or "0")
        if not under:
            return None
        value /= under
    value /= 100 if number["percent"] else 1
    return -value if number["sign"] == "-" else value


def _same(left: str, right: str, _: NumberParams) -> bool:
    value = read(left)
    return value is not None and value == read(right)


verifier = Verifier(
    kind="number",
    version="1",
    summary="the answer is the reference's number, within a tolerance",
    reference=NumberReference,
    params=NumberParams,
    check=check,
    same=_same,
)
