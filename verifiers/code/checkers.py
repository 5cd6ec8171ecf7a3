"""Is this output the wanted one? One function a checker, each linear (or n log n) in both."""

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping

from adjudge.verifiers.code.shapes import Comparison

TOLERANCE = 1e-6
"""Absolute or relative, as most judges have it."""
MAX_NUMBER_CHARS = 400
NUMBER = re.compile(
    rb"[-+]?(?:[0-9]{1,400}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})(?:[eE][-+]?[0-9]{1,9})?"
)

Check = Callable[[bytes, bytes], bool]
"""What the program wrote, what was wanted."""


def same_bytes(got: bytes, wanted: bytes) -> bool:
    """`exact`: byte for byte."""
    return got == wanted


def same_tokens(got: bytes, wanted: bytes) -> bool:
    """`tokens`: the words between blanks, in order."""
    return got.split() == wanted.split()


def same_lines(got: bytes, wanted: bytes) -> bool:
    """`lines`: line for line, without blanks at the ends of lines and empty lines at the end."""
    return _lines(got) == _lines(wanted)


def _lines(text: bytes) -> list[bytes]:
    return [line.rstrip() for line in text.rstrip().splitlines()]


def close_tokens(got: bytes, wanted: bytes) -> bool:
    """`float`: numbers within 1e-6 of the wanted ones, absolute or relative; words alike."""
    ours, theirs = got.split(), wanted.split()
    return len(ours) == len(theirs) and all(map(_close, ours, theirs))


def _close(got: bytes, wanted: bytes) -> bool:
    if got == wanted:
        return True
    ours, theirs = _number(got), _number(wanted)
    return ours is not None and theirs is not None and close(ours, theirs)


def _number(token: bytes) -> float | None:
    """None also for infinities: they are near nothing."""
    if len(token) > MAX_NUMBER_CHARS or not NUMBER.fullmatch(token):
        return None
    value = float(token)
    return value if math.isfinite(value) else None


def close(got: float, wanted: float, tolerance: float = TOLERANCE) -> bool:
    """|got − wanted| ≤ tolerance · max(1, |wanted|)."""
    return abs(got - wanted) <= tolerance * max(1.0, abs(wanted))


def same_in_any_order(got: bytes, wanted: bytes) -> bool:
    """`unordered`: the same lines, in any order; of a single line, the same words."""
    ours, theirs = _words(got), _words(wanted)
    if len(ours) == len(theirs) == 1:
        return Counter(ours[0]) == Counter(theirs[0])
    return Counter(ours) == Counter(theirs)


def _words(text: bytes) -> list[tuple[bytes, ...]]:
    return [tuple(words) for line in text.splitlines() if (words := line.split())]


CHECKERS: Mapping[Comparison, Check] = {
    "exact": same_bytes,
    "tokens": same_tokens,
    "lines": same_lines,
    "float": close_tokens,
    "unordered": same_in_any_order,
}
