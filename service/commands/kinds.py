"""`adjudge kinds`."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from adjudge.service.api import Fault
from adjudge.service.desk import SandboxState
from adjudge.service.errors import BadRequest
from adjudge.service.http.catalogue import Kind, catalogue
from adjudge.service.presets import PRESETS
from adjudge.verifiers.registry import registry


def command(
    kind: Annotated[str | None, typer.Argument(help="Show the schemas of this one.")] = None,
) -> None:
    """List the kinds of reward, with their params and reference keys."""
    found = catalogue(registry(), tuple(PRESETS), SandboxState())
    if kind is not None:
        _one(found.kinds.get(kind), kind)
        return
    table = Table("kind", "what it says", "reference", "params", box=None, pad_edge=False)
    for name, entry in found.kinds.items():
        params = ", ".join(entry.params.get("properties", {}))
        table.add_row(name, entry.summary, ", ".join(entry.needs), params)
    console = Console()
    console.print(table)
    for problem in found.plugin_problems:
        console.print(f"not loaded: {problem.plugin}: {problem.message}", markup=False)
    console.print(f"\npresets: {', '.join(found.presets)}; schemas: adjudge kinds KIND")


def _one(entry: object, name: str) -> None:
    if not isinstance(entry, Kind):
        raise BadRequest([Fault(path=name, message="no such kind; `adjudge kinds` lists them")])
    typer.echo(json.dumps(entry.model_dump(mode="json"), indent=2, ensure_ascii=False))
