"""The choice of a back end rests on what was seen, not on what it says."""

import os

import pytest
from tests.sandbox.conftest import MakePool

from adjudge.sandbox import probe
from adjudge.sandbox.inside import landlock, seccomp
from adjudge.sandbox.native import Native
from adjudge.sandbox.pool import Pool
from adjudge.sandbox.types import SandboxError


def test_what_holds(make_pool: MakePool, backend_name: str) -> None:
    if backend_name == "piped":
        pytest.skip("the container adds to it; see the docker back end's own test")
    pool = make_pool(slots=2)
    try:
        seen = probe.probe(pool)
    finally:
        pool.close()
    assert probe.missing(seen) == ()
    if backend_name.startswith("native"):
        assert set(seen) >= set(probe.PROBES) - {"own-uid"}


def test_one_that_does_not_exist() -> None:
    with pytest.raises(SandboxError, match=r"^no_sandbox: magic: no such back end$"):
        probe.choose("magic")


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
def test_a_hole_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without what security rests on, the probe says no."""
    monkeypatch.setattr(probe, "BACKENDS", {"holey": lambda: Holey()})
    with pytest.raises(SandboxError, match=r"does not hold: .*file-reads"):
        probe.choose("holey")
    pool = probe.choose("holey", allow_unsafe=True)
    assert "file-reads" not in pool.isolation
    pool.close()


class Holey(Native):
    """Lite, but everything is readable."""

    def __init__(self) -> None:
        super().__init__("lite", readable=("/tmp", "/etc"))


def test_every_attack_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(probe.REQUIRED) <= set(probe.PROBES)


def test_filters_are_within_the_kernels_bounds() -> None:
    assert len(seccomp.standard()) < 4096
    assert all(0 <= jt < 256 and 0 <= jf < 256 for _, jt, jf, _ in seccomp.standard())
    assert len(seccomp.alone(7)) < 100
    assert landlock.version() >= 0


def test_pool_reports_the_probe(make_pool: MakePool) -> None:
    pool = Pool(Native("native-root")) if os.getuid() == 0 else make_pool(slots=1)
    pool.vouch(("seccomp",))
    assert pool.isolation == ("seccomp",)
    pool.close()
