"""A request's body: read in bounded memory, parsed once, from bytes.

The parse runs on the event loop, also for large bodies: pydantic holds the interpreter's lock while
it parses, so a thread would delay the other requests just as long (64 MiB of completions: 0.1 s).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from adjudge.service.api import Fault
from adjudge.service.errors import BadRequest, QueueFull, ServiceError, TooLarge
from adjudge.service.faults import explain_body

Model = TypeVar("Model", bound=BaseModel)


class SlowBody(ServiceError):
    """The body did not arrive in time."""


class UnreadableEncoding(ServiceError):
    """The body is compressed; this service takes it plain."""


class Intake:
    """Reads bodies; refuses one that is too large, and any while too many bytes are held at once.

    A refusal does not wait for the rest of the body: the server reads it on and drops it, so that a
    client that is still sending gets the answer instead of a broken connection.
    """

    def __init__(self, *, body_mb: int, held_mb: int, timeout_s: float) -> None:
        self._body_bytes = body_mb * 2**20
        self._free_bytes = held_mb * 2**20
        self._timeout_s = timeout_s

    @asynccontextmanager
    async def hold(self, request: Request) -> AsyncIterator[bytes]:
        """The body's bytes, counted as held until the block ends."""
        _plain(request)
        self._admit(int(request.headers.get("content-length", "0")))
        held = bytearray()
        try:
            async with asyncio.timeout(self._timeout_s):
                async for chunk in request.stream():
                    self._free_bytes -= len(chunk)
                    held += chunk
                    self._admit(len(held), counted=True)
            yield bytes(held)
        except TimeoutError as error:
            raise SlowBody(f"the body did not arrive within {self._timeout_s:g} s") from error
        finally:
            self._free_bytes += len(held)

    def _admit(self, size: int, *, counted: bool = False) -> None:
        if size > self._body_bytes:
            limit_mb = self._body_bytes // 2**20
            message = f"larger than {limit_mb} MiB; send fewer groups at a time"
            raise TooLarge([Fault(path="body", message=message)])
        if self._free_bytes < (0 if counted else size):
            raise QueueFull("too many bytes of other requests are being held; send again soon")

    async def parse(self, request: Request, model: type[Model]) -> Model:
        """Raises BadRequest with every fault's path."""
        async with self.hold(request) as body:
            return parse(body, model)


def _plain(request: Request) -> None:
    encoding = request.headers.get("content-encoding", "identity")
    if encoding.lower() != "identity":
        raise UnreadableEncoding(f"Content-Encoding {encoding[:40]!r}: send the body uncompressed")


def parse(body: bytes, model: type[Model]) -> Model:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise _refusal(explain_body(error, body, model)) from error


def _refusal(faults: tuple[Fault, ...]) -> BadRequest:
    over = [fault for fault in faults if fault.message.startswith("too many")]
    return TooLarge(over) if over else BadRequest(faults)
