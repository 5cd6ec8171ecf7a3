"""A written answer to its tree: spelling, tokens, grammar."""

from adjudge.verifiers.math.reading.answer import read

__all__ = ["read"]
