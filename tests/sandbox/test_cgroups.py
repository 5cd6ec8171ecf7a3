"""Version 1, version 2, and none: on plain files where this machine lacks one of them."""

from pathlib import Path

import pytest

from adjudge.sandbox import cgroups
from adjudge.sandbox.cgroups import Group


def test_mounts_of_both_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = (
        "cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0\n"
        "cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0\n"
        "cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n"
        "proc /proc proc rw 0 0\n"
    )
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: lines)
    found = cgroups._mounts()
    assert found["memory"] == Path("/sys/fs/cgroup/memory")
    assert found["cpu"] == found["cpuacct"] == Path("/sys/fs/cgroup/cpu,cpuacct")
    assert found[""] == Path("/sys/fs/cgroup/unified")


@pytest.mark.parametrize(
    ("version", "name", "text"),
    [
        ("cgroup-v1", "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill {}\n"),
        ("cgroup-v2", "memory.events", "low 0\nhigh 0\nmax 3\noom 1\noom_kill {}\n"),
    ],
)
def test_kills_are_told_once(tmp_path: Path, version: str, name: str, text: str) -> None:
    group = Group(version, (tmp_path,))
    seen = []
    for kills in (0, 1, 1, 2):
        (tmp_path / name).write_text(text.format(kills), encoding="ascii")
        seen.append(group.out_of_memory())
    assert seen == [False, True, False, True]
    group.remove()


def test_a_bound_is_written_when_it_changes(tmp_path: Path) -> None:
    group = Group("cgroup-v2", (tmp_path,))
    group.bound(100)
    assert (tmp_path / "memory.max").read_text() == str((100 + 64) << 20)
    (tmp_path / "memory.max").unlink()
    group.bound(100)
    assert not (tmp_path / "memory.max").exists()
    group.bound(200)
    assert (tmp_path / "memory.max").read_text() == str((200 + 64) << 20)
    (tmp_path / "memory.max").unlink()
    group.remove()


def test_none_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroups, "_mounts", dict)
    assert cgroups.find() is None
