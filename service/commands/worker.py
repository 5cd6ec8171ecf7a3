"""`adjudge worker`."""

from collections.abc import Sequence
from typing import Annotated

import typer

from adjudge.service import logs
from adjudge.service.commands.options import (
    AllowUnsafe,
    Backend,
    Config,
    LogJson,
    LogLevel,
    RedisUrl,
    Workers,
)
from adjudge.service.queue.keys import LANES, QueueOptions
from adjudge.service.settings import BadSettings, load
from adjudge.service.worker import main
from adjudge.verifiers.types import Lane


def command(
    redis_url: RedisUrl = None,
    workers: Workers = None,
    slots: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Programs run at once; default: four for each core."),
    ] = None,
    lane: Annotated[
        list[str] | None,
        typer.Option(help="Only this kind of work: pure, code or remote. Repeat for more."),
    ] = None,
    sandbox: Backend = None,
    allow_unsafe: AllowUnsafe = None,
    config: Config = None,
    log_level: LogLevel = None,
    log_json: LogJson = None,
) -> None:
    """Add workers to a service, from this or any other machine.

    They take jobs from the Redis that the front uses. One that dies loses nothing: its jobs are
    given to another. SIGTERM ends it gently: what it took is answered first.
    """

    settings = load(
        redis_url=redis_url,
        workers=workers,
        sandbox=sandbox,
        allow_unsafe=allow_unsafe,
        config=config,
        log_level=log_level,
        log_json=log_json,
    )
    if settings.redis_url is None:
        raise BadSettings("redis_url: say where the queue is: --redis-url, or ADJUDGE_REDIS_URL")
    logs.configure(settings.log_level, as_json=settings.log_json)
    queue = QueueOptions(url=settings.redis_url.get_secret_value())
    main.run(
        main.worker_options(
            queue,
            children=settings.workers,
            slots=slots,
            lanes=_lanes(lane),
            backend=settings.sandbox,
            allow_unsafe=settings.allow_unsafe,
            remotes=settings.remotes,
            grace_s=settings.stop_s,
        )
    )


def _lanes(names: Sequence[str] | None) -> tuple[Lane, ...]:
    unknown = set(names or ()) - set(LANES)
    if unknown:
        raise BadSettings(f"lane: no such lane: {', '.join(sorted(unknown))}")
    return tuple(lane for lane in LANES if not names or lane in names)
