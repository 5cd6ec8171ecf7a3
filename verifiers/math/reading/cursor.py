"""A place in a list of tokens: the parser's hands."""

from adjudge.verifiers.math.limits import DEPTH, Malformed, OverLimit
from adjudge.verifiers.math.reading.lexer import Token

END = Token("end", "")
SIGHT = 200
"""Tokens looked ahead; without a bound, brackets in brackets are looked through many times."""


class Cursor:
    """Looks ahead, takes tokens, counts how deep it is."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0

    def ahead(self, steps: int = 0) -> Token:
        try:
            return self.tokens[self.at + steps]
        except IndexError:
            return END

    @property
    def next(self) -> str:
        """The text of the next token; empty at the end."""
        try:
            return self.tokens[self.at].text
        except IndexError:
            return ""

    def take(self) -> Token:
        token = self.ahead()
        if token is END:
            raise Malformed("it ends too early")
        self.at += 1
        return token

    def accept(self, *texts: str) -> bool:
        if self.next in texts and self.ahead() is not END:
            self.at += 1
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.accept(text):
            raise Malformed(f"expected {text!r} before {self.next!r}")

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > DEPTH:
            raise OverLimit(f"nested deeper than {DEPTH}")

    def spread(self) -> None:
        """Turn the word here into its letters."""
        token = self.ahead()
        letters = [Token("letter", letter) for letter in token.text]
        letters[0] = letters[0]._replace(gap=token.gap)
        self.tokens[self.at : self.at + 1] = letters

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
