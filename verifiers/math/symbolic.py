"""The other side of `fallback`: sympy, in a process that may be killed at any moment.

Run as a script by `fallback.Prover`, isolated (`python -I`) and without the worker's environment.
It imports sympy once, then forks for every question: the child that works inherits a warm sympy,
cannot spoil it for the next question, and gives its memory back by dying.

Covers: CPU time (the kernel kills at `CPU_S` of work, not of waiting), address space, a parent that
dies (PR_SET_PDEATHSIG, and end of file on the pipe), a reply of one byte whatever is asked.
Does not cover: bugs of sympy itself. A proof is therefore believed only where numbers do not
contradict it.

A question is `{"left": …, "right": …, "domains": {…}}`; each side a formula in postfix, as
`fallback.encode` writes it: nothing in it is ever read as text by sympy.
"""

import ctypes
import gc
import json
import os
import random
import resource
import select
import signal
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NoReturn

import sympy

CPU_S = 1.5
"""CPU time of one question, counted from when its work starts."""
WALL_S = 20.0
"""Time by the clock after which a question is given up: only a starved machine gets there."""
MEMORY_MB = 300
"""What one question may take beyond what sympy itself takes."""
MAX_FRAME = 1 << 18
"""Bytes of one question."""
DEPTH = 20_000
"""Python frames; sympy recurses over its trees."""

EQUAL, DIFFERENT, UNDECIDED, LIMIT, STARVED = b"=", b"!", b"?", b"l", b"s"

Token = list[Any]
Stack = list[sympy.Expr]


# -- building ----------------------------------------------------------------------------------


def build(tokens: list[Token], domains: dict[str, str]) -> sympy.Expr:
    """The sympy expression of a formula in postfix."""
    stack: Stack = []
    for name, *operands in tokens:
        if name == "symbol":
            stack.append(_symbol(operands[0], domains))
        elif name in LEAVES:
            stack.append(LEAVES[name](*operands))
        else:
            _apply(stack, name, operands, domains)
    (result,) = stack
    return result


def _symbol(name: str, domains: dict[str, str]) -> sympy.Symbol:
    return sympy.Symbol(name, **{domains.get(name, "real"): True})


def _apply(stack: Stack, name: str, operands: list[Any], domains: dict[str, str]) -> None:
    count = operands[0]
    args = stack[len(stack) - count :]
    del stack[len(stack) - count :]
    if name in BINDERS:
        variable = _symbol(operands[1], domains)
        stack.append(BINDERS[name](variable, args, operands[2:]))
    else:
        stack.append(FUNCTIONS[name](*args))


LEAVES: dict[str, Callable[..., sympy.Expr]] = {
    "number": lambda top, bottom: sympy.Rational(int(top), int(bottom)),
    "pi": lambda: sympy.pi,
    "e": lambda: sympy.E,
    "i": lambda: sympy.I,
    "infinity": lambda: sympy.oo,
}


def _root(value: sympy.Expr, index: sympy.Expr) -> sympy.Expr:
    """The real root where there is one: an odd root of a negative number is negative."""
    if index.is_odd and value.is_extended_real:
        if value.is_nonnegative:
            return sympy.root(value, index)
        return sympy.sign(value) * sympy.root(sympy.Abs(value), index)
    return sympy.root(value, index)


def _sum(variable: sympy.Symbol, args: Stack, _: list[Any]) -> sympy.Expr:
    low, high, body = args
    return sympy.Sum(body, (variable, low, high)).doit()


def _product(variable: sympy.Symbol, args: Stack, _: list[Any]) -> sympy.Expr:
    low, high, body = args
    return sympy.Product(body, (variable, low, high)).doit()


def _integral(variable: sympy.Symbol, args: Stack, _: list[Any]) -> sympy.Expr:
    body, *bounds = args
    return sympy.Integral(body, (variable, *bounds)).doit()


def _derivative(variable: sympy.Symbol, args: Stack, rest: list[Any]) -> sympy.Expr:
    return sympy.diff(args[0], variable, rest[0])


def _limit(variable: sympy.Symbol, args: Stack, rest: list[Any]) -> sympy.Expr:
    point, body = args
    return sympy.limit(body, variable, point, rest[0] or "+-")


BINDERS: dict[str, Callable[[sympy.Symbol, Stack, list[Any]], sympy.Expr]] = {
    "sum": _sum,
    "prod": _product,
    "integral": _integral,
    "derivative": _derivative,
    "limit": _limit,
}

FUNCTIONS: dict[str, Callable[..., sympy.Expr]] = {
    "add": sympy.Add,
    "mul": sympy.Mul,
    "neg": lambda value: -value,
    "div": lambda top, bottom: top / bottom,
    "pow": lambda base, exponent: base**exponent,
    "root": _root,
    "abs": sympy.Abs,
    "floor": sympy.floor,
    "ceil": sympy.ceiling,
    "sign": sympy.sign,
    "exp": sympy.exp,
    "cis": lambda value: sympy.cos(value) + sympy.I * sympy.sin(value),
    "ln": sympy.log,
    "lg": lambda value: sympy.log(value, 10),
    "lb": lambda value: sympy.log(value, 2),
    "log": sympy.log,
    "factorial": sympy.factorial,
    "doublefactorial": sympy.factorial2,
    "binom": sympy.binomial,
    "perm": lambda n, k: sympy.ff(n, k),
    "gcd": lambda *args: sympy.gcd(args),
    "lcm": lambda *args: sympy.lcm(args),
    "mod": sympy.Mod,
    "max": sympy.Max,
    "min": sympy.Min,
    "re": sympy.re,
    "im": sympy.im,
    "arg": sympy.arg,
    "conj": sympy.conjugate,
    "gamma": sympy.gamma,
    "zeta": sympy.zeta,
    "erf": sympy.erf,
    **{
        name: getattr(sympy, name)
        for stem in ("sin", "cos", "tan", "cot", "sec", "csc")
        for name in (stem, f"a{stem}", f"{stem}h", f"a{stem}h")
    },
}


# -- deciding ----------------------------------------------------------------------------------

STEPS: tuple[Callable[[sympy.Expr], sympy.Expr], ...] = (
    sympy.expand,
    lambda value: sympy.cancel(sympy.together(value)),
    lambda value: sympy.expand(value, func=True, trig=True),
    lambda value: sympy.radsimp(sympy.powsimp(sympy.expand_log(value, force=False))),
    lambda value: sympy.expand(value.rewrite(sympy.exp)),
    sympy.trigsimp,
    lambda value: sympy.simplify(sympy.gammasimp(value)),
    sympy.simplify,
)
"""Rewritings that keep the value, cheap ones first: one that reaches 0 is a proof."""

POINTS = 3


def decide(left: sympy.Expr, right: sympy.Expr) -> bytes:
    """EQUAL only by proof in exact arithmetic, DIFFERENT by one clear number, else UNDECIDED.

    Both orders are asked, since sympy's rewritings are not symmetric; numbers may veto a proof.
    """
    if any(side.has(sympy.nan, sympy.zoo) for side in (left, right)):
        return UNDECIDED
    if left == right:
        return EQUAL
    if sympy.oo in (left, right) or -sympy.oo in (left, right):
        return UNDECIDED
    if _numbers_differ(left - right):
        return DIFFERENT
    return EQUAL if any(map(_is_zero, (left - right, right - left))) else UNDECIDED


def _is_zero(value: sympy.Expr) -> bool:
    return any(found == 0 for found in _rewritten(value)) or value.equals(0) is True


def _rewritten(value: sympy.Expr) -> Iterator[sympy.Expr]:
    """`value` after each step; a step that sympy cannot take is left out."""
    for step in STEPS:
        with suppress(*SYMPY_ERRORS):
            yield step(value)


SYMPY_ERRORS = (
    ArithmeticError,
    AttributeError,
    NotImplementedError,
    RecursionError,
    TypeError,
    ValueError,
    LookupError,
)
"""What sympy raises where it is lost: such a step decides nothing."""


def _numbers_differ(difference: sympy.Expr) -> bool:
    """Is the difference clearly not zero at one of a few points of the variables' domain?"""
    names = sorted(difference.free_symbols, key=str)
    random_number = random.SystemRandom()
    for _ in range(POINTS if names else 1):
        point = {name: _value(name, random_number) for name in names}
        with suppress(*SYMPY_ERRORS):
            if _clearly_not_zero(difference.subs(point)):
                return True
    return False


def _value(name: sympy.Symbol, source: random.Random) -> sympy.Rational:
    if name.is_integer:
        return sympy.Integer(source.randint(2, 40))
    return sympy.Rational(source.randint(1_000, 3_000), 1_009)


def _clearly_not_zero(value: sympy.Expr) -> bool:
    """`evalf` tracks its accuracy: a number with 15 correct digits that is not tiny is not 0."""
    number = value.evalf(15, maxn=200, strict=False)
    parts = number.as_real_imag()
    if not all(part.is_Float or part == 0 for part in parts):
        return False
    return any(part.is_Float and part._prec > 40 and abs(part) > 1e-12 for part in parts)


# -- serving -----------------------------------------------------------------------------------


def answer(question: bytes) -> bytes:
    """Read, build and decide; what sympy cannot do is undecided, what is too big is a limit."""
    try:
        asked = json.loads(question)
        domains: dict[str, str] = asked["domains"]
        return decide(build(asked["left"], domains), build(asked["right"], domains))
    except MemoryError:
        return LIMIT
    except SYMPY_ERRORS:
        return UNDECIDED


def work(question: bytes, reply: int, parent: int) -> None:
    """In the child of one question: bound it, answer it, die."""
    die_with_parent(parent)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, CPU_S)  # no handler: the kernel itself kills
    resource.setrlimit(resource.RLIMIT_CPU, (int(CPU_S) + 1, int(CPU_S) + 2))
    space = address_space() + (MEMORY_MB << 20)
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.setrecursionlimit(DEPTH)
    os.write(reply, answer(question))


def address_space() -> int:
    """Bytes of this process's address space."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[0]) * resource.getpagesize()


def die_with_parent(parent: int) -> None:
    """Ask the kernel for SIGKILL when the parent dies; leave at once if it is dead already."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        os._exit(1)


def ask_child(question: bytes) -> bytes:
    """One question in a process of its own; always exactly one of the five bytes."""
    reading, writing = os.pipe()
    parent = os.getpid()
    child = os.fork()
    return _leave(question, writing, parent) if child == 0 else _reply(child, reading, writing)


def _leave(question: bytes, writing: int, parent: int) -> NoReturn:
    with suppress(BaseException):
        work(question, writing, parent)
    os._exit(0)


def _reply(child: int, reading: int, writing: int) -> bytes:
    os.close(writing)
    ready, _, _ = select.select([reading], [], [], WALL_S)
    if not ready:
        os.kill(child, signal.SIGKILL)
    reply = os.read(reading, 1) if ready else STARVED
    os.close(reading)
    _, status = os.waitpid(child, 0)
    if reply:
        return reply
    return LIMIT if os.WIFSIGNALED(status) else UNDECIDED


def serve(questions: int, replies: int) -> None:
    """Answer framed questions until the pipe ends."""
    while header := read_exactly(questions, 4):
        (size,) = struct.unpack(">I", header)
        if size > MAX_FRAME:
            return
        os.write(replies, ask_child(read_exactly(questions, size)))


def read_exactly(source: int, size: int) -> bytes:
    """`size` bytes, or none where the pipe ends first."""
    parts: list[bytes] = []
    while size:
        part = os.read(source, size)
        if not part:
            return b""
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def warm_up() -> None:
    """Import and cache what the first question would otherwise pay for."""
    x = sympy.Symbol("x", real=True)
    decide(sympy.sin(x) ** 2, 1 - sympy.cos(x) ** 2)
    decide(sympy.sqrt(x**2 + 2 * x + 1) / (x + 2), sympy.Abs(x + 1) / (x + 3))
    gc.collect()
    gc.freeze()  # forked children share these pages for as long as nobody writes to them


def main() -> None:
    die_with_parent(int(sys.argv[1]))
    questions, replies = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    warm_up()
    serve(questions, replies)


if __name__ == "__main__":
    main()
