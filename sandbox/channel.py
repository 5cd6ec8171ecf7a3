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
_PIECE, _MOST = 1 << 14, 1 << 20


class SocketChannel:
    """Straight to the run, by a socket pair."""

    def __init__(self, turn: int) -> None:
        self._ours, self.theirs = socket.socketpair()
        self._turn = turn
        self._waited_ns = 0
        self._come = bytearray()
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
        if not self._await(_LENGTH.size):
            return None
        (size,) = _LENGTH.unpack_from(self._come)
        end = _LENGTH.size + size
        if size > MAX_FRAME or not self._await(end):
            return None
        message = bytes(self._come[_LENGTH.size : end])
        del self._come[:end]
        return message

    def _await(self, size: int) -> bool:
        """So many bytes; more, if they have come: most messages do in one piece."""
        while (missing := size - len(self._come)) > 0:
            more = self._ours.recv(min(max(missing, _PIECE), _MOST))
            if not more:
                return False
            self._come += more
        return True

    def close(self) -> None:
        """Both ends."""
        self._ours.close()
        self.theirs.close()
