"""One sandbox a back end for the whole run of the suite."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from adjudge.sandbox.native import Interpreter, Native
from adjudge.sandbox.pool import Pool
from adjudge.sandbox.types import SandboxError

NOBODY = 65534
SYSTEM_PYTHON = "/usr/bin/python3"


def _native_userns() -> Native:
    """As root, the back end is started as nobody: root would be no test of it."""
    if os.getuid() != 0:
        return Native("native-userns")
    if not Path(SYSTEM_PYTHON).exists():
        pytest.skip("needs a Python that nobody can read")
    return Native("native-userns", interpreter=Interpreter(path=SYSTEM_PYTHON), user=NOBODY)


def _make(name: str) -> Native:
    if name == "native-root":
        if os.getuid() != 0:
            pytest.skip("needs root")
        return Native("native-root")
    return _native_userns() if name == "native-userns" else Native("lite")


@pytest.fixture(scope="session", params=["native-root", "native-userns"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Pool]:
    """Every back end that this machine can run."""
    pool = Pool(_make(request.param), slots=4)
    try:
        pool.self_test() or pytest.skip(f"{request.param} does not run here")
        yield pool
    except SandboxError as error:
        pytest.skip(f"{request.param} does not run here: {error}")
    finally:
        pool.close()
