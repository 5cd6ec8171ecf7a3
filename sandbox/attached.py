"""A container's standard streams, as one `piped.Stream`.

The engine gives one connection: what we write is the container's input; what comes is its output in
frames of 8 bytes (stream number, three zeros, u32 big-endian length) and as many bytes more
(Docker's API, "Stream format" of `POST /containers/{id}/attach`).
"""

import contextlib
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

_FRAME = struct.Struct(">BxxxI")
_STDERR = 2
_MOST_WORDS = 2000
_WRITE_S = 60.0


class Attached:
    """One attached container."""

    def __init__(
        self,
        connection: Any,  # noqa: ANN401 - of one type or another, by the transport
        remove: Callable[[], None],
    ) -> None:
        self._kept = connection  # the response that owns the socket, too
        self._socket: socket.socket = getattr(connection, "_sock", connection)
        self._remove = remove
        self._raw = bytearray()
        self._left = 0
        self._of = 0
        self.last_words = b""
        """The end of what came on its standard error."""

    def write(self, data: bytes) -> None:
        """All of it (see `piped.Stream`)."""
        self._socket.settimeout(_WRITE_S)
        self._socket.sendall(data)

    def read(self, size: int, patience_s: float) -> bytes:
        """Exactly so many (see `piped.Stream`)."""
        until = time.monotonic() + patience_s
        data = bytearray()
        while len(data) < size:
            if self._raw and self._left:
                self._take(data, size)
            elif not self._next_frame():
                self._fill(until)
        return bytes(data)

    def _take(self, data: bytearray, size: int) -> None:
        """From the present frame, what belongs to `data`."""
        if self._of == _STDERR:
            count = min(self._left, len(self._raw))
            self.last_words = (self.last_words + self._raw[:count])[-_MOST_WORDS:]
        else:
            count = min(self._left, len(self._raw), size - len(data))
            data += memoryview(self._raw)[:count]
        del self._raw[:count]
        self._left -= count

    def _next_frame(self) -> bool:
        if self._left or len(self._raw) < _FRAME.size:
            return False
        self._of, self._left = _FRAME.unpack_from(self._raw)
        del self._raw[: _FRAME.size]
        return True

    def _fill(self, until: float) -> None:
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)
        more = self._socket.recv(1 << 18)
        if not more:
            raise EOFError(self.last_words.decode(errors="replace").strip())
        self._raw += more

    def close(self) -> None:
        """End the container: its slot ends with its input, and whatever is left is removed."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._kept.close()
        self._remove()
