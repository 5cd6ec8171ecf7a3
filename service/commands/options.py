"""Flags that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[
    Path | None,
    typer.Option(help="A TOML file of settings.  [env ADJUDGE_CONFIG; else ./adjudge.toml]"),
]
RedisUrl = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="redis://[:PASSWORD@]HOST:PORT/DB  [env ADJUDGE_REDIS_URL]",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(metavar="N", min=0, help="Worker processes; default: this machine's cores."),
]
Backend = Annotated[
    str | None,
    typer.Option(
        "--sandbox",
        metavar="NAME",
        help="native-root, native-userns, lite or docker; default: the first that holds here.",
    ),
]
AllowUnsafe = Annotated[
    bool | None,
    typer.Option(
        "--allow-unsafe",
        help="Run programs even where no sandbox holds. Never for completions of a policy.",
    ),
]
LogLevel = Annotated[
    str | None, typer.Option(metavar="LEVEL", help="debug, info, warning or error.")
]
LogJson = Annotated[bool | None, typer.Option("--log-json", help="Logs as JSON lines.")]
Rows = Annotated[Path, typer.Argument(metavar="FILE", help="JSON lines; .gz too; - reads stdin.")]
Kind = Annotated[
    str | None,
    typer.Option(
        metavar="KIND",
        help="What to judge by, for rows without `rewards`: a kind, several (math,language), "
        "a preset (r1), or JSON as in a request.",
    ),
]
Map = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="OURS=THEIRS",
        help="A reference key (or completion, prompt, id) and the column that holds it: "
        "answer=solution. Repeat for more.",
    ),
]
Url = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Ask a service that runs already; default: start one inside."),
]
