"""`math`: is an answer mathematically equal to the reference?"""

from adjudge.verifiers.math.verdict import MathParams, MathReference, check, verifier, verify

__all__ = ["MathParams", "MathReference", "check", "verifier", "verify"]
