"""Dead letters over HTTP, for `adjudge dead`: an embedded Valkey can be reached in no other way.

Behind the API key, as all that tells of completions.
"""

from fastapi import APIRouter, Request
from pydantic import Field

from adjudge.service.api import ErrorBody
from adjudge.service.http.body import Intake
from adjudge.service.http.openapi import takes
from adjudge.service.queue.dead import Letter, letters, retry
from adjudge.service.queue.front import Front, reaching
from adjudge.verifiers.types import Frozen, Lane

START_CHARS = 120


class DeadLetter(Frozen):
    """A job that killed its worker every time it was given out."""

    id: str
    lane: Lane
    why: str
    at_s: float
    """Epoch seconds."""
    start: str
    """Of the job, as JSON."""


class DeadLetters(Frozen):
    letters: tuple[DeadLetter, ...]


class Retry(Frozen):
    ids: tuple[str, ...] = Field(max_length=10_000, fail_fast=True)


class Retried(Frozen):
    put_back: int


def routes(queue: Front, intake: Intake) -> APIRouter:
    router = APIRouter(tags=["dead letters"])

    @router.get("/dead")
    async def list_letters(count: int = 20) -> DeadLetters:
        """The newest first."""
        with reaching():
            found = await letters(queue.redis, queue.options, max(1, min(count, 10_000)))
        return DeadLetters(letters=tuple(told(letter) for letter in found))

    @router.post("/dead/retry", **takes(Retry, Retried, ErrorBody))
    async def retry_letters(request: Request) -> Retried:
        """Put letters back into the queue; who asked for them has long been answered."""
        async with intake.parsed(request, Retry) as asked:
            with reaching():
                put_back = await retry(queue.redis, queue.options, list(asked.ids))
        return Retried(put_back=put_back)

    return router


def told(letter: Letter) -> DeadLetter:
    start = letter.payload[:START_CHARS].decode(errors="replace")
    return DeadLetter(id=letter.id, lane=letter.lane, why=letter.why, at_s=letter.at_s, start=start)
