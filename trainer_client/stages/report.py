"""A run on one page: curves as PNG, before and after, and samples with the reasons of their scores.

Reads what the stages wrote (`run.json`, `evaluation.json`, `recipe.json`, TRL's tables of
completions), needs matplotlib and no torch.
"""

import html
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

PANELS: Mapping[str, Sequence[str]] = {
    "Held-out pass@1": ("heldout/pass@1",),
    "Reward": ("reward",),
    "Components": ("components/*", "rewards/*/mean"),
    "Completion length, tokens": ("completions/mean_length", "completions/max_length"),
    "Clipped share": ("completions/clipped_ratio",),
    "Entropy": ("entropy",),
    "KL": ("kl",),
    "Share of groups without variance": ("frac_reward_zero_std",),
    "Seconds a step": ("time/generate", "time/reward", "time/update", "time/step"),
    "Request, ms": ("adjudge/request_p50_ms", "adjudge/request_p95_ms"),
    "Unscored share": ("adjudge/unscored_share",),
    "Gradient norm": ("grad_norm",),
    "Sent again, and steps skipped": ("adjudge/retries", "nonfinite_grad_steps"),
}
_STYLE = (
    "body{font:15px/1.5 system-ui;max-width:70rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:.3rem .5rem;"
    "vertical-align:top;text-align:left}pre{white-space:pre-wrap;margin:0;font-size:13px}"
    "img{max-width:100%}"
)

Point = tuple[float, float]


def write_report(run: str, out: str | None = None) -> str:
    """The page's path. Raises FileNotFoundError where there is no run."""
    folder = Path(run)
    target = Path(out) if out else folder / "report"
    runs = sorted(folder.glob("run.json")) + sorted(folder.glob("*/run.json"))
    if not runs and not (folder / "recipe.json").is_file():
        raise FileNotFoundError(f"no run.json and no recipe.json in {folder}")
    target.mkdir(parents=True, exist_ok=True)
    sections = [_recipe(folder / "recipe.json")]
    for path in runs:
        record = json.loads(path.read_text())
        name = path.parent.name
        image = plot(record["history"], target / f"{name}.png", name)
        sections.append(_run(name, record, image))
        sections.append(_samples(path.parent))
    page = target / "index.html"
    page.write_text(_page(folder.name, filter(None, sections)), encoding="utf-8")
    return str(page)


def series(history: Iterable[Mapping[str, Any]], name: str) -> dict[str, list[Point]]:
    """The curves that a panel's name stands for; `*` matches one part or more."""
    found: dict[str, list[Point]] = {}
    head, _, tail = name.partition("*")
    for point in history:
        for key, value in point.items():
            matches = key == name or ("*" in name and key.startswith(head) and key.endswith(tail))
            if matches and isinstance(value, int | float) and value == value:
                found.setdefault(key, []).append((float(point.get("step", 0)), float(value)))
    return found


def plot(history: Sequence[Mapping[str, Any]], path: Path, title: str) -> Path | None:
    """Every panel that has points; None where none has."""
    panels = {
        name: curves
        for name, keys in PANELS.items()
        if (curves := {k: v for key in keys for k, v in series(history, key).items()})
    }
    if not panels:
        return None
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = -(-len(panels) // 3)
    figure = Figure(figsize=(12, 2.6 * rows), layout="constrained", dpi=80)
    canvas = FigureCanvasAgg(figure)
    figure.suptitle(title)
    for number, (name, curves) in enumerate(panels.items(), 1):
        axes = figure.add_subplot(rows, 3, number)
        axes.set_title(name, fontsize=10)
        for key, points in curves.items():
            axes.plot(*zip(*points, strict=True), label=key, linewidth=1)
        if len(curves) > 1:
            axes.legend(fontsize=7)
        axes.grid(alpha=0.3)
    canvas.draw()
    _few_colours(canvas.buffer_rgba(), path)
    return path


def _few_colours(pixels: Any, path: Path) -> None:
    """A third of the bytes: reports lie in repositories."""
    from PIL import Image

    picture = Image.frombuffer("RGBA", pixels.shape[1::-1], pixels.tobytes()).convert("RGB")
    picture.quantize(64).save(path, optimize=True)


def _run(name: str, record: Mapping[str, Any], image: Path | None) -> str:
    shown = f'<img src="{_e(image.name)}" alt="curves of {_e(name)}">' if image else ""
    minutes = (record["ended"] - record["began"]) / 60
    facts = {
        "steps": record["steps"],
        "minutes": f"{minutes:.1f}",
        "device": record["device"],
        "commit": record["commit"],
        "versions": ", ".join(f"{k} {v}" for k, v in record["versions"].items()),
    }
    return f"<h2>{_e(name)}</h2>{_before_and_after(record)}{shown}{_table([facts])}"


def _before_and_after(record: Mapping[str, Any]) -> str:
    points = record.get("heldout") or []
    if not points:
        return ""
    ends = [points[0], points[-1]] if len(points) > 1 else points
    keys = [key for key in ends[0] if "@" in key and not key.endswith("_error")]
    rows = [
        {"step": point["step"]}
        | {key: f"{point[key]:.3f} ± {point.get(f'{key}_error', 0.0):.3f}" for key in keys}
        for point in ends
    ]
    return "<h3>Before and after, on held-out problems</h3>" + _table(rows)


def _recipe(path: Path) -> str:
    if not path.is_file():
        return ""
    rows = [
        {"stage": stage["stage"]} | _figures(stage.get("figures") or stage.get("counts") or {})
        for stage in json.loads(path.read_text())["stages"]
        if stage.get("figures") or stage.get("counts")
    ]
    return "<h2>Stages</h2>" + _table(rows)


def _figures(found: Mapping[str, Any]) -> dict[str, str]:
    return {
        key: f"{value['mean']:.3f} ± {value['error']:.3f}"
        if isinstance(value, dict) and "mean" in value
        else str(value)
        for key, value in found.items()
    }


def _samples(folder: Path) -> str:
    """The first and the last table that TRL wrote."""
    tables = sorted((folder / "completions").glob("*.parquet"))
    if not tables:
        return ""
    from pyarrow.parquet import read_table

    picked = [tables[0], tables[-1]] if len(tables) > 1 else tables
    parts = []
    for table in picked:
        rows = read_table(table).slice(0, 8).to_pylist()
        parts.append(f"<h3>Samples: {_e(table.stem)}</h3>{_table(rows)}")
    return "".join(parts)


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return ""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    head = "".join(f"<th>{_e(column)}</th>" for column in columns)
    body = "".join(
        "<tr>" + "".join(f"<td><pre>{_e(row.get(c, ''))}</pre></td>" for c in columns) + "</tr>"
        for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def _page(title: str, sections: Iterable[str]) -> str:
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{_e(title)}</title>'
        f"<style>{_STYLE}</style><h1>{_e(title)}</h1>{''.join(sections)}</html>\n"
    )


def _e(value: Any) -> str:
    """A completion is text from a policy: nothing of it is markup."""
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return html.escape(text[:2000])
