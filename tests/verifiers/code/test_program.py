"""Where the program of a completion is."""

import pytest

from adjudge.verifiers.code.program import MAX_CHARS, find_program
from adjudge.verifiers.types import Completion, Verdict


@pytest.mark.parametrize(
    ("text", "program"),
    [
        ("print(1)", "print(1)"),
        ("```python\nprint(1)\n```", "print(1)\n"),
        ("<think>```\nno\n```</think>```py\nprint(1)\n```\nDone.", "print(1)\n"),
        ("```\na\n```\ntext\n```\nb\n```", "b\n"),
        ("````\n```\ninner\n```\n````", "```\ninner\n```\n"),
        ("~~~\nb\n~~~", "b\n"),
        ("```\na\n```\n```\nb", "b"),
        ("```\na\n```\n```\n", "a\n"),
        ("1. so:\n   ```python\n   if x:\n       y\n   ```", "if x:\n    y\n"),
        ("say `x``y` here", "say `x``y` here"),
        ("``` a ` b\nprint(1)", "``` a ` b\nprint(1)"),
        ("```\r\nprint(1)\r\n```", "print(1)\r\n"),
    ],
)
def test_program(text: str, program: str) -> None:
    assert find_program(Completion(text)) == program


@pytest.mark.parametrize(
    ("completion", "reason"),
    [
        (Completion("print(1)", finish_reason="length"), "truncated"),
        (Completion("<think>print(1)"), "unclosed_think"),
        (Completion("```\n\n```"), "no_program"),
        (Completion("x" * (MAX_CHARS + 1)), "limit"),
    ],
)
def test_no_program(completion: Completion, reason: str) -> None:
    found = find_program(completion)
    assert isinstance(found, Verdict)
    assert (found.score, found.reason) == (0.0, reason)
