"""The slot removes all that it finds in its directory: so it must be its own, and all of it."""

import os
from pathlib import Path

import pytest

from adjudge.sandbox.inside import sweep
from adjudge.sandbox.inside.spec import Spec


def spec(path: Path) -> Spec:
    return Spec(mode="lite", uid=None, work=str(path))


def test_a_directory_of_ones_own_is_accepted(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    sweep.check_private(spec(tmp_path))


def test_a_directory_with_something_in_it_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "somebody's").touch()
    with pytest.raises(OSError, match="not an empty directory"):
        sweep.check_private(spec(tmp_path))


@pytest.mark.parametrize("mode", [0o755, 0o1777, 0o777])
def test_a_shared_directory_is_refused(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    with pytest.raises(OSError, match="not an empty directory"):
        sweep.check_private(spec(tmp_path))


def test_another_users_directory_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(OSError, match="not an empty directory"):
        sweep.check_private(Spec(mode="lite", uid=os.getuid() + 1, work=str(tmp_path)))


def test_a_directory_that_is_no_mount_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="not a fresh mount"):
        sweep.check_mounted(Spec(mode="native-root", uid=None, work="/usr"))


def test_any_depth_is_removed_and_no_link_followed(tmp_path: Path) -> None:
    work, outside = tmp_path / "work", tmp_path / "outside"
    work.mkdir()
    outside.mkdir()
    (outside / "kept").touch()
    (work / "link").symlink_to(outside)
    here = os.getcwd()
    os.chdir(work)
    try:
        for _ in range(2000):
            os.mkdir("d")
            os.chdir("d")
        os.symlink(outside, "link")
    finally:
        os.chdir(here)
    assert sweep.empty(str(work), 0o755)
    assert os.listdir(work) == []
    assert os.listdir(outside) == ["kept"]


def test_too_much_is_given_up(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / str(number)).touch()
    assert not sweep.empty(str(tmp_path), 0o700, most=10)


def test_who_may_enter_and_when_it_was_used_are_as_before(tmp_path: Path) -> None:
    """A run must not shut later ones out of its directory, nor tell them anything by it."""
    work = tmp_path / "work"
    work.mkdir(mode=0o700)
    mode = sweep.mode_of(str(work))
    (work / "left").touch()
    os.utime(work, (123456789, 987654321))
    work.chmod(0)
    assert sweep.empty(str(work), mode)
    assert sweep.mode_of(str(work)) == mode
    assert (work.stat().st_atime, work.stat().st_mtime) == (0, 0)
