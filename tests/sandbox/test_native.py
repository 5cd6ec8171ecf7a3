"""What a back end finds out about its machine."""

import pytest

from adjudge.sandbox.interpreter import Interpreter
from adjudge.sandbox.native import run_uids


@pytest.mark.parametrize(
    ("uid_map", "first", "last"),
    [
        ("         0          0 4294967295\n", 2_001_000_000, 2_146_999_998),
        ("0 100000 65536\n", 32768, 65534),
        ("0 1000 1\n1 100000 65536\n", 32769, 65535),
    ],
)
def test_uids_of_runs_exist(uid_map: str, first: int, last: int) -> None:
    found = run_uids(uid_map)
    assert (found[0], found[-1]) == (first, last)


def test_one_uid_is_none_to_spare() -> None:
    assert len(run_uids("1000 1000 1\n")) == 0


def test_the_interpreter_is_no_shim() -> None:
    interpreter = Interpreter()
    version, prefixes = interpreter.describe()
    assert version.count(".") >= 1
    assert prefixes
    with open(interpreter.path, "rb") as file:
        assert file.read(4) == b"\x7fELF"


def test_packages_that_are_missing_are_left_out() -> None:
    found = Interpreter(packages=("sortedcontainers", "no_such_package_at_all")).package_paths()
    assert list(found) == ["sortedcontainers"]
