"""`assert` tests: the tests run in a slot of their own and call the candidate through us.

Two processes and this one between them. The tester's frames begin with a letter: a request for the
candidate, which is passed on unread, or its verdict, which counts if it bears the nonce that the
tester was given. The candidate's frames go to the tester and nowhere else, so nothing that it
writes can look like a verdict. Time in which one waits for the other is nobody's idle time.

Tests that are plain (`plain`) need no slot: we ask the candidate ourselves, and compare.

What cannot be split (tests that pass callbacks or objects of their own, or that take hold of
standard output) is run in one process, `weak`: the tests decide that, never the candidate.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from adjudge.sandbox.types import Channel, Ending, Limits, Result, Sandbox, Session
from adjudge.verifiers.code import plain, talk
from adjudge.verifiers.code.cases import PASSED, CaseResult, failed, shown
from adjudge.verifiers.code.far import codec, tester
from adjudge.verifiers.code.shapes import AssertTests
from adjudge.verifiers.types import BadReference

TESTER_FACTOR = 2.0
"""The tests have this much more time than the candidate; they also carry its values."""


def run_asserts(
    sandbox: Sandbox, source: str, tests: AssertTests, limits: Limits, *, every: bool
) -> Iterator[CaseResult]:
    """One result a case, as far as the tests got."""
    plan = None if tests.setup.strip() else plain.plan(tests.code)
    if plan is not None:
        asking = _Asking(source, plan, every=every)
        warm = talk.needs_numpy(source, tests.code)
        with sandbox.open(talk.candidate_program(warm=warm), limits) as candidate:
            result = candidate.talk(asking)
        if not asking.unsure:
            yield from asking.cases(result)
            return
    yield from run_split(sandbox, source, tests, limits, every=every)


def run_split(
    sandbox: Sandbox, source: str, tests: AssertTests, limits: Limits, *, every: bool
) -> Iterator[CaseResult]:
    roomy = _roomier(limits)
    warm = talk.needs_numpy(source, tests.code, tests.setup)
    with (
        sandbox.open(talk.candidate_program(warm=warm), limits) as candidate,
        sandbox.open(talk.tester_program(warm=warm), roomy) as examiner,
    ):
        trial = _Trial(source, tests, examiner, every=every)
        result = candidate.talk(trial)
    if trial.unsplit is not None:
        yield from run_together(sandbox, source, tests, limits, every=every)
    else:
        yield from trial.cases(result)


def _roomier(limits: Limits) -> Limits:
    return Limits(
        cpu_s=limits.cpu_s * TESTER_FACTOR + 2.0,
        idle_s=limits.idle_s * TESTER_FACTOR + 2.0,
        memory_mb=limits.memory_mb + 256,
    )


class _GoneError(Exception):
    """The candidate's process has ended."""


@dataclass
class _Asking:
    """One conversation with the candidate, where the tests are plain."""

    source: str
    plan: plain.Plan
    every: bool = field(kw_only=True)
    unsure: bool = False
    """Something came back that is for the tests' own slot."""
    _broken: str | None = None
    _numbers: dict[str, int] = field(default_factory=dict)
    _verdict: dict[str, Any] | None = None
    _so_far: dict[str, int] = field(default_factory=dict)

    def __call__(self, candidate: Channel) -> None:
        self._verdict = self._broken = None
        self.unsure, self._so_far = False, {}
        names = codec.dumps({"f": "names", "a": [[*self.plan.names]], "k": {}})
        try:
            if talk.load(candidate, self.source, then=names):
                self._ask_all(candidate)
        except talk.Broken as error:
            self._broken = str(error)

    def _ask_all(self, candidate: Channel) -> None:
        try:
            self._numbers = plain.numbers(_answer(candidate), self.plan.names)
            self._verdict = self._count(lambda call: self._call(candidate, call))
        except _GoneError:
            return
        except plain.NotPlainError:
            self.unsure = True

    def _call(self, candidate: Channel, call: plain.Call) -> Any:  # noqa: ANN401 - any plain value
        candidate.send(call.request(self._numbers[call.name]))
        return plain.value_of(_answer(candidate))

    def _count(self, ask: plain.Ask) -> dict[str, Any]:
        """As `far.tester` does."""
        faults: list[dict[str, Any]] = []
        passed = 0
        for number, case in enumerate(self.plan.cases, 1):
            fault = _fault(case, ask)
            if fault is not None:
                faults.append({**fault, "number": number})
            passed += fault is None
            self._so_far = {"passed": passed, "total": max(number, self.plan.written)}
            if fault is not None and not self.every:
                break
        return {**self._so_far, "fault": faults[0] if faults else None, "asked": 1}

    def cases(self, result: Result) -> Iterator[CaseResult]:
        """What came of it; `result`: how the candidate's process ended."""
        ended = failed(result, "the program ended before it had answered")
        return _read(self._broken, self._verdict, self._so_far, ended)


def _answer(candidate: Channel) -> bytes:
    frame = candidate.receive()
    if frame is None:
        raise _GoneError
    return frame


def _fault(case: tuple[plain.Check, ...], ask: plain.Ask) -> dict[str, Any] | None:
    line = ""
    try:
        for check in case:
            line = check.line
            check.run(ask)
    except (_GoneError, plain.NotPlainError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever a test raises, it fails
        return tester.describe(error, line)
    return None


@dataclass
class _Trial:
    """One conversation with the candidate, and within it one with the tester."""

    source: str
    tests: AssertTests
    tester: Session
    every: bool = field(kw_only=True)
    unsplit: str | None = None
    _broken: str | None = None
    _loaded: bool = False
    _verdict: dict[str, Any] | None = None
    _tested: Result | None = None
    _bad: str | None = None
    _gone: bool = False
    _so_far: dict[str, int] = field(default_factory=dict)

    def __call__(self, candidate: Channel) -> None:
        self._verdict = self._tested = self._bad = self.unsplit = self._broken = None
        self._gone, self._so_far = False, {}
        try:
            self._loaded = talk.load(candidate, self.source, self.tests.setup)
        except talk.Broken as error:
            self._broken = str(error)
            return
        if self._loaded:
            self._tested = self.tester.talk(lambda channel: self._examine(channel, candidate))

    def _examine(self, tester: Channel, candidate: Channel) -> None:
        nonce = secrets.token_hex(16)
        order = {"tests": self.tests.code, "setup": self.tests.setup, "nonce": nonce}
        tester.send(codec.dumps({**order, "every": self.every}))
        while (frame := tester.receive()) is not None:
            if frame[:1] == b"P":
                self._so_far = codec.loads(frame[1:])
            elif frame[:1] == b"C":
                self._pass_on(frame[1:], tester, candidate)
            else:
                return self._conclude(frame, nonce)

    def _pass_on(self, request: bytes, tester: Channel, candidate: Channel) -> None:
        candidate.send(request)
        answer = candidate.receive()
        self._gone = answer is None
        tester.send(answer or b"")

    def _conclude(self, frame: bytes, nonce: str) -> None:
        text = frame[1:].decode(errors="replace")
        if frame[:1] == b"B":
            self._bad = text
        elif frame[:1] == b"W":
            self.unsplit = text
        else:
            verdict = codec.loads(frame[1:])
            self._verdict = verdict if verdict.get("nonce") == nonce else None

    def cases(self, result: Result) -> Iterator[CaseResult]:
        """What came of it; `result`: how the candidate's process ended."""
        if self._bad is not None:
            raise BadReference(f"the tests do not compile: {self._bad}")
        yield from _read(self._broken, self._verdict, self._so_far, self._cut_short(result))

    def _cut_short(self, result: Result) -> CaseResult:
        """No verdict: the candidate went, or the tests did (of what it gave them)."""
        tested = self._tested
        if not self._loaded or self._gone or tested is None:
            return failed(result, "the program ended before it had answered")
        return failed(tested, "the tests ended before their end")


def _read(
    broken: str | None,
    verdict: dict[str, Any] | None,
    so_far: dict[str, int],
    ended: CaseResult,
) -> Iterator[CaseResult]:
    """What came of the tests; `ended`: of the cases after which there is no verdict."""
    if broken is not None:
        yield CaseResult(passed=False, reason=Ending.COMPILE_ERROR.value, detail=broken)
    elif verdict is None:
        passed = so_far.get("passed", 0)
        yield from [PASSED] * passed
        yield from [ended] * max(1, so_far.get("total", 0) - passed)
    else:
        yield from read_verdict(verdict)


def read_verdict(verdict: dict[str, Any], *, weak: bool = False) -> Iterator[CaseResult]:
    """The tester's verdict as cases: those that passed, and those that did not."""
    passed, total, fault = verdict["passed"], verdict["total"], verdict["fault"]
    if not fault and (not total or not verdict["asked"]):
        raise BadReference("the tests never use the program")
    right = CaseResult(passed=True, weak=weak)
    before = min(passed, fault["number"] - 1) if fault else passed
    yield from [right] * before
    if fault:
        yield from [_failed(fault, weak=weak)] * (total - passed)
    yield from [right] * (passed - before)


def _failed(fault: dict[str, Any], *, weak: bool) -> CaseResult:
    reason = "wrong_answer" if fault["kind"] == "wrong" else Ending.RUNTIME_ERROR.value
    detail = ": ".join(filter(None, (fault["case"], fault["got"])))
    return CaseResult(passed=False, reason=reason, detail=shown(detail, quote=False), weak=weak)


def run_together(
    sandbox: Sandbox, source: str, tests: AssertTests, limits: Limits, *, every: bool
) -> Iterator[CaseResult]:
    """Tests and candidate in one process: weak, and said to be."""
    shared = _Shared(source, tests, every=every)
    warm = talk.needs_numpy(source, tests.code, tests.setup)
    with sandbox.open(talk.shared_program(warm=warm), limits) as session:
        result = session.talk(shared)
    if shared.verdict is None:
        ended = failed(result, "the program ended before its tests did")
        yield CaseResult(passed=False, reason=ended.reason, detail=ended.detail, weak=True)
    else:
        yield from read_verdict(shared.verdict, weak=True)


@dataclass
class _Shared:
    """The conversation with a process that has both."""

    source: str
    tests: AssertTests
    every: bool = field(kw_only=True)
    verdict: dict[str, Any] | None = None

    def __call__(self, channel: Channel) -> None:
        self.verdict = None
        nonce = secrets.token_hex(16)
        try:
            loaded = talk.load(channel, self.source, self.tests.setup)
        except talk.Broken:  # it has compiled before, beside its tests
            loaded = False
        if not loaded:
            return
        order = {
            "tests": self.tests.code,
            "setup": self.tests.setup,
            "nonce": nonce,
            "every": self.every,
        }
        channel.send(codec.dumps(order))
        frame = channel.receive()
        while frame is not None and frame[:1] == b"P":
            frame = channel.receive()
        verdict = talk.read(frame[1:]) if frame is not None else {}
        if verdict.get("nonce") == nonce and _whole(verdict):
            self.verdict = verdict


def _whole(verdict: dict[str, Any]) -> bool:
    """In one process the frame may be the candidate's: it is of this shape, or none."""
    fault = verdict.get("fault")
    numbers = [verdict.get(name) for name in ("passed", "total", "asked")]
    counted = all(type(n) is int and 0 <= n <= 1_000_000 for n in numbers)
    told = fault is None or (
        isinstance(fault, dict)
        and all(isinstance(fault.get(k), str) for k in ("case", "got", "kind"))
        and type(fault.get("number")) is int
    )
    return counted and told
