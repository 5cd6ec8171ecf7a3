"""The API key: `Authorization: Bearer KEY`, `X-API-Key: KEY`, or `http://any:KEY@host/` in a URL.

The last (HTTP Basic) is for trainers that take a URL and send no headers of ours. What a probe or a
browser needs to begin with stays open; everything that judges, or tells of the load, does not.
Covers: who may use the service. Does not cover: how often (see the queue's bound), nor
eavesdropping (put TLS in front where the network is not yours).
"""

import base64
import binascii
import hmac
from collections.abc import Iterator

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from adjudge.service.http.refusals import refuse

OPEN = frozenset({"/", "/health", "/ready", "/docs", "/openapi.json"})
OPEN_PREFIX = "/docs-assets/"


class KeyCheck:
    """ASGI middleware: 401 before a byte of the body is read."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app = app
        self._key = key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._allows(scope):
            await self._app(scope, receive, send)
            return
        message = "this service needs its API key: Authorization: Bearer KEY, or X-API-Key: KEY"
        refusal = refuse(
            401, "unauthorized", message, headers={"WWW-Authenticate": 'Bearer realm="adjudge"'}
        )
        await refusal(scope, receive, send)

    def _allows(self, scope: Scope) -> bool:
        path: str = scope["path"]
        if path in OPEN or path.startswith(OPEN_PREFIX):
            return True
        offered = _keys(Headers(scope=scope))
        return any(hmac.compare_digest(key, self._key) for key in offered)


def _keys(headers: Headers) -> Iterator[bytes]:
    if "x-api-key" in headers:
        yield headers["x-api-key"].encode()
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        yield value.strip().encode()
    elif scheme.lower() == "basic":
        yield _password(value.strip())


def _password(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True).partition(b":")[2]
    except (binascii.Error, ValueError):
        return b""
