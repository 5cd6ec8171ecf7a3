"""`run.json`: what a run was, so that its figures can be believed later."""

import platform
import subprocess
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from adjudge.trainer_client.jsonl import write_json
from adjudge.trainer_client.settings import Settings

PACKAGES = ("adjudge", "torch", "transformers", "trl", "accelerate", "datasets", "peft", "vllm")


def begin(settings: Settings) -> dict[str, Any]:
    return {
        "settings": settings.model_dump(),
        "versions": versions(),
        "commit": _commit(),
        "device": device(),
        "began": time.time(),
    }


def finish(run: dict[str, Any], trainer: Any) -> dict[str, Any]:
    """Adds what happened, and writes `run.json` to the run's folder."""
    out = Path(run["settings"]["out"])
    run |= {
        "ended": time.time(),
        "steps": trainer.state.global_step,
        "history": trainer.state.log_history,
    }
    if trainer.accelerator.is_main_process:
        write_json(out / "run.json", run)
    return run


def versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def device() -> str:
    try:
        import torch
    except ImportError:
        return "no torch"
    if not torch.cuda.is_available():
        return f"CPU, {torch.get_num_threads()} threads"
    return f"{torch.cuda.device_count()} x {torch.cuda.get_device_name()}"


def _commit() -> str | None:
    """The repository's commit, where this runs inside one."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607 - whichever git there is
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except OSError:
        return None
    return done.stdout.strip() or None
