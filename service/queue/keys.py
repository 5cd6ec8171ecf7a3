"""The names of our keys in Redis, and how to connect."""

from dataclasses import dataclass
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError

from adjudge.verifiers.types import Lane

LANES: tuple[Lane, ...] = ("pure", "code", "remote")
BLOCK_S = 2.0
"""How long one blocking read waits in Redis, at most."""
WAIT_S = BLOCK_S + 5.0
"""Until one is given up: a machine that lost its power closes no connection, and keep-alive notices
after two hours."""
PROMPT_S = 0.8
"""Until a command that answers at once is given up."""
WORKERS = "workers"
"""The consumer group of every stream."""


Client = Any
"""A redis-py client, answering in bytes. Its own annotations cover raw and decoded, RESP2 and
RESP3, at once; narrowing each answer by hand would be longer than what we do with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueOptions:
    """What front and workers must agree on, and the front's bounds."""

    url: str
    """`redis://[:password@]host:port/db`, `rediss://…` or `unix://[:password@]/path`."""
    prefix: str = "adjudge"
    """Of every key: several services can share one Redis."""
    limit: int = 20_000
    """Jobs waiting or running in one lane; beyond, a request is refused (429)."""
    lease_s: float = 5.0
    """A job whose worker has not been heard of for so long is given to another."""
    deliveries: int = 3
    """A job is given out so many times; the worker dead each time, it is a dead letter."""

    def stream(self, lane: Lane) -> str:
        return f"{self.prefix}:jobs:{lane}"

    def reply(self, front: str) -> str:
        return f"{self.prefix}:reply:{front}"

    def blob(self, digest: str) -> str:
        return f"{self.prefix}:blob:{digest}"

    def row(self, digest: str) -> str:
        return f"{self.prefix}:row:{digest}"

    def request(self, digest: str) -> str:
        return f"{self.prefix}:request:{digest}"

    @property
    def dead(self) -> str:
        return f"{self.prefix}:dead"

    @property
    def workers(self) -> str:
        """Sorted set: worker → until when (ms) it counts as alive."""
        return f"{self.prefix}:workers"

    @property
    def states(self) -> str:
        """Hash: worker → what it told of itself (JSON)."""
        return f"{self.prefix}:states"


def prompt_client(url: str, timeout_s: float = PROMPT_S) -> Client:
    """For commands that answer at once: fails within a second when Redis does not."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=64,
        timeout=timeout_s,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        # A pooled connection may have died unseen: try another, at once. Not after a timeout, or it
        # would be two.
        retry=Retry(NoBackoff(), 1, supported_errors=(ConnectionError,)),
    )
    return Redis.from_pool(pool)
