"""How jobs come in and outcomes go out: two links, one conversation.

`SocketLink` (native back ends): a SOCK_SEQPACKET socket. One message is one JSON header; the blobs
are file descriptors (SCM_RIGHTS), made and read by the other side, so the slot never holds a byte
of a run's data in its own memory, and a channel goes straight from the run to the caller.

`PipeLink` (containers): two byte streams, as of an attached stdin and stdout. A frame is

    u32 little-endian length | JSON header | the blobs, one after another

and `"sizes"` in the header gives each blob's length. Blobs that the slot fills (stdout, stderr,
artefact, cache) come back in the same way behind the outcome. A channel is carried on the same
streams while its run lasts:

    {"op": "message", "sizes": [n]} + n bytes     in: a message for the run
    {"op": "turn"}                                in: the caller waits for one message of the run
    {"op": "message", "sizes": [n]} + n bytes     out: that message
    {"op": "closed"}                              out: there will be none
    {"op": "hangup"}                              in: the conversation is over

A message is only sent out when it is waited for, so that no run can fill the stream.
Frames that come for a run which has ended are dropped. What a blob held is never in the memory of
a later run: it goes by splice(2) between the stream and an anonymous file.
Message frames on file descriptor 3: u32 little-endian length, then the bytes, at most 16 MiB.
"""

import array
import errno
import fcntl
import json
import os
import select
import socket
import struct
import time
from typing import Any, Protocol

from adjudge.sandbox.inside.spec import MAX_FRAME

Header = dict[str, Any]
Blobs = dict[str, int]
FILLED_HERE = ("stdout", "stderr", "artefact", "cache")
_LENGTH = struct.Struct("<I")
_MAX_BLOBS = 16
_MAX_HEADER = 1 << 20
_MAX_PACKET = 1 << 18
"""More than a socket's send buffer takes."""
_THEIRS = struct.Struct("=qq")
_SEALS = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK


class Link(Protocol):
    """The slot's end."""

    def greet(self, facts: Header) -> None:
        """The slot is ready."""
        ...

    def receive(self) -> tuple[Header, Blobs] | None:
        """The next job; None: the other side is gone."""
        ...

    def reply(self, outcome: Header, blobs: Blobs, most: int) -> None:
        """The outcome of a job, and what its run left in `blobs` (not closed); of its output no
        more than `most` bytes each."""
        ...

    def watched(self) -> list[tuple[int, int]]:
        """Descriptors to poll while a run lasts, and for what."""
        ...

    def pump(self, opened: int) -> None:
        """One of them is ready."""
        ...

    def close(self) -> None:
        """In the run's own process: nothing of the link is left there."""
        ...


class SocketLink:
    """Headers by packets, blobs by descriptor."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._space = bytearray(_MAX_PACKET)

    def greet(self, facts: Header) -> None:
        self._socket.send(json.dumps(facts).encode())

    def receive(self) -> tuple[Header, Blobs] | None:
        space = socket.CMSG_SPACE(4 * _MAX_BLOBS)
        size, ancillary, _, _ = self._socket.recvmsg_into(
            [self._space], space, socket.MSG_CMSG_CLOEXEC
        )
        if not size:
            return None
        opened = array.array("i")
        for _, _, data in ancillary:
            opened.frombytes(data[: len(data) - len(data) % opened.itemsize])
        header = json.loads(self._space[:size])
        return header, dict(zip(header["blobs"], opened, strict=True))

    def reply(self, outcome: Header, blobs: Blobs, most: int) -> None:  # noqa: ARG002 - they are shared
        self._socket.send(json.dumps(outcome).encode())

    def watched(self) -> list[tuple[int, int]]:
        return []

    def pump(self, opened: int) -> None:
        raise ValueError(opened)

    def close(self) -> None:
        self._socket.close()


def _sent(name: str, size: int, most: int) -> int:
    return min(size, most) if name in ("stdout", "stderr") else size


def anonymous(name: str) -> int:
    """An empty anonymous file."""
    return os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)


class _Channel:
    """The slot's end of a run's descriptor 3, when its messages travel over the pipe."""

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair()
        self.ours.setblocking(False)
        self.turn = anonymous("turn")
        self.incoming = bytearray()
        self.outgoing = bytearray()
        self.awaited = False
        self.ended = False
        self._waited_ns = self._since_ns = 0
        self.mark(awaited=False)

    def mark(self, *, awaited: bool) -> None:
        """Keep the counters that the watch reads (see `spec`)."""
        now = time.monotonic_ns()
        self._waited_ns += now - self._since_ns if self._since_ns else 0
        self._since_ns = now if awaited else 0
        self.awaited = awaited
        os.pwrite(self.turn, _THEIRS.pack(self._waited_ns, self._since_ns), 0)

    def read(self) -> None:
        """Take what the run has written."""
        try:
            data = self.ours.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self.ended = not data
        self.incoming += data

    def next_message(self) -> bytes | None:
        """A whole message, if there is one."""
        if len(self.incoming) < _LENGTH.size:
            return None
        (size,) = _LENGTH.unpack_from(self.incoming)
        end = _LENGTH.size + size
        self.ended = self.ended or size > MAX_FRAME
        if size > MAX_FRAME or len(self.incoming) < end:
            return None
        message = bytes(self.incoming[_LENGTH.size : end])
        del self.incoming[:end]
        return message

    def flush(self) -> None:
        """Give the run what is meant for it, as far as it takes it."""
        if not self.outgoing:
            return
        try:
            sent = self.ours.send(self.outgoing)
        except BlockingIOError:
            return
        except OSError:
            self.outgoing.clear()
            return
        del self.outgoing[:sent]

    def close(self) -> None:
        """Hang up; what is left of the run is its own time."""
        self.ours.close()
        self.theirs.close()
        self.outgoing.clear()
        self.mark(awaited=True)


def _move(source: int, target: int, size: int) -> int:
    """Some bytes, without that they are in our memory; how many. 0: there are no more."""
    try:
        return os.splice(source, target, size)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    return _move_apart(source, target, size)


def _move_apart(source: int, target: int, size: int) -> int:
    """By a child's memory, where the kernel does not move them by itself (gVisor)."""
    told, tells = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            data = os.read(source, min(size, 1 << 20))
            os.write(tells, struct.pack("=q", len(data)))
            while data:
                data = data[os.write(target, data) :]
        finally:
            os._exit(0)
    os.close(tells)
    os.waitpid(pid, 0)
    with open(told, "rb") as answer:
        moved: int = struct.unpack("=q", answer.read(8))[0]
    return moved


class PipeLink:
    """Headers and blobs over two byte streams."""

    def __init__(self, incoming: int, outgoing: int) -> None:
        self._in, self._out = incoming, outgoing
        self._channel: _Channel | None = None

    def greet(self, facts: Header) -> None:
        self._write_header({"op": "ready", **facts})

    def receive(self) -> tuple[Header, Blobs] | None:
        while (header := self._read_header()) is not None:
            if header["op"] == "run":
                return header, self._take_blobs(header)
            self._skip(sum(header.get("sizes", ())))
        return None

    def reply(self, outcome: Header, blobs: Blobs, most: int) -> None:
        self._finish_talk()
        names = [name for name in FILLED_HERE if name in blobs]
        outcome = {**outcome, "op": "outcome", "blobs": names}
        outcome["sizes"] = [_sent(name, os.fstat(blobs[name]).st_size, most) for name in names]
        self._write_header(outcome)
        for name, size in zip(names, outcome["sizes"], strict=True):
            self._send_file(blobs[name], size)

    def watched(self) -> list[tuple[int, int]]:
        channel = self._channel
        if channel is None:
            return [(self._in, 0)]  # poll(2) tells of its end all the same
        events = select.POLLIN * channel.awaited | select.POLLOUT * bool(channel.outgoing)
        ours = [(channel.ours.fileno(), events)] if events else []
        return [(self._in, select.POLLIN), *ours]

    def pump(self, opened: int) -> None:
        channel = self._channel
        if channel is None:
            if opened == self._in:
                raise EOFError  # the other side is gone: so is its run
            return
        if opened == self._in:
            self._obey(channel)
        elif channel.awaited:
            channel.read()
        self._answer(channel)
        if self._channel is not None:
            channel.flush()

    def close(self) -> None:
        os.close(self._in)
        os.close(self._out)

    # -- frames ---------------------------------------------------------------------------------

    def _read(self, size: int) -> bytes | None:
        data = b""
        while len(data) < size:
            more = os.read(self._in, size - len(data))
            if not more:
                return None
            data += more
        return data

    def _read_header(self) -> Header | None:
        length = self._read(_LENGTH.size)
        if length is None:
            return None
        (size,) = _LENGTH.unpack(length)
        if size > _MAX_HEADER:
            raise ValueError("header too long")
        data = self._read(size)
        return None if data is None else json.loads(data)

    def _write(self, data: bytes | memoryview) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._out, view) :]

    def _write_header(self, header: Header) -> None:
        data = json.dumps(header).encode()
        self._write(_LENGTH.pack(len(data)) + data)

    # -- blobs ----------------------------------------------------------------------------------

    def _take_blobs(self, header: Header) -> Blobs:
        blobs: Blobs = {}
        for name, size in zip(header["blobs"], header["sizes"], strict=True):
            blobs[name] = anonymous(name)
            self._receive_file(blobs[name], size)
            if name not in FILLED_HERE:
                fcntl.fcntl(blobs[name], fcntl.F_ADD_SEALS, _SEALS)
        if "channel" in header.get("wants", ()):
            self._channel = _Channel()
            blobs["channel"] = os.dup(self._channel.theirs.fileno())
            blobs["turn"] = self._channel.turn
            self._channel.theirs.close()
        return blobs

    def _receive_file(self, opened: int, size: int) -> None:
        while size:
            moved = _move(self._in, opened, size)
            if not moved:
                raise EOFError
            size -= moved
        os.lseek(opened, 0, os.SEEK_SET)

    def _send_file(self, opened: int, size: int) -> None:
        os.lseek(opened, 0, os.SEEK_SET)
        while size:
            moved = _move(opened, self._out, size)
            if not moved:
                self._write(bytes(size))
                return
            size -= moved

    def _skip(self, size: int) -> None:
        self._read(size)

    # -- the channel ----------------------------------------------------------------------------

    def _obey(self, channel: _Channel) -> None:
        header = self._read_header()
        if header is None:
            raise EOFError
        if header["op"] == "message":
            (size,) = header["sizes"]
            channel.outgoing += _LENGTH.pack(size) + (self._read(size) or b"")
        elif header["op"] == "turn":
            channel.mark(awaited=True)
        else:
            self._hang_up()

    def _answer(self, channel: _Channel) -> None:
        """One message for one turn."""
        if self._channel is None or not channel.awaited:
            return
        message = channel.next_message()
        if message is not None:
            channel.mark(awaited=False)
            self._write_header({"op": "message", "sizes": [len(message)]})
            self._write(message)
        elif channel.ended:
            self._write_header({"op": "closed"})
            self._hang_up()

    def _finish_talk(self) -> None:
        """The run has ended, but what it said last may not have been asked for yet."""
        while (channel := self._channel) is not None:
            while not channel.ended:
                channel.read()
            self._answer(channel)
            if self._channel is not None and not channel.awaited:
                self._obey(channel)

    def _hang_up(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None
