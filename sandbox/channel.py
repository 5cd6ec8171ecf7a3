"""Our end of a run's file descriptor 3: frames of u32 little-endian length and as many bytes."""

import contextlib
import os
import socket
import struct
import time

from adjudge.sandbox.inside.spec import MAX_FRAME
from adjudge.sandbox.job import Conversation

_LENGTH = struct.Struct("<I")
_TURN = struct.Struct("=qq")


class SocketChannel:
    """Straight to the run, by a socket pair."""

    def __init__(self, turn: int) -> None:
        self._ours, self.theirs = socket.socketpair()
        self._turn = turn
        self._waited_ns = 0
        os.pwrite(turn, _TURN.pack(0, 0), 0)

    def converse(self, _passed: int, conversation: Conversation, patience_s: float) -> None:
        """Hold the conversation; then the run's time counts as its own again."""
        self.theirs.close()
        self._ours.settimeout(patience_s)
        try:
            conversation(self)
        finally:
            self._ours.close()
            self._await_theirs()

    def send(self, message: bytes) -> None:
        """Nothing is said to a run that has gone: the next `receive` tells."""
        frame = _LENGTH.pack(len(message)) + message
        try:
            sent = self._ours.send(frame, socket.MSG_DONTWAIT)
        except BlockingIOError:
            sent = 0
        except OSError:
            return
        if sent < len(frame):
            self._insist(frame[sent:])

    def _insist(self, rest: bytes) -> None:
        """It has yet to read: until it does, we wait for it."""
        since = self._await_theirs()
        with contextlib.suppress(OSError):
            self._ours.sendall(rest)
        self._take_turn(since)

    def _take_turn(self, since: int) -> None:
        self._waited_ns += time.monotonic_ns() - since
        os.pwrite(self._turn, _TURN.pack(self._waited_ns, 0), 0)

    def receive(self) -> bytes | None:
        """The next message, or None."""
        since = self._await_theirs()
        try:
            return self._receive()
        except OSError:
            return None
        finally:
            self._take_turn(since)

    def _await_theirs(self) -> int:
        """From now on its idleness is its own: we wait for it."""
        now = time.monotonic_ns()
        os.pwrite(self._turn, _TURN.pack(self._waited_ns, now), 0)
        return now

    def _receive(self) -> bytes | None:
        head = self._exactly(_LENGTH.size)
        if head is None:
            return None
        (size,) = _LENGTH.unpack(head)
        return None if size > MAX_FRAME else self._exactly(size)

    def _exactly(self, size: int) -> bytes | None:
        data = bytearray()
        while len(data) < size:
            more = self._ours.recv(min(size - len(data), 1 << 20))
            if not more:
                return None
            data += more
        return bytes(data)

    def close(self) -> None:
        """Both ends."""
        self._ours.close()
        self.theirs.close()
