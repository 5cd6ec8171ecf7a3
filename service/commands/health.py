"""`adjudge health`: for containers' health checks, so it imports little."""

import socket
import sys
import time
import urllib.request
from typing import Annotated

import redis
import typer

from adjudge.service.queue.keys import QueueOptions
from adjudge.service.settings import BadSettings, Settings, load

TIMEOUT_S = 3.0


def command(
    part: Annotated[str, typer.Argument(metavar="front|worker", help="What to ask after.")],
) -> None:
    """Exit with 0 if the front, or a worker, of this machine is alive.

    Where they are comes from the same settings that they were started with.
    """
    settings = load()
    checks = {"front": _front, "worker": _worker}
    if part not in checks:
        raise BadSettings(f"{part}: say front or worker")
    problem = checks[part](settings)
    if problem:
        typer.echo(problem, err=True)
    sys.exit(1 if problem else 0)


def _front(settings: Settings) -> str | None:
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104
    url = f"http://{host}:{settings.port}/health"
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S):
            return None
    except OSError as error:
        return f"{url}: {error}"


def _worker(settings: Settings) -> str | None:
    """A worker's name begins with its host's, and it says every second that it lives."""
    if settings.redis_url is None:
        return "redis_url is not set"
    url = settings.redis_url.get_secret_value()
    try:
        with redis.Redis.from_url(url, socket_timeout=TIMEOUT_S) as client:
            names = client.zrangebyscore(QueueOptions(url=url).workers, time.time() * 1000, "+inf")
    except redis.RedisError as error:
        return f"Redis does not answer: {error}"
    mine = f"{socket.gethostname()}-".encode()
    alive = any(name.startswith(mine) for name in names)
    return None if alive else "no worker of this machine is alive"
