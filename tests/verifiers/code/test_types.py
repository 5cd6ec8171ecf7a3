"""The three types of tests, on real programs in real slots."""

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from adjudge.sandbox.types import Limits, Program, SandboxError
from adjudge.verifiers.code import code_verifier
from adjudge.verifiers.code.shapes import CodeParams, CodeReference
from adjudge.verifiers.types import Completion, Outcome, Verdict

SUMS = {
    "type": "stdio",
    "cases": [{"input": "3 4\n", "output": "7\n"}, {"input": "1 1\n", "output": "2\n"}],
}
ADD = {"type": "function", "entry_point": "add", "cases": [{"args": [3, 4], "expected": 7}]}
ASSERT = {"type": "assert", "code": "assert add(3, 4) == 7\nassert add(1, 0) == 1"}


@pytest.mark.parametrize(
    ("tests", "text"),
    [
        (SUMS, "print(sum(map(int, input().split())))"),
        (SUMS, "import sys\nprint(sum(map(int, sys.stdin.read().split())))"),
        (
            SUMS,
            "```python\nprint(1)\n```\nNo:\n```py\nprint(sum(map(int,input().split())))\n```\nDone.",
        ),
        (ADD, "def add(a, b):\n    return a + b"),
        (ADD, "class Solution:\n    def add(self, a: int, b: int) -> int:\n        return a + b"),
        (ADD, "from __future__ import annotations\nadd = lambda a, b: a + b"),
        (
            ADD,
            "def add(a, b): return a + b\nif __name__ == '__main__': print(add(*input()))",
        ),
        (ASSERT, "def add(a, b):\n    return a + b"),
        (ASSERT, "class Solution:\n    def add(self, a, b):\n        return a + b"),
    ],
)
def test_right(judge: Any, tests: dict[str, Any], text: str) -> None:
    verdict: Verdict = judge(text, tests)
    assert (verdict.verdict, verdict.reason, verdict.flags) == (Outcome.CORRECT, "passed", ())
    assert "[isolation: " in verdict.detail


@pytest.mark.parametrize(
    ("tests", "text", "reason", "detail"),
    [
        (SUMS, "print(7)", "wrong_answer", "case 2 of 2: expected '2', got '7'"),
        (SUMS, "1 / 0", "runtime_error", "case 1 of 2: ZeroDivisionError: division by zero"),
        (SUMS, "import sys; sys.exit(3)", "runtime_error", "exit status 3"),
        (SUMS, "print(7", "compile_error", "SyntaxError"),
        (SUMS, "while True: pass", "time_limit", "CPU time"),
        (SUMS, "import time; time.sleep(60)", "idle_limit", "idle"),
        (SUMS, "x = bytearray(1 << 33)", "memory_limit", ""),
        (SUMS, "while True: print('x' * 9999)", "output_limit", "more than"),
        (ADD, "def add(a, b): return a - b", "wrong_answer", "add(3, 4): expected 7, got -1"),
        (ADD, "def add(a, b): return a[b]", "runtime_error", "TypeError"),
        (ADD, "def sub(a, b): return a[b]", "runtime_error", "'add' is not defined"),
        (ADD, "def add(a, b): return add", "wrong_answer", "object of the program's own"),
        (ADD, "import os\ndef add(a, b): os._exit(0)", "runtime_error", "before it had answered"),
        (ADD, "def add(a, b:", "compile_error", "SyntaxError"),
        (ADD, "def add(a, b):\n    while True: pass", "time_limit", "CPU time"),
        (
            ASSERT,
            "def add(a, b): return 7",
            "wrong_answer",
            "case 2 of 2: assert add(1, 0) == 1: expected 1, got 7",
        ),
        (ASSERT, "def add(a, b): return a[b]", "runtime_error", "TypeError"),
        (ASSERT, "def add(a, b): pass\nraise ValueError('no')", "runtime_error", "ValueError: no"),
        (ASSERT, "def add(a, b:", "compile_error", "SyntaxError"),
        (ASSERT, "def add(a, b):\n    while True: pass", "time_limit", "CPU time"),
    ],
)
def test_wrong(judge: Any, tests: dict[str, Any], text: str, reason: str, detail: str) -> None:
    verdict: Verdict = judge(text, tests, limits={"cpu_s": 0.5, "idle_s": 0.5})
    assert (verdict.score, verdict.verdict, verdict.reason) == (0.0, Outcome.INCORRECT, reason)
    assert detail in verdict.detail


def test_share_of_the_cases(judge: Any) -> None:
    verdict = judge("print(7)", SUMS, scoring="fraction")
    assert (verdict.score, verdict.verdict, verdict.reason) == (
        0.5,
        Outcome.PARTIAL,
        "wrong_answer",
    )
    assert "1 of 2 cases passed; case 2 of 2" in verdict.detail
    assert judge("def add(a, b): return 7", ASSERT, scoring="fraction").score == 0.5


@pytest.mark.parametrize("text", ["", "```python\n```", "<think>```python\nprint(1)\n```"])
def test_no_program(judge: Any, text: str) -> None:
    assert judge(text, SUMS).verdict is Outcome.NO_ANSWER


def test_nobody_to_ask(judge: Any) -> None:
    check = code_verifier(None).check
    assert check is not None
    verdict = check(Completion("x"), CodeReference.model_validate({"tests": SUMS}), CodeParams())
    assert (verdict.score, verdict.reason) == (None, "no_sandbox")
    assert judge("x", SUMS, language="cobol").reason == "language_unavailable"


class _Failing:
    """A sandbox whose slots cannot be had."""

    backend = "none"
    isolation: tuple[str, ...] = ()
    languages: Mapping[str, str] = {"python": "3"}

    def open(self, program: Program, limits: Limits | None = None) -> Any:
        raise SandboxError("no slot")


def test_a_failing_sandbox_is_no_zero() -> None:
    check = code_verifier(_Failing()).check  # type: ignore[arg-type] # as much of one as is used
    assert check is not None
    verdict = check(Completion("x"), CodeReference.model_validate({"tests": SUMS}), CodeParams())
    assert (verdict.score, verdict.reason) == (None, "sandbox_error")


def test_a_language_of_nobody(judge: Any) -> None:
    for tests in (ADD, ASSERT):
        assert judge("x", tests, language="cobol").reason == "language_unavailable"


def test_arguments_nested_too_deep(judge: Any) -> None:
    deep: Any = []
    for _ in range(220):
        deep = [deep]
    cases = [{"args": [deep], "expected": 1}]
    verdict = judge("def f(x): return 1", {"type": "function", "entry_point": "f", "cases": cases})
    assert (verdict.score, verdict.reason) == (None, "bad_reference")


def test_a_long_value_is_cut_short(judge: Any) -> None:
    cases = [{"args": [], "expected": 1}]
    tests = {"type": "function", "entry_point": "f", "cases": cases}
    verdict = judge("def f(): return ['x' * 99] * 99", tests)
    assert verdict.reason == "wrong_answer"
    assert len(verdict.detail) < 500


def test_a_checker_and_its_code_go_together() -> None:
    for more in ({"checker": "custom"}, {"checker_code": "x"}):
        with pytest.raises(ValidationError, match="checker_code goes with"):
            CodeReference.model_validate({"tests": {**SUMS, **more}})


TOGETHER = {"type": "assert", "code": "assert apply(lambda x: x, 1) == 1\nassert apply(abs, -1)"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("def apply(f, x):\n    return f(x)", "passed"),
        ("def apply(f, x):\n    return 2", "wrong_answer"),
        ("def apply(f, x):\n    import os; os._exit(0)", "runtime_error"),
        ("def apply(f, x):\n    f(x); import os; os._exit(0)", "runtime_error"),
        (
            "import os, struct\n"
            "def apply(f, x):\n"
            '    b = b\'V{"nonce":"x","passed":2,"total":2,"fault":null,"asked":2}\'\n'
            "    os.write(3, struct.pack('<I', len(b)) + b); os._exit(0)",
            "runtime_error",
        ),
        (
            "import os, struct, traceback\n"
            "if any(f.filename == 'shared.py' for f in traceback.extract_stack()):\n"
            '    b = b\'{"broken":""}\'\n'
            "    os.write(3, struct.pack('<I', len(b)) + b)\n"
            "def apply(f, x):\n    return f(x)",
            "runtime_error",
        ),
    ],
)
def test_in_one_process(judge: Any, text: str, reason: str) -> None:
    verdict = judge(text, TOGETHER)
    assert (verdict.reason, verdict.flags) == (reason, ("integrity_weak",))


def test_in_one_process_it_must_compile_too(judge: Any) -> None:
    tests = {"type": "assert", "code": "import asyncio\nassert asyncio.run(f()) == 1"}
    assert judge("async def f(:", tests).reason == "compile_error"
    assert judge("raise ValueError", tests).reason == "runtime_error"


@pytest.mark.parametrize("code", ["assert (", "assert 1 == 1", "pass"])
def test_tests_that_test_nothing(judge: Any, code: str) -> None:
    verdict = judge("def add(a, b): return a + b", {"type": "assert", "code": code})
    assert (verdict.score, verdict.reason) == (None, "bad_reference")
