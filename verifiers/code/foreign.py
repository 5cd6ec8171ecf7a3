"""`assert` and `function` tests of other languages than Python.

`assert`: candidate and tests are one program, for no two processes of these languages speak a codec
of ours: always flagged weak. A program that ends before its tests do (`exit(0)` in a constructor)
is not paid all the same: where the language allows it, the tests must come to their end and say a
word that is drawn for each run.

`function`, JavaScript only: as in Python, the arguments go in, the value comes out over a channel
of its own and is compared here; not weak.
"""

import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from adjudge.sandbox.types import (
    Ending,
    LanguageUnavailable,
    Limits,
    Program,
    Result,
    Sandbox,
)
from adjudge.verifiers.code.cases import CaseResult, failed, last_line
from adjudge.verifiers.code.function import run_functions
from adjudge.verifiers.code.shapes import AssertTests, FunctionTests
from adjudge.verifiers.types import BadReference

Join = Callable[[str, str], str]
"""Candidate and tests to one program; it writes its first argument, as it ends well."""

_FAR = Path(__file__).parent / "far"
_CPP_MAIN = re.compile(r"\b(?:int|auto|void|signed)\s+main\s*\(")
_OUTSIDE = re.compile(r"\s*(?:#|using\s+namespace\b)")


def run_foreign(
    sandbox: Sandbox, program: Program, tests: FunctionTests | AssertTests, limits: Limits
) -> Iterator[CaseResult]:
    """One result a case. Raises BadReference for tests that the language cannot have."""
    if program.language not in sandbox.languages:
        raise LanguageUnavailable(program.language)
    if isinstance(tests, AssertTests):
        return _run_asserts(sandbox, program, tests, limits)
    if program.language == "javascript":
        driver = (_FAR / "serve.js").read_text(encoding="utf-8")
        served = Program(source=f"{program.source}\n;{driver}", language="javascript")
        return run_functions(sandbox, served, tests, limits)
    raise BadReference(f"function tests in {program.language}: write them as stdio tests")


# -- asserts -------------------------------------------------------------------------------------


def _cpp(source: str, tests: str) -> str:
    if "main" in source:
        source = f"#define main adjudge_candidate_main\n{source}\n#undef main"
    body, found = _CPP_MAIN.subn("static auto adjudge_tests(", tests, count=1)
    if not found:
        body = _wrapped(tests)
    last = 'int main(int, char** given) { adjudge_tests(); std::printf("%s", given[1]); }'
    return f"{source}\n#undef NDEBUG\n#include <cassert>\n{body}\n#include <cstdio>\n{last}\n"


def _wrapped(tests: str) -> str:
    """Bare statements: a function of them; directives stay outside."""
    lines = tests.splitlines()
    outside = [line for line in lines if _OUTSIDE.match(line)]
    inside = [line for line in lines if not _OUTSIDE.match(line)]
    return "\n".join([*outside, "static void adjudge_tests() {", *inside, "}"])


_JS_ASSERT = (
    ";console.assert = (held, ...said) => "
    "{ if (!held) throw new Error(`assertion failed ${said.join(' ')}`); };"
)
_JS_END = ";process.on('exit', (code) => { if (!code) process.stdout.write(process.argv[2]); });"


def _javascript(source: str, tests: str) -> str:
    return f"{source}\n{_JS_ASSERT}\n{tests}\n{_JS_END}\n"


def _plain(source: str, tests: str) -> str:
    return f"{source}\n{tests}\n"


_JOINED: Mapping[str, Join] = {
    "cpp": _cpp,
    "cpp20": _cpp,
    "javascript": _javascript,
    "java": _plain,
    "go": _plain,
    "rust": _plain,
}
_SAYS_SO = frozenset(("cpp", "cpp20", "javascript"))
_FAILED = re.compile(rb"[Aa]ssert|panicked")
_TOLD = re.compile(rb"[A-Za-z ]{0,40}Error|thread '|Exception in|[^\n]{1,200}: Assertion ")


def _run_asserts(
    sandbox: Sandbox, program: Program, tests: AssertTests, limits: Limits
) -> Iterator[CaseResult]:
    word = secrets.token_hex(16)
    source = "\n".join(filter(None, (tests.setup, program.source)))
    joined = Program(
        source=_JOINED[program.language](source, tests.code),
        language=program.language,
        arguments=(word,),
    )
    with sandbox.open(joined, limits) as session:
        result = session.run()
    reached = program.language not in _SAYS_SO or result.stdout.endswith(word.encode())
    yield _judge(result, reached=reached)


def _judge(result: Result, *, reached: bool) -> CaseResult:
    if result.ending is Ending.OK and reached:
        return CaseResult(passed=True, weak=True)
    if result.ending is Ending.RUNTIME_ERROR and _FAILED.search(result.stderr[-8000:]):
        said = _assertion(result.stderr)
        return CaseResult(passed=False, reason="wrong_answer", detail=said, weak=True)
    found = failed(result, "the program ended before its tests did")
    return CaseResult(passed=False, reason=found.reason, detail=found.detail, weak=True)


def _assertion(stderr: bytes) -> str:
    lines = [line for line in stderr[-8000:].splitlines() if _FAILED.search(line)]
    told = [line for line in lines if _TOLD.match(line)]
    return last_line((told or lines or [stderr])[0])
