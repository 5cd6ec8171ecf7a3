"""A worker's child: reads frames, judges, answers; may be killed at any time.

It has no connection to anything but its supervisor, and dies with it (PR_SET_PDEATHSIG). Before
each unit of work it writes into shared memory which one and at what CPU time, so that the
supervisor can tell what ran away; it bounds nothing itself but its address space.
"""

import argparse
import ctypes
import gc
import importlib
import logging
import mmap
import os
import resource
import signal
import socket
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO

from pydantic import TypeAdapter

from adjudge.sandbox.types import Sandbox
from adjudge.service import logs
from adjudge.service.desk import SandboxState, sandbox_state
from adjudge.service.job import Ask, read_job
from adjudge.service.judge import Watch, judge_job
from adjudge.service.worker.frames import OPERATIONS, PROGRESS, REPLY, REQUEST, Frame
from adjudge.service.worker.programs import run_program
from adjudge.verifiers.registry import Tools
from adjudge.verifiers.remote import RemoteServer
from adjudge.verifiers.types import AnyVerifier

PR_SET_PDEATHSIG = 1

REMOTES_VARIABLE = "ADJUDGE_CHILD_REMOTES"
"""Where a child finds the servers of `remote` (JSON): they may hold keys, which must not stand
among arguments that others can list."""
REMOTES: TypeAdapter[dict[str, RemoteServer]] = TypeAdapter(dict[str, RemoteServer])


class Bench:
    """Where a child works: its kinds, its sandbox, its progress."""

    def __init__(
        self, kinds: Mapping[str, AnyVerifier], sandbox: Sandbox | None, progress: mmap.mmap
    ) -> None:
        self._kinds = kinds
        self._sandbox = sandbox
        self._progress = progress

    def answer(self, number: int, frame: Frame) -> bytes:
        if frame.op == "run":
            return run_program(frame.payload, self._sandbox)
        return self._judge(number, frame)

    def _judge(self, number: int, frame: Frame) -> bytes:
        job = read_job(frame.payload, frame.blob)

        def start(unit: int) -> None:
            PROGRESS.pack_into(self._progress, 0, number, unit, time.process_time_ns())

        watch = Watch(clock=time.perf_counter, start=start)
        if frame.header:
            ask = Ask.model_validate_json(frame.header)
            watch = Watch(time.perf_counter, start, ask.settled, ask.only)
        return judge_job(job, self._kinds, watch).model_dump_json().encode()


def _read(stream: BinaryIO) -> tuple[int, Frame] | None:
    try:
        head = stream.read(REQUEST.size)
    except ConnectionResetError:
        return None
    if len(head) < REQUEST.size:
        return None
    number, op, *sizes = REQUEST.unpack(head)
    header, payload, blob = (stream.read(size) for size in sizes)
    return number, Frame(OPERATIONS[op], payload, blob, header)


def work(link: socket.socket, bench: Bench, threads: int) -> None:
    """Answer frames until the supervisor is gone: in turn, or on so many threads."""
    lock = threading.Lock()

    def one(number: int, frame: Frame) -> None:
        body = bench.answer(number, frame)
        with lock:
            link.sendall(REPLY.pack(number, len(body)) + body)

    with open(link.fileno(), "rb", buffering=1 << 16, closefd=False) as stream:
        if threads == 1:
            _each(stream, one)
            return
        with ThreadPoolExecutor(threads) as pool:
            _each(stream, lambda number, frame: _quit_on_failure(pool, one, number, frame))


def _each(stream: BinaryIO, handle: Callable[[int, Frame], None]) -> None:
    while (request := _read(stream)) is not None:
        handle(*request)


def _quit_on_failure(
    pool: ThreadPoolExecutor, run: Callable[[int, Frame], None], number: int, frame: Frame
) -> None:
    """An exception in a thread ends the child: the supervisor then knows, and tries again."""

    def guarded() -> None:
        try:
            run(number, frame)
        except BaseException:
            logging.exception("a frame could not be answered")
            os._exit(70)

    pool.submit(guarded)


def _die_with_the_supervisor(parent: int) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def load(spec: str) -> Callable[..., object]:
    """`package.module:function`."""
    module, _, name = spec.partition(":")
    found: Callable[..., object] = getattr(importlib.import_module(module), name)
    return found


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--link", type=int, required=True)
    parser.add_argument("--progress", type=int, required=True)
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--address-space-mb", type=int, default=0)
    parser.add_argument("--kinds", required=True)
    parser.add_argument("--sandbox", default="")
    parser.add_argument("--sandbox-options", default="{}")
    return parser.parse_args()


def main() -> None:
    options = _options()
    _die_with_the_supervisor(options.parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logs.inherit()
    if options.address_space_mb:
        size = options.address_space_mb << 20
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    link = socket.socket(fileno=options.link)
    progress = mmap.mmap(options.progress, PROGRESS.size)
    sandbox, state = _sandbox(options)
    remotes = REMOTES.validate_json(os.environ.pop(REMOTES_VARIABLE, "{}"))
    kinds = load(options.kinds)(Tools(sandbox=sandbox, remotes=remotes))
    assert isinstance(kinds, Mapping)
    gc.collect()
    gc.freeze()  # what is loaded now stays: the collector need not look through it again and again
    body = state.model_dump_json().encode()
    link.sendall(REPLY.pack(0, len(body)) + body)
    work(link, Bench(kinds, sandbox, progress), options.threads)


def _sandbox(options: argparse.Namespace) -> tuple[Sandbox | None, SandboxState]:
    if not options.sandbox:
        return None, SandboxState()
    from adjudge.service.worker.programs import open_sandbox

    sandbox = open_sandbox(options.sandbox, options.sandbox_options)
    return sandbox, sandbox_state(sandbox)


if __name__ == "__main__":
    main()
