"""`adjudge serve` on a free port, to be killed and started again."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adjudge.trainer_client.client import RewardClient
from adjudge.trainer_client.retry import Failure


class Judge:
    """The whole service: front, embedded Valkey, workers."""

    def __init__(self, log: Path) -> None:
        self.log = log
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, wait_s: float = 120.0) -> None:
        code = "from adjudge.service.cli import main; main()"
        command = [sys.executable, "-P", "-c", code, "serve", "--port", str(self.port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        ends = time.monotonic() + wait_s
        with RewardClient(self.url, deadline_s=2) as client:
            while not _judges(client):
                if self.process.poll() is not None or time.monotonic() > ends:
                    sys.exit(f"adjudge serve does not judge:\n{self.log.read_text()[-2000:]}")
                time.sleep(0.25)

    def kill(self) -> None:
        """SIGKILL to the server and all that it started."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.kill()


def _judges(client: RewardClient) -> bool:
    """Are queue and workers there? A machine without a sandbox judges mathematics all the same."""
    try:
        _, body = client.get("/ready")
    except Failure:
        return False
    return bool(body.get("ready") or (body.get("queue") and body.get("workers")))


@contextmanager
def serving(log: Path) -> Iterator[Judge]:
    judge = Judge(log)
    try:
        judge.start()
        yield judge
    finally:
        judge.stop()
