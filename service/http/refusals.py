"""Every answer that is not a 2xx: one shape (`ErrorBody`), one place."""

import logging
import math
from collections.abc import Mapping

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adjudge.service.api import ErrorBody, Fault
from adjudge.service.errors import BadRequest, QueueError, QueueUnreachable, TooLarge, Unscored
from adjudge.service.http.body import SlowBody, UnreadableEncoding

log = logging.getLogger(__name__)


def refuse(
    status: int,
    error: str,
    message: str,
    *,
    faults: tuple[Fault, ...] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    body = ErrorBody(error=error, message=message, faults=faults)
    return Response(
        body.__pydantic_serializer__.to_json(body),
        status_code=status,
        headers=dict(headers or {}),
        media_type="application/json",
    )


def install(app: FastAPI) -> None:
    """The answer to each failure that may cross the boundary."""
    app.add_exception_handler(BadRequest, _bad_request)
    app.add_exception_handler(QueueError, _queue)
    app.add_exception_handler(Unscored, _unscored)
    app.add_exception_handler(SlowBody, _slow)
    app.add_exception_handler(UnreadableEncoding, _encoding)
    app.add_exception_handler(HTTPException, _http)
    app.add_middleware(Unforeseen)


def _bad_request(_: Request, error: Exception) -> Response:
    assert isinstance(error, BadRequest)
    large = isinstance(error, TooLarge)
    return refuse(
        413 if large else 422,
        "too_large" if large else "invalid_request",
        _summary(error.faults),
        faults=error.faults,
    )


def _summary(faults: tuple[Fault, ...]) -> str:
    if not faults:
        return "the request cannot be understood"
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return f"{faults[0].path}: {faults[0].message}{more}"


def _queue(_: Request, error: Exception) -> Response:
    assert isinstance(error, QueueError)
    gone = isinstance(error, QueueUnreachable)
    return refuse(
        503 if gone else 429,
        "queue_unreachable" if gone else "queue_full",
        str(error),
        headers=retry_after(error.retry_after_s),
    )


def _unscored(_: Request, error: Exception) -> Response:
    assert isinstance(error, Unscored)
    if error.ours:
        return refuse(503, "unscored", f"not judged, try again: {error}", headers=retry_after(1.0))
    message = f"the dataset's row cannot be used: {error} (on_unscored=zero in the URL scores it 0)"
    return refuse(422, "bad_reference", message)


def retry_after(seconds: float) -> dict[str, str]:
    """The header takes whole seconds."""
    return {"Retry-After": str(max(1, math.ceil(seconds)))}


def _slow(_: Request, error: Exception) -> Response:
    return refuse(408, "body_timeout", str(error), headers={"Connection": "close"})


def _encoding(_: Request, error: Exception) -> Response:
    return refuse(415, "unsupported_encoding", str(error))


def _http(request: Request, error: Exception) -> Response:
    """Routing's own refusals: unknown routes and methods."""
    assert isinstance(error, HTTPException)
    where = f"{request.method[:20]} {request.url.path[:200]}"
    if error.status_code == 404:
        return refuse(404, "not_found", f"{where}: no such route; GET /docs lists them")
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "another method")
        message = f"{where}: this route takes {allowed}"
        return refuse(405, "method_not_allowed", message, headers=error.headers)
    return refuse(error.status_code, "error", str(error.detail), headers=error.headers)


class Unforeseen:
    """ASGI middleware: a bug of ours is one line for the caller and a traceback for the log. (As an
    exception handler it would be raised again after the answer: logged twice, and the connection
    broken under the caller's next request.)"""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            if begun or scope["type"] != "http":
                raise
            log.exception("%s %s failed", scope["method"], scope["path"][:200])
            message = "this service failed on the request; its log says why. Nothing was scored"
            await refuse(500, "internal", message)(scope, receive, send)
