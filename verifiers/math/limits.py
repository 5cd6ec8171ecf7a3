"""What this package refuses to work on, and the words for saying so.

Every cap is checked before the code that it protects: characters before the first regular
expression, tokens before the parser, depth inside it, digits before a number is built, steps and
bits while a value is computed. A completion that crosses one is `incorrect`, reason `limit`.
"""

import sys

CHARS = 4_000
"""Characters of one answer or reference."""
TOKENS = 3_000
DEPTH = 1_000
"""Nested brackets and braces, two to a fraction."""
LEVELS = 400
"""Of the tree that is made of them."""
DIGITS = 1_000
"""Digits of one number."""
BITS = 1 << 16
"""Size of an exact intermediate value."""
EXPONENT_BITS = 1 << 26
"""A ball whose magnitude is past 2^±this is not computed with any further."""
STEPS = 16_000
"""Nodes evaluated for one pair of answers, at all points, bounded sums included."""
INTEGRAND = 3_000
"""Evaluations of integrands for one pair of answers."""
NEST = 32
"""Sets, lists and cases within each other that are compared."""
ITEMS = 64
"""Members of a list, set or tuple that are compared without regard to order."""
VARIANTS = 32
"""Answers that the ± signs of one formula may stand for."""

# The parser uses about ten Python frames a bracket; pure Python frames cost no C stack.
sys.setrecursionlimit(max(sys.getrecursionlimit(), 12 * DEPTH + 2_000))


class Malformed(ValueError):
    """Not a formula of the language that `docs/math.md` describes."""


class OverLimit(ValueError):
    """Understood so far, but too long, deep or heavy to go on."""


class Undefined(ArithmeticError):
    """0/0, 1/0, log 0, …: equal to nothing, not even to itself."""


class Undecided(Exception):
    """Neither proven equal nor proven different by the means at hand."""
