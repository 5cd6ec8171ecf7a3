"""Settings from files and flags."""

from pathlib import Path
from typing import Any

import pytest

from adjudge.trainer_client.presets import PRESETS, trl_options
from adjudge.trainer_client.settings import (
    BadSettings,
    Grpo,
    Sample,
    describe,
    load,
    merge,
    parse_flags,
)

NEEDED = ["--model", "m", "--data", "d", "--out", "o"]


@pytest.mark.parametrize(
    ("flags", "given"),
    [
        ([], {}),
        (["--steps", "3"], {"steps": 3}),
        (["--learning-rate=1e-5"], {"learning_rate": 1e-5}),
        (["--fast-generation"], {"fast_generation": True}),
        (["--fast-generation", "--steps", "1"], {"fast_generation": True, "steps": 1}),
        (
            ["--trl.beta", "0", "--trl.epsilon_high=0.28"],
            {"trl": {"beta": 0, "epsilon_high": 0.28}},
        ),
        (["--rewards", "[math, format]"], {"rewards": ["math", "format"]}),
        (["--heldout", "null"], {"heldout": None}),
        (["--out", "-x"], {"out": "-x"}),
    ],
)
def test_flags(flags: list[str], given: dict[str, Any]) -> None:
    assert parse_flags(flags) == given


@pytest.mark.parametrize("flags", [["steps"], ["--steps", "[1"], ["--a", "1", "2"]])
def test_flags_that_are_none(flags: list[str]) -> None:
    with pytest.raises(BadSettings):
        parse_flags(flags)


def test_flags_win_over_the_file(tmp_path: Path) -> None:
    path = tmp_path / "grpo.yaml"
    path.write_text("model: a\ndata: d\nout: o\nsteps: 7\ntrl: {beta: 0.1, epsilon: 0.3}\n")
    found = load(Grpo, str(path), ["--model", "b", "--trl.beta", "0"])
    assert (found.model, found.steps, found.trl) == ("b", 7, {"beta": 0, "epsilon": 0.3})


@pytest.mark.parametrize(
    "flags",
    [[*NEEDED, "--learning-rat", "1"], ["--model", "m"], [*NEEDED, "--steps", "many"]],
)
def test_what_is_wrong_is_named(flags: list[str]) -> None:
    with pytest.raises(BadSettings, match=r"learning_rat|data|steps"):
        load(Grpo, None, flags)


@pytest.mark.parametrize("text", ["- a list", "a: [", ""])
def test_a_file_that_is_no_settings(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(BadSettings):
        load(Grpo, str(path))
    with pytest.raises(BadSettings):
        load(Grpo, str(tmp_path / "absent.yaml"))


def test_merging_is_deep() -> None:
    assert merge({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": 9}}) == {
        "a": {"b": 9, "c": 2},
        "d": 3,
    }


def test_every_setting_is_in_the_help() -> None:
    text = describe(Sample)
    assert "--max-new-tokens" in text
    assert "--model" in text
    assert "(needed)" in text


def test_presets_are_the_papers() -> None:
    assert PRESETS["r1_zero"]["beta"] == 0.001
    assert PRESETS["dapo"]["epsilon_high"] == 0.28
    assert PRESETS["dr_grpo"]["scale_rewards"] == "none"
    assert trl_options("r1", {"beta": 0.0, "loss_type": "bnpo"}) == {
        "loss_type": "bnpo",
        "beta": 0.0,
        "temperature": 1.0,
        "scale_rewards": "group",
    }
    assert trl_options("r1", {})["ref_model_sync_steps"] == 400
    assert "sync_ref_model" not in trl_options("r1", {}, adapters=True)
