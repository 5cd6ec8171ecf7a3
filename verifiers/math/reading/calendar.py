"""Times of the day and dates, as whole answers."""

import re

from adjudge.verifiers.math.nodes import Clock, Date, Node

_MONTHS = {
    name: place
    for place, names in enumerate(
        (
            "january jan",
            "february feb",
            "march mar",
            "april apr",
            "may",
            "june jun",
            "july jul",
            "august aug",
            "september sep sept",
            "october oct",
            "november nov",
            "december dec",
        ),
        start=1,
    )
    for name in names.split()
}
_CLOCK = re.compile(
    r"(\d{1,2})(?::(\d{2})(?::(\d{2}))?)?\s{0,3}"
    r"(a\.?\s?m\.?|p\.?\s?m\.?|o'?clock|noon|midnight|h(?:rs?|ours?)?)?"
    r"(?:\s{0,2}(?:in the )?(morning|afternoon|evening|night))?\.?",
    re.IGNORECASE,
)
_MONTH_FIRST = re.compile(r"([A-Za-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?(?:\s?,? (\d{4}))?")
_DAY_FIRST = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?(?: of)? ([A-Za-z]{3,9})\.?,?(?: (\d{4}))?")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_CHINESE = re.compile(r"(?:(\d{4})\s?年\s?)?(\d{1,2})\s?月\s?(\d{1,2})\s?[日号]")
_NAMED_DAY = re.compile(r"^(?:mon|tues|wednes|thurs|fri|satur|sun)day,? ", re.IGNORECASE)


def moment(text: str) -> Node | None:
    """The time or the date that the whole of `text` names; None where it names none."""
    if len(text) > 40 or not (text[:1].isdigit() or text[:3].isalpha()):
        return None
    return _clock(text) or _date(_NAMED_DAY.sub("", text))


def _clock(text: str) -> Clock | None:
    found = _CLOCK.fullmatch(text)
    if found is None or not (found[2] or found[4] or found[5]):
        return None
    half = (found[4] or {"morning": "a", None: ""}.get(found[5], "p"))[:1].lower()
    if half == "h" and found[2] is None:
        return None  # a duration
    hour, minute, second = int(found[1]), int(found[2] or 0), int(found[3] or 0)
    if hour > 24 or minute > 59 or second > 59 or (half in "ap" and half and not 1 <= hour <= 12):
        return None
    return _placed(hour, minute * 60 + second, half, found[1])


def _placed(hour: int, rest: int, half: str, written: str) -> Clock:
    if half == "n":
        return Clock(12 * 3600, marked=True)
    if half == "m":
        return Clock(0, marked=True)
    marked = half in ("a", "p") or hour > 12 or hour == 0 or written[0] == "0"
    if half in ("a", "p"):
        hour = hour % 12 + (12 if half == "p" else 0)
    return Clock(hour * 3600 + rest, bool(marked))


def _date(text: str) -> Date | None:
    if found := _MONTH_FIRST.fullmatch(text):
        return _dated(found[3], _MONTHS.get(found[1].lower()), found[2])
    if found := _DAY_FIRST.fullmatch(text):
        return _dated(found[3], _MONTHS.get(found[2].lower()), found[1])
    if found := _ISO.fullmatch(text) or _CHINESE.fullmatch(text):
        return _dated(found[1], int(found[2]), found[3])
    if found := _SLASHED.fullmatch(text):
        return _dated(found[3], int(found[1]), found[2])
    return None


def _dated(year: str | None, month: int | None, day: str) -> Date | None:
    if month is None or not 1 <= month <= 12 or not 1 <= int(day) <= 31:
        return None
    return Date(int(year) if year else None, month, int(day))
