r"""Statements: relations, lists, conditions, sets. The top of the parser; linear in the tokens."""

from adjudge.verifiers.math.limits import LEVELS, Malformed, OverLimit
from adjudge.verifiers.math.nodes import (
    ZERO,
    Both,
    Builder,
    Congruence,
    Either,
    List,
    Node,
    Numbers,
    Relation,
    Set,
    SetOp,
    Sym,
    Tuple,
    children,
)
from adjudge.verifiers.math.reading.attaching import attached
from adjudge.verifiers.math.reading.labels import DIVIDED, PARITIES, Labels
from adjudge.verifiers.math.reading.lexer import Token, tokenize
from adjudge.verifiers.math.vocabulary import (
    AND,
    OR,
    RELATIONS,
    SET_OPS,
    SETS,
    WHERE,
)

_PARTS = (",", ";")
_FINAL = frozenset(("", ",", ";", ")", "]", "}"))
"""No relation goes on with these."""
_WORDLIKE = frozenset(("word", "roman"))
_MOD = frozenset(("mod", "\\mod", "\\bmod", "modulo", "\\pmod"))
_ARROWS = ("\\Rightarrow", "\\implies", "\\iff", "\\Leftrightarrow")
_WEIGHT = {"": 0, "where": 1, ",": 2, "and": 3, "or": 4}


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


class Parser(Labels):
    def __init__(self, tokens: list[Token]) -> None:
        super().__init__(tokens)
        self.joint = ""
        """How the items read last are joined: `or`, `and` or a comma."""

    def document(self) -> Node:
        if not self.tokens:
            raise Malformed("nothing")
        return self._joined(self.items())

    def _joined(self, items: list[Node]) -> Node:
        if len(items) == 1:
            return items[0]
        if self.joint == "or" and (groups := self._systems(items)):
            return Either(groups)
        return {"or": Either, "and": Both}.get(self.joint, List)(tuple(items))

    @staticmethod
    def _systems(items: list[Node]) -> tuple[Node, ...]:
        """`x = 0, y = 0 or x = 1, y = 1`: each name once in each group."""
        heads = [item.sides[0] for item in items if isinstance(item, Relation)]
        size = len(set(heads))
        if len(heads) != len(items) or size < 2 or len(items) % size or len(items) == size:
            return ()
        groups = [items[at : at + size] for at in range(0, len(items), size)]
        if any(set(heads[at : at + size]) != set(heads) for at in range(0, len(items), size)):
            return ()
        return tuple(Both(tuple(group)) for group in groups)

    def items(self, *closers: str) -> list[Node]:
        """Statements up to a closer, which stays; conditions are put where they belong."""
        found = [self._item()]
        if self.next in closers or self.kind == "end":
            self.joint = ""
            return found
        return self._further(found, closers)

    def _further(self, found: list[Node], closers: tuple[str, ...]) -> list[Node]:
        enders = closers  # but a bracket may open the next one
        if "[" in closers:
            enders = tuple(closer for closer in closers if closer != "[")
        joint = sign = self._sign_after(found, closers)
        while sign and not self._over(enders):
            found.append(self._item())
            sign = self._sign_after(found, closers)
            joint = max(joint, sign, key=_WEIGHT.__getitem__)
        self.joint = joint
        return attached(found)

    def _over(self, closers: tuple[str, ...]) -> bool:
        return self.next in closers or self.kind == "end"

    def _sign_after(self, found: list[Node], closers: tuple[str, ...]) -> str:
        """What stands between the last item and the next; conditions before it are put on."""
        while not self._over(closers):
            start = self.at
            sign = self._separator()
            if sign != "where":
                return sign
            found[:] = self._conditioned(found, closers)
            if self.at == start:
                raise Malformed(f"{self.next!r} is no condition")
        return ""

    def _separator(self) -> str:
        """Takes what stands between two items: `,`, `;`, a word, or an or after a comma."""
        sign = ""
        while (word := self._joint()) and not (sign and self.kind == "end"):
            sign = word if word == "where" else max(sign, word, key=_WEIGHT.__getitem__)
            self.skip()
            if word == "where":
                break
        if not sign:
            if self.next == "(" or self.next in _PARTS:
                return "where"
            raise Malformed(f"{self.next!r} is in the way")
        return sign

    def _joint(self) -> str:
        token = self.here
        if token.text in _PARTS:
            return ","
        if token.text in ("\\wedge", "\\land"):
            return "and"
        if token.text in ("\\lor", "\\vee"):
            return "or"
        if token.kind not in ("word", "roman"):
            return "where" if token.text in ("\\forall",) else ""
        if token.text in ("y", "e", "o", "u") and self._between_equations(token.kind):
            return "and" if token.text in ("y", "e") else "or"
        return self._word_joint(token.text.lower())

    def _between_equations(self, kind: str) -> bool:
        """`x=1 \\text{ y } y=2`: one letter in text between two equations is a word."""
        ahead = self.ahead(2).text in ("=", "_") and self.ahead(1).kind == "letter"
        return kind == "roman" and self.at > 0 and ahead

    def _word_joint(self, word: str) -> str:
        if word in AND and (len(word) > 1 or not word.isascii()):
            return "and"
        if word in OR and (len(word) > 1 or not word.isascii()):
            return "or"
        return "where" if word in WHERE else ""

    def stops(self) -> bool:
        word = self.next.lower()
        return bool(self._joint()) or word in _MOD or word in ("is", "are", "in")

    def relation(self) -> Node:
        sides: list[Node] = []
        ops: list[str] = []
        if self.next == "<" and self._is_vector():
            sides.append(self._side())
        elif self.next in RELATIONS and RELATIONS[self.next] in ("~", "<", ">", "<=", ">=", "="):
            sides.append(Sym("…"))
        else:
            sides.append(self._side())
        if self.next in _FINAL:
            self.relating = False
            return _related(ops, sides)
        if self.next in ("\\mid", "\\|") and not self.separators and not self.bars:
            self.skip()
            return Congruence(self._side(), ZERO, sides[0])
        while self._relates():
            ops.append(RELATIONS.get(self.take().text, "="))
            self.relating = self.relating or ops[-1] == "equiv"
            sides.append(self._side())
        self.relating = False
        found = _related(ops, sides)
        return self._modulo(found)

    def _relates(self) -> bool:
        if self.next in self.separators:
            return False
        return self.next in RELATIONS or self._says_equal()

    def _is_vector(self) -> bool:
        """`<1, 2, 3>`, and nothing behind it."""
        inside = [token.text for token in self.tokens[self.at + 1 :]]
        return inside[-1:] == [">"] and "," in inside and not {"<", ">"} & set(inside[:-1])

    def _says_equal(self) -> bool:
        if self.next not in ("is", "equals") or self.kind not in ("word", "roman"):
            return False
        said = {self.ahead(1).text.lower(), self.ahead(2).text.lower()}
        return not said & (set(PARITIES) | DIVIDED)

    def _modulo(self, found: Node) -> Node:
        r"""`x \equiv 3 \pmod 7`, `3 (mod 7)`."""
        bracket = self.next == "(" and self.ahead(1).text in _MOD
        if not bracket and self.next not in _MOD:
            return found
        self.skip(2 if bracket else 1)
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
        return first

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
