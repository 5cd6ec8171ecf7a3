r"""Text to tokens, in one pass.

A run of letters is a function, a word or a product of letters; which of the last two is the
parser's to say, but letters inside `\text{}` (kind `roman`) never multiply. What digits with commas
or spaces between them mean is settled here, because only here the blanks are still known.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from adjudge.verifiers.math.limits import TOKENS, OverLimit
from adjudge.verifiers.math.vocabulary import FUNCTIONS, ORDINALS


class Token(NamedTuple):
    kind: str
    """num, base, cmd, letter, word, roman or sign."""
    text: str
    gap: bool = False
    """A blank stood before it."""


_token = lru_cache(maxsize=4_096)(Token)
"""Few tokens make up most formulas."""


_TEXT_COMMANDS = frozenset(
    [
        "text",
        "textrm",
        "textbf",
        "textit",
        "textsf",
        "texttt",
        "textnormal",
        "mathrm",
        "mathbf",
        "mathit",
        "mathsf",
        "mathtt",
        "mbox",
        "hbox",
        "operatorname",
        "boldsymbol",
        "bm",
        "emph",
        "pmb",
        "mathcal",
        "mathscr",
        "mathfrak",
        "underline",
        "boxed",
        "fbox",
        "textup",
        "rm",
        "bf",
        "it",
        "sf",
        "tt",
        "mathop",
        "bold",
    ]
)
_DROPPED = frozenset(
    [
        "left",
        "right",
        "big",
        "Big",
        "bigl",
        "bigr",
        "Bigl",
        "Bigr",
        "bigg",
        "Bigg",
        "dsize",
        "tsize",
        "nonumber",
        "notag",
        "centerdot",
        "strut",
        "displaylimits",
        "phantom",
        "mathstrut",
        "unicode",
        "bigskip",
        "ensuremath",
        "therefore",
        "because",
        "Rightarrow",
        "implies",
        "Longrightarrow",
        "hline",
        "qed",
        "square",
        "blacksquare",
        "checkmark",
        "mathclose",
        "mathopen",
        "vphantom",
        "mathbin",
        "mathrel",
        "mathord",
    ]
)
_SPELLINGS = {
    "dfrac": "frac", "tfrac": "frac", "cfrac": "frac", "dbinom": "binom", "tbinom": "binom",
    "lbrace": "{", "rbrace": "}", "lbrack": "[", "rbrack": "]", "lvert": "|", "rvert": "|",
    "vert": "|", "lVert": "|", "rVert": "|", "Vert": "|", "ast": "cdot", "bullet": "cdot",
    "centerdot": "cdot", "cdots": "ldots", "dots": "ldots", "dotsc": "ldots", "dotsb": "ldots",
    "vdots": "ldots", "ddots": "ldots", "textdegree": "circ", "degrees": "degree", "land": "wedge",
    "colon": ":", "lnot": "neg", "iiint": "int", "iint": "int", "euro": "€", "pounds": "£",
    "yen": "¥", "textdollar": "$", "percent": "%", "overrightarrow": "vec", "vee": "lor",
    "widehat": "hat", "bar": "overline", "lt": "<", "gt": ">", "textasciitilde": "sim",
    "bf": "mathbf", "mathds": "mathbb", "Bbb": "mathbb", "dotsm": "ldots", "lsqb": "[",
    "nCr": "binom", "ge": "ge", "tan": "tan", "thinspace": " ", "sqrtsign": "sqrt",
}  # fmt: skip
_SCAN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<base>0[xX][0-9A-Fa-f]+|0b[01]+|[0-9][0-9A-F]*_(?:\{\d{1,2}\}|\d)(?![\d^])"
    r"|[A-F][0-9A-F]+_(?:\{1\d\}|1\d)(?![\d^]))"
    r"|(?P<group>\d{1,3}(?:\{,\}\d{3})+(?:\.\d+)?)"
    r"|(?P<exp>(?:\d+\.\d+[eE][-+]?\d{1,4}|\d+[eE][-+]?\d{2,4}|\d+[eE]\d)(?![A-Za-z\d.]))"
    r"|(?P<num>\d+(?:\.\d+|\.(?![\d.]))?|\.\d+)"
    r"|(?P<cmd>\\[A-Za-z]+|\\.)"
    r"|(?P<foreign>[A-Za-z]*[\u00c0-\u024f][A-Za-z\u00c0-\u024f]*|[^\W\d_A-Za-z]+|[€£¥₹₽₩¢])"
    r"|(?P<letters>[A-Za-z]+)"
    r"|(?P<sign><=|>=|!=|==|:=|=<|->|\*\*|\.{3}|.)",
    re.DOTALL,
)
_GROUPING = (",", " ")
_COMMAS = re.compile(r"\d{1,3}(?:,\d{3})+(?!\d|,\d)(?:\.\d+)?")
_BLANKS = re.compile(r"\d{1,3}(?: \d{3})+(?![\d,]|\s?/)")
_SPLIT = re.compile(
    r"^([a-zA-Z]{0,2}?)((?:arc|a)?(?:sin|cos|tan)|cot|sec|csc|ln|log|lg|exp|sqrt)([a-zA-Z]{0,2})$"
)
_PI = re.compile(r"^([knmr]?)(pi)([nkrtx]?)$")
_SIGNS = frozenset("[]<>:€£¥%")
_RENAMED = {"\\%": "%", "...": "\\ldots", "->": "\\to", "**": "^", "|": "\\|"}
_BRACKETS = frozenset("()[]")
_OPEN, _CLOSE = frozenset(("(", "[", "\\langle")), frozenset((")", "]", "\\rangle"))
_MAX_TEXT_DEPTH = 6
_LONE = {sign: Token("sign", sign) for sign in "{}()[]^_,;+/'&"}
"""Signs with which nothing longer begins, without a blank before them."""


def tokenize(text: str) -> list[Token]:
    return _Lexer(text).run()


class _Lexer:
    def __init__(self, text: str, nested: int = 0, roman: bool = False) -> None:
        self.text = text
        self.nested = nested
        """How many text commands this text is in."""
        self.roman = roman
        """Is one of them for words?"""
        self.tokens: list[Token] = []
        self.at = 0
        self.depth = 0
        self.gap = False
        self.spaced = ", " in text
        """Commas between values are followed by a blank here, so others may group digits."""

    def run(self) -> list[Token]:
        text, size = self.text, len(self.text)
        while self.at < size:
            lone = _LONE.get(text[self.at])
            if lone is None:
                self._scan()
            else:
                self.at += 1
                self._lone(lone)
            if len(self.tokens) > TOKENS:
                raise OverLimit(f"more than {TOKENS} symbols")
        return self.tokens

    def _lone(self, sign: Token) -> None:
        self.tokens.append(_token("sign", sign.text, True) if self.gap else sign)
        self.gap = False
        if sign.text in _BRACKETS:
            self._level(sign.text)

    def _scan(self) -> None:
        found = _SCAN.match(self.text, self.at)
        assert found is not None  # the last alternative takes any character
        kind, start = str(found.lastgroup), self.at
        self.at = found.end()
        if kind == "space":
            self.gap = True
        else:
            _READERS[kind](self, found[0], start)
            self.gap = False

    def _put(self, kind: str, text: str) -> None:
        self.tokens.append(_token(kind, text, self.gap))
        self.gap = False

    def _base(self, text: str, start: int) -> None:
        digits, _, mark = text.partition("_")
        if mark:
            base = int(mark.strip("{}"))
        else:
            digits, base = text[2:], 16 if text[1] in "xX" else 2
        if not 2 <= base <= 36 or any(int(digit, 36) >= base for digit in digits):
            self._again(start, len(digits) if digits.isdigit() else 1)
        else:
            self._put("base", f"{digits}_{base}")

    def _again(self, start: int, length: int) -> None:
        """It only looked like a numeral with its base."""
        text = self.text[start : start + length]
        self.at = start + length
        self._put("num" if text.isdigit() else "letter", text)

    def _group(self, text: str, _start: int) -> None:
        self._put("num", text.replace("{,}", ""))

    def _exp(self, text: str, _start: int) -> None:
        self._put("num", text)

    def _num(self, text: str, start: int) -> None:
        long = None
        if self.text[self.at : self.at + 1] in _GROUPING and (self.depth == 0 or self.spaced):
            long = _COMMAS.match(self.text, start) or _BLANKS.match(self.text, start)
        if long and not self._after_digits(start):
            self.at = long.end()
            text = long[0].replace(",", "").replace(" ", "")
        self._put("num", text)

    def _after_digits(self, start: int) -> bool:
        before = self.text[max(0, start - 2) : start]
        return before[-1:] in (",", ".") and before[:1].isdigit()

    def _letters(self, text: str, start: int) -> None:
        if len(text) == 1 and not self.roman:
            self._put("letter", text + self._primes())
        elif text in ORDINALS and (self.roman or self.text[start - 1 : start].isdigit()):
            self._put("roman", text)
        elif text in FUNCTIONS and not (self.roman and text == "sec"):
            self._put("cmd", "\\" + text)
        elif self.roman:
            self._put("roman", text)
        else:
            self._run(text)

    def _run(self, text: str) -> None:
        parts = _SPLIT.match(text) or _PI.match(text)
        if parts is None:
            self._put("word", text)
            return
        for letter in parts[1]:
            self._put("letter", letter)
        self._put("cmd", {"sqrt": "\\surd"}.get(parts[2], "\\" + parts[2]))
        for letter in parts[3]:
            self._put("letter", letter)

    def _primes(self) -> str:
        end = self.at
        if self.text[end : end + 1] != "'":
            return ""
        while self.text[end : end + 1] == "'":
            end += 1
        primes, self.at = self.text[self.at : end], end
        return primes

    def _foreign(self, text: str, _start: int) -> None:
        self._put("roman", text)

    def _cmd(self, text: str, _start: int) -> None:
        name = text[1:]
        if name in _TEXT_COMMANDS:
            self._text(name)
        elif name not in _DROPPED:
            self._spelled(_SPELLINGS.get(name, name))

    def _spelled(self, name: str) -> None:
        if name in _SIGNS:
            self._put("roman" if name in "€£¥" else "sign", name)
        elif not name.isspace():
            self._put("cmd", "\\" + name)
        self._level(name if name in _SIGNS else "\\" + name)

    def _level(self, text: str) -> None:
        self.depth += (text in _OPEN) - (text in _CLOSE and self.depth > 0)

    def _sign(self, text: str, _start: int) -> None:
        text = _RENAMED.get(text, text)
        self._put("cmd" if text[0] == "\\" and len(text) > 1 else "sign", text)
        self._level(text)

    def _text(self, name: str) -> None:
        if self.nested > _MAX_TEXT_DEPTH:
            raise OverLimit(f"text commands nested deeper than {_MAX_TEXT_DEPTH}")
        end = _group_end(self.text, self.at)
        if end < 0 and name in ("mathbf", "boldsymbol", "bm"):
            self._bare_unit()
        if end < 0:
            return  # `\rm` and its like: what follows is not in a group
        inner = self.text[self.text.index("{", self.at) + 1 : end - 1]
        if name in ("mathbf", "boldsymbol", "bm", "bold", "vec") and inner.strip() in (
            "i",
            "j",
            "k",
        ):
            self._put("cmd", f"\\unit{inner.strip()}")
        else:
            self._inner(inner, name)
        self.at = end

    def _bare_unit(self) -> None:
        r"""`\mathbf i` without braces."""
        found = _BARE_UNIT.match(self.text, self.at)
        if found is not None:
            self._put("cmd", f"\\unit{found[1]}")
            self.at = found.end()

    def _inner(self, inner: str, name: str) -> None:
        maths = name in ("boldsymbol", "bm", "mathbf", "mathit", "mathcal", "boxed", "fbox", "pmb")
        lexer = _Lexer(inner, self.nested + 1, self.roman or not maths)
        tokens = lexer.run()
        if tokens:
            kind, text, gap = tokens[0]
            self.tokens.append(_token(kind, text, self.gap or gap))
            self.tokens.extend(tokens[1:])
        self.gap = inner[-1:].isspace()


_READERS: dict[str, Callable[[_Lexer, str, int], None]] = {
    "base": _Lexer._base, "group": _Lexer._group, "exp": _Lexer._exp, "num": _Lexer._num,
    "cmd": _Lexer._cmd, "foreign": _Lexer._foreign, "letters": _Lexer._letters,
    "sign": _Lexer._sign,
}  # fmt: skip
"""By the names of the alternatives of `_SCAN`."""


def _group_end(text: str, start: int) -> int:
    """The index after the group that begins at `start`, blanks aside; -1 if there is none."""
    while text[start : start + 1].isspace():
        start += 1
    if text[start : start + 1] != "{":
        return -1
    braces = list(_BRACES.finditer(text, start))
    depths = accumulate({"{": 1, "}": -1}.get(found[0], 0) for found in braces)
    ends = (found.end() for found, depth in zip(braces, depths, strict=True) if depth == 0)
    return next(ends, -1)


_BARE_UNIT = re.compile(r"\s{0,3}([ijk])(?![A-Za-z])")
_BRACES = re.compile(r"\\.|[{}]", re.DOTALL)
