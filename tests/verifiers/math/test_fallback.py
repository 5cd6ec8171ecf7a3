"""The worker's side: one process that can be killed, and never a false zero."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from flint import fmpq

from adjudge.verifiers.math import fallback
from adjudge.verifiers.math import nodes as n
from adjudge.verifiers.math.fallback import FallbackError, Prover, encode, prover

X = n.Sym("x")
NINE = n.integer(9)
TOWER = n.Pow(NINE, n.Pow(NINE, n.Pow(NINE, NINE)))
SINE = n.Pow(n.Call("sin", (X,)), n.TWO)
COSINE = n.minus(n.ONE, n.Pow(n.Call("cos", (X,)), n.TWO))


@pytest.fixture(scope="module")
def own() -> Iterator[Prover]:
    mine = Prover()
    yield mine
    mine.close()


def test_one_prover_for_each_process() -> None:
    assert prover() is prover()


def _children() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def test_proof_difference_and_doubt(own: Prover) -> None:
    assert own.decide(SINE, COSINE) == "equal"
    assert own.decide(COSINE, SINE) == "equal"
    assert own.decide(SINE, X) == "different"
    assert own.decide(n.Root(n.Pow(X, n.TWO), n.TWO), X) == "undecided"


def test_domains(own: Prover) -> None:
    left, right = n.Root(n.Div(n.ONE, X), n.TWO), n.Div(n.ONE, n.Root(X, n.TWO))
    assert own.decide(left, right, {"x": "positive"}) == "equal"
    assert own.decide(n.Call("sin", (n.Mul((X, n.Const("pi"))),)), n.ZERO) == "different"
    assert own.decide(n.Call("sin", (n.Mul((X, n.Const("pi"))),)), n.ZERO, {"x": "integer"}) == (
        "equal"
    )


FORMULAS: list[tuple[n.Node, n.Node]] = [
    (n.Percent(n.integer(50)), n.Num(fmpq(1, 2))),
    (n.Neg(n.Neg(X)), X),
    (n.Repeated("sum", "k", n.ONE, n.integer(4), n.Sym("k")), n.TEN),
    (n.Integral("x", X, n.ZERO, n.TWO), n.TWO),
    (n.Derivative("x", n.Pow(X, n.TWO)), n.Mul((n.TWO, X))),
    (n.Limit("x", n.ZERO, n.Div(n.Call("sin", (X,)), X)), n.ONE),
    (n.Limit("x", n.Infinity(), n.Div(n.ONE, X)), n.ZERO),
    (n.Pow(n.Const("e"), n.Mul((n.Const("i"), n.Const("pi")))), n.integer(-1)),
]


@pytest.mark.parametrize(("left", "right"), FORMULAS)
def test_every_formula_node_has_a_word(own: Prover, left: n.Node, right: n.Node) -> None:
    assert own.decide(left, right) == "equal"


def test_nodes_that_are_no_formulas_are_undecided(own: Prover) -> None:
    assert own.decide(n.Set((X,)), X) == "undecided"
    assert own.decide(n.Add((X, n.Text("x"))), X) == "undecided"


def test_a_question_too_big_is_a_limit(own: Prover) -> None:
    assert own.decide(n.Add((X,) * 30_000), X) == "limit"


def test_encode_is_postfix() -> None:
    formula = n.Div(n.Add((X, n.ONE)), n.TWO)
    assert [token[0] for token in encode(formula)] == ["symbol", "number", "add", "number", "div"]


@pytest.mark.parametrize(
    "bomb",
    [
        TOWER,
        n.Call("factorial", (n.integer(999_999_999),)),
        n.Pow(n.integer(7), n.Pow(n.integer(10), n.integer(9))),
    ],
)
def test_a_bomb_is_a_limit_and_the_next_question_is_answered(own: Prover, bomb: n.Node) -> None:
    assert own.decide(bomb, n.ONE) == "limit"
    assert own.decide(SINE, COSINE) == "equal"


def test_a_hundred_questions_leave_nothing_behind(own: Prover) -> None:
    own.decide(SINE, COSINE)
    before, descriptors = _children(), len(os.listdir("/proc/self/fd"))
    for _ in range(100):
        assert own.decide(SINE, COSINE) == "equal"
    assert _children() == before
    assert len(os.listdir("/proc/self/fd")) == descriptors


def test_a_killed_server_is_started_again(own: Prover) -> None:
    own.decide(SINE, COSINE)
    for child in _children():
        with contextlib.suppress(psutil.NoSuchProcess):  # another test's, ending by itself
            child.send_signal(signal.SIGKILL)
        while _alive(child.pid):
            time.sleep(0.01)
    assert own.decide(SINE, COSINE) == "equal"


def test_close_ends_the_server() -> None:
    before = set(_children())
    mine = Prover()
    assert mine.decide(X, X) == "equal"
    mine.close()
    assert set(_children()) == before
    mine.close()


def test_a_server_that_cannot_start_is_our_fault(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(fallback, "SERVER", tmp_path / "missing.py")
    with pytest.raises(FallbackError):
        Prover().decide(X, X)


def test_a_server_that_never_answers_is_our_fault(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mute = tmp_path / "mute.py"
    mute.write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr(fallback, "SERVER", mute)
    monkeypatch.setattr(fallback, "START_S", 0.1)
    monkeypatch.setattr(fallback, "ANSWER_S", 0.1)
    monkeypatch.setattr(fallback, "CLOSE_S", 0.1)
    with pytest.raises(FallbackError):
        Prover().decide(X, X)


def test_a_forked_process_starts_its_own_server(own: Prover) -> None:
    own.decide(X, X)
    child = os.fork()
    if child == 0:
        answer = own.decide(SINE, COSINE)
        os._exit(0 if answer == "equal" else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert own.decide(SINE, COSINE) == "equal"


ORPHAN = """
import os, sys
from adjudge.verifiers.math.fallback import prover
from adjudge.verifiers.math.nodes import Sym
prover().decide(Sym("x"), Sym("x"))
print(prover()._server.pid, flush=True)
sys.stdin.read()
"""


def test_the_server_dies_with_its_worker() -> None:
    worker = subprocess.Popen(
        [sys.executable, "-c", ORPHAN], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert worker.stdout is not None
    server = int(worker.stdout.readline())
    assert psutil.pid_exists(server)
    worker.kill()
    worker.communicate()
    deadline = time.monotonic() + 20
    while _alive(server) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _alive(server)


def _alive(pid: int) -> bool:
    """A zombie that nobody reaps in this container is dead."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_sympy_stays_out_of_the_worker() -> None:
    script = "import sys, adjudge.verifiers.math.fallback; sys.exit('sympy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
