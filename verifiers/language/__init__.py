"""The kind `language`: how much of a text is in the language that it should be in."""

from adjudge.verifiers.language.kind import check, verifier

__all__ = ["check", "verifier"]
