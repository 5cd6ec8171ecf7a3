"""A real queue for each test, and workers on it."""

import contextlib
import os
import secrets
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from adjudge.service import embedded
from adjudge.service.queue.front import Front
from adjudge.service.queue.keys import QueueOptions
from adjudge.service.queue_desk import DeskOptions, QueueDesk
from adjudge.service.worker.main import spawn, worker_options
from adjudge.service.worker.supervisor import WorkerOptions
from tests.service.kinds import kinds

KINDS = "tests.service.kinds:child_kinds"


@pytest.fixture(scope="session")
def valkey() -> Iterator[str]:
    server = embedded.start()
    yield server.url
    server.stop()


@pytest.fixture
def unix_valkey(tmp_path: Path) -> Iterator[str]:
    """One that listens on a file alone, as a Redis on the same machine may."""
    path = tmp_path / "valkey.sock"
    options = ("--port", "0", "--unixsocket", str(path), "--save", "")
    with subprocess.Popen([str(embedded.server_binary()), *options]) as process:
        while not path.exists():
            time.sleep(0.01)
        yield f"unix://{path}"
        process.terminate()


@pytest.fixture
def queue(valkey: str) -> QueueOptions:
    """A key prefix of its own for each test."""
    return QueueOptions(url=valkey, prefix=f"test-{secrets.token_hex(4)}", lease_s=1.0)


@pytest.fixture
async def front(queue: QueueOptions) -> AsyncIterator[Front]:
    front = Front(queue)
    await front.start()
    yield front
    await front.stop()


@pytest.fixture
def options(queue: QueueOptions) -> WorkerOptions:
    return worker_options(
        queue, children=2, slots=4, kinds=KINDS, lanes=("pure", "code"), sandbox=""
    )


Start = Callable[[WorkerOptions], "subprocess.Popen[bytes]"]


@pytest.fixture
def start_worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start workers that end with the test."""
    root = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    monkeypatch.setenv("PYTHONPATH", path)
    with contextlib.ExitStack() as stack:

        def start(options: WorkerOptions) -> "subprocess.Popen[bytes]":
            process = spawn(options)
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        yield start


@pytest.fixture
async def desk(queue: QueueOptions) -> AsyncIterator[QueueDesk]:
    desk = QueueDesk(Front(queue), kinds(), DeskOptions(deadline_s=30.0, needs_sandbox=False))
    await desk.start()
    yield desk
    await desk.stop()
