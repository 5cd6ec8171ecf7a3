"""Statements: relations, lists, conditions, sets. The top of the parser; linear in the tokens."""

from adjudge.verifiers.math.limits import LEVELS, Malformed, OverLimit
from adjudge.verifiers.math.nodes import (
    Add,
    Both,
    Builder,
    Congruence,
    Const,
    Div,
    Either,
    Given,
    Labeled,
    List,
    Mul,
    Neg,
    Node,
    Num,
    Numbers,
    PlusMinus,
    Pow,
    Relation,
    Root,
    Set,
    SetOp,
    Sym,
    Text,
    Tuple,
    children,
    integer,
    symbols,
)
from adjudge.verifiers.math.reading.formula import Formula
from adjudge.verifiers.math.reading.lexer import Token, tokenize
from adjudge.verifiers.math.vocabulary import AND, OR, PHRASES, RELATIONS, SET_OPS, SETS, WHERE

_PARTS = (",", ";")
_WORDLIKE = frozenset(("word", "roman"))
_MOD = frozenset(("mod", "\\mod", "\\bmod", "modulo", "\\pmod"))
_INTEGERS = {
    "positive": "Z+", "natural": "N", "nonnegative": "N", "non-negative": "N", "negative": "Z-",
}  # fmt: skip
_ARROWS = ("\\Rightarrow", "\\implies", "\\iff", "\\Leftrightarrow")


def parse(text: str, loose: bool = True, letters: bool = True) -> Node:
    """The tree of `text`, spelt as `spelling.spell` leaves it; raises Malformed or OverLimit.

    Without `letters`, a short word is a word and no product of letters.
    """
    parser = Parser(tokenize(text))
    parser.loose, parser.letters = loose, letters
    tree = parser.document()
    if len(parser.tokens) > LEVELS:
        _measure(tree)
    return tree


def _measure(tree: Node) -> None:
    """Postfixes and signs nest without brackets: `x!!!!`."""
    level, depth = [tree], 0
    while level:
        depth += 1
        if depth > LEVELS:
            raise OverLimit(f"nested deeper than {LEVELS}")
        level = [part for item in level for part in children(item)]


class Parser(Formula):
    def __init__(self, tokens: list[Token]) -> None:
        super().__init__(tokens)
        self.joint = ""
        """How the items read last are joined: `or`, `and` or a comma."""

    def document(self) -> Node:
        if not self.tokens:
            raise Malformed("nothing")
        items = self.items()
        if self.ahead().kind != "end":
            raise Malformed(f"{self.next!r} is in the way")
        return self._joined(items)

    def _joined(self, items: list[Node]) -> Node:
        if len(items) == 1:
            return items[0]
        return {"or": Either, "and": Both}.get(self.joint, List)(tuple(items))

    # -- lists ---------------------------------------------------------------------------------

    def items(self, *closers: str) -> list[Node]:
        """Statements up to a closer, which stays; conditions are put where they belong."""
        found: list[Node] = []
        joint, sign = "", ","
        while sign and not (found and self._over(closers)):
            found.append(self._item())
            sign = self._sign_after(found, closers)
            joint = max(joint, sign, key=_WEIGHT.__getitem__)
        self.joint = joint
        return _attached(found)

    def _over(self, closers: tuple[str, ...]) -> bool:
        return self.next in closers or self.ahead().kind == "end"

    def _sign_after(self, found: list[Node], closers: tuple[str, ...]) -> str:
        """What stands between the last item and the next; conditions before it are put on."""
        while not self._over(closers):
            sign = self._separator()
            if sign != "where":
                return sign
            found[:] = self._conditioned(found, closers)
        return ""

    def _separator(self) -> str:
        """Takes what stands between two items: `,`, `;`, a word, or an or after a comma."""
        sign = ""
        while (word := self._joint()) and not (sign and self.ahead().kind == "end"):
            sign = word if word == "where" else max(sign, word, key=_WEIGHT.__getitem__)
            self.at += 1
            if word == "where":
                break
        if not sign:
            if self.next == "(" or self.next in _PARTS:
                return "where"
            raise Malformed(f"{self.next!r} is in the way")
        return sign

    def _joint(self) -> str:
        token = self.ahead()
        if token.text in _PARTS:
            return ","
        if token.text in ("\\wedge", "\\land"):
            return "and"
        if token.text in ("\\lor", "\\vee"):
            return "or"
        if token.kind not in ("word", "roman"):
            return "where" if token.text in ("\\forall",) else ""
        return self._word_joint(token.text.lower())

    def _word_joint(self, word: str) -> str:
        if word in AND and (len(word) > 1 or not word.isascii()):
            return "and"
        if word in OR and (len(word) > 1 or not word.isascii()):
            return "or"
        return "where" if word in WHERE else ""

    def stops(self) -> bool:
        word = self.next.lower()
        return bool(self._joint()) or word in _MOD or word in ("is", "are", "in")

    def _item(self) -> Node:
        if self.ahead().kind not in _WORDLIKE:
            return self._parity(self.relation())
        label = self._label()
        value = self._text() or self._parity(self.relation())
        return Labeled(label, value) if label else value

    def _parity(self, found: Node) -> Node:
        """`n` even, `n is odd`, `n is an even integer`."""
        if not isinstance(found, Sym):
            return found
        words = [self.ahead(step).text.lower() for step in range(4)]
        place = next((at for at, word in enumerate(words) if word in _PARITIES), 4)
        if place == 4 or set(words[:place]) - {"is", "an"}:
            return found
        self.at += place + 1
        if self.next.lower() in ("integer", "number"):
            self.at += 1
        return Congruence(found, integer(_PARITIES[words[place]]), integer(2))

    def _label(self) -> str:
        """`Paolo: 18`, `area = 5`: words before a colon."""
        place = 0
        while self.ahead(place).kind in ("word", "roman") or (
            place and self.ahead(place).kind == "letter"
        ):
            place += 1
        words = [self.ahead(step).text for step in range(place)]
        if not words or self.ahead(place).text not in (":", "=", "is", "are") or len(words[0]) == 1:
            return ""
        if (
            len(words) == 1
            and self.ahead(place).text == "="
            and self.ahead().kind == "word"
            and len(words[0]) <= 3
        ):
            return ""
        self.at += place + 1
        return " ".join(words).lower()

    def _text(self) -> Node | None:
        """An item of nothing but words: `circle`, `no solution`."""
        start, words = self.at, []
        while self.ahead().kind in ("word", "roman") and not self._joint():
            words.append(self.take().text.lower())
        whole = (
            self.ahead().kind == "end"
            or bool(self._joint())
            or self.next in ("\\}", "}", ")", "&", "\\\\")
        )
        named = " ".join(words) in PHRASES
        if words and whole and (named or any(len(word) > 3 for word in words)):
            found = PHRASES.get(" ".join(words))
            return found or Text(" ".join(word for word in words if word not in _ARTICLES))
        self.at = start
        return None

    # -- conditions ----------------------------------------------------------------------------

    def _conditioned(self, found: list[Node], closers: tuple[str, ...]) -> list[Node]:
        """The items under the condition that follows `where`, `for`, `if` or in brackets.

        That a letter is an integer holds for all of them; anything else for the last one.
        """
        condition = self._condition(closers)
        if condition is None:
            return found
        if _is_condition(condition):
            return [item if isinstance(item, Given) else Given(item, condition) for item in found]
        return [*found[:-1], Given(found[-1], condition)]

    def _condition(self, closers: tuple[str, ...]) -> Node | None:
        spoken = self._spoken(closers)
        if spoken is not None:
            return None if spoken == Text("") else spoken
        opened = self.accept("(")
        items = self.items(*closers, ")") if opened else [self._item()]
        if opened:
            self.expect(")")
        return items[0] if len(items) == 1 else Both(tuple(items))

    def _spoken(self, closers: tuple[str, ...]) -> Node | None:
        """`where k is any integer`, `for all x`, `C is a constant`; Text('') says nothing."""
        place, words, letters = self.at, [], []
        while place < len(self.tokens) and self.tokens[place].text not in (*closers, ",", ";"):
            token = self.tokens[place]
            place += 1
            if token.kind in ("word", "roman") and len(token.text) > 1:
                words.append(token.text.lower())
            elif token.kind == "letter" or token.kind == "roman":
                letters.append(token.text)
            elif token.text not in ("(", ")", "-", "\\forall"):
                words = [word for word in words if word not in ("all", "every", "any", "some")]
                if not words:
                    self._skip_quantifier()
                return (
                    None
                    if not words or words[0] not in _SPEECH
                    else self._end_at(place, letters, words)
                )
        if not words and len(letters) != 1:
            return None
        self.at = place
        return _spoken_condition(letters, words)

    def _end_at(self, place: int, letters: list[str], words: list[str]) -> Node | None:
        return None if place < len(self.tokens) and letters else _spoken_condition(letters, words)

    def _skip_quantifier(self) -> None:
        while self.next.lower() in ("all", "every", "any", "some", "\\forall"):
            self.at += 1

    # -- relations -----------------------------------------------------------------------------

    def relation(self) -> Node:
        sides: list[Node] = []
        ops: list[str] = []
        if self.next in RELATIONS and RELATIONS[self.next] in ("~", "<", ">", "<=", ">=", "="):
            sides.append(Sym("…"))
        else:
            sides.append(self._side())
        while self.next in RELATIONS or self._says_equal():
            ops.append(RELATIONS.get(self.take().text, "="))
            self.relating = self.relating or ops[-1] == "equiv"
            sides.append(self._side())
        self.relating = False
        found = _related(ops, sides)
        return self._modulo(found)

    def _says_equal(self) -> bool:
        return self.next in ("is", "equals") and self.ahead().kind in ("word", "roman")

    def _modulo(self, found: Node) -> Node:
        r"""`x \equiv 3 \pmod 7`, `3 (mod 7)`."""
        bracket = self.next == "(" and self.ahead(1).text in _MOD
        if not bracket and self.next not in _MOD:
            return found
        self.at += 2 if bracket else 1
        modulus = self.sum() if bracket else self.postfixed()
        if bracket:
            self.expect(")")
        if isinstance(found, Relation) and found.ops in (("equiv",), ("=",)):
            return Congruence(found.sides[0], found.sides[1], modulus)
        if isinstance(found, Relation):
            raise Malformed("a modulus behind what is no congruence")
        return Congruence(None, found, modulus)

    def _side(self) -> Node:
        first = self.sum()
        while self.next in SET_OPS:
            op = SET_OPS[self.take().text]
            first = _combined(op, first, self.sum())
        if self.next == "\\" and self.ahead(1).text == "{":
            self.at += 1
            first = _combined("minus", first, self.sum())
        if self.next in ("-",):
            raise Malformed("a minus without its term")
        return first

    # -- sets ----------------------------------------------------------------------------------

    def builder(self) -> Node:
        """The inside of braces: members, or an element, a bar and its condition."""
        self.separators = frozenset(("\\|", ":", "\\mid"))
        items = self.items("\\}", "\\|", ":", "\\mid")
        self.separators = frozenset()
        if not self.accept("\\|", ":", "\\mid"):
            return Set(tuple(items))
        conditions = self.items("\\}")
        joined = {"or": Either}.get(self.joint, Both)(tuple(conditions))
        condition = conditions[0] if len(conditions) == 1 else joined
        return Builder(items[0] if len(items) == 1 else Tuple("(", ")", tuple(items)), condition)


_WEIGHT = {"": 0, "where": 1, ",": 2, "and": 3, "or": 4}
_ARTICLES = frozenset(("the", "a", "an"))
_SPEECH = frozenset(
    [
        "is",
        "are",
        "be",
        "any",
        "an",
        "integer",
        "integers",
        "constant",
        "constants",
        "real",
        "arbitrary",
        "positive",
    ]
)
_PARITIES = {"even": 0, "odd": 1, "偶数": 0, "奇数": 1, "чётное": 0, "нечётное": 1}
_TYPES = ("integer", "integers", "整数", "целое", "natural")


def _spoken_condition(letters: list[str], words: list[str]) -> Node | None:
    """What the words say of the letters; Text('') for what changes nothing."""
    said = set(words)
    if said & set(_TYPES) and letters:
        kind = next((_INTEGERS[word] for word in words if word in _INTEGERS), "Z")
        return Relation(("in",), (Sym(letters[0]), Numbers(kind)))
    if said & {"constant", "constants", "real", "arbitrary", "reals", "all", "any", "every"}:
        return Text("")
    if not words:
        return Text("")
    return None


def _attached(items: list[Node]) -> list[Node]:
    r"""`\pi/6 + k\pi, k \in \mathbb{Z}`: a membership behind a comma is a condition."""
    if len(items) == 1:
        return items
    items = _shared_head(items)
    kept: list[Node] = []
    conditions: list[Node] = []
    for item in items:
        if kept and _is_condition(item):
            conditions.append(item)
        else:
            kept.append(item)
    if not conditions or any(isinstance(item, Congruence) for item in conditions):
        return items
    condition = conditions[0] if len(conditions) == 1 else Both(tuple(conditions))
    return [Given(item, condition) for item in kept]


def _shared_head(items: list[Node]) -> list[Node]:
    r"""`x \neq -1, 3`, `\lambda = 1, 4`: what stands before the sign is said of every value."""
    first = items[0]
    if not isinstance(first, Relation) or first.ops not in (("!=",), ("=",)):
        return items
    if not isinstance(first.sides[0], Sym) or not all(map(_is_value, items[1:])):
        return items
    return [first, *(Relation(first.ops, (first.sides[0], item)) for item in items[1:])]


def _is_value(item: Node) -> bool:
    """A number, written in whatever way."""
    return isinstance(item, _VALUES) and not symbols(item)


_VALUES = Num | Neg | Add | Mul | Div | Pow | Root | Const | PlusMinus


def _is_condition(item: Node) -> bool:
    return (
        isinstance(item, Relation)
        and item.ops == ("in",)
        and isinstance(item.sides[0], Sym | List)
        and isinstance(item.sides[1], Numbers)
    )


def _related(ops: list[str], sides: list[Node]) -> Node:
    if not ops:
        return sides[0]
    if sides[0] == Sym("…"):
        return (
            sides[1]
            if ops in (["~"], ["="]) and len(sides) == 2
            else Relation(tuple(ops), tuple(sides))
        )
    fixed = [
        Numbers(SETS[side.name])
        if op == "in" and isinstance(side, Sym) and side.name in "RZNQC"
        else side
        for op, side in zip(["", *ops], sides, strict=True)
    ]
    return Relation(tuple(ops), tuple(fixed))


def _combined(op: str, left: Node, right: Node) -> Node:
    if isinstance(left, SetOp) and left.op == op and op != "minus":
        return SetOp(op, (*left.items, right))
    return SetOp(op, (left, right))
