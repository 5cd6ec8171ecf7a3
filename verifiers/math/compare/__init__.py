"""Are two trees one answer?"""

from adjudge.verifiers.math.compare.dispatch import compare

__all__ = ["compare"]
