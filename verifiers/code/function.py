"""`function` tests: the candidate's process is given the arguments and gives back what it computed.

Each case is a fresh process (nothing that one case leaves behind helps or harms another). What was
expected never leaves this side; results are compared as they came over the wire (`values`).
"""

from collections.abc import Iterator
from typing import Any

from adjudge.sandbox.types import Channel, Ending, Limits, Program, Sandbox, Session
from adjudge.verifiers.code import talk
from adjudge.verifiers.code.cases import PASSED, CaseResult, failed, shown, wrong
from adjudge.verifiers.code.far import codec
from adjudge.verifiers.code.shapes import FunctionCase, FunctionTests
from adjudge.verifiers.code.values import same_value
from adjudge.verifiers.types import BadReference


def run_function(
    sandbox: Sandbox, source: str, tests: FunctionTests, limits: Limits
) -> Iterator[CaseResult]:
    """One result a case, in order; nothing is run before it is asked for."""
    served = talk.candidate_program(warm=talk.needs_numpy(source))
    return run_functions(sandbox, served, tests, limits, source)


def run_functions(
    sandbox: Sandbox,
    program: Program,
    tests: FunctionTests,
    limits: Limits,
    source: str = "",
) -> Iterator[CaseResult]:
    """The same, served by `program`; it is sent the `source`, if it does not hold it itself."""
    with sandbox.open(program, limits) as session:
        for case in tests.cases:
            yield _run(session, source, tests, case)


def _run(session: Session, source: str, tests: FunctionTests, case: FunctionCase) -> CaseResult:
    call = _Call(source, tests.entry_point, case)
    result = session.talk(call)
    if call.broken:
        return CaseResult(passed=False, reason=Ending.COMPILE_ERROR.value, detail=call.broken)
    if call.answer is None or result.ending not in (Ending.OK, Ending.RUNTIME_ERROR):
        return failed(result, "the program ended before it had answered")
    return _judge(call.answer, tests, case)


class _Call:
    """One conversation: load the module, call the function."""

    def __init__(self, source: str, entry_point: str, case: FunctionCase) -> None:
        self._source = source
        self._request = _request(entry_point, case)
        self.answer: dict[str, Any] | None = None
        self.broken = ""

    def __call__(self, channel: Channel) -> None:
        self.answer, self.broken = None, ""
        try:
            if not talk.load(channel, self._source, then=self._request):
                return
        except talk.Broken as error:
            self.broken = str(error) or "it does not compile"
            return
        frame = channel.receive()
        self.answer = None if frame is None else talk.read(frame)


def _request(entry_point: str, case: FunctionCase) -> bytes:
    try:
        arguments = [codec.encode(value) for value in (entry_point, *case.args)]
        keywords = {name: codec.encode(value) for name, value in case.kwargs.items()}
        return codec.dumps({"f": "call_path", "a": arguments, "k": keywords})
    except (ValueError, RecursionError) as error:
        raise BadReference(f"arguments: {error}") from error


def _judge(answer: dict[str, Any], tests: FunctionTests, case: FunctionCase) -> CaseResult:
    call = _shown_call(tests.entry_point, case)
    if "ex" in answer:
        detail = f"{call}: {shown(_exception(answer), quote=False)}"
        return CaseResult(passed=False, reason=Ending.RUNTIME_ERROR.value, detail=detail)
    try:
        value = _changed(answer, case) if tests.in_place else answer["ok"]
        if same_value(value, case.expected, tests.checker):
            return PASSED
        got = _plain(value)
    except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError, AttributeError):
        got = "something that is no value"
    return wrong(f"{call}: expected {shown(case.expected)}, got {got}")


def _changed(answer: dict[str, Any], case: FunctionCase) -> codec.Wire:
    """What the first argument is now (the path of the function is sent as number 0)."""
    after = dict(answer["changed"])
    return after.get(1, codec.encode(case.args[0]) if case.args else None)


def _exception(answer: dict[str, Any]) -> str:
    names = answer["ex"]
    name = names[0] if isinstance(names, list) and names else "Exception"
    return f"{name}: {answer.get('said', '')}"


def _plain(wire: codec.Wire) -> str:
    """The value as people write it; only a small one is built."""
    if len(repr(wire)) > 2000:
        return shown(wire)
    try:
        return shown(codec.decode(wire))
    except (codec.NotPlainError, TypeError):
        return "an object of the program's own"


def _shown_call(entry_point: str, case: FunctionCase) -> str:
    arguments = [shown(value) for value in case.args[:8]]
    arguments += [f"{name}={shown(value)}" for name, value in list(case.kwargs.items())[:8]]
    return shown(f"{entry_point}({', '.join(arguments)})", quote=False)
