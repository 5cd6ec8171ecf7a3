"""Is everything here that a run needs? Told before the night, not after.

Versions, how the checkpoint stops, cuDNN's attention bug, the service and one question to it whose
answer is known, and one step of GRPO on a model made for it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from adjudge.trainer_client.client import RewardClient
from adjudge.trainer_client.retry import Failure
from adjudge.trainer_client.settings import Grpo, Service
from adjudge.trainer_client.stages.run_file import device, versions
from adjudge.trainer_client.transport import RequestRefused

TRL = "1.16.0"
"""The version whose private methods the trainer overrides."""


@dataclass(frozen=True, slots=True)
class Finding:
    what: str
    good: bool
    detail: str


def examine(service: Service, model: str | None = None) -> Iterator[Finding]:
    told = ", ".join(f"{name} {found}" for name, found in versions().items())
    yield Finding("versions", True, told)
    yield _trl()
    yield Finding("device", not device().startswith("no"), device())
    yield _cudnn()
    if model is not None:
        yield _model(model)
    with RewardClient(service.url, deadline_s=5) as client:
        yield _ready(client)
        answered = _question(client)
    yield answered
    yield _dry_step(service) if answered.good else Finding("one step", False, "not tried")


def _trl() -> Finding:
    try:
        found = version("trl")
    except PackageNotFoundError:
        return Finding("trl", False, "not installed: pip install 'adjudge[train]'")
    return Finding("trl", found == TRL, f"{found} (the trainer is made for {TRL})")


def _cudnn() -> Finding:
    try:
        import torch
    except ImportError:
        return Finding("torch", False, "not installed: pip install 'adjudge[train]'")
    if not torch.cuda.is_available():
        return Finding("cuDNN attention", True, "no CUDA device, so no bug")
    return Finding("cuDNN attention", True, "switched off when training (pytorch#196678)")


def _model(path: str) -> Finding:
    from adjudge.trainer_client.training.models import stop_faults

    faults = stop_faults(path)
    return Finding("how the model stops", not faults, "; ".join(faults) or "as its tokenizer says")


def _ready(client: RewardClient) -> Finding:
    return _asking("service", lambda: _readiness(client))


def _readiness(client: RewardClient) -> tuple[bool, str]:
    status, body = client.get("/ready")
    return status == 200, f"{client.url}: {body}"[:300]


def _question(client: RewardClient) -> Finding:
    return _asking("a known answer", lambda: _known(client))


def _known(client: RewardClient) -> tuple[bool, str]:
    group = {"completions": ["so \\boxed{0.5}", "\\boxed{3}"], "reference": {"answer": "1/2"}}
    scores = client.judge([group], rewards=["math"])[0].scores
    told = [(score.reward, score.reason) for score in scores]
    return [score.reward for score in scores] == [1.0, 0.0], f"1/2 and 3 for 1/2: {told}"


def _dry_step(service: Service) -> Finding:
    """Generating, the service and an update, in half a minute; says nothing of a model's size."""
    try:
        with TemporaryDirectory() as folder:
            point = _step(service, Path(folder))
    except Exception as error:  # noqa: BLE001 - whatever it is that a night's run would die of
        return Finding("one step", False, f"{type(error).__name__}: {error}"[:300])
    names = ("grad_norm", "nonfinite_grad_steps", "adjudge/unscored_share", "time/step")
    found = {name: round(point[name], 3) for name in names}
    good = not found["nonfinite_grad_steps"] and not found["adjudge/unscored_share"]
    return Finding("one step", good, ", ".join(f"{k} {v:g}" for k, v in found.items()))


def _step(service: Service, folder: Path) -> dict[str, Any]:
    """What GRPO logged of its first step."""
    from adjudge.trainer_client.stages.grpo import grpo
    from adjudge.trainer_client.tasks.splits import write_splits
    from adjudge.trainer_client.training.models import make_tiny_llama

    write_splits(folder, "chains", train=8, heldout=0, numbers=2)
    make_tiny_llama(folder / "new", "1m")
    settings = Grpo(
        model=str(folder / "new"),
        data=str(folder / "train.jsonl"),
        out=str(folder / "out"),
        url=service.url,
        rewards=["math"],
        steps=1,
        prompts=2,
        num_generations=2,
        max_completion_length=16,
        logging_steps=1,
        report_to=[],
        trl={"log_completions": False, "disable_tqdm": True},
    )
    history = grpo(settings)["history"]
    return next(point for point in history if "grad_norm" in point)


def _asking(what: str, ask: Callable[[], tuple[bool, str]]) -> Finding:
    try:
        good, detail = ask()
    except (Failure, RequestRefused) as fault:
        return Finding(what, False, str(fault)[:300])
    return Finding(what, good, detail)
