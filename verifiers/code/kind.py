"""The `code` kind: from a completion to a verdict.

Security rests on `sandbox` for what programs may do, and on this package for what they may claim:
expected outputs, checkers and tests are never in the candidate's process. Covered: forged verdicts
by exit status, output, patched built-ins, overridden equality, files, memory scans. Not covered:
tests that cannot be split (flag `integrity_weak`), and tests that ask too little.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from adjudge.sandbox.types import LanguageUnavailable, Program, Sandbox, SandboxError
from adjudge.verifiers.code.asserts import run_asserts
from adjudge.verifiers.code.cases import CaseResult
from adjudge.verifiers.code.foreign import run_foreign
from adjudge.verifiers.code.function import run_function
from adjudge.verifiers.code.program import find_program
from adjudge.verifiers.code.shapes import (
    CodeParams,
    CodeReference,
    FunctionTests,
    StdioTests,
)
from adjudge.verifiers.code.stdio import run_stdio
from adjudge.verifiers.types import BadReference, Completion, Verdict, Verifier

WEAK = "integrity_weak"
ALIASES = {
    "py": "python",
    "python3": "python",
    "c++": "cpp",
    "cpp17": "cpp",
    "c++17": "cpp",
    "c++20": "cpp20",
    "js": "javascript",
    "node": "javascript",
    "nodejs": "javascript",
    "golang": "go",
    "rs": "rust",
}


@dataclass
class _Tally:
    """The cases so far."""

    total: int
    """How many there are; 0: as many as are run."""
    ran: int = 0
    passed: int = 0
    weak: bool = False
    first: CaseResult | None = None
    number: int = 0
    flags: tuple[str, ...] = field(default=())

    def add(self, case: CaseResult) -> None:
        self.ran += 1
        self.passed += case.passed
        self.weak = self.weak or case.weak
        if not case.passed and self.first is None:
            self.first, self.number = case, self.ran


def code_verifier(sandbox: Sandbox | None) -> Verifier[CodeReference, CodeParams]:
    """The kind, over `sandbox`; None: this process cannot run programs."""

    def check(completion: Completion, reference: CodeReference, params: CodeParams) -> Verdict:
        if sandbox is None:
            return Verdict.unscored("no_sandbox", "no sandbox passed its self-test here")
        return _check(sandbox, completion, reference, params)

    languages = {} if sandbox is None else dict(sandbox.languages)
    return Verifier(
        kind="code",
        version="1",
        summary="the program passes its tests, in a sandbox",
        reference=CodeReference,
        params=CodeParams,
        check=check,
        lane="code",
        notes={"languages": {**languages}},
    )


def _check(
    sandbox: Sandbox, completion: Completion, reference: CodeReference, params: CodeParams
) -> Verdict:
    source = find_program(completion)
    if isinstance(source, Verdict):
        return source
    try:
        tally = _run(sandbox, source, reference, params)
    except LanguageUnavailable as error:
        return Verdict.unscored("language_unavailable", f"no tool here for {error}")
    except SandboxError as error:
        return Verdict.unscored("sandbox_error", str(error)[:300])
    except BadReference as error:
        return Verdict.unscored("bad_reference", str(error)[:300])
    return _verdict(tally, params, source, sandbox.backend)


def _run(sandbox: Sandbox, source: str, reference: CodeReference, params: CodeParams) -> _Tally:
    every = params.scoring == "fraction"
    tally = _Tally(total=len(getattr(reference.tests, "cases", ())))
    for case in _cases(sandbox, source, reference, params):
        tally.add(case)
        same_for_all = case.reason == "compile_error"
        if not case.passed and (not every or same_for_all):
            break
    return tally


def _cases(
    sandbox: Sandbox, source: str, reference: CodeReference, params: CodeParams
) -> Iterator[CaseResult]:
    tests, limits = reference.tests, params.bounds()
    language = ALIASES.get(params.language.lower(), params.language.lower())
    if isinstance(tests, StdioTests):
        return run_stdio(sandbox, Program(source=source, language=language), tests, limits)
    if language != "python":
        return run_foreign(sandbox, Program(source=source, language=language), tests, limits)
    if isinstance(tests, FunctionTests):
        return run_function(sandbox, source, tests, limits)
    return run_asserts(sandbox, source, tests, limits, every=params.scoring == "fraction")


def _verdict(tally: _Tally, params: CodeParams, source: str, isolation: str) -> Verdict:
    total = tally.total or tally.ran
    share = tally.passed / total
    score = share if params.scoring == "fraction" else float(tally.passed == total)
    first = tally.first
    reason = first.reason if first is not None else "passed"
    detail = f"all {total} cases passed"
    if first is not None:
        detail = f"case {tally.number} of {total}: {first.detail or reason}"
        if params.scoring == "fraction":
            detail = f"{tally.passed} of {total} cases passed; {detail}"
    verdict = Verdict.graded(score, reason, f"{detail} [isolation: {isolation}]", source[:500])
    return verdict.model_copy(update={"flags": (WEAK,)}) if tally.weak else verdict
