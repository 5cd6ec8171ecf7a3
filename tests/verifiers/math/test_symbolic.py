"""The server's side: building from postfix, deciding soundly, replying whatever happens."""

import json
import os
import signal
import struct
import threading
from collections.abc import Callable
from typing import Any

import pytest
import sympy

from adjudge.verifiers.math import symbolic

x, y = sympy.symbols("x y", real=True)
n = sympy.Symbol("n", integer=True)


def number(value: int) -> list[Any]:
    return ["number", str(value), "1"]


X = ["symbol", "x"]

BUILT: list[tuple[list[list[Any]], sympy.Expr]] = [
    ([["number", "1", "3"]], sympy.Rational(1, 3)),
    ([["pi"], ["e"], ["i"], ["infinity"], ["add", 4]], sympy.pi + sympy.E + sympy.I + sympy.oo),
    ([X, number(2), ["pow", 2]], x**2),
    ([X, number(2), ["div", 2], ["neg", 1]], -x / 2),
    ([number(-8), number(3), ["root", 2]], sympy.Integer(-2)),
    ([number(8), number(3), ["root", 2]], sympy.Integer(2)),
    ([number(-4), number(2), ["root", 2]], 2 * sympy.I),
    ([number(10), number(3), ["binom", 2]], sympy.Integer(120)),
    ([number(10), number(3), ["perm", 2]], sympy.Integer(720)),
    ([number(8), number(2), ["log", 2]], sympy.Integer(3)),
    ([number(100), ["lg", 1]], sympy.Integer(2)),
    ([number(8), ["lb", 1]], sympy.Integer(3)),
    ([["pi"], ["cis", 1]], sympy.Integer(-1)),
    ([number(12), number(18), ["gcd", 2]], sympy.Integer(6)),
    ([number(4), number(6), ["lcm", 2]], sympy.Integer(12)),
    ([number(1), number(4), ["symbol", "k"], ["sum", 3, "k"]], sympy.Integer(10)),
    ([number(1), number(4), ["symbol", "k"], ["prod", 3, "k"]], sympy.Integer(24)),
    ([X, number(0), number(2), ["integral", 3, "x"]], sympy.Integer(2)),
    ([X, ["integral", 1, "x"]], x**2 / 2),
    ([X, number(3), ["pow", 2], ["derivative", 1, "x", 2]], 6 * x),
    ([number(0), X, ["sin", 1], X, ["div", 2], ["limit", 2, "x", ""]], sympy.Integer(1)),
    ([["infinity"], X, X, ["div", 2], ["limit", 2, "x", ""]], sympy.Integer(1)),
    ([number(0), number(1), X, ["div", 2], ["limit", 2, "x", "-"]], -sympy.oo),
]


@pytest.mark.parametrize(("tokens", "expected"), BUILT)
def test_postfix_builds(tokens: list[list[Any]], expected: sympy.Expr) -> None:
    assert symbolic.build(tokens, {}) == expected


def test_domains_reach_the_symbols() -> None:
    built = symbolic.build([["symbol", "n"]], {"n": "integer"})
    assert built == n
    assert symbolic.build([X], {}).is_real


DECIDED: list[tuple[sympy.Expr, sympy.Expr, bytes]] = [
    (x, x, symbolic.EQUAL),
    (sympy.sin(x) ** 2, 1 - sympy.cos(x) ** 2, symbolic.EQUAL),
    (sympy.sin(x) ** 2, 1 - sympy.cos(x) ** 3, symbolic.DIFFERENT),
    (sympy.sqrt(3 - 2 * sympy.sqrt(2)), sympy.sqrt(2) - 1, symbolic.EQUAL),
    (sympy.sqrt(x**2), x, symbolic.UNDECIDED),
    (sympy.nan, sympy.nan, symbolic.UNDECIDED),
    (1 / sympy.Integer(0), sympy.oo, symbolic.UNDECIDED),
    (sympy.oo, sympy.oo, symbolic.EQUAL),
    (sympy.oo, sympy.Integer(5), symbolic.UNDECIDED),
    (sympy.Integer(5), -sympy.oo, symbolic.UNDECIDED),
    ((n * (n + 1)) / 2, sympy.binomial(n + 1, 2), symbolic.EQUAL),
    (sympy.cos(n * sympy.pi), (-1) ** n, symbolic.EQUAL),
    (sympy.Integer(1), 1 + sympy.Rational(1, 10**14), symbolic.UNDECIDED),
]


@pytest.mark.parametrize(("left", "right", "expected"), DECIDED)
def test_decide(left: sympy.Expr, right: sympy.Expr, expected: bytes) -> None:
    assert symbolic.decide(left, right) == expected


def test_numbers_veto_nothing_where_they_cannot_be_had() -> None:
    unknown = sympy.Integral(sympy.Function("f")(x), x)
    assert symbolic.decide(unknown, x) == symbolic.UNDECIDED


def test_a_question_that_sympy_cannot_read_is_undecided() -> None:
    for side in ([], [["nonsense", 0]], [["add", 2]], [X, X], [["number", "1", "0"]]):
        question = json.dumps({"left": side, "right": [X], "domains": {}}).encode()
        assert symbolic.answer(question) in (symbolic.UNDECIDED, symbolic.DIFFERENT)
    assert symbolic.answer(b"\xff") == symbolic.UNDECIDED
    assert symbolic.answer(b"[]") == symbolic.UNDECIDED


def test_memory_that_runs_out_is_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    def run_out(_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(json, "loads", run_out)
    assert symbolic.answer(b"{}") == symbolic.LIMIT


def _replace_work(monkeypatch: pytest.MonkeyPatch, work: Callable[[], None]) -> None:
    monkeypatch.setattr(symbolic, "work", lambda *_: work())


def test_a_child_that_dies_silently_is_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    _replace_work(monkeypatch, lambda: None)
    assert symbolic.ask_child(b"") == symbolic.UNDECIDED


def test_a_child_that_is_killed_hit_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    _replace_work(monkeypatch, lambda: os.kill(os.getpid(), signal.SIGKILL))
    assert symbolic.ask_child(b"") == symbolic.LIMIT


def test_a_child_that_gets_no_cpu_is_starved(monkeypatch: pytest.MonkeyPatch) -> None:
    _replace_work(monkeypatch, signal.pause)
    monkeypatch.setattr(symbolic, "WALL_S", 0.2)
    assert symbolic.ask_child(b"") == symbolic.STARVED


def _serve(sent: bytes) -> bytes:
    """What `serve` replies to bytes on its pipe, which then ends."""
    questions, ask = os.pipe()
    read, replies = os.pipe()
    server = threading.Thread(target=symbolic.serve, args=(questions, replies))
    server.start()
    os.write(ask, sent)
    os.close(ask)
    server.join()
    os.close(replies)
    reply = os.read(read, 100)
    os.close(read)
    os.close(questions)
    return reply


def test_serve_answers_in_order_until_the_pipe_ends() -> None:
    frames = b""
    for right in (X, number(5)):
        question = json.dumps({"left": [X], "right": [right], "domains": {}}).encode()
        frames += struct.pack(">I", len(question)) + question
    assert _serve(frames) == symbolic.EQUAL + symbolic.DIFFERENT


def test_serve_leaves_at_a_frame_that_is_too_big() -> None:
    assert _serve(struct.pack(">I", symbolic.MAX_FRAME + 1)) == b""


def test_half_a_frame_is_no_frame() -> None:
    assert _serve(b"\x00\x00") == b""


def test_the_whole_server_in_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    questions, ask = os.pipe()
    read, replies = os.pipe()
    parent = os.getpid()
    server = os.fork()
    if server == 0:
        os.dup2(questions, 0)
        os.dup2(replies, 1)
        for descriptor in (questions, ask, read, replies):
            os.close(descriptor)
        monkeypatch.setattr("sys.argv", ["symbolic.py", str(parent)])
        symbolic.main()
        os._exit(0)
    os.close(questions)
    os.close(replies)
    question = json.dumps({"left": [X], "right": [X], "domains": {}}).encode()
    os.write(ask, struct.pack(">I", len(question)) + question)
    assert os.read(read, 1) == symbolic.EQUAL
    os.close(ask)
    os.close(read)
    _, status = os.waitpid(server, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def test_a_server_whose_worker_is_gone_leaves_at_once() -> None:
    server = os.fork()
    if server == 0:
        symbolic.die_with_parent(1)
        os._exit(0)
    _, status = os.waitpid(server, 0)
    assert os.waitstatus_to_exitcode(status) == 1
