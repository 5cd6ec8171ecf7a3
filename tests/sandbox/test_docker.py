"""What is the docker back end's own: containers come, are replaced, and go."""

import contextlib
import gc
import json
import os
import time
from collections.abc import Iterator

import docker
import pytest
from docker.errors import DockerException, NotFound
from tests.sandboxes import process_of

from adjudge.sandbox import docker as backend
from adjudge.sandbox.attached import Attached
from adjudge.sandbox.docker import Docker
from adjudge.sandbox.image import LABEL, Recipe
from adjudge.sandbox.inside import seccomp
from adjudge.sandbox.pool import Pool
from adjudge.sandbox.types import Ending, Limits, Program, SandboxError

SHAPE = (32, 4096)


@pytest.fixture(scope="module")
def engine() -> Iterator[docker.DockerClient]:
    try:
        client = docker.from_env()
        client.ping()
    except (DockerException, OSError) as error:
        pytest.skip(f"no Docker engine: {error}")
    yield client
    client.close()


@pytest.fixture(scope="module")
def made(engine: docker.DockerClient) -> Iterator[Docker]:
    found = Docker()
    yield found
    found.close()


def containers(engine: docker.DockerClient, pid: int) -> list[str]:
    labels = [f"{LABEL}=slot", f"adjudge.pid={pid}"]
    found = engine.containers.list(all=True, filters={"label": labels}, ignore_removed=True)
    return [str(container.id) for container in found]


def wait_until_gone(engine: docker.DockerClient, pid: int) -> None:
    deadline = time.monotonic() + 30
    while containers(engine, pid):
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.docker
def test_a_container_is_hardened(engine: docker.DockerClient, made: Docker) -> None:
    before = set(containers(engine, os.getpid()))
    slot = made.make(SHAPE)
    try:
        (name,) = set(containers(engine, os.getpid())) - before
        host = engine.containers.get(name).attrs["HostConfig"]
    finally:
        slot.close()
    assert host["NetworkMode"] == host["IpcMode"] == "none"
    assert (host["ReadonlyRootfs"], host["Privileged"], host["Binds"]) == (True, False, None)
    assert host["CapDrop"] == ["ALL"]
    assert {name.removeprefix("CAP_") for name in host["CapAdd"]} == {*backend._CAPABILITIES}
    assert "no-new-privileges" in host["SecurityOpt"]
    assert any(option.startswith("seccomp={") for option in host["SecurityOpt"])
    assert host["PidsLimit"] == 512
    assert host["Memory"] == host["MemorySwap"] == 1 << 30
    assert host["LogConfig"]["Type"] == "none"


@pytest.mark.docker
def test_a_container_is_replaced_after_so_many_runs(
    made: Docker, engine: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend, "RUNS_EACH", 2)
    before = set(containers(engine, os.getpid()))
    pool = Pool(made, slots=1)
    seen = set()
    with pool.open(Program(source="print(1)")) as session:
        for _ in range(4):
            assert session.run().ending is Ending.OK
            seen |= set(containers(engine, os.getpid())) - before
    pool._slots.close()
    assert len(seen) >= 2
    assert set(containers(engine, os.getpid())) <= before


@pytest.mark.docker
def test_memory_of_the_family_is_the_containers(made: Docker) -> None:
    """Children that together pass the container's bound before anybody has looked."""
    source = (
        "import os, mmap\nfor _ in range(6):\n    if os.fork() == 0: break\n"
        "m = mmap.mmap(-1, 400 << 20)\nfor i in range(0, 400 << 20, 4096): m[i] = 1\n"
    )
    pool = Pool(made, slots=1)
    with pool.open(Program(source=source), Limits(cpu_s=20, idle_s=20)) as session:
        assert session.run().ending is Ending.MEMORY_LIMIT
    with pool.open(Program(source="print(1)")) as session:
        assert session.run().stdout == b"1\n"
    pool._slots.close()


@pytest.mark.docker
@pytest.mark.parametrize("how", ["closed", "killed"])
def test_a_service_that_dies_leaves_no_container(engine: docker.DockerClient, how: str) -> None:
    """In mid-run: the end of its input ends the run, and the container with it."""
    code = (
        "import sys, threading, time\n"
        "from adjudge.sandbox.docker import Docker\n"
        "from adjudge.sandbox.pool import Pool\n"
        "from adjudge.sandbox.types import Limits, Program\n"
        "pool = Pool(Docker(), slots=1)\nassert pool.self_test()\n"
        "def act():\n"
        "    with pool.open(Program(source='while True: pass'), Limits(cpu_s=60)) as s: s.run()\n"
        "threading.Thread(target=act, daemon=True).start()\n"
        "time.sleep(0.5)\nprint('up', flush=True)\nsys.stdin.read()\n"
    )
    process = process_of(code)
    assert process.stdin
    assert process.stdout
    with process:
        assert process.stdout.readline() == b"up\n"
        assert containers(engine, process.pid)
        if how == "killed":
            process.kill()
        process.stdin.close()
    wait_until_gone(engine, process.pid)


@pytest.mark.docker
def test_orphans_are_reaped_and_others_are_not(engine: docker.DockerClient, made: Docker) -> None:
    """Containers that were made but never started, as by a crash in between."""
    place = backend._place()
    owners = {
        "dead": f"{place} {2**22 + 1} 1",
        "reborn": f"{place} {os.getpid()} 1",
        "alive": backend._owner(),
        "elsewhere": "another-boot/pid:[1] 7 7",
    }
    left = {
        name: engine.containers.create(
            made._image.name, ["true"], labels={LABEL: "slot", backend.OWNER: owner}
        )
        for name, owner in owners.items()
    }
    try:
        backend.reap(engine)
        kept = set()
        for name, container in left.items():
            try:
                container.reload()
                kept.add(name)
            except NotFound:
                pass
        assert kept == {"alive", "elsewhere"}
    finally:
        for container in left.values():
            with contextlib.suppress(NotFound):
                container.remove(force=True)


@pytest.mark.docker
def test_no_such_image(engine: docker.DockerClient) -> None:
    with pytest.raises(SandboxError, match="no image for containers"):
        Docker(Recipe(base="adjudge-test/no-such-image:never"))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    with pytest.raises(SandboxError, match="no engine"):
        Docker()
    gc.collect()  # docker-py drops the socket that could not connect without closing it


def test_the_profile_refuses_what_runs_are_refused() -> None:
    profile = json.loads(backend.profile())
    refused = {name for rule in profile["syscalls"] for name in rule["names"]}
    assert refused == {*seccomp.REFUSED, *seccomp.ABSENT, "clone"} - {"memfd_create"}
    flags = [rule["args"][0]["value"] for rule in profile["syscalls"] if "args" in rule]
    assert sum(flags) == seccomp.NAMESPACE_FLAGS


@pytest.mark.parametrize(("run_mb", "container_mb"), [(1, 512), (544, 1024), (2304, 4096)])
def test_steps_of_memory(run_mb: int, container_mb: int) -> None:
    assert backend.memory_step(run_mb) == container_mb


@pytest.mark.parametrize(
    ("about", "runtime"),
    [
        ({}, ""),
        ({"Runtimes": {"runc": {}}}, ""),
        ({"Runtimes": {"runc": {}, "runsc": {}}}, "runsc"),
    ],
)
def test_gvisor_is_taken_where_it_is(about: dict[str, object], runtime: str) -> None:
    assert backend._runtime(about) == runtime


def test_uids_of_a_rootless_engine_exist_there() -> None:
    few = [next(backend._uids({"SecurityOptions": ["name=rootless"]})) for _ in range(5)]
    assert max(few) < 65536


def test_a_recipe_names_what_it_installs() -> None:
    recipe = Recipe(base="debian", languages=("golang",), packages=("sortedcontainers", "nothing"))
    full, bare = recipe.dockerfile(), recipe.dockerfile(bare=True)
    assert "golang" in full
    assert "sortedcontainers==" in full
    assert "nothing" not in full
    assert "install" not in bare
    assert Recipe(base="debian", languages=(), packages=()).dockerfile() == bare


def test_streams_are_told_apart() -> None:
    """The engine's framing, in pieces of any size; standard error is kept apart."""
    import socket

    ours, theirs = socket.socketpair()
    removed: list[bool] = []
    stream = Attached(ours, lambda: removed.append(True))
    for piece in (b"\1\0\0\0\0\0\0\3abc", b"\2\0\0\0\0\0\0\4oops", b"\1\0\0", b"\0\0\0\0\2de"):
        theirs.sendall(piece)
    assert stream.read(4, 1) == b"abcd"
    with pytest.raises(TimeoutError):
        stream.read(2, 0.05)
    theirs.close()
    with pytest.raises(EOFError, match="oops"):
        stream.read(2, 1)
    stream.close()
    assert removed == [True]
