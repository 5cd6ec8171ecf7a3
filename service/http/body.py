"""A request's body: read in bounded memory, parsed once, from bytes.

First jiter makes a document of it, then its values are counted, then pydantic makes a model of it.
That is no slower than pydantic's own parse, and the count is needed: pydantic keeps every fault it
finds, and millions of unknown keys would be gigabytes of faults.

The parse runs on the event loop, also for large bodies: the parsers hold the interpreter's lock, so
a thread would delay the other requests just as long (64 MiB of completions: 0.1 s).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, JsonValue, ValidationError
from pydantic_core import from_json

from adjudge.service.api import Fault
from adjudge.service.errors import BadRequest, QueueFull, ServiceError, TooLarge
from adjudge.service.faults import broken_json, explain

Model = TypeVar("Model", bound=BaseModel)

MAX_VALUES = 1_000_000
"""JSON values in one body: ten test cases for each of the most completions that a request has."""


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
    async def parsed(self, request: Request, model: type[Model]) -> AsyncIterator[Model]:
        """The body as a `model`; its bytes count as held until the block ends.

        Raises BadRequest with every fault's path, TooLarge, QueueFull, SlowBody.
        """
        async with self.document(request) as document:
            yield validate(document, model)

    @asynccontextmanager
    async def document(self, request: Request) -> AsyncIterator[JsonValue]:
        """The body as JSON, in the same way."""
        body = await self._read(request)
        size = len(body)
        try:
            document = document_of(body)
            del body
            yield document
        finally:
            self._free_bytes += size

    async def _read(self, request: Request) -> bytearray:
        _plain(request)
        self._admit(int(request.headers.get("content-length", "0")), self._free_bytes)
        body = bytearray()
        try:
            async with asyncio.timeout(self._timeout_s):
                async for chunk in request.stream():
                    self._free_bytes -= len(chunk)
                    body += chunk
                    self._admit(len(body), len(body) + self._free_bytes)
        except BaseException as error:
            self._free_bytes += len(body)
            if isinstance(error, TimeoutError):
                message = f"the body did not arrive within {self._timeout_s:g} s"
                raise SlowBody(message) from error
            raise
        return body

    def _admit(self, size: int, free: int) -> None:
        if size > self._body_bytes:
            limit_mb = self._body_bytes // 2**20
            message = f"larger than {limit_mb} MiB; send fewer groups at a time"
            raise TooLarge([Fault(path="body", message=message)])
        if size > free:
            raise QueueFull("too many bytes of other requests are being held; send again soon")


def _plain(request: Request) -> None:
    encoding = request.headers.get("content-encoding", "identity")
    if encoding.lower() != "identity":
        raise UnreadableEncoding(f"Content-Encoding {encoding[:40]!r}: send the body uncompressed")


def validate(document: JsonValue, model: type[Model]) -> Model:
    """Raises BadRequest, or TooLarge where a limit is what is wrong."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise _refusal(explain(error, document, model)) from error


def document_of(body: bytes | bytearray) -> JsonValue:
    try:
        document: JsonValue = from_json(body)
    except ValueError as error:
        raise BadRequest([broken_json(str(error), body)]) from error
    if len(body) > 2 * MAX_VALUES and _values(document) > MAX_VALUES:  # two bytes a value, at least
        message = f"more than {MAX_VALUES:,} JSON values; send fewer groups at a time"
        raise TooLarge([Fault(path="body", message=message)])
    return document


def _values(document: JsonValue) -> int:
    """How many values there are at any depth, as far as it matters."""
    waiting, count = [document], 0
    while waiting and count <= MAX_VALUES:
        value = waiting.pop()
        if isinstance(value, dict | list):
            count += len(value)
            inner = value.values() if isinstance(value, dict) else value
            waiting.extend(one for one in inner if isinstance(one, dict | list))
    return count


def _refusal(faults: tuple[Fault, ...]) -> BadRequest:
    over = [fault for fault in faults if fault.message.startswith("too many")]
    return TooLarge(over) if over else BadRequest(faults)
