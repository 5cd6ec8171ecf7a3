"""Kinds that misbehave on purpose, for the tests of what is around them."""

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence

from adjudge.verifiers.exact import verifier as exact
from adjudge.verifiers.registry import Tools
from adjudge.verifiers.types import (
    AnyVerifier,
    BadReference,
    Completion,
    Frozen,
    Reference,
    Verdict,
    Verifier,
)


class Nothing(Reference):
    pass


class Empty(Frozen):
    pass


def _raise() -> None:
    raise RuntimeError("on purpose")


def _hoard() -> None:
    raise MemoryError


def _recurse() -> None:
    _recurse()


def _refuse() -> None:
    raise BadReference("on purpose")


def _spin() -> None:
    while True:
        pass


def _eat() -> None:
    hoard = [bytearray(1 << 24)]
    while True:
        hoard.append(bytearray(1 << 24))
        time.sleep(0.001)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


ACTS: Mapping[str, Callable[[], None]] = {
    "raise": _raise,
    "bad_reference": _refuse,
    "hoard": _hoard,
    "recurse": _recurse,
    "spin": _spin,
    "eat": _eat,
    "die": _die,
    "abort": os.abort,
    "nap": lambda: time.sleep(0.3),
    "sleep": lambda: time.sleep(30.0),
}


def _act(completion: Completion, _: Nothing, __: Empty) -> Verdict:
    """Do what the text says (`spin#3` is `spin`, told apart from other texts by the 3)."""
    word = completion.text.split("#")[0].strip()
    ACTS.get(word, lambda: None)()
    return Verdict.correct("done", extracted=word)


def _rank(completions: Sequence[Completion], _: Nothing, __: Empty) -> list[Verdict]:
    longest = max(len(completion.text) for completion in completions)
    return [Verdict.graded(len(c.text) / longest, "rank") for c in completions]


def _same(left: str, right: str, _: Empty) -> bool:
    return left.casefold() == right.casefold()


act = Verifier(
    kind="act",
    version="1",
    summary="does what the completion says",
    reference=Nothing,
    params=Empty,
    check=_act,
    same=_same,
)
rank = Verifier(
    kind="rank",
    version="1",
    summary="length relative to the group",
    reference=Nothing,
    params=Empty,
    check_group=_rank,
)
slow = Verifier(
    kind="slow",
    version="1",
    summary="as act, in the lane of programs",
    reference=Nothing,
    params=Empty,
    check=_act,
    lane="code",
)


def kinds() -> Mapping[str, AnyVerifier]:
    return {verifier.kind: verifier for verifier in (exact, act, rank, slow)}


def child_kinds(_: Tools) -> Mapping[str, AnyVerifier]:
    return kinds()
