"""`code`: does the program pass its tests? The tests never run in the program's own process.

`shapes` (reference and params) → `program` (find it in the completion) → `stdio`, `function` or
`asserts` (run it, case by case) → `kind` (the verdict). `checkers` compare outputs, `values`
compare results, on our side of the wall; `far` holds what is sent to the other side.
"""

from adjudge.verifiers.code.kind import code_verifier

__all__ = ["code_verifier"]
