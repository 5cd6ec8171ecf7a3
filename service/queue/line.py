"""One connection of our own to Redis, for the commands that every job passes through.

redis-py's client takes a connection from its pool, looks whether it is still whole, counts for
telemetry, and makes a task of each send that has a time limit: four fifths of the CPU time of a
short command. Its connection alone knows the protocol, and that is all that is needed here.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from hiredis import pack_command
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError

CONNECT_S = 2.0

Command = tuple[bytes | str | int | float, ...]
Answer = Any
"""In RESP2's shapes: bytes, integers, lists, None; a ResponseError in its place."""


def _over_tcp(timeout_s: float) -> dict[str, Any]:
    return {"socket_connect_timeout": min(timeout_s, CONNECT_S), "socket_keepalive": True}


class Line:
    """Connects when first asked, and again after a failure. One call at a time.

    Raises redis-py's ConnectionError, OSError, or TimeoutError after `timeout_s` in all.
    """

    def __init__(self, url: str, timeout_s: float) -> None:
        pool = ConnectionPool.from_url(
            url,
            protocol=2,
            socket_timeout=None,
            retry=Retry(NoBackoff(), 0),
            **({} if url.startswith("unix:") else _over_tcp(timeout_s)),
        )
        self._connection = pool.make_connection()  # type: ignore[no-untyped-call]
        self._timeout_s = timeout_s

    async def ask(self, *commands: Command) -> list[Answer]:
        """The answers in order. A connection that had died unseen is opened again, once."""
        async with asyncio.timeout(self._timeout_s):
            try:
                return await self._ask(commands)
            except ConnectionError:
                return await self._ask(commands)

    async def _ask(self, commands: Sequence[Command]) -> list[Answer]:
        connection = self._connection
        try:
            if not connection.is_connected:
                await connection.connect()
            packed = b"".join(map(pack_command, commands))  # type: ignore[arg-type] # its stub: one
            await connection.send_packed_command(packed, check_health=False)
            parser = connection._parser  # past the connection's own way, which keeps time too
            return [_raised(await parser.read_response()) for _ in commands]
        except BaseException as error:
            # Half an answer may be under way: nothing may read it as that of the next command.
            await connection.disconnect(nowait=True)
            if isinstance(error, OSError):
                raise ConnectionError(f"reading from Redis: {error}") from error
            raise

    async def close(self) -> None:
        await self._connection.disconnect()


def _raised(answer: Answer) -> Answer:
    """What is wrong with the command is an answer; what is wrong with the server ends the call."""
    if isinstance(answer, ConnectionError):
        raise answer
    return answer
