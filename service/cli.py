"""`adjudge`: the command line.

Only the command that is called is imported, so that `adjudge --help` answers at once; the others
stand in the help as a name and a line. Packages add commands of their own through the entry-point
group `adjudge.commands` (a function, or a typer.Typer), loaded only when called.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Annotated, Any

from adjudge import __version__

GROUP = "adjudge.commands"

COMMANDS: Mapping[str, str] = {
    "serve": "Run the service on this machine: HTTP front, queue and workers.",
    "worker": "Add workers to a service, from this or any other machine.",
    "check": "Check a dataset: every reference must pass its own verifier.",
    "score": "Score a file of completions, without a server.",
    "try": "Score one completion and say why.",
    "kinds": "List the kinds of reward, with their params and reference keys.",
    "bench": "Measure a service: completions a second, latency.",
    "health": "Is the front, or a worker, of this machine alive? For health checks.",
    "dead": "Look at jobs that killed their worker, and try them again.",
}

FILES = {"try": "try_one"}
"""`try` is no name for a module."""

HELP = """The reward and verifier service for reinforcement learning of reasoning models.

Start here:

  adjudge try 'so \\boxed{0.5}' --answer 1/2     what a verdict looks like

  adjudge check train.jsonl --kind math --map answer=solution     is my dataset usable?

  adjudge serve     then POST http://127.0.0.1:8000/reward (a page to try it: the same address)
"""

Command = Callable[..., Any]


def main() -> None:
    """The console script."""
    try:
        import typer  # noqa: F401 - is the extra there?
    except ModuleNotFoundError:
        print("adjudge: the command line needs: pip install 'adjudge[serve]'", file=sys.stderr)  # noqa: T201
        sys.exit(1)
    from adjudge.service.commands.refusal import told

    with told():
        build(sys.argv[1:])(prog_name="adjudge")


def build(words: Sequence[str]) -> Any:  # noqa: ANN401 - a typer.Typer, which is imported late
    """The application in which the command that `words` name is real, and the others are names."""
    import typer

    app = typer.Typer(
        name="adjudge",
        help=HELP,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    _options(app)
    called = next((word for word in words if not word.startswith("-")), None)
    for name, summary in COMMANDS.items():
        _add(app, name, summary, _command(name) if name == called else None)
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        _add(app, entry.name, _source(entry), entry.load() if entry.name == called else None)
    return app


def _command(name: str) -> Command:
    module = import_module(f"adjudge.service.commands.{FILES.get(name, name)}")
    command: Command = module.command
    return command


def _options(app: Any) -> None:  # noqa: ANN401 - see `build`
    """Options of `adjudge` itself."""
    import typer

    def options(
        version: Annotated[bool, typer.Option("--version", help="Say which version.")] = False,
    ) -> None:
        if version:
            typer.echo(f"adjudge {__version__}")
            raise typer.Exit

    app.callback(invoke_without_command=True)(options)


def _add(app: Any, name: str, summary: str, command: Command | None) -> None:  # noqa: ANN401
    import typer

    if isinstance(command, typer.Typer):
        app.add_typer(command, name=name, help=command.info.help or summary)
    elif command is not None:
        app.command(name)(command)
    else:
        app.command(name, help=summary)(_not_loaded)


def _not_loaded() -> None:
    """Stands in the help for a command that was not called."""


def _source(entry: EntryPoint) -> str:
    return f"(from {entry.dist.name})" if entry.dist else "(a plug-in)"


if __name__ == "__main__":
    main()
