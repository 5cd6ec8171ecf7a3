"""`adjudge dead`: jobs that killed their worker every time they were given out."""

import asyncio
import datetime
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import httpx
import typer
from redis.exceptions import RedisError

from adjudge.service.commands.options import Config, RedisUrl
from adjudge.service.errors import QueueUnreachable
from adjudge.service.http.dead import DeadLetter, DeadLetters, Retried, told
from adjudge.service.queue.dead import Letter, letters, retry
from adjudge.service.queue.keys import Client, QueueOptions, prompt_client
from adjudge.service.settings import Settings, load

ALL = 10_000
TIMEOUT_S = 10.0

command = typer.Typer(
    no_args_is_help=True, help="Look at jobs that killed their worker, and try them again."
)
Url = Annotated[
    str | None,
    typer.Option(
        metavar="URL", help="The service to ask, where no Redis is named; default: this machine's."
    ),
]


@command.command("list")
def list_letters(
    redis_url: RedisUrl = None,
    url: Url = None,
    config: Config = None,
    count: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 20,
) -> None:
    """Show them: when, which lane, why, and the start of the job."""
    for letter in _place(redis_url, url, config).shown(count):
        when = datetime.datetime.fromtimestamp(letter.at_s, datetime.UTC)
        typer.echo(f"{letter.id}  {when:%Y-%m-%d %H:%M:%S}Z  {letter.lane}  {letter.why}")
        typer.echo(f"    {letter.start}")


@command.command("retry")
def retry_letters(
    ids: Annotated[list[str] | None, typer.Argument(help="As `list` shows them.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    redis_url: RedisUrl = None,
    url: Url = None,
    config: Config = None,
) -> None:
    """Put them back into the queue: after an upgrade, to see whether they still kill."""
    if not ids and not every:
        raise typer.BadParameter("name the letters, or --all")
    place = _place(redis_url, url, config)
    chosen = [letter.id for letter in place.shown(ALL)] if every else ids or []
    typer.echo(f"{place.retry(chosen)} put back")


def _place(redis_url: str | None, url: str | None, config: Config) -> "_Queue | _Service":
    """A Redis that is named is asked itself; otherwise the service that holds the queue."""
    settings = load(redis_url=redis_url, config=config)
    if settings.redis_url is not None and url is None:
        return _Queue(QueueOptions(url=settings.redis_url.get_secret_value()))
    return _Service(url or f"http://127.0.0.1:{settings.port}", settings)


class _Queue:
    """The letters in a Redis. Raises QueueUnreachable."""

    def __init__(self, options: QueueOptions) -> None:
        self._options = options

    def shown(self, count: int) -> list[DeadLetter]:
        return [told(letter) for letter in asyncio.run(self._letters(count))]

    def retry(self, ids: list[str]) -> int:
        return asyncio.run(self._retry(ids))

    async def _letters(self, count: int) -> list[Letter]:
        async with self._client() as client:
            return await letters(client, self._options, count)

    async def _retry(self, ids: list[str]) -> int:
        async with self._client() as client:
            return await retry(client, self._options, ids)

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[Client]:
        client = prompt_client(self._options.url)
        try:
            yield client
        except (RedisError, OSError) as error:
            raise QueueUnreachable(f"Redis does not answer: {error}") from error
        finally:
            await client.aclose()


class _Service:
    """The letters behind a service. Raises QueueUnreachable."""

    def __init__(self, url: str, settings: Settings) -> None:
        key = settings.api_key.get_secret_value() if settings.api_key else None
        self._url = url
        self._headers = {"X-API-Key": key} if key else {}

    def shown(self, count: int) -> list[DeadLetter]:
        found = DeadLetters.model_validate_json(self._ask("GET", f"/dead?count={count}", None))
        return [*found.letters]

    def retry(self, ids: list[str]) -> int:
        answer = self._ask("POST", "/dead/retry", {"ids": ids})
        return Retried.model_validate_json(answer).put_back

    def _ask(self, method: str, route: str, body: object) -> bytes:
        try:
            answer = httpx.request(
                method, self._url + route, json=body, headers=self._headers, timeout=TIMEOUT_S
            )
        except httpx.HTTPError as error:
            message = f"{self._url} does not answer (--url, or --redis-url): {error}"
            raise QueueUnreachable(message) from error
        if answer.status_code != 200:
            raise QueueUnreachable(f"{self._url} answers {answer.status_code}: {answer.text[:200]}")
        return answer.content
