"""`adjudge serve`."""

from typing import Annotated

import typer

from adjudge.service import logs, serve
from adjudge.service.commands.options import (
    AllowUnsafe,
    Backend,
    Config,
    LogJson,
    LogLevel,
    RedisUrl,
    Workers,
)
from adjudge.service.settings import load


def command(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on.  [default: 127.0.0.1]")
    ] = None,
    port: Annotated[int | None, typer.Option(help="[default: 8000; 0 takes any]")] = None,
    redis_url: RedisUrl = None,
    workers: Workers = None,
    sandbox: Backend = None,
    allow_unsafe: AllowUnsafe = None,
    config: Config = None,
    log_level: LogLevel = None,
    log_json: LogJson = None,
) -> None:
    """Run the service on this machine: HTTP front, queue and workers.

    Without --redis-url it starts a Valkey of its own, which ends with it. With one, workers of
    other machines may join: `adjudge worker --redis-url …`; `--workers 0` leaves all work to them.

    Set ADJUDGE_API_KEY before you listen on anything but 127.0.0.1: who can reach the port can run
    programs in the sandbox.
    """

    settings = load(
        host=host,
        port=port,
        redis_url=redis_url,
        workers=workers,
        sandbox=sandbox,
        allow_unsafe=allow_unsafe,
        config=config,
        log_level=log_level,
        log_json=log_json,
    )
    logs.configure(settings.log_level, as_json=settings.log_json)
    serve.run(settings)
