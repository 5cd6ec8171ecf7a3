r"""One spelling for what may be written in many: Unicode, LaTeX layout, dollars, thousands.

The result is ASCII LaTeX (but for letters of other scripts, which are words), without layout:
no `\left`, no `\,`, no `$`. Every pattern is linear, and runs on at most `CHARS` characters.
"""

import re
import unicodedata
from collections.abc import Callable

from adjudge.verifiers.math.limits import Malformed

_SUPER = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ", "0123456789+-=()ni", strict=True))
_SUB = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₒₓₖₙᵢⱼₘₚ", "0123456789+-=()aeoxknijmp", strict=True))
_SUPER_RUN = re.compile(f"[{''.join(_SUPER)}]+")
_SUB_RUN = re.compile(f"[{''.join(_SUB)}]+")

_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta",
    "η": "eta", "θ": "theta", "ϑ": "theta", "κ": "kappa", "λ": "lambda", "μ": "mu", "µ": "mu",
    "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "phi",
    "ϕ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega", "Γ": "Gamma", "Δ": "Delta",
    "Θ": "Theta", "Λ": "Lambda", "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega",
}  # fmt: skip
_SIGNS = {
    "∞": "infty", "≤": "le", "≥": "ge", "⩽": "le", "⩾": "ge", "≦": "le", "≧": "ge", "≠": "ne",
    "≈": "approx", "≃": "approx", "≅": "approx", "≡": "equiv", "∈": "in", "∉": "notin",
    "∪": "cup", "∩": "cap", "∖": "setminus", "⊂": "subset", "⊆": "subseteq", "±": "pm",
    "∓": "mp", "×": "times", "⋅": "cdot", "·": "cdot", "•": "cdot", "∙": "cdot", "∗": "cdot",
    "÷": "div", "√": "surd", "∛": "cbrt", "∜": "fourthroot", "°": "circ", "∅": "emptyset",
    "⌊": "lfloor", "⌋": "rfloor", "⌈": "lceil", "⌉": "rceil", "⟨": "langle", "⟩": "rangle",
    "〈": "langle", "〉": "rangle", "∑": "sum", "∏": "prod", "∫": "int", "∂": "partial",
    "∧": "land", "∨": "lor", "∣": "mid", "→": "to", "∠": "angle", "△": "triangle", "⇒": "implies",
    "ℝ": "reals", "ℤ": "integers", "ℕ": "naturals", "ℚ": "rationals", "ℂ": "complexes",
    "…": "ldots", "⋯": "ldots", "∀": "forall", "∼": "sim", "⊥": "perp", "∥": "parallel",
}  # fmt: skip
_PLAIN = {
    "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "‒": "-", "﹣": "-", "⁄": "/", "∕": "/",
    "’": "'", "′": "'", "‘": "'", "″": "''", "“": '"', "”": '"', "。": ".", "、": ",", "،": ",",
    "٫": ".", "٬": ",", "【": "[", "】": "]", "㎡": " m^2", "㎞": " km", "㎝": " cm", "℃": " degC ",
    "℉": " degF ", "％": "%", "∶": ":", "﹪": "%", "٪": "%", "\u200b": "", "\u200c": "", "\u200d": "",
    "\ufeff": "", "\u2061": "", "\u2062": "", "￥": "¥", "元": " yuan ", "º": "\\circ ",
}  # fmt: skip
_MAP = {
    ord(sign): value
    for table in ({k: f"\\{v} " for k, v in (_GREEK | _SIGNS).items()}, _PLAIN)
    for sign, value in table.items()
}

_DOUBLED = re.compile(r"\\\\(?=[A-Za-z])")
_GROUP = re.compile(r"(?<=\d)(?:,\\!|\\[,;:> ]|~|\{,\}\s?|\{\\,\})\s{0,2}(?=\d{3}(?!\d))")
_SPACE = re.compile(
    r"(?<!\\)\\[,;:> ]|\\(?:quad|qquad|displaystyle|textstyle|scriptstyle|limits|nolimits|thinspace"
    r"|medspace|thickspace|enspace|hfill|newline)(?![A-Za-z])|~|[\s\u00a0]+"
)
_SIZED = re.compile(r"\\(?:left|right|middle|[bB]igg?[lrm]?)(?![A-Za-z])\s?(?:\.(?!\d))?")
_MATHS = re.compile(r"(?<!\\)\\[()\[\]](?!\d+(?:\.\d+)?(?:pt|em|ex|mm|cm)\])")
_SKIP = re.compile(r"\\\\\[\d{1,3}(?:\.\d{1,3})?(?:pt|em|ex|mm|cm)\]")
_DOLLAR = re.compile(r"(?<!\\)\$")


def spell(text: str) -> str:
    """The one spelling of a text of at most CHARS characters."""
    if not text.isprintable():
        for control, command in _UNESCAPED:
            text = control.sub(command, text)
    if not text.isascii():
        text = _ascii(text)
    if "\\\\" in text and "\\begin" not in text:
        text = _DOUBLED.sub(r"\\", text)
    for needle, pattern, plain in _REWRITTEN:
        if needle in text and pattern.search(text):
            text = pattern.sub(plain, text)
    text = _unwrap(text.replace("\\!\\!", "\\!"))
    return _tidy(text)


def _rows(found: re.Match[str]) -> str:
    """Lines below each other are a list; a row that is empty or ends in a comma adds none."""
    rows = (row.strip().rstrip(",;") for row in _SKIP.sub(r"\\\\ ", found[1]).split("\\\\"))
    return ", ".join(row for row in rows if row)


Rewriting = tuple[str, re.Pattern[str], str | Callable[[re.Match[str]], str]]

_REWRITTEN: tuple[Rewriting, ...] = (
    ("{", re.compile(r"\{([:=+<>-])\}"), r"\1"),
    (
        "_",
        re.compile(r"\\(?:text|mathrm|operatorname) ?\{ ?([0-9A-Fa-f]{1,40}) ?\}(?=_\{?\d)"),
        r"\1",
    ),
    ("{", re.compile(r"\\(?:text|mathrm|operatorname|mathbf) ?\{ ?([CPA]) ?\}(?= ?[_^(])"), r"\1"),
    ("/_", re.compile(r"^\^\{?(\d{1,9})\}?/_\{?(\d{1,9})\}?$"), r"\\frac{\1}{\2}"),
    (" ", re.compile(r"^(?:\\text ?\{)?(\d{1,9}) (?:in|out of) (\d{1,9})\}?$"), r"\1/\2"),
    (
        "C_",
        re.compile(r"(?<![\w}^_])(?:\{\})?[_^]\{?(\w{1,9})\}? ?C_\{?(\w{1,9})\}?"),
        r"\\binom{\1}{\2}",
    ),
    ("P_", re.compile(r"(?<![\w}^_])(?:\{\})?[_^]\{?(\w{1,9})\}? ?P_\{?(\w{1,9})\}?"), r"P(\1,\2)"),
    ("C", re.compile(r"(?<![\w.])(\d{1,3})C(\d{1,3})(?![\w.])"), r"\\binom{\1}{\2}"),
    (
        "\\",
        re.compile(
            r"\\(arc(?:sin|cos|tan)|sin|cos|tan|cot|sec|csc|ln|log)([a-gi-zA-Z])(?![a-zA-Z])"
        ),
        r"\\\1 \2",
    ),
    ("\\mathbb", re.compile(r"\\mathbb ?\{ ?([EP]) ?\}(?= ?[\[(])"), r"\1"),
    ("[", re.compile(r"(?<![A-Za-z\\])E ?\[ ?([A-Z]) ?\]"), r"E(\1)"),
    ("cent", re.compile(r"\bper cent\b"), "percent"),
    (
        "\\begin{",
        re.compile(
            r"^\s*\\begin\{(aligned|alignedat|align|gathered|split|eqnarray)\*?\}"
            r"((?:(?!\\(?:begin|end)\{).)*)\\end\{\1\*?\}\s*$",
            re.DOTALL,
        ),
        lambda found: found[2].replace("&", ""),
    ),
    ("\\\\", re.compile(r"^(?!.*\\begin\{)(.*)$", re.DOTALL), _rows),
    ("quad", re.compile(r"(?<=[\w}]) *\\q?quad *(?=[a-zA-Z](?:_\{?\w{1,3}\}?)? ?=)"), ", "),
    (
        "\\int",
        re.compile(
            r"\\[dt]?frac ?\{([^{}]{0,80}?)(d ?[a-zA-Z]) ?\}(\{(?:[^{}]|\{[^{}]{0,80}\}){1,80}\})"
        ),
        lambda found: f"\\frac{{{found[1].strip() or 1}}}{found[3]} {found[2]}",
    ),
    (
        ")_",
        re.compile(r"\(([0-9A-F]{1,40})\)(?=_\{?\d)"),
        r"\1",
    ),
    (
        "base",
        re.compile(r"^([0-9A-Fa-f]{1,40}) ?\\text ?\{,? ?(?:in )?base ?\} ?(\d{1,2})$"),
        r"\1_{\2}",
    ),
    ("mapsto", re.compile(r"^([a-zA-Z]) ?: ?([a-z]) ?\\(?:long)?mapsto(?![a-zA-Z])"), r"\1(\2)="),
    ("mapsto", re.compile(r"^([a-z]) ?\\(?:long)?mapsto(?![a-zA-Z])"), r"f(\1)="),
    (
        "const",
        re.compile(r"\+ ?(?:\\text ?\{ ?)?(?:an? )?(?:arbitrary )?const(?:ant|\.)? ?\}?(?![a-z])"),
        "+C",
    ),
    ("volt", re.compile(r"\belectron[ -]volts?\b"), "electronvolt"),
    ("light", re.compile(r"\blight[- ]years?\b"), "ly"),
    ("nautical", re.compile(r"\bnautical miles?\b"), "nmi"),
    ("fl", re.compile(r"\bfluid ounces?\b|\bfl\.? oz\b"), "floz"),
    ("min", re.compile(r"\\(?:text|mathrm|textrm|mbox) ?\{ ?mins?\.? ?\}"), r" \\text{ minutes}"),
    ("min", re.compile(r"(?<=\d) ?mins?\b(?! ?[({\\])"), " minutes"),
    ("sec", re.compile(r"(?<=\d) ?secs?\b\.?(?! ?[({\\^a-zA-Z])"), " seconds"),
    ("\\ell", re.compile(r"\\(?:text|mathrm) ?\{ ?m ?\} ?\\ell"), r"\\text{mL}"),
    (
        "base",
        re.compile(
            r"^([0-9A-Fa-f]{1,40}),? ?(?:\\text ?\{ ?)?\(?(?:in )?base[ -](\d{1,2})\)? ?\}?$"
        ),
        r"\1_{\2}",
    ),
    ("\\mathrm", re.compile(r"\\mathrm ?\{ ?([ied]) ?\}"), r" \1 "),
    ("C_", re.compile(r"\{\}_\{?(\w{1,9})\}? ?C_\{?(\w{1,9})\}?"), r"\\binom{\1}{\2}"),
    ("P_", re.compile(r"\{\}_\{?(\w{1,9})\}? ?P_\{?(\w{1,9})\}?"), r"P(\1,\2)"),
    ("\\over", re.compile(r"\{([^{}]{1,200})\\over\b([^{}]{1,200})\}"), r"\\frac{\1}{\2}"),
    ("\\choose", re.compile(r"\{([^{}]{1,200})\\choose\b([^{}]{1,200})\}"), r"\\binom{\1}{\2}"),
    (
        "to",
        re.compile(r"^ ?(?:\\text ?\{ ?)?(\d{1,9}) ?(?:\\text ?\{ ?)?to ?\}? ?(\d{1,9}) ?\}?$"),
        r"\1:\2",
    ),
)
"""Spellings that would be read as something else: minutes beside the minimum, roman i and e,
`{}_nC_k`, `3 to 5`, `1 in 6`, hexadecimal digits in text. Each with a piece of text without which it
need not be tried."""
_UNESCAPED = (
    (re.compile("\x0c(?=[a-z])"), "\\\\f"),
    (re.compile("\x08(?=[a-z])"), "\\\\b"),
    (re.compile("\x07(?=[a-z])"), "\\\\a"),
    (re.compile("\x0b(?=[a-z])"), "\\\\v"),
    (re.compile("\t(?=(?:ext|imes|heta|an|frac|riangle|au)(?![a-z]))"), "\\\\t"),
    (re.compile("\r(?=(?:ight|angle|ho|ightarrow)(?![a-z]))"), "\\\\r"),
)
"""Data sets whose `\\f` of `\\frac` became a form feed."""


def _ascii(text: str) -> str:
    text = _SUPER_RUN.sub(lambda run: _script("^", _SUPER, run.group()), text)
    text = _SUB_RUN.sub(lambda run: _script("_", _SUB, run.group()), text)
    text = "".join(_fraction(char) for char in text.translate(_MAP))
    text = unicodedata.normalize("NFKC", text).translate(_MAP)
    if any(0xD800 <= ord(char) <= 0xDFFF for char in text):
        raise Malformed("a lone surrogate")
    return text if text.isascii() else "".join(map(_digit, text))


def _script(mark: str, table: dict[str, str], run: str) -> str:
    return f"{mark}{{{''.join(table[char] for char in run)}}}"


def _fraction(char: str) -> str:
    """½ and its like; NFKC would glue `1½` to 11/2."""
    if char.isascii() or not unicodedata.decomposition(char).startswith("<fraction>"):
        return char
    top, _, bottom = unicodedata.normalize("NFKC", char).partition("⁄")
    return f"\\frac{{{top}}}{{{bottom}}}"


def _digit(char: str) -> str:
    if char.isascii():
        return char
    value = unicodedata.decimal(char, None)
    return char if value is None else str(value)


def _unwrap(text: str) -> str:
    """Without math delimiters; `$12.55`, one dollar before a digit, is money."""
    if "\\\\[" in text:
        text = _SKIP.sub(r"\\\\ ", text)
    if "\\" in text or "~" in text or "{,}" in text:
        text = _GROUP.sub("{,}", text)
    if "$" in text:
        text = _dollars(text)
    if "\\(" in text or "\\[" in text:
        text = _MATHS.sub(" ", text)
    return text


def _dollars(text: str) -> str:
    if len(_DOLLAR.findall(text)) % 2 == 0:
        return _DOLLAR.sub(" ", text)
    return _DOLLAR.sub(lambda mark: "\\$" if text[mark.end() :][:1].isdigit() else " ", text)


def _tidy(text: str) -> str:
    if "\\" in text:
        if "ig" in text or "left" in text or "middle" in text:
            text = _SIZED.sub("", text)
        text = text.replace("\\!", "")
    if "\\" in text or "~" in text or "  " in text or not text.isprintable():
        text = _SPACE.sub(" ", text)
    return text.strip().rstrip(" .;,").removeprefix("{,}")
