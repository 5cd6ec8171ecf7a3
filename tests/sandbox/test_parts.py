"""Small parts that need no slot."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from tests.sandbox.test_pool import GOOD

from adjudge.sandbox.inside import clock, links
from adjudge.sandbox.job import Job, Ran
from adjudge.sandbox.languages import prepared
from adjudge.sandbox.languages.prepared import Prepared
from adjudge.sandbox.recent import Recent
from adjudge.sandbox.types import SandboxError


def test_what_was_used_least_lately_goes_first() -> None:
    recent = Recent(capacity_mb=1)
    piece = bytes(200_000)
    for key in b"abcd":
        recent.put(bytes([key]), piece)
    assert recent.get(b"a") == piece  # now it is the last
    recent.put(b"e", piece)
    recent.put(b"f", piece)
    assert [recent.get(bytes([key])) is not None for key in b"abcdef"] == [
        *(True, False, True, True, True, True)
    ]
    recent.put(b"large", bytes(300_000))
    assert recent.get(b"large") is None
    recent.put(b"a", b"again")
    assert recent.get(b"a") == b"again"


def made(folder: Path | None, run: list[Ran | Exception]) -> Prepared:
    def compile_(job: Job) -> Ran:
        answer = run.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return Prepared(folder, compile_)


def test_what_is_prepared_is_made_once(tmp_path: Path) -> None:
    found = made(tmp_path, [replace(GOOD, artefact=b"header")])
    assert found.folder_of("cpp", "all.gch", {"a.h": b""}, ("g++",)) == ""  # not now
    found.wait()
    for _ in range(2):
        assert found.folder_of("cpp", "all.gch", {}, ()) == str(tmp_path / "cpp")
    assert [path.name for path in (tmp_path / "cpp").iterdir()] == ["all.gch"]
    assert (tmp_path / "cpp" / "all.gch").read_bytes() == b"header"


@pytest.mark.parametrize("failing", [GOOD, SandboxError("no slot")], ids=["nothing", "no slot"])
def test_what_cannot_be_prepared_is_done_without(tmp_path: Path, failing: Ran | Exception) -> None:
    found = made(tmp_path, [failing])
    for _ in range(2):  # it is not tried again
        assert found.folder_of("cpp", "all.gch", {}, ()) == ""
        found.wait()
    assert made(None, []).folder_of("cpp", "all.gch", {}, ()) == ""


def test_a_folder_that_others_may_write_to_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "file").touch()
    places = [tmp_path / name for name in ("open", "file", "link", "mine")]
    (tmp_path / "link").symlink_to(tmp_path)
    monkeypatch.setattr(prepared, "_places", lambda: places)
    assert prepared.default_folder() == tmp_path / "mine"
    monkeypatch.setattr(prepared, "_places", lambda: places[:3])
    assert prepared.default_folder() is None


def test_where_a_user_keeps_what_is_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 1234)
    monkeypatch.setenv("XDG_CACHE_HOME", "/home/x/.cache")
    assert prepared._places() == [Path("/home/x/.cache/adjudge"), Path("/var/tmp/adjudge-1234")]


def test_bytes_move_where_the_kernel_does_not_move_them() -> None:
    """As under gVisor, which has no splice(2)."""
    ours, theirs = os.pipe()
    target = links.anonymous("target")
    os.write(theirs, b"cat and dog")
    os.close(theirs)
    assert [links._move_apart(ours, target, 7) for _ in range(3)] == [7, 4, 0]
    assert os.pread(target, 99, 0) == b"cat and dog"
    os.close(ours)
    os.close(target)


def test_kills_are_counted_from_the_last_time(tmp_path: Path) -> None:
    counter = tmp_path / "memory.events"
    counter.write_text("low 0\noom 4\noom_kill 1\n")
    kills = clock.Kills((str(tmp_path / "missing"), str(counter)))
    assert not kills.risen()
    counter.write_text("low 0\noom_kill 3\n")
    assert [kills.risen(), kills.risen()] == [True, False]
    counter.write_text("low 0\n")
    assert not kills.risen()
    assert not clock.Kills(()).risen()


def test_without_a_process_table_there_is_the_clock() -> None:
    table = clock.Table(None, private=True)
    assert not table.reads_delay
    used = table.usage(os.getpid())
    assert (used.tasks, used.cpu_s > 0, table.processes()) == (1, True, [])
    assert table.usage(1 << 22).cpu_s == 0.0  # there is no such process
