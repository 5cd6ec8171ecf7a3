"""How one case went, whatever the type of the tests."""

import re
from dataclasses import dataclass

from adjudge.sandbox.types import Ending, Result

SHOWN = 160
"""Characters of an expected or given value in a detail."""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case."""

    passed: bool
    reason: str = ""
    """As in the contract: `wrong_answer`, `runtime_error`, …; "" if it passed."""
    detail: str = ""
    weak: bool = False
    """Tests and candidate shared a process."""


PASSED = CaseResult(passed=True)


def wrong(detail: str) -> CaseResult:
    """It ran, and gave something else."""
    return CaseResult(passed=False, reason="wrong_answer", detail=detail)


def failed(result: Result, otherwise: str = "") -> CaseResult:
    """A run that did not end well; `otherwise`: what went wrong if it did."""
    ending = Ending.RUNTIME_ERROR if result.ending is Ending.OK else result.ending
    return CaseResult(passed=False, reason=ending.value, detail=_why(result, otherwise))


def _why(result: Result, otherwise: str) -> str:
    if result.ending is Ending.OK:
        return otherwise
    if result.ending in (Ending.RUNTIME_ERROR, Ending.COMPILE_ERROR):
        last = last_line(result.stderr)
        return last or (f"exit status {result.return_code}" if result.return_code else otherwise)
    return _MEASURES[result.ending](result)


_MEASURES = {
    Ending.TIME_LIMIT: lambda result: f"{result.cpu_s:.2f} s of CPU time",
    Ending.IDLE_LIMIT: lambda result: f"idle for too long in {result.wall_s:.2f} s",
    Ending.MEMORY_LIMIT: lambda result: f"{result.memory_mb:.0f} MiB",
    Ending.OUTPUT_LIMIT: lambda result: f"more than {len(result.stdout)} bytes of output",
}


def last_line(stderr: bytes) -> str:
    """What a program's error output ends with; of a compiler's, the first error."""
    text = stderr[-4000:].decode(errors="replace").strip()
    lines = text.splitlines()
    errors = [line for line in lines if " error:" in line or line.startswith("error")]
    if not errors and _TRAILING.match(text.rpartition("\n")[2]):
        errors = [line for line in lines if _TELLING.match(line)]
    return shown((errors[0] if errors else text.rpartition("\n")[2]).strip(), quote=False)


_TRAILING = re.compile(r"Node\.js v|\s+at |exit status|note: |\s")
"""What node, Java, Go and Rust write below their error."""
_TELLING = re.compile(
    r"Exception in thread|panic: |thread '|(?:Uncaught )?[A-Z]\w{0,60}(?:Error|:)"
)


def shown(value: object, *, quote: bool = True) -> str:
    """A value in a detail, cut short."""
    text = value if isinstance(value, str) and not quote else repr(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def shown_output(data: bytes) -> str:
    """The beginning of an output."""
    return shown(data[: SHOWN * 4].decode(errors="replace").strip())
