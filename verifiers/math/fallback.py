"""The last means of deciding two formulas: sympy, in a process that can be killed.

For what exact and ball arithmetic left undecided. `compare` calls

    prover().decide(left, right, domains)

with two formulas (`Num`, `Sym`, `Add`, `Call`, `Integral`, … : no lists, sets or relations; compare
those member by member and ask for the members) and the domain of each variable that is not simply
real. The answer is `equal` (proven exactly, and no number contradicts it), `different` (a number
that cannot be zero), `undecided`, or `limit` (it ran into the CPU or memory limit: like everything
that a completion brings upon itself, a wrong answer). `FallbackError` is raised where the machine
failed and not the formula: let it pass, it makes the component `unscored`, which is right.

The server (`symbolic.py`) is started at the first question, so that a process which never needs it
stays small. It forks a child for each question; the child has 1.5 s of CPU time and is killed by
the kernel. Formulas travel in a postfix notation of our own: sympy never parses text. The server is
killed by the kernel when the thread that started it ends, and stops by itself when its pipe does.

One `Prover` for each process: it holds a process, not a setting, and two of them would only cost
memory. A process forked from one that has a prover starts its own.
"""

import json
import os
import select
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from adjudge.verifiers.math import nodes as n

Answer = Literal["equal", "different", "undecided", "limit"]
Domain = Literal["real", "positive", "integer", "complex"]
"""Where a variable lives; without a word it is real."""

SERVER = Path(__file__).with_name("symbolic.py")
ENVIRONMENT = {"PATH": os.defpath, "LANG": "C.UTF-8"}
"""All that the server gets: it needs nothing else, and there may be secrets in ours."""
START_S = 60.0
"""For importing sympy on a busy machine."""
ANSWER_S = 30.0
"""By the clock, more than the server itself allows: past it, the server is broken."""
CLOSE_S = 2.0
"""For leaving when asked."""
MAX_FRAME = 1 << 18
ATTEMPTS = 2
"""A server that was killed from outside is started again, once."""

_ANSWERS: dict[bytes, Answer] = {
    b"=": "equal",
    b"!": "different",
    b"?": "undecided",
    b"l": "limit",
}

Token = list[Any]


class FallbackError(RuntimeError):
    """The machine, not the formula, failed: no sympy, a killed server, no CPU time for seconds."""


class Unsupported(ValueError):
    """A node that the symbolic tier has no word for."""


class Prover:
    """A sympy server of this process, started when first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._server: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self.asked = 0
        """Questions so far: what the metrics call the fallback rate is made of this."""

    def decide(
        self, left: n.Node, right: n.Node, domains: Mapping[str, Domain] | None = None
    ) -> Answer:
        """Are two formulas equal wherever both are defined? Raises FallbackError."""
        try:
            question = _question(left, right, domains or {})
        except Unsupported:
            return "undecided"
        if len(question) > MAX_FRAME:
            return "limit"
        with self._lock:
            self.asked += 1
            return self._ask(question)

    def _ask(self, question: bytes) -> Answer:
        for _ in range(ATTEMPTS):
            reply = self._exchange(question)
            if reply in _ANSWERS:
                return _ANSWERS[reply]
            self._stop()
        raise FallbackError("the symbolic tier gave no answer")

    def _exchange(self, question: bytes) -> bytes:
        """One question, one byte; none where the server is gone or too late."""
        server = self._started()
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            server.stdin.write(struct.pack(">I", len(question)) + question)
            server.stdin.flush()
        except BrokenPipeError:
            return b""
        ready, _, _ = select.select([server.stdout], [], [], START_S + ANSWER_S)
        return server.stdout.read(1) if ready else b""

    def _started(self) -> subprocess.Popen[bytes]:
        if self._server is not None and self._owner == os.getpid():
            return self._server
        self._server, self._owner = _start(), os.getpid()
        return self._server

    def _stop(self) -> None:
        server, self._server = self._server, None
        if server is not None and self._owner == os.getpid():
            try:
                server.communicate(timeout=CLOSE_S)  # end of file asks it to leave
            except subprocess.TimeoutExpired:
                server.kill()
                server.communicate()

    def close(self) -> None:
        """Stop the server, if there is one; the next question starts another."""
        with self._lock:
            self._stop()


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own interpreter and file
        [sys.executable, "-I", str(SERVER), str(os.getpid())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env=ENVIRONMENT,
        start_new_session=True,
    )


@cache
def prover() -> Prover:
    """The prover of this process."""
    return Prover()


# -- the wire ----------------------------------------------------------------------------------


def _question(left: n.Node, right: n.Node, domains: Mapping[str, Domain]) -> bytes:
    asked = {"left": encode(left), "right": encode(right), "domains": dict(domains)}
    return json.dumps(asked).encode()


def encode(formula: n.Node) -> list[Token]:
    """`formula` in postfix: leaves are [name, value…], the rest [name, number of arguments, …]."""
    tokens: list[Token] = []
    stack = [formula]
    while stack:  # root first, last argument first: postfix read backwards
        node = stack.pop()
        token, arguments = _word(node)
        tokens.append(token)
        stack.extend(arguments)
    tokens.reverse()
    return tokens


def _word(node: n.Node) -> tuple[Token, tuple[n.Node, ...]]:
    word = _WORDS.get(type(node))
    if word is None:
        raise Unsupported(type(node).__name__)
    return word(node)


def _named(name: str, *arguments: n.Node) -> tuple[Token, tuple[n.Node, ...]]:
    return [name, len(arguments)], arguments


def _bound(
    name: str, variable: str, arguments: tuple[n.Node | None, ...], *rest: object
) -> tuple[Token, tuple[n.Node, ...]]:
    given = tuple(item for item in arguments if item is not None)
    return [name, len(given), variable, *rest], given


HUNDRED = n.integer(100)

_WORDS: dict[type[n.Node], Callable[[Any], tuple[Token, tuple[n.Node, ...]]]] = {
    n.Num: lambda node: (["number", str(node.value.p), str(node.value.q)], ()),
    n.Sym: lambda node: (["symbol", node.name], ()),
    n.Const: lambda node: ([node.name], ()),
    n.Infinity: lambda _: (["infinity"], ()),
    n.Add: lambda node: _named("add", *node.terms),
    n.Mul: lambda node: _named("mul", *node.factors),
    n.Neg: lambda node: _named("neg", node.arg),
    n.Div: lambda node: _named("div", node.top, node.bottom),
    n.Pow: lambda node: _named("pow", node.base, node.exponent),
    n.Root: lambda node: _named("root", node.arg, node.index),
    n.Percent: lambda node: _named("div", node.arg, HUNDRED),
    n.Call: lambda node: _named(node.name, *node.args),
    n.Repeated: lambda node: _bound(node.kind, node.variable, (node.low, node.high, node.body)),
    n.Integral: lambda node: _bound("integral", node.variable, (node.body, node.low, node.high)),
    n.Derivative: lambda node: _bound("derivative", node.variable, (node.body,), node.order),
    n.Limit: lambda node: _bound("limit", node.variable, (node.point, node.body), node.side),
}
