r"""A written answer to its tree: words, times and choices first, formulas then, bare text last.

Text is what is left when no formula can be read: it is compared word by word, never multiplied.
"""

import re

from adjudge.verifiers.math.limits import Malformed
from adjudge.verifiers.math.nodes import (
    Both,
    Choice,
    Div,
    Either,
    List,
    Neg,
    Node,
    Set,
    SetOp,
    Text,
)
from adjudge.verifiers.math.reading.calendar import moment
from adjudge.verifiers.math.reading.numerals import number
from adjudge.verifiers.math.reading.parser import parse
from adjudge.verifiers.math.reading.spelling import spell
from adjudge.verifiers.math.units import find
from adjudge.verifiers.math.vocabulary import (
    CHINESE_HEDGES,
    EMPTY,
    HEDGES,
    NUMBER_WORDS,
    PHRASES,
    REALS,
    spoken,
    told,
)

_WRAP = re.compile(
    r"\\(?:text|textrm|textbf|textit|mathrm|mathbf|mbox|textsf|textnormal|hbox|boldsymbol|emph"
    r"|operatorname|mathit|underline)\s{0,3}\{([^{}]*)\}"
)
_LEAD = re.compile(
    r"^(?:(?:so|thus|hence|therefore|i think|clearly)[ ,]{1,2})?(?:the )?(?:correct |final |right )?"
    r"(?:answers? (?:is|are|=|would be|must be)|(?:final )?answers?\s?:|solutions? (?:is|are)"
    r"|values? (?:is|are)|result is|equals?|only(?= ?[\d\\$(-])|exactly|approximately|about|roughly|it is|there are"
    r"|we get|es gibt|il y a|hay|имеется|diverges to|tends to|approaches|option|choice|total(?: is|:)|(?:la )?(?:respuesta|réponse|soluzione|risposta)"
    r"(?: correcta)?(?: est| es| è| é|\s?:)|(?:die )?(?:antwort|lösung)(?: ist|\s?:)|(?:la )?solución es"
    r"|(?:the )?(?:set of )?solutions?\s?(?:set)?\s?(?::|is|are)|ответ\s?:?|答案\s?[是为:]?\s?[:]?|答\s?:"
    r"|所以答案是|因此|所以|故选?|故答案为|选择?|解\s?:|结果[是为:]|共|约为?|等于|答えは|답은|jawaban(?:nya)?(?: adalah)?)"
    r"\s{0,3}[:：]?\s{0,3}",
    re.IGNORECASE,
)
_TAIL = re.compile(r"(?:です|입니다|即可|。|\.| only| in total| altogether)+$")
_CHOICE = re.compile(r"\(\s?([A-J])\s?\)\.?|([A-J])\s?[.:)]|\[([A-J])\]|([A-J])")
_OPTIONS = frozenset("([ABCDEFGHIJ")
"""How the letter of an option may begin."""
_SEVERAL = re.compile(r"(?:or|and|&|oder|ou|y|或|和|及)(?![a-z])", re.IGNORECASE)
"""Behind the letter of an option: another option follows."""
_LETTERED = re.compile(r"(?:\(([A-J])\)|([A-J])[.:)])\s{0,3}(.{1,400})", re.DOTALL)
_WORDLIKE = re.compile(r"[^\W\d_]{2,}")
_BRACED = re.compile(r"\\[\\{}]|[{}]")
_BLANKS = re.compile(r"\s+")
_NOT_WORDS = re.compile(r"[^\w\s/%-]|_")


_SENTENCE = re.compile(
    r"(?:(?:[^\W\d_][\w'-]{0,30}|\d{1,4}(?:st|nd|rd|th)),? ){1,16}"
    r"(?:is|are|equals|equal to|was|be|to|ist|beträgt|est|es|é|è|равно|равна|равен|составляет) (?=\S)"
)
_CHINESE = re.compile(
    r"[\u4e00-\u9fff,，、]{1,24}?(?:是|为|等于|共有|有|得|：|:)\s{0,2}(?=[^\u4e00-\u9fff])"
)
_VERDICTS = frozenset(("yes", "true", "sí", "oui", "ja", "да"))
_REPEATED = re.compile(
    r"[ ,]{0,3}\(? ?(?:a |with |of )?(?:(?:algebraic )?mult(?:iplicity|\.)(?: of)? (?:\d|one|two|three|four)"
    r"|(?:double|triple|repeated|simple) (?:root|solution|eigenvalue|zero)) ?\)?"
)
"""How often a root counts; lists of roots are sets."""
_OPENED = re.compile(r"(yes|no|true|false)[,.;:!] {1,2}(.{1,300})", re.DOTALL)
_WORD = re.compile(r"[a-z']+")
_TURN_WORDS = "yes no true false but however wait if unless or maybe actually only except unknown"
_TURNS = frozenset(_TURN_WORDS.split())
_REMARK = re.compile(r"(.{0,300}\S) ?\(([a-z]{2,20}(?:[ ,]{1,2}[a-z'-]{1,20}){0,8})\)", re.DOTALL)
_REAL_WORD = re.compile(r"(?=.{0,20}[aeiou])[a-z]{5,20}")
"""No product of letters."""
_EXCEPT = re.compile(
    r"(?:x is |x can be )?(?:all |any |every )?(?:the )?(?:real numbers?|reals)(?: x)?,? ?(?:except|excluding|other than|but"
    r"|apart from|besides)(?: for)? (?:x ?= ?)?"
)
_NONE = re.compile(
    r"(?:there (?:are|is|exists?|exist) |(?:the |this )?(?:equation|system|inequality|problem|it)"
    r"(?: of equations)? has )?no (?:(?:such|real|integer|positive|possible|valid|natural|rational"
    r"|finite|complex|whole|common) ){0,3}(?:solutions?|integers?|numbers?|values?|roots?|pairs?|triples?"
    r"|functions?|polynomials?|primes?|points?|x|n|answers?)(?: exists?)?"
)


_NUMERAL = re.compile(r"(-?)([0-9]{1,300}(?:\.[0-9]{1,300})?)")
_WRITTEN = re.compile(r"([0-9]{1,300}|[0-9]{1,3}(?:,[0-9]{3}){1,99})((?:\.[0-9]{1,300})?)\.?")
_FRACTION = re.compile(
    r"(-?)(?:\\[dt]?frac\{([0-9]{1,300})\}\{([0-9]{1,300})\}|([0-9]{1,300})/([0-9]{1,300}))"
)


def read(text: str, loose: bool = True) -> Node:
    """The tree of one answer; raises Malformed, or OverLimit, for what is none."""
    return _numeral(text) or _answer(text, loose)


def _numeral(text: str) -> Node | None:
    """What most answers are, and where nothing else could be meant."""
    if numeral := _NUMERAL.fullmatch(text):
        value = number(numeral[2])
        return Neg(value) if numeral[1] else value
    if written := _WRITTEN.fullmatch(text):
        return number(written[1].replace(",", "") + written[2])
    if fraction := _FRACTION.fullmatch(text):
        sign, top, bottom, *slashed = fraction.groups()
        share = Div(number(top or slashed[0]), number(bottom or slashed[1]))
        return Neg(share) if sign else share
    return None


def _answer(text: str, loose: bool) -> Node:
    spelt = spell(text)
    _balanced(spelt)
    plain = _unwrapped(spelt).strip(" .;,:*")
    if not plain:
        raise Malformed("nothing")
    if "root" in plain or "mult" in plain:
        spelt = plain = _REPEATED.sub("", plain).strip(" ,")
    if plain.endswith(")") and (remark := _REMARK.fullmatch(plain)):
        spelt = plain = _without_remark(plain, remark)
    lead = _LEAD.match(plain) if plain[:1].isalpha() else None
    if lead and lead.end() < len(plain):
        spelt = _after_lead(spelt, plain[lead.end() :])
        plain = plain[lead.end() :].strip(" .;,")
    said = _worded(plain)
    if said is None and plain[:1].isalnum():
        said = _excepted(plain) or _said(spelt, plain, loose)
    return said or _formula(spelt.strip(), plain, loose)


def _excepted(plain: str) -> Node | None:
    """`all real numbers except 2 and 3`."""
    found = _EXCEPT.match(plain.lower())
    if found is None:
        return None
    tail = plain[found.end() :]
    try:
        rest = spoken(tail.lower()) or parse(tail)
    except Malformed:
        return None
    members = rest.items if isinstance(rest, List | Both | Either) else (rest,)
    return SetOp("minus", (REALS, Set(tuple(members))))


def _said(spelt: str, plain: str, loose: bool) -> Node | None:
    """What a sentence ends with: `the smallest such number is 37`, `所以概率为 3/7`."""
    found = _SENTENCE.match(plain) or _CHINESE.match(plain)
    if found is None or (HEDGES | _VERDICTS) & set(re.split(r"[ ,]", found[0].lower())):
        return None
    if any(sign in found[0] for sign in CHINESE_HEDGES):
        return None
    rest = plain[found.end() :].strip(" .;,:")
    if rest.split(" ", 1)[0].lower() in HEDGES | {"even", "odd", "a", "an", "the"}:
        return None
    if worded := _worded(rest):
        return worded
    try:
        return parse(_after_lead(spelt, rest).strip(" .;,:"), loose)
    except Malformed:
        return None


def _without_remark(plain: str, remark: re.Match[str]) -> str:
    """`0.5 (converges)` without its remark; units in brackets are units, and what hedges stays."""
    words = set(re.split(r"[ ,]", remark[2]))
    if not any(_REAL_WORD.fullmatch(word) for word in words):
        return plain
    if words & (HEDGES | set(NUMBER_WORDS)) or "mod" in words:
        return plain
    if any(find(word) for word in words):
        return f"{remark[1]} {remark[2]}"
    return remark[1]


def _after_lead(spelt: str, rest: str) -> str:
    """The formula behind `the answer is`, with its commands where they are outside of the lead."""
    place = spelt.find(rest[:6])
    found = spelt[place:] if place >= 0 else rest
    return found if found.count("{") == found.count("}") else rest


def _balanced(text: str) -> None:
    level = 0
    for brace in _BRACED.findall(text):
        if brace == "{":
            level += 1
        elif brace == "}":
            level -= 1
            if level < 0:
                raise Malformed("a brace closes that was never opened")
    if level:
        raise Malformed("a brace is never closed")


def _unwrapped(text: str) -> str:
    r"""Without `\text{}` and its like around words."""
    for _ in range(3):
        if "\\" not in text or "{" not in text:
            break
        if not _WRAP.search(text):
            break
        text = _WRAP.sub(r" \1 ", text)
    return _BLANKS.sub(" ", text) if "  " in text else text


def _worded(plain: str) -> Node | None:
    """A whole answer in words: a phrase, a number, a time, a date, the letter of a choice."""
    if len(plain) > 400:
        return None
    words = plain.lower().strip(" .!")
    found = _phrase(words) if words[:1].isalpha() or words[:1] == "-" else None
    return found or moment(plain) or (_choice(plain) if plain[:1] in _OPTIONS else None)


def _phrase(words: str) -> Node | None:
    for said in (words, words.removeprefix("the ")):
        if said in PHRASES:
            return PHRASES[said]
    if _NONE.fullmatch(words):
        return EMPTY
    return _verdict(words) or spoken(words)


def _verdict(words: str) -> Node | None:
    """`Yes, because it is continuous` says yes; with an if or a but it does not."""
    found = _OPENED.fullmatch(words)
    if found is None or set(_WORD.findall(found[2])) & _TURNS:
        return None
    if found[1] in ("yes", "true") and "not" in found[2]:
        return None
    return PHRASES[found[1]]


def _choice(plain: str) -> Choice | None:
    if found := _CHOICE.fullmatch(plain):
        return Choice(next(group for group in found.groups() if group))
    if found := _LETTERED.fullmatch(plain):
        letter, rest = found[1] or found[2], found[3]
        if (
            _SEVERAL.match(rest)
            or _CHOICE.fullmatch(rest.strip(" ."))
            or rest[:1] in ("^", "_", "=", "+", "-", "/", ",")
        ):
            return None
        return Choice(letter, _beside(rest))
    return None


def _beside(rest: str) -> Node | None:
    try:
        return parse(rest.strip())
    except Malformed:
        return Text(_bag(rest))


_BOUND = re.compile(r"(?<![A-Za-z\\])[a-zA-Z] ?\\in(?![a-z])")
"""`m \\in \\mathbb{Z}`: letters are names here, no metres."""


def _formula(spelt: str, plain: str, loose: bool) -> Node:
    loose = loose and ("\\in" not in spelt or _BOUND.search(spelt) is None)
    try:
        return parse(spelt.rstrip(" .;,:"), loose)
    except Malformed as trouble:
        try:
            return parse(_TAIL.sub("", plain), loose, letters=False)
        except Malformed:
            return _text(plain, trouble)


def _text(plain: str, trouble: Malformed) -> Node:
    if not _WORDLIKE.search(re.sub(r"\\[A-Za-z]+", " ", plain)):
        raise trouble
    words = _bag(plain)
    if not words:
        raise trouble
    return Text(words)


def _bag(plain: str) -> str:
    words = _NOT_WORDS.sub(" ", plain.lower()).split()
    return told(words)
