"""`function` and `assert` tests of languages whose programs have no serving side here."""

from collections.abc import Iterator

from adjudge.sandbox.types import LanguageUnavailable, Program, Sandbox
from adjudge.verifiers.code.cases import CaseResult
from adjudge.verifiers.code.shapes import AssertTests, FunctionTests
from adjudge.verifiers.types import BadReference


def run_foreign(
    sandbox: Sandbox, program: Program, tests: FunctionTests | AssertTests
) -> Iterator[CaseResult]:
    """Not Python's."""
    if program.language not in sandbox.languages:
        raise LanguageUnavailable(program.language)
    raise BadReference(f"{tests.type} tests in {program.language}: write them as stdio tests")
