"""A place in a list of tokens: the parser's hands."""

from adjudge.verifiers.math.limits import DEPTH, Malformed, OverLimit
from adjudge.verifiers.math.reading.lexer import Token

END = Token("end", "")
SIGHT = 200
"""Tokens looked ahead; without a bound, brackets in brackets are looked through many times."""


class Cursor:
    """Looks ahead, takes tokens, counts how deep it is."""

    here: Token
    """The next token; END behind the last one."""
    kind: str
    """Its kind."""
    next: str
    """Its text; empty at the end."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.depth = 0
        self.go(0)

    def go(self, place: int) -> None:
        self.at = place
        self.here = here = self.tokens[place] if place < len(self.tokens) else END
        self.kind, self.next, _ = here

    def skip(self, steps: int = 1) -> None:
        self.go(self.at + steps)

    def ahead(self, steps: int) -> Token:
        place = self.at + steps
        return self.tokens[place] if place < len(self.tokens) else END

    def take(self) -> Token:
        token = self.here
        if token is END:
            raise Malformed("it ends too early")
        self.go(self.at + 1)
        return token

    def accept(self, *texts: str) -> bool:
        if self.next in texts and self.here is not END:
            self.go(self.at + 1)
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.accept(text):
            raise Malformed(f"expected {text!r} before {self.next!r}")

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > DEPTH:
            raise OverLimit(f"nested deeper than {DEPTH}")

    def put(self, tokens: list[Token]) -> None:
        """In place of the token here."""
        self.tokens[self.at : self.at + 1] = tokens
        self.go(self.at)

    def spread(self) -> None:
        """Turn the word here into its letters."""
        first, *others = list(self.next)
        letters = [Token("letter", letter) for letter in others]
        self.put([Token("letter", first, self.here.gap), *letters])

    def raw_group(self) -> str:
        """The text of a group or of the one token here: a subscript, a name."""
        if not self.accept("{"):
            return self.take().text
        parts, level = [], 1
        while level:
            token = self.take()
            level += (token.text == "{") - (token.text == "}")
            if level and token.text not in "{}":
                parts.append(token.text)
        return "".join(parts)

    def closing(self, opened: str, closed: str) -> int:
        """The index after the bracket that closes the one here; -1 if none does within sight."""
        level = 0
        for place in range(self.at, min(len(self.tokens), self.at + SIGHT)):
            text = self.tokens[place].text
            level += (text == opened) - (text == closed)
            if level == 0:
                return place + 1
        return -1
