"""`stdio` tests: each case is a fresh process of the program; outputs are compared here.

The wanted output never leaves this side, but for a custom checker, which is the dataset's own
program in a slot of its own.
"""

from collections.abc import Iterator

from adjudge.sandbox.types import Ending, Limits, Program, Result, Sandbox
from adjudge.verifiers.code.cases import PASSED, CaseResult, failed, last_line, shown_output, wrong
from adjudge.verifiers.code.checkers import CHECKERS
from adjudge.verifiers.code.shapes import StdioCase, StdioTests
from adjudge.verifiers.types import BadReference

CHECKER_LIMITS = Limits(cpu_s=10.0, idle_s=5.0, memory_mb=1024)
FILES = ("input.txt", "output.txt", "answer.txt")
REFUSALS = frozenset((b"0", b"0.0", b"false", b"no", b"wrong", b"wrong_answer", b"wa", b"fail"))
CHECKER_FAILED = 3
"""testlib's `_fail`: the checker, or the wanted answer, is at fault."""


def run_stdio(
    sandbox: Sandbox, program: Program, tests: StdioTests, limits: Limits
) -> Iterator[CaseResult]:
    """One result a case, in order; nothing is run before it is asked for."""
    with sandbox.open(program, limits) as session:
        for case in tests.cases:
            result = session.run(case.input.encode("utf-8", "surrogatepass"))
            yield _judge(sandbox, tests, case, result)


def _judge(sandbox: Sandbox, tests: StdioTests, case: StdioCase, result: Result) -> CaseResult:
    if result.ending is not Ending.OK:
        return failed(result)
    wanted = case.output.encode("utf-8", "surrogatepass")
    if tests.checker == "custom":
        return _ask_checker(sandbox, tests, case, result.stdout, wanted)
    if CHECKERS[tests.checker](result.stdout, wanted):
        return PASSED
    return wrong(_difference(result.stdout, wanted))


def _difference(got: bytes, wanted: bytes) -> str:
    ours, theirs = shown_output(got), shown_output(wanted)
    if ours != theirs:
        return f"expected {theirs}, got {ours}"
    number, one, other = next(_lines_apart(got, wanted), (0, b"", b""))
    return f"line {number}: expected {shown_output(other)}, got {shown_output(one)}"


def _lines_apart(got: bytes, wanted: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    ours, theirs = got.splitlines(), wanted.splitlines()
    for number in range(max(len(ours), len(theirs))):
        one = ours[number] if number < len(ours) else b""
        other = theirs[number] if number < len(theirs) else b""
        if one.split() != other.split():
            yield number + 1, one, other


def _ask_checker(
    sandbox: Sandbox, tests: StdioTests, case: StdioCase, got: bytes, wanted: bytes
) -> CaseResult:
    given = (case.input.encode("utf-8", "surrogatepass"), got, wanted)
    checker = Program(
        source=tests.checker_code or "",
        language=tests.checker_language,
        files=dict(zip(FILES, given, strict=True)),
        arguments=FILES,
    )
    with sandbox.open(checker, CHECKER_LIMITS) as session:
        result = session.run(got)
    if result.ending is Ending.COMPILE_ERROR:
        raise BadReference(f"the checker does not compile: {last_line(result.stderr)}")
    if result.return_code == CHECKER_FAILED:
        raise BadReference(f"the checker failed: {last_line(result.stderr)}")
    said = result.stdout.split()[:1]
    if result.ending is Ending.OK and not (said and said[0].lower() in REFUSALS):
        return PASSED
    return wrong(f"the checker refuses {shown_output(got)}: {_remark(result)}")


def _remark(result: Result) -> str:
    return last_line(result.stderr) or shown_output(result.stdout)
