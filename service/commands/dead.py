"""`adjudge dead`: jobs that killed their worker every time they were given out."""

import asyncio
import datetime
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer
from redis.exceptions import RedisError

from adjudge.service.commands.options import Config, RedisUrl
from adjudge.service.errors import QueueUnreachable
from adjudge.service.queue.dead import Letter, letters, retry
from adjudge.service.queue.keys import Client, QueueOptions, prompt_client
from adjudge.service.settings import BadSettings, load

command = typer.Typer(no_args_is_help=True)


@command.command("list")
def list_letters(
    redis_url: RedisUrl = None,
    config: Config = None,
    count: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 20,
) -> None:
    """Show them: when, which lane, why, and the start of the job."""
    for letter in asyncio.run(_letters(_queue(redis_url, config), count)):
        when = datetime.datetime.fromtimestamp(letter.at_s, datetime.UTC)
        start = letter.payload[:120].decode(errors="replace")
        typer.echo(
            f"{letter.id}  {when:%Y-%m-%d %H:%M:%S}Z  {letter.lane}  {letter.why}\n    {start}"
        )


@command.command("retry")
def retry_letters(
    ids: Annotated[list[str] | None, typer.Argument(help="As `list` shows them.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    redis_url: RedisUrl = None,
    config: Config = None,
) -> None:
    """Put them back into the queue: after an upgrade, to see whether they still kill."""
    queue = _queue(redis_url, config)
    if not ids and not every:
        raise typer.BadParameter("name the letters, or --all")
    typer.echo(f"{asyncio.run(_retry(queue, ids or [], every=every))} put back")


def _queue(redis_url: str | None, config: Config) -> QueueOptions:

    settings = load(redis_url=redis_url, config=config)
    if settings.redis_url is None:
        raise BadSettings("redis_url: say where the queue is: --redis-url, or ADJUDGE_REDIS_URL")
    return QueueOptions(url=settings.redis_url.get_secret_value())


@asynccontextmanager
async def _connected(queue: QueueOptions) -> AsyncIterator[Client]:
    """Raises QueueUnreachable."""

    client = prompt_client(queue.url)
    try:
        yield client
    except (RedisError, OSError) as error:
        raise QueueUnreachable(f"Redis does not answer: {error}") from error
    finally:
        await client.aclose()


async def _letters(queue: QueueOptions, count: int) -> list[Letter]:
    async with _connected(queue) as client:
        return await letters(client, queue, count)


async def _retry(queue: QueueOptions, ids: list[str], *, every: bool) -> int:
    async with _connected(queue) as client:
        if every:
            ids = [letter.id for letter in await letters(client, queue, 1_000_000)]
        return await retry(client, queue, ids)
