"""What a run's history says: medians, shares, and a picture of it."""

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

WARM_UP = 3
"""Steps at the start that no median counts."""


def facts(*runs: Mapping[str, Any]) -> dict[str, Any]:
    """Medians over the runs' steps, each run's first three left out, and what may not happen."""
    steps = [p for run in runs for p in [p for p in run["history"] if "time/step" in p][WARM_UP:]]
    last = [p for run in runs for p in run["history"] if "nonfinite_grad_steps" in p]
    tenth = max(1, len(steps) // 10)
    rewards = [point.get("reward") for point in steps]
    return {
        "steps": sum(run["steps"] for run in runs),
        "median": medians(steps),
        "reward_first_tenth": mean(rewards[:tenth]),
        "reward_last_tenth": mean(rewards[-tenth:]),
        "nonfinite_grad_steps": max(p["nonfinite_grad_steps"] for p in last) if last else None,
        "completion_tokens": mean([p.get("completions/mean_length") for p in steps]),
        "zero_variance_share": mean([p.get("frac_reward_zero_std") for p in steps]),
        "unscored_share": mean([p.get("adjudge/unscored_share") for p in steps]),
        "heldout": [
            [p["step"], round(p["time"] - run["began"], 1), p["pass@1"]]
            for run in runs
            for p in run.get("heldout", [])
        ],
    }


def medians(steps: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Seconds of a step and of its parts; milliseconds of a request."""
    if not steps:
        return {}
    names = ("step", "generate", "reward", "update")
    found: dict[str, Any] = {
        name: round(statistics.median(point[f"time/{name}"] for point in steps), 4)
        for name in names
        if f"time/{name}" in steps[0]
    }
    if "reward" in found:
        found["reward_share"] = round(found["reward"] / found["step"], 4)
    for name in ("p50", "p95"):
        latest = [p[key] for p in steps if (key := f"adjudge/request_{name}_ms") in p]
        found[f"request_{name}_ms"] = round(latest[-1], 2) if latest else None
    return found


def mean(values: Sequence[Any]) -> float | None:
    found = [value for value in values if value is not None and value == value]
    return round(statistics.fmean(found), 4) if found else None


def plot(results: Mapping[str, Any], path: Path) -> None:
    """Held-out pass@1 over time, and where a step's time goes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    _learning(figure.add_subplot(1, 2, 1), results["parts"])
    _times(figure.add_subplot(1, 2, 2), results["parts"].get("times", {}))
    figure.savefig(path, dpi=90)


def _learning(axes: Any, parts: Mapping[str, Any]) -> None:
    for name, label in (("learn", "GRPO"), ("control", "shuffled rewards")):
        points = parts.get(name, {}).get("heldout", [])
        if points:
            axes.plot([p[1] for p in points], [p[2] for p in points], marker=".", label=label)
            axes.legend()
    axes.set(xlabel="seconds", ylabel="held-out pass@1", title="Learning")
    axes.grid(alpha=0.3)


def _times(axes: Any, variants: Mapping[str, Any]) -> None:
    timed = {name: v for name, v in variants.items() if "generate" in v.get("median", {})}
    bottom = [0.0] * len(timed)
    for phase in ("generate", "reward", "update"):
        heights = [found["median"][phase] for found in timed.values()]
        axes.bar(list(timed), heights, bottom=bottom, label=phase)
        bottom = [low + high for low, high in zip(bottom, heights, strict=True)]
    axes.set(ylabel="seconds a step", title="Where a step's time goes")
    axes.tick_params(axis="x", labelsize=6)
    if timed:
        axes.legend()
