"""A program's end of the channel on file descriptor 3 (frames: u32 little-endian length, bytes)."""

import os
import struct

_FD = 3
_LENGTH = struct.Struct("<I")
MAX_FRAME = 16 << 20


class ClosedError(Exception):
    """The other side has hung up."""


def send(message: bytes) -> None:
    """All of it."""
    if len(message) > MAX_FRAME:
        raise ValueError("longer than 16 MiB")
    view = memoryview(_LENGTH.pack(len(message)) + message)
    while view:
        view = view[os.write(_FD, view) :]


def receive() -> bytes:
    """The next message."""
    (size,) = _LENGTH.unpack(_exactly(_LENGTH.size))
    return _exactly(size)


def _exactly(size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = os.read(_FD, size - len(data))
        if not more:
            raise ClosedError
        data += more
    return data
