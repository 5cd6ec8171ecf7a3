"""One sandbox a back end for the whole run of the suite."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.sandbox import inside_arcs
from tests.sandbox.piped_backend import Piped

from adjudge.sandbox import native, piped
from adjudge.sandbox.docker import Docker
from adjudge.sandbox.interpreter import Interpreter
from adjudge.sandbox.job import Backend
from adjudge.sandbox.native import Native
from adjudge.sandbox.pool import Pool
from adjudge.sandbox.types import SandboxError

NOBODY = 65534
ENGINE = Path("/var/run/docker.sock")
SYSTEM_PYTHON = "/usr/bin/python3"
BACKENDS = (
    *("native-root", "native-userns", "lite", "lite-one-uid", "piped"),
    pytest.param("docker", marks=pytest.mark.docker),
)
MakePool = Callable[..., Pool]


native._BOOT = inside_arcs.boot(native._BOOT)
piped._BOOT = inside_arcs.boot(piped._BOOT)


def _unprivileged(mode: str) -> Native:
    """As root, the back end is started as nobody: root would be no test of it."""
    if os.getuid() != 0:
        return Native(mode)
    if not Path(SYSTEM_PYTHON).exists():
        pytest.skip("needs a Python that nobody can read")
    return Native(mode, interpreter=Interpreter(path=SYSTEM_PYTHON), user=NOBODY)


def _backend(name: str) -> Backend:
    if name == "docker":
        return Docker()
    if name == "piped" and ENGINE.exists() and not inside_arcs.PATH:
        pytest.skip("containers stand for it")
    if name in ("native-root", "lite", "piped"):
        if os.getuid() != 0:
            pytest.skip("needs root")
        return Piped() if name == "piped" else Native(name)
    return _unprivileged("native-userns" if name == "native-userns" else "lite")


@pytest.fixture(scope="session", params=BACKENDS)
def backend_name(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def make_pool(backend_name: str) -> MakePool:
    """Makes pools of each back end that this machine can run; the caller closes them."""

    def make(slots: int) -> Pool:
        try:
            pool = Pool(_backend(backend_name), slots=slots)
        except SandboxError as error:
            pytest.skip(f"{backend_name} does not run here: {error}")
        if not pool.self_test():
            pool.close()
            pytest.skip(f"{backend_name} does not run here")
        return pool

    return make


@pytest.fixture(scope="session")
def sandbox(make_pool: MakePool) -> Iterator[Pool]:
    pool = make_pool(slots=4)
    yield pool
    pool.close()
