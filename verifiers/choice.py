"""`choice`: multiple choice; the answer is the letter of an option, or its text.

A completion that names two options has not chosen: `no_answer`, `ambiguous`.
"""

import re
import unicodedata

from pydantic import Field

from adjudge.verifiers.answers import Where, find
from adjudge.verifiers.exact import SHOWN
from adjudge.verifiers.types import BadReference, Completion, Frozen, Reference, Verdict, Verifier

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

_WRAPPED = re.compile(r"\\(?:text|textbf|mathrm|mathbf|textit|mbox)\s?\{([^{}]*)\}")
_NOISE = re.compile(r"[$*_`{}]|\\[()\[\],!;: ]")
_ALONE = re.compile(r"[(\[（【]?([A-Za-z])[)\]）】]?[.,:;、。]?")
_LED = re.compile(r"[(\[（【]?([A-Z])(?:[)\]）】][.:、]?|[.:、])\s*(.+)", re.DOTALL)
_SAID = re.compile(
    r"(?i:\b(?:answer|option|choice|choose|pick|select)\b|答案|选项|选择|选)"
    r"(?i:\s?(?:is|are|was|be|:|：|为|是|=|option|choice|the|correct|letter))*"
    r"\s?[(\[（【\"']{0,2}([A-Z])(?![A-Za-z'’])"
)
"""`the answer is (B)`, `Option C`, `答案是B`: a capital letter, alone, right behind the word."""
_PREFIX = re.compile(
    r"(?i:(?:so |thus |therefore |hence )?,?\s?(?:the )?(?:(?:correct|final|right|best) )?"
    r"(?:answer|option|choice)\s?(?:is|:|：)?\s?(?:option|choice)?\s?)"
)


class ChoiceReference(Reference):
    answer: str = Field(min_length=1)
    """The letter of the right option, or its text."""
    choices: tuple[str, ...] = Field(min_length=2, max_length=26)
    """The options in order: the first is A."""


class ChoiceParams(Frozen):
    extract: Where = "auto"
    """Where the answer stands; in running text the letter behind `answer is`, or the last line."""


def check(completion: Completion, reference: ChoiceReference, params: ChoiceParams) -> Verdict:
    wanted = _wanted(reference)
    found = find(completion, params.extract)
    if found.reason is not None:
        return found.refusal()
    named = {name for text in found.candidates for name in chosen(text, reference.choices)}
    shown = found.answer[-SHOWN:]
    if len(named) > 1:
        return Verdict.no_answer("ambiguous", f"names {', '.join(sorted(named))}")
    if not named:
        return Verdict.no_answer("no_choice", f"names no option: {shown!r}")
    return _compare(named.pop(), wanted, reference.choices)


def _compare(given: str, wanted: str, choices: tuple[str, ...]) -> Verdict:
    text = choices[LETTERS.index(given)][:SHOWN]
    if given == wanted:
        return Verdict.correct("right_choice", f"{given}: {text}", given)
    return Verdict.incorrect("wrong_choice", f"{given} ({text}) is not {wanted}", given)


def _wanted(reference: ChoiceReference) -> str:
    """The right letter. Raises BadReference where the answer is no option."""
    names = _by_letter(reference.answer, len(reference.choices)) or _by_text(
        reference.answer, reference.choices
    )
    if len(names) != 1:
        raise BadReference(f"answer: {reference.answer[:SHOWN]!r} is not one of the choices")
    return names.pop()


def chosen(text: str, choices: tuple[str, ...]) -> set[str]:
    """The letters that an answer names."""
    text = _plain(text)
    for reading in (text, _PREFIX.sub("", text, count=1).strip()):
        names = _by_text(reading, choices) or _by_letter(reading, len(choices))
        names = names or _led(reading, choices)
        if names:
            return names
    return _said(text, choices)


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", _WRAPPED.sub(r"\1", text))
    return " ".join(_NOISE.sub("", text).split())


def _by_letter(text: str, count: int) -> set[str]:
    alone = _ALONE.fullmatch(text.strip())
    letter = alone[1].upper() if alone else ""
    return {letter} if letter and LETTERS.index(letter) < count else set()


def _by_text(text: str, choices: tuple[str, ...]) -> set[str]:
    wanted = _folded(text)
    return {LETTERS[at] for at, choice in enumerate(choices) if _folded(choice) == wanted}


def _folded(text: str) -> str:
    return " ".join(_plain(text).casefold().rstrip(".").split())


def _led(text: str, choices: tuple[str, ...]) -> set[str]:
    """`B) the text`: a letter, and the rest belongs to it (or to nobody)."""
    led = _LED.fullmatch(text)
    if led is None:
        return set()
    names = _by_letter(led[1], len(choices))
    others = _by_text(led[2], choices) - names
    return names | others | (_said(led[2], choices) if names else set())


def _said(text: str, choices: tuple[str, ...]) -> set[str]:
    """In running text: the letters behind `answer is`, or what the last line names."""
    said = [name for found in _SAID.finditer(text) for name in _by_letter(found[1], len(choices))]
    if said:
        return set(said[-1:]) if len(text) > MAX_ONE_ANSWER else set(said)
    return set()


MAX_ONE_ANSWER = 60
"""In a longer text, options are also talked about: the last one named is the choice."""


def _same(left: str, right: str, _: ChoiceParams) -> bool:
    return left == right


verifier = Verifier(
    kind="choice",
    version="1",
    summary="multiple choice: the letter of an option, or its text",
    reference=ChoiceReference,
    params=ChoiceParams,
    check=check,
    same=_same,
)
