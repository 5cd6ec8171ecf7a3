"""The sandbox of this machine, for tests of what stands above it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from adjudge.sandbox.probe import choose
from adjudge.sandbox.types import Sandbox, SandboxError


def chosen_or_skip(slots: int = 4) -> Sandbox:
    """By the probe's choice; the caller closes it."""
    try:
        return choose(slots=slots)
    except SandboxError as error:
        pytest.skip(f"no sandbox here: {error}")


def process_of(code: str, **environment: str) -> "subprocess.Popen[bytes]":
    """A service of its own, to be ended: it runs `code`, listens on stdin and tells on stdout."""
    root = Path(__file__).parents[1]
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": f"{root / 'src'}:{root}", **environment},
        cwd="/",
    )
