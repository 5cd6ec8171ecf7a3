"""A small helping of `bench/math_fuzz.py`, which is run at length by hand."""

import importlib.util
import sys
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
    monkeypatch.setattr(sys.modules["fuzzing.checks"], "SLOW_MS", float("inf"))  # no test of speed
    monkeypatch.setattr(sys.modules["fuzzing.blocks"], "MEMORY_MB", float("inf"))  # all tests' own
    plan = fuzz.Plan(seed=7, kinds=(kind,), size=400 if kind != "bomb" else 120)
    (tally,) = fuzz.run(plan, range(1))
    assert not tally.faults
    assert tally.reasons


def test_a_block_is_the_same_again_and_in_another_process(fuzz: ModuleType) -> None:
    plan = fuzz.Plan(kinds=("soup", "mutated"), symbolic=0, size=40)
    alone = list(fuzz.run(plan, range(2)))
    together = sorted(fuzz.run(plan, range(2), jobs=2), key=lambda tally: str(tally.reasons))
    assert [tally.reasons for tally in together] == sorted(
        (tally.reasons for tally in alone), key=str
    )
