"""A small helping of `bench/math_fuzz.py`, which is run at length by hand."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[3] / "bench" / "math_fuzz.py"


@pytest.fixture(scope="module")
def fuzz() -> ModuleType:
    spec = importlib.util.spec_from_file_location("math_fuzz", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("kind", ["soup", "mutated", "unicode", "bomb"])
def test_any_input_gets_a_sound_verdict(
    fuzz: ModuleType, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fuzz, "SLOW_MS", float("inf"))  # no test asserts speed
    monkeypatch.setattr(fuzz, "MEMORY_MB", float("inf"))  # here it is all of the tests' own
    tally = fuzz.run(400 if kind != "bomb" else 120, seed=7, only=kind)
    assert tally.faults == 0
    assert tally.reasons
