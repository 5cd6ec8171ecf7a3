"""A worker as a process: `run` under `adjudge worker`, or tethered to `adjudge serve`."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping

import uvloop
from pydantic import TypeAdapter

from adjudge.service import logs, tether
from adjudge.service.queue.keys import QueueOptions
from adjudge.service.worker.crew import CrewOptions
from adjudge.service.worker.programs import SANDBOX
from adjudge.service.worker.supervisor import Supervisor, WorkerOptions
from adjudge.verifiers.remote import RemoteServer
from adjudge.verifiers.types import Lane

_OPTIONS = TypeAdapter(WorkerOptions)


def cores() -> int:
    """That this process may use."""
    return len(os.sched_getaffinity(0))


def worker_options(
    queue: QueueOptions,
    *,
    children: int | None = None,
    slots: int | None = None,
    lanes: tuple[Lane, ...] = ("pure", "code", "remote"),
    kinds: str = "adjudge.verifiers.registry:registry",
    sandbox: str = SANDBOX,
    backend: str | None = None,
    allow_unsafe: bool = False,
    remotes: Mapping[str, RemoteServer] | None = None,
    grace_s: float = 30.0,
) -> WorkerOptions:
    """The crews of one worker: a child for each core, four sandbox slots for each."""
    children, slots = children or cores(), slots or 4 * cores()
    crews: dict[Lane, CrewOptions] = {
        "pure": CrewOptions(size=children, kinds=kinds),
        "code": CrewOptions(
            size=1,
            threads=max(slots, 2),
            cpu_s=0.0,
            memory_mb=0,
            kinds=kinds,
            sandbox=sandbox,
            sandbox_options=json.dumps(
                {"slots": slots, "preferred": backend, "allow_unsafe": allow_unsafe}
            ),
        ),
        "remote": CrewOptions(
            size=1, threads=32, cpu_s=0.0, memory_mb=0, kinds=kinds, remotes=_json(remotes or {})
        ),
    }
    chosen = [lane for lane in lanes if lane != "remote" or remotes]
    return WorkerOptions(queue=queue, crews={lane: crews[lane] for lane in chosen}, grace_s=grace_s)


def _json(remotes: Mapping[str, RemoteServer]) -> str:
    """With the keys in clear, which a model's own dump would hide."""
    shown = {
        name: server.model_dump()
        | {"api_key": server.api_key.get_secret_value() if server.api_key else None}
        for name, server in remotes.items()
    }
    return json.dumps(shown)


async def work(options: WorkerOptions) -> None:
    """Until SIGTERM or SIGINT; then what was taken is answered first."""
    supervisor = Supervisor(options)
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, supervisor.stop)
    await supervisor.run()


def run(options: WorkerOptions) -> None:
    uvloop.run(work(options))


def spawn(options: WorkerOptions) -> "subprocess.Popen[bytes]":
    """A worker in a process of its own that cannot outlive this one. From the main thread."""
    command = [sys.executable, "-I", "-S", tether.__file__, str(os.getpid())]
    process = subprocess.Popen(  # noqa: S603 - our own files
        [*command, sys.executable, "-P", "-m", "adjudge.service.worker.main"],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdin is not None
    with process.stdin as stdin:
        stdin.write(_OPTIONS.dump_json(options))
    return process


def main() -> None:
    logs.inherit()
    run(_OPTIONS.validate_json(sys.stdin.buffer.read()))


if __name__ == "__main__":
    main()
