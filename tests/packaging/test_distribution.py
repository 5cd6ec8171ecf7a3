"""The wheel, the sdist and the base install, as a stranger's pip sees them."""

import json
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("service", "verifiers", "sandbox", "trainer_client")
HEAVY = ("fastapi", "redis", "sympy", "flint", "torch", "trl", "docker", "typer", "uvicorn")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel built from that sdist."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=out)
    assert done.returncode == 0, done.stderr[-2000:]
    return out


def modules(room: str) -> set[str]:
    return {
        str(path.relative_to(ROOT))
        for path in (ROOT / room).rglob("*.py")
        if "__pycache__" not in path.parts
    }


@pytest.mark.slow
def test_wheel_holds_every_room_under_one_name(built: Path) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
    for room in ROOMS:
        assert {f"adjudge/{module}" for module in modules(room)} <= names
    assert "adjudge/py.typed" in names
    tops = {name.split("/")[0] for name in names if not name.startswith("adjudge-")}
    assert tops == {"adjudge"}


@pytest.mark.slow
def test_sdist_holds_the_licence_and_the_tests(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        names = {name.split("/", 1)[-1] for name in sdist.getnames()}
    assert {"LICENSE", "README.md", "CHANGELOG.md", "pyproject.toml"} <= names
    assert any(name.startswith("tests/") for name in names)


@pytest.mark.slow
def test_wheel_imports_without_the_repository(built: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    wheel = next(built.glob("*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    code = "import adjudge, adjudge.service.api, adjudge.trainer_client; print(adjudge.__file__)"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(target)},
    )
    assert done.returncode == 0, done.stderr
    assert str(target) in done.stdout


def test_the_client_imports_nothing_heavy() -> None:
    """What a training job imports must not need the server's libraries, sympy or torch."""
    code = (
        "import json, sys, adjudge, adjudge.trainer_client.client, adjudge.trainer_client.reward;"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    loaded = {name.split(".")[0] for name in json.loads(done.stdout)}
    assert loaded.isdisjoint(HEAVY)


def test_base_install_asks_for_pydantic_and_http_only() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = {requirement.split(">")[0] for requirement in project["dependencies"]}
    assert names == {"pydantic", "httpx"}
    assert set(project["optional-dependencies"]) == {"serve", "train", "puzzles", "dev"}
