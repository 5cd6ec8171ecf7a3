"""A program's end of the channel on file descriptor 3 (frames: u32 little-endian length, bytes)."""

import os
import struct

_FD = 3
_LENGTH = struct.Struct("<I")
_PIECE, _MOST = 1 << 14, 1 << 20
_come = bytearray()
MAX_FRAME = 16 << 20


class ClosedError(Exception):
    """The other side has hung up."""


def send(message: bytes) -> None:
    """All of it."""
    if len(message) > MAX_FRAME:
        raise ValueError("longer than 16 MiB")
    view = memoryview(_LENGTH.pack(len(message)) + message)
    try:
        while view:
            view = view[os.write(_FD, view) :]
    except BrokenPipeError:
        raise ClosedError from None


def receive() -> bytes:
    """The next message."""
    _await(_LENGTH.size)
    (size,) = _LENGTH.unpack_from(_come)
    end = _LENGTH.size + size
    _await(end)
    message = bytes(_come[_LENGTH.size : end])
    del _come[:end]
    return message


def _await(size: int) -> None:
    """So many bytes; more, if they have come: most messages do in one piece."""
    while (missing := size - len(_come)) > 0:
        try:
            more = os.read(_FD, min(max(missing, _PIECE), _MOST))
        except ConnectionResetError:  # it has hung up before it had read all that we wrote
            more = b""
        if not more:
            raise ClosedError
        _come.extend(more)
