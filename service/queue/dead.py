"""Dead letters: jobs that killed their worker too often, kept to be looked at and tried again."""

import time
from dataclasses import dataclass

from adjudge.service.queue.keys import Client, QueueOptions
from adjudge.verifiers.types import Lane

RETRY_MS = 600_000


@dataclass(frozen=True, slots=True)
class Letter:
    id: str
    lane: Lane
    why: str
    at_s: float
    """Epoch seconds."""
    op: str
    payload: bytes


async def letters(redis: Client, options: QueueOptions, count: int = 100) -> list[Letter]:
    """The newest first."""
    return [_letter(*entry) for entry in await redis.xrevrange(options.dead, count=count)]


async def retry(redis: Client, options: QueueOptions, ids: list[str]) -> int:
    """Put letters back into their lane; their replies go nowhere, their results are logged.

    Those who asked have long been answered. Returns how many were put back.
    """
    moved = 0
    for entry_id in ids:
        for found_id, fields in await redis.xrange(options.dead, entry_id, entry_id):
            await _put_back(redis, options, found_id, fields)
            moved += 1
    return moved


async def _put_back(
    redis: Client, options: QueueOptions, entry_id: bytes, fields: dict[bytes, bytes]
) -> None:
    lane = _letter(entry_id, fields).lane
    async with redis.pipeline(transaction=True) as pipe:
        pipe.xadd(
            options.stream(lane),
            {
                "j": f"retry-{entry_id.decode()}",
                "o": fields[b"o"],
                "d": fields[b"d"],
                "b": fields[b"b"],
                "r": options.reply("nobody"),
                "x": int(time.time() * 1000) + RETRY_MS,
            },
        )
        pipe.xdel(options.dead, entry_id)
        await pipe.execute()


def _letter(entry_id: bytes, fields: dict[bytes, bytes]) -> Letter:
    lane: Lane = "pure"
    match fields[b"lane"]:
        case b"code":
            lane = "code"
        case b"remote":
            lane = "remote"
    return Letter(
        id=entry_id.decode(),
        lane=lane,
        why=fields[b"why"].decode(),
        at_s=int(fields[b"at"]) / 1000,
        op=fields[b"o"].decode(),
        payload=fields[b"d"],
    )
