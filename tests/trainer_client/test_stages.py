"""The stages as far as they go without torch, against a real front of the service."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adjudge.trainer_client import RewardClient
from adjudge.trainer_client.commands import app
from adjudge.trainer_client.estimate import Estimate
from adjudge.trainer_client.jsonl import read_rows
from adjudge.trainer_client.settings import Evaluate, Sample, Service
from adjudge.trainer_client.stages import recipe as recipes
from adjudge.trainer_client.stages.__main__ import main as launched
from adjudge.trainer_client.stages.doctor import examine
from adjudge.trainer_client.stages.judging import figures, groups_for
from adjudge.trainer_client.stages.run_file import begin
from adjudge.trainer_client.stages.sample import keep
from tests.service.http.running import front
from tests.trainer_client.fault_server import FaultServer

ROWS = [{"prompt": f"{i}+1=", "reference": {"answer": str(i + 1)}} for i in range(6)]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with front() as found:
        yield found


def worked(answer: int) -> str:
    return f"<think>so</think><answer>\\boxed{{{answer}}}</answer>"


def test_a_reward_through_the_real_front(url: str) -> None:
    with RewardClient(url, [{"kind": "number"}, {"kind": "format"}], stats=["mean"]) as client:
        group = client.judge([{"completions": [worked(2), "2"], "reference": {"answer": "2"}}])[0]
    assert group.rewards[0] == 2.0
    assert group.scores[0].components["number"].extracted == "2"
    assert isinstance(group.stats["mean"], float)


def test_a_bad_row_through_the_real_front_fails_alone(url: str) -> None:
    with RewardClient(url, [{"kind": "number"}], chunk=64) as client:
        groups = [{"completions": [worked(i)], "reference": {"answer": str(i)}} for i in range(9)]
        del groups[4]["reference"]
        results = client.judge(groups)
    assert [g.rewards for g in results] == [[1.0] if i != 4 else [None] for i in range(9)]
    assert results[4].scores[0].reason == "bad_request"


def test_figures_of_judged_completions(url: str) -> None:
    settings = Evaluate(model="m", data="d", out="o", url=url, rewards=["number"], k=4)
    written = [[worked(i + 1)] * i + [worked(99)] * (4 - i) for i in range(4)]
    with RewardClient(url, ["number"], stats=["cons"]) as client:
        judged = client.judge(groups_for(ROWS[:4], written, settings))
    found = figures(judged, 4)
    assert isinstance(found["pass@1"], Estimate)
    assert found["pass@1"].mean == pytest.approx((0 + 1 + 2 + 3) / 16)
    assert isinstance(found["pass@4"], Estimate)
    assert found["pass@4"].mean == 0.75
    assert found["mean/number"] == pytest.approx(6 / 16)
    assert found["unscored"] == 0.0
    cons = found["cons@4"]
    assert isinstance(cons, Estimate)
    assert 0.25 <= cons.mean <= 0.5


def test_figures_of_nothing() -> None:
    assert figures([], 4)["pass@1"] == Estimate(0.0, 0.0, 0)


def test_rejection_sampling_keeps_what_the_rules_let_through(url: str) -> None:
    settings = Sample(
        model="m",
        data="d",
        out="o",
        url=url,
        rewards=["number"],
        rules={"correct": True, "per_group": 1},
    )
    written = [[worked(i + 1), worked(0), worked(i + 1)] for i in range(6)]
    dropped: Counter[str] = Counter()
    with RewardClient(url, ["number"], chunk=4) as client:
        rows = list(keep(ROWS, written, settings, client, dropped))
    assert [row["prompt"] for row in rows] == [row["prompt"] for row in ROWS]
    assert all(row["completion"] == worked(i + 1) for i, row in enumerate(rows))
    assert sum(dropped.values()) == 12
    assert dropped["correct"] == 6


def test_rejection_sampling_keeps_nothing_that_nobody_judged(service: FaultServer) -> None:
    service.faults = ["500"] * 100
    with RewardClient(service.url, ["number"], deadline_s=0.3) as client:
        verdicts = client.filter([{"completions": ["a", "b"]}], {"correct": True})
    assert [(v.kept, v.rule) for v in verdicts[0]] == [(False, "unscored")] * 2


def test_the_doctor_asks_the_service(url: str, service: FaultServer) -> None:
    findings = {finding.what: finding for finding in examine(Service(url=url))}
    assert "workers" in findings["service"].detail
    service.faults = ["401"] * 9
    assert not {f.what: f for f in examine(Service(url=service.url))}["a known answer"].good


def make_recipe(tmp_path: Path, **over: object) -> recipes.Recipe:
    for name in ("train", "heldout"):
        (tmp_path / f"{name}.jsonl").write_text("{}\n")
    given = {
        "model": "base",
        "student": "small",
        "train": str(tmp_path / "train.jsonl"),
        "heldout": str(tmp_path / "heldout.jsonl"),
        "out": str(tmp_path / "run"),
        "grpo": {"steps": 5},
    }
    return recipes.Recipe.model_validate(given | over)


def test_a_recipe_leads_from_stage_to_stage(tmp_path: Path) -> None:
    steps = list(recipes.plan(make_recipe(tmp_path)))
    run = str(tmp_path / "run")
    assert [step.name for step in steps if step.kind != "eval"] == list(recipes.ORDER)
    by_name = {step.name: step.settings for step in steps}
    assert by_name["grpo"]["model"] == f"{run}/cold_start"
    assert by_name["grpo"]["steps"] == 5
    assert by_name["sample"]["model"] == f"{run}/grpo"
    assert by_name["tune"]["model"] == "base"
    assert by_name["tune"]["data"] == f"{run}/sample/kept.jsonl"
    assert by_name["grpo_again"]["model"] == f"{run}/tune"
    assert by_name["distill"]["model"] == "small"
    assert by_name["distill"]["data"] == f"{run}/sample_again/kept.jsonl"
    assert by_name["eval distill"]["model"] == f"{run}/distill"


def test_r1_zero_is_the_recipe_without_its_cold_start(tmp_path: Path) -> None:
    skip = ["cold_start", "sample", "tune", "grpo_again"]
    steps = list(recipes.plan(make_recipe(tmp_path, skip=skip, student=None)))
    assert [step.name for step in steps] == ["eval base", "grpo", "eval grpo"]


STAND_IN = """
import json, pathlib, sys
config = json.loads(pathlib.Path(sys.argv[-1]).read_text())
out = pathlib.Path(config["out"])
(out / "model.safetensors").write_text("weights")
with open(sys.argv[1], "a") as log:
    log.write(config["out"] + "\\n")
"""


def test_a_recipe_goes_on_where_it_stopped(tmp_path: Path) -> None:
    script, log = tmp_path / "stand_in.py", tmp_path / "log"
    script.write_text(STAND_IN)
    recipe = make_recipe(tmp_path, launch=f"python3 {script} {log}")
    steps = [step for step in recipes.plan(recipe) if step.name in ("cold_start", "grpo")]
    for _ in range(2):
        for step in steps:
            if not recipes.is_done(step):
                recipes.run_step(step, recipe.launch)
    assert len(log.read_text().splitlines()) == 2
    (steps[0].out / "model.safetensors").write_text("other weights")
    assert recipes.is_done(steps[0])
    assert not recipes.is_done(steps[1])  # its model changed under it
    with pytest.raises(recipes.StageFailed, match="grpo"):
        recipes.run_step(steps[1], "false")


def test_the_command_line(tmp_path: Path) -> None:
    run = CliRunner().invoke
    assert "grpo" in run(app, ["--help"]).output
    assert "--num-generations" in run(app, ["grpo", "--help"]).output
    sizes = ["--train", "20", "--heldout", "5", "--option", "numbers=2"]
    made = run(app, ["data", "chains", "--out", str(tmp_path), *sizes])
    assert made.exit_code == 0, made.output
    assert len(list(read_rows(tmp_path / "train.jsonl"))) == 20
    misspelt = run(app, ["grpo", "--modle", "x"])
    assert misspelt.exit_code == 2
    assert "modle" in misspelt.output
    assert run(app, ["model", "7b", "--out", str(tmp_path)]).exit_code == 2
    assert run(app, ["doctor", "--url", "http://127.0.0.1:9"]).exit_code == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "say one of"),
        (["nonsense"], "cold-start"),
        (["grpo", "--modle", "x"], "modle"),
        (["eval", "--config", "nowhere.yaml"], "nowhere"),
    ],
)
def test_a_launcher_is_told_what_is_wrong(words: list[str], told: str) -> None:
    with pytest.raises(SystemExit, match=told):
        launched(words)


def test_what_a_run_was_is_kept() -> None:
    record = begin(Evaluate(model="m", data="d", out="o"))
    assert record["settings"]["k"] == 8
    assert record["versions"]["python"]
    assert record["device"]


def test_a_report_of_a_run(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from adjudge.trainer_client.stages.report import series, write_report

    history = [
        {"step": i, "reward": i / 9, "kl": float("nan"), "components/math/mean": i / 10}
        for i in range(9)
    ]
    point = {"step": 0, "pass@1": 0.25, "pass@1_error": 0.01}
    record = {
        "history": history,
        "heldout": [point, point | {"step": 9, "pass@1": 0.5}],
        "settings": {},
        "versions": {"torch": "2"},
        "commit": "<script>",
        "device": "CPU",
        "began": 0.0,
        "ended": 60.0,
        "steps": 9,
    }
    (tmp_path / "run.json").write_text(json.dumps(record))
    (tmp_path / "recipe.json").write_text(
        json.dumps({"stages": [{"stage": "eval", "figures": {"pass@1": {"mean": 1, "error": 0}}}]})
    )
    page = Path(write_report(str(tmp_path)))
    text = page.read_text()
    assert "0.250 ± 0.010" in text
    assert "0.500 ± 0.010" in text
    assert "1.000 ± 0.000" in text
    assert "<script>" not in text
    assert (page.parent / f"{tmp_path.name}.png").stat().st_size > 2_000
    assert series(history, "kl") == {}
    assert list(series(history, "components/*")) == ["components/math/mean"]
    with pytest.raises(FileNotFoundError):
        write_report(str(tmp_path / "nowhere"))
