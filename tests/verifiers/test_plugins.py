"""Kinds from other packages: the example, installed as a stranger would; and broken ones."""

import dataclasses
import json
import os
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from pydantic import ValidationError

from adjudge.verifiers import exact
from adjudge.verifiers.plugins import GROUP, load
from adjudge.verifiers.types import Outcome, Verdict

EXAMPLE = Path(__file__).parents[2] / "examples" / "custom_verifier"

ASK = """
import json
from adjudge import judge
from adjudge.service.api import RewardRequest
group = {"completions": [r"\\boxed{never odd or even}", r"\\boxed{adjudge}"]}
rewards = [{"kind": "palindrome"}]
print(json.dumps(judge(RewardRequest.model_validate({"groups": [group], "rewards": rewards}))
    .groups[0].rewards))
"""


@pytest.mark.slow
def test_the_example_is_found_when_it_is_installed(tmp_path: Path) -> None:
    wheels, site = tmp_path / "wheels", tmp_path / "site"
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(wheels)]
    subprocess.run([*build, str(EXAMPLE)], check=True, capture_output=True, cwd=tmp_path)
    (wheel,) = wheels.glob("*.whl")
    unpack = [sys.executable, "-m", "zipfile", "-e", str(wheel), str(site)]
    subprocess.run(unpack, check=True, capture_output=True)
    path = os.pathsep.join(filter(None, (str(site), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert json.loads(done.stdout) == [1.0, 0.0]


def point(value: str) -> EntryPoint:
    return EntryPoint(name="mine", value=value, group=GROUP)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("no_such_package:verifier", "ModuleNotFoundError"),
        ("adjudge.verifiers.exact:nothing", "AttributeError"),
        ("adjudge.verifiers.exact:check", "not a Verifier"),
        ("adjudge.verifiers.exact:verifier", "is taken"),
    ],
)
def test_a_plug_in_that_does_not_load_is_reported(value: str, words: str) -> None:
    found = load([point(value)], {"exact"})
    assert found.verifiers == ()
    assert [problem.plugin for problem in found.problems] == ["mine"]
    assert words in found.problems[0].message


def test_a_verifier_says_how_it_judges() -> None:
    with pytest.raises(TypeError, match="exactly one"):
        dataclasses.replace(exact.verifier, check=None)


def test_a_verdict_has_a_score_or_is_unscored() -> None:
    with pytest.raises(ValidationError, match="exactly when"):
        Verdict(score=None, verdict=Outcome.CORRECT, reason="equal")


def test_two_plug_ins_of_one_kind() -> None:
    found = load([point("adjudge.verifiers.exact:verifier")] * 2, {"math"})
    assert [verifier.kind for verifier in found.verifiers] == ["exact"]
    assert "is taken" in found.problems[0].message
