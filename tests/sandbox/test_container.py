"""`lite` where it is meant to be: inside of containers that grant nothing special."""

import shutil
import subprocess
from pathlib import Path

import pytest

from adjudge.sandbox import probe

SOURCE = Path(probe.__file__).parent.parent
IMAGE = "python:3.11-slim-bookworm"
CODE = (
    "import sys; sys.path.insert(0, '/src')\n"
    "from adjudge.sandbox import probe\n"
    "pool = probe.choose()\n"
    "print(pool.backend, *pool.isolation)\n"
    "pool.close()\n"
    "import os; print(os.listdir('/tmp'))"
)
ALWAYS = set(probe.PROBES) - {"own-uid", "pid-namespace", "disk-limit"}


def has_image() -> bool:
    if shutil.which("docker") is None:
        return False
    found = subprocess.run(["docker", "image", "inspect", IMAGE], capture_output=True)
    return found.returncode == 0


@pytest.mark.docker
@pytest.mark.skipif(not has_image(), reason=f"needs a Docker engine that has {IMAGE}")
@pytest.mark.parametrize(
    ("options", "own_uid"),
    [
        ([], True),
        (["--read-only", "--tmpfs", "/tmp"], True),
        (["--user", "1000"], False),
        (["--cap-drop", "ALL"], False),
        (["--user", "1000", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"], False),
    ],
    ids=["default", "read-only", "user", "root-without-capabilities", "restricted"],
)
def test_lite_in_a_container(options: list[str], own_uid: bool, tmp_path: Path) -> None:
    # Links of the source tree lead out of it, so the container gets a copy.
    shutil.copytree(SOURCE / "sandbox", tmp_path / "adjudge" / "sandbox")
    (tmp_path / "adjudge" / "__init__.py").touch()
    tmp_path.chmod(0o755)
    command = ["docker", "run", "--rm", "--network", "none", "-v", f"{tmp_path}:/src:ro"]
    done = subprocess.run(
        [*command, *options, IMAGE, "python", "-B", "-c", CODE],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    line, left = done.stdout.splitlines()
    backend, *isolation = line.split()
    assert backend == "lite"
    assert set(isolation) == ALWAYS | ({"own-uid"} if own_uid else set())
    assert left == "[]"
