"""Which words and commands the language knows, and what they stand for."""

from flint import fmpq

from adjudge.verifiers.math.nodes import (
    ONE,
    TWO,
    ZERO,
    Congruence,
    Const,
    Infinity,
    Neg,
    Node,
    Num,
    Numbers,
    Set,
    SetOp,
    Text,
    Tuple,
)

FUNCTIONS = {
    name: name
    for name in ["sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh", "coth", "sech", "csch", "ln", "exp", "det", "max", "min", "gcd", "lcm"]
} | {
    "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arccot": "acot", "arcsec": "asec",
    "arccsc": "acsc", "asin": "asin", "acos": "acos", "atan": "atan", "tg": "tan", "ctg": "cot",
    "arctg": "atan", "arcctg": "acot", "arsinh": "asinh", "arcosh": "acosh", "artanh": "atanh",
    "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh", "asinh": "asinh",
    "acosh": "acosh", "atanh": "atanh", "cosec": "csc", "sh": "sinh", "ch": "cosh", "th": "tanh",
    "log": "log", "lg": "lg", "lb": "lb", "abs": "abs", "floor": "floor", "ceil": "ceil",
    "ceiling": "ceil", "Re": "re", "Im": "im", "re": "re", "im": "im", "arg": "arg",
    "sgn": "sign", "sign": "sign", "GCD": "gcd", "LCM": "lcm", "Log": "log", "Ln": "ln",
    "conj": "conj", "tr": "tr", "cis": "cis", "rank": "rank", "hcf": "gcd", "Arg": "arg",
    "HCF": "gcd", "lcd": "lcm", "Gamma": "gamma", "erf": "erf", "trace": "tr", "nCr": "binom",
    "nPr": "perm", "comb": "binom", "binomial": "binom", "binom": "binom", "factorial": "factorial",
}  # fmt: skip
"""Spelling to `Call.name`."""

INVERSES = {
    "sin": "asin", "cos": "acos", "tan": "atan", "cot": "acot", "sec": "asec", "csc": "acsc",
    "sinh": "asinh", "cosh": "acosh", "tanh": "atanh",
}  # fmt: skip
"""For `\\sin^{-1}`."""

GREEK = frozenset(
    [
        "alpha",
        "beta",
        "gamma",
        "delta",
        "epsilon",
        "zeta",
        "eta",
        "theta",
        "iota",
        "kappa",
        "lambda",
        "mu",
        "nu",
        "xi",
        "rho",
        "sigma",
        "tau",
        "upsilon",
        "phi",
        "chi",
        "psi",
        "omega",
        "Delta",
        "Theta",
        "Lambda",
        "Xi",
        "Sigma",
        "Phi",
        "Psi",
        "Omega",
        "Pi",
        "Upsilon",
        "ell",
        "hbar",
        "aleph",
        "mho",
    ]
)
SAME_LETTER = {
    "varepsilon": "epsilon", "vartheta": "theta", "varphi": "phi", "varrho": "rho",
    "varsigma": "sigma", "varpi": "varpi", "Gamma": "Gamma",
}  # fmt: skip

RELATIONS = {
    "=": "=", "<": "<", ">": ">", "\\le": "<=", "\\leq": "<=", "\\leqslant": "<=", "\\ge": ">=",
    "\\geq": ">=", "\\geqslant": ">=", "\\leqq": "<=", "\\geqq": ">=", "\\ne": "!=",
    "\\neq": "!=", "\\lt": "<", "\\gt": ">", "\\in": "in", "\\notin": "notin",
    "\\approx": "~", "\\simeq": "~", "\\doteq": "~", "\\cong": "~", "\\equiv": "equiv",
    "\\sim": "sim", "\\subset": "subset", "\\subseteq": "subset", "\\to": "to",
    "\\rightarrow": "to", "\\coloneqq": "=", "\\perp": "perp", "\\parallel": "parallel",
    "\\propto": "propto", "<=": "<=", ">=": ">=", "!=": "!=", "==": "=", ":=": "=", "=<": "<=",
    "\\not=": "!=", "\\thickapprox": "~",
}  # fmt: skip

SET_OPS = {
    "\\cup": "cup", "\\bigcup": "cup", "\\cap": "cap", "\\setminus": "minus",
    "\\backslash": "minus", "\\smallsetminus": "minus", "\\cupdot": "cup", "\\uplus": "cup",
}  # fmt: skip

SETS = {
    "R": "R", "Z": "Z", "N": "N", "Q": "Q", "C": "C", "reals": "R", "integers": "Z",
    "naturals": "N", "rationals": "Q", "complexes": "C",
}  # fmt: skip

AND = frozenset(["and", "и", "和", "与", "及", "und", "et", "y", "e"])
OR = frozenset(["or", "или", "或", "或者", "ou", "oder", "o"])
WHERE = frozenset(
    [
        "where",
        "for",
        "with",
        "when",
        "if",
        "whenever",
        "given",
        "such",
        "provided",
        "for_all",
        "其中",
        "при",
        "где",
        "当",
        "если",
        "here",
    ]
)
OTHERWISE = frozenset(["otherwise", "else", "其他", "иначе", "elsewhere"])
_HEDGE_WORDS = (
    "not no nor none or maybe perhaps either neither false wrong never cannot can't isn't aren't wasn't"
    " don't doesn't didn't won't between than less more fewer least most at without except unless if"
    " could might may impossible incorrect unlikely almost nearly above below under over beyond times"
    " twice half double triple exceeds exceed minus plus excluding instead rather but however wait"
    " nicht kein keine oder mindestens höchstens weniger mehr als außer"
    " pas non ne ou moins plus sauf jamais no ni o menos más excepto nunca mayor menor não ou"
    " не нет или кроме больше меньше никогда"
)
HEDGES = frozenset(_HEDGE_WORDS.split())
"""A sentence with one of these does not simply name the value that stands in it."""
CHINESE_HEDGES = frozenset("不非没未或除")
MEASURED = frozenset(
    [
        "center", "centre", "radius", "vertex", "focus", "diameter", "slope", "amplitude", "period",
        "mean", "median", "mode", "range", "domain", "length", "width", "height", "perimeter", "area",
        "volume", "eccentricity", "speed", "distance", "intercept",
    ]
)  # fmt: skip
"""What a value behind it, without a sign between, is the value of."""
STOPPERS = AND | OR | WHERE | OTHERWISE | {"mod", "modulo", "is", "are", "per", "to", "in"}
"""Words that never begin a unit or a noun."""

SHORT_NOUNS = frozenset(
    [
        "men",
        "pies",
        "pie",
        "pens",
        "pen",
        "cows",
        "cow",
        "dogs",
        "dog",
        "cats",
        "cat",
        "cars",
        "car",
        "bus",
        "eggs",
        "egg",
        "hats",
        "hat",
        "box",
        "boys",
        "boy",
        "ways",
        "way",
        "sets",
        "set",
        "kids",
        "kid",
        "toys",
        "toy",
        "cups",
        "bags",
        "bag",
        "rows",
        "row",
        "ants",
        "ant",
        "bees",
        "bee",
        "jars",
        "jar",
        "cans",
        "can",
        "pigs",
        "pig",
        "hens",
        "hen",
        "nuts",
        "nut",
        "ties",
        "tops",
        "wins",
        "win",
        "ads",
        "art",
        "oak",
        "cm",
        "kg",
        "km",
        "ml",
        "mm",
        "lb",
        "oz",
        "ft",
        "in",
        "yd",
        "mi",
        "hr",
    ]
)
"""Nouns as short as a product of letters."""

REALS, EMPTY = Numbers("R"), Set(())
_PHRASES: list[tuple[Node, str]] = [
    (Congruence(None, ONE, TWO), "all odd integers|odd integers|all odd numbers|odd numbers|n odd"
                                 "|every odd integer|any odd integer|所有奇数|奇数"),
    (Congruence(None, ZERO, TWO), "all even integers|even integers|all even numbers|even numbers|n even"
                                  "|every even integer|any even integer|所有偶数|偶数"),
    (REALS, "all real numbers|all reals|real numbers|reals|every real number|any real number"
            "|all real|set of real numbers|set of all real numbers|x is any real number"
            "|all real numbers x|all real x|any real|全体实数|所有实数|一切实数|实数集|все действительные числа"
            "|todos los números reales|所有的实数|任意实数"),
    (Numbers("Z"), "all integers|integers|every integer|any integer|set of integers|set of all integers"
                   "|整数集|全体整数|所有整数|все целые числа"),
    (Numbers("Z+"), "all positive integers|positive integers"
                   "|every positive integer|所有正整数|正整数|全体正整数|all positive integers n"
                   "|any positive integer"),
    (Numbers("N"), "all natural numbers|natural numbers|any natural number|все натуральные числа|自然数"),
    (Numbers("N0"), "all nonnegative integers|all non-negative integers|nonnegative integers"
                    "|non-negative integers|非负整数"),
    (EMPTY, "pas de solution|aucune solution réelle|keine lösungen|es gibt keine lösung|nessuna soluzione"
            "|sem solução|não há solução|해가 없다|解なし|ninguna solución|no tiene solución|없다|なし"
            "|nincs megoldás|tidak ada solusi|çözüm yok|brak rozwiązań|geen oplossing|the empty set"),
    (EMPTY, "no solution|no solutions|there is no solution|there are no solutions|empty set|no real solution"
            "|no real solutions|none|no such number|无解|没有解|方程无解|空集|нет решений|решений нет"
            "|no value|no values|no such x|no such integer|no such integers|null set|no integer solutions"
            "|sin solución|no hay solución|aucune solution|keine lösung|does not have solution"
            "|no solution exists|has no solution|there is no such number|无实数解"),
    (Infinity(), "infinity|infinitely many|infinite|infinitely many solutions|infinite solutions|无穷大"
                 "|infinite number of solutions|无穷多|无数个|无限多|бесконечность|бесконечно много|positive infinity"
                 "|diverges to infinity|unendlich|infinito"),
    (Neg(Infinity()), "negative infinity|minus infinity"),
    (Text("not exist"), "does not exist|dne|doesn't exist|不存在|не существует|limit does not exist"
                        "|undefined|it does not exist|no limit|not defined|not exist|doesnt exist"),
    (Text("yes"), "yes|да|是|是的|sí|oui|ja"),
    (Text("no"), "no|нет|否|不是|non|nein"),
    (Text("true"), "true|верно|正确|对|correct"),
    (Text("false"), "false|неверно|错误|错|incorrect"),
]  # fmt: skip
_SIGNED: list[tuple[Node, str]] = [
    (Tuple("(", ")", (Num(fmpq(0)), Infinity())), "positive"),
    (Tuple("[", ")", (Num(fmpq(0)), Infinity())), "nonnegative|non-negative"),
    (Tuple("(", ")", (Neg(Infinity()), Num(fmpq(0)))), "negative"),
    (Tuple("(", "]", (Neg(Infinity()), Num(fmpq(0)))), "nonpositive|non-positive"),
    (SetOp("minus", (REALS, Set((Num(fmpq(0)),)))), "nonzero|non-zero"),
]
_PHRASES += [
    (node, "|".join(f"{all_}{sign} {noun}" for sign in signs.split("|")
                    for all_ in ("", "all ", "any ", "every ")
                    for noun in ("real numbers", "reals", "real number", "real numbers x", "real x")))
    for node, signs in _SIGNED
]  # fmt: skip
PHRASES = {phrase: node for node, phrases in _PHRASES for phrase in phrases.split("|")}
"""Whole answers in words."""

CONSTANTS: dict[str, Node] = {
    "\\pi": Const("pi"), "\\infty": Infinity(), "\\emptyset": EMPTY, "\\varnothing": EMPTY,
    "\\e": Const("e"), "\\degree": Text("degree"), "\\reals": REALS, "\\R": REALS,
    "\\Z": Numbers("Z"), "\\integers": Numbers("Z"), "\\naturals": Numbers("N"),
    "\\N": Numbers("N"), "\\rationals": Numbers("Q"), "\\Q": Numbers("Q"),
    "\\complexes": Numbers("C"), "\\imath": Const("i"),
}  # fmt: skip
NAMED: dict[str, Node] = {
    "pi": Const("pi"), "infinity": Infinity(), "inf": Infinity(), "oo": Infinity(),
    "Infinity": Infinity(), "Pi": Const("pi"), "PI": Const("pi"),
}  # fmt: skip

_SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
NUMBER_WORDS = (
    {word: value for value, word in enumerate(_SMALL)}
    | {word: 10 * value for value, word in enumerate(_TENS, start=2)}
    | dict(zip(["零", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十"], range(11), strict=True))
    | dict(zip(["ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять", "десять"], range(11), strict=True))
)  # fmt: skip
SCALES = {
    "hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12,
    "万": 10**4, "亿": 10**8, "тысяч": 1000, "миллионов": 10**6, "千": 1000, "百": 100,
}  # fmt: skip
PARTS = {
    "half": 2, "halves": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fourth": 4,
    "fourths": 4, "fifth": 5, "fifths": 5, "sixth": 6, "sixths": 6, "seventh": 7, "sevenths": 7,
    "eighth": 8, "eighths": 8, "ninth": 9, "ninths": 9, "tenth": 10, "tenths": 10,
}  # fmt: skip
ORDINALS = frozenset(("st", "nd", "rd", "th"))


def spoken(words: str) -> Num | None:
    """`twenty-one` or `three quarters`; None where it is no number."""
    parts = words.replace("-", " ").replace(" and ", " ").split()
    if len(parts) > 1 and parts[0] in ("negative", "minus"):
        found = spoken(" ".join(parts[1:]))
        return None if found is None else Num(-found.value)
    whole_part, _, share = words.rpartition(" and ")
    if whole_part and share.split()[-1:] and share.split()[-1] in PARTS:
        one, other = spoken(whole_part), spoken(share)
        return None if one is None or other is None else Num(one.value + other.value)
    if parts and parts[-1] in PARTS:
        top = 1 if parts[:-1] in ([], ["a"]) else _whole(parts[:-1])
        return None if top is None else Num(fmpq(top, PARTS[parts[-1]]))
    whole = _whole(parts)
    return None if whole is None else Num(fmpq(whole))


def _whole(parts: list[str]) -> int | None:
    total, group = 0, 0
    for part in parts:
        if part == "a" and len(parts) > 1 and not group:
            group = 1
        elif part in NUMBER_WORDS and _follows(group, NUMBER_WORDS[part]):
            group += NUMBER_WORDS[part]
        elif part in SCALES:
            total, group = _scale(total, group or 1, SCALES[part])
        else:
            return None
    return total + group if parts else None


def _follows(group: int, value: int) -> bool:
    """`twenty five`, `hundred five`; never `five six`."""
    rest = group % 100
    return rest == 0 or (value < 10 and rest >= 20 and rest % 10 == 0)


def _scale(total: int, group: int, scale: int) -> tuple[int, int]:
    return (total, group * 100) if scale == 100 else (total + group * scale, 0)


_ARTICLES = frozenset(("the", "a", "an"))


def told(words: list[str]) -> str:
    """A text as it is compared: without articles."""
    return " ".join(word for word in words if word not in _ARTICLES)
