"""Slots at the far end of two byte streams, as of a container's attached stdin and stdout.

The frames are described in `inside.links`. Whoever makes a container writes a `Stream` over it and
hands it to `PipedSlot`; inside, `python -s -S -P -B -X utf8 -c BOOT` serves the other end.
"""

import json
import struct
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from adjudge.sandbox.inside.spec import Spec, dump_spec
from adjudge.sandbox.job import Conversation, Job, Learnt, Ran, Shape, SlotDied, bounds
from adjudge.sandbox.types import SandboxError

_LENGTH = struct.Struct("<I")
_START_S = 60.0
_GRACE_S = 15.0
_MAX_HEADER = 1 << 20
_BOOT = (
    # once more, without what the image and the engine have put into the environment
    "import os, sys; sys.argv[1:] or os.execve("
    "sys.executable, [*sys.orig_argv, 'clean'], {{'PYTHONHASHSEED': '0'}}); "
    "sys.path.append({source!r}); import json; "
    "from adjudge.sandbox.inside.nursery import serve_container; "
    "from adjudge.sandbox.inside.spec import load_spec; "
    "serve_container(load_spec(json.loads({spec!r})), {preload!r}, {source!r})"
)


class Stream(Protocol):
    """Bytes to and from a slot."""

    def write(self, data: bytes) -> None:
        """All of it. Raises OSError when the far end is gone."""
        ...

    def read(self, size: int, patience_s: float) -> bytes:
        """Exactly so many. Raises OSError or EOFError when it is gone, TimeoutError if it waits."""
        ...

    def close(self) -> None:
        """End the slot, and all that holds it."""
        ...


def boot(spec: Spec, preload: tuple[str, ...], source: str) -> str:
    """The `-c` text of a container's interpreter; `source`: the directory that holds `adjudge`."""
    return _BOOT.format(spec=json.dumps(dump_spec(spec)), preload=[*preload], source=source)


def source_files() -> dict[str, bytes]:
    """What the far side imports, by path below `source`: all that a container needs of us."""
    here = Path(__file__).parent
    inside = {f"adjudge/sandbox/inside/{p.name}": p for p in (here / "inside").glob("*.py")}
    files = {path: found.read_bytes() for path, found in inside.items()}
    return {"adjudge/__init__.py": b"", "adjudge/sandbox/__init__.py": b"", **files}


class PipedSlot:
    """One zygote, by its streams."""

    def __init__(self, stream: Stream, spec: Spec) -> None:
        self.shape: Shape = (spec.tmp_mb, spec.tmp_inodes)
        self.alive = True
        self._learnt = Learnt()
        self._stream = stream
        self._work = spec.work
        try:
            self.facts: Mapping[str, object] = self._frame(_START_S)
        except (OSError, EOFError, ValueError) as error:
            self.close()
            raise SandboxError(f"slot did not start: {error}") from error

    def run(self, job: Job, stdin: bytes, conversation: Conversation | None = None) -> Ran:
        """One job (see `job.Slot`)."""
        patience = bounds(job).wall_s + _GRACE_S
        try:
            self._submit(job, stdin, talks=conversation is not None)
            if conversation is not None:
                self._converse(conversation, patience)
            return self._outcome(patience)
        except TimeoutError as error:
            self.alive = False
            raise SandboxError("slot did not answer") from error
        except (OSError, EOFError, ValueError) as error:
            self.alive = False
            raise SlotDied from error

    def _submit(self, job: Job, stdin: bytes, *, talks: bool) -> None:
        given = {"program": job.program, "files": job.files, "cache": job.cache}
        blobs = {name: blob.data for name, blob in given.items() if blob is not None}
        blobs.update(stdin=stdin, stdout=b"", stderr=b"", **self._learnt.first(job))
        if job.collect or job.fetch:
            blobs["artefact"] = b""
        if job.keep_cache and job.cache is None:
            blobs["cache"] = b""
        self.send({**job.header(self._work), "wants": ["channel"] * talks}, blobs)

    def send(self, header: Mapping[str, object], blobs: Mapping[str, bytes]) -> None:
        """One frame."""
        sizes = [len(data) for data in blobs.values()]
        head = json.dumps({**header, "blobs": list(blobs), "sizes": sizes}).encode()
        self._stream.write(b"".join((_LENGTH.pack(len(head)), head, *blobs.values())))

    def _frame(self, patience_s: float) -> dict[str, Any]:
        (size,) = _LENGTH.unpack(self._stream.read(_LENGTH.size, patience_s))
        if size > _MAX_HEADER:
            raise ValueError("header too long")
        header: dict[str, Any] = json.loads(self._stream.read(size, patience_s))
        return header

    def frame(self, patience_s: float) -> tuple[dict[str, Any], list[bytes]]:
        """The next frame, and its blobs."""
        header = self._frame(patience_s)
        return header, [self._stream.read(size, patience_s) for size in header.get("sizes", ())]

    def _converse(self, conversation: Conversation, patience_s: float) -> None:
        channel = PipedChannel(self, time.monotonic() + patience_s)
        try:
            conversation(channel)
        finally:
            channel.hang_up()

    def _outcome(self, patience_s: float) -> Ran:
        header, blobs = self.frame(patience_s)
        while header["op"] != "outcome":
            header, blobs = self.frame(patience_s)
        self.alive = not header["recycle"]
        data = dict(zip(header["blobs"], blobs, strict=True))
        fields: dict[str, Any] = {k: v for k, v in header.items() if k not in _FRAMING} | data
        return Ran(**fields)

    def close(self) -> None:
        """End it."""
        self.alive = False
        self._stream.close()


_FRAMING = ("op", "blobs", "sizes", "recycle", "orphans")


class PipedChannel:
    """A run's file descriptor 3, through its slot."""

    def __init__(self, slot: PipedSlot, until: float) -> None:
        self._slot = slot
        self._until = until
        self._open = True

    def send(self, message: bytes) -> None:
        """Nothing is said to a run that has gone: the next `receive` tells."""
        if self._open:
            self._slot.send({"op": "message"}, {"message": message})

    def receive(self) -> bytes | None:
        """The next message, or None."""
        if not self._open:
            return None
        self._slot.send({"op": "turn"}, {})
        header, blobs = self._slot.frame(max(0.0, self._until - time.monotonic()))
        if header["op"] == "message":
            return blobs[0]
        self._open = False
        return None

    def hang_up(self) -> None:
        """The conversation is over."""
        if self._open:
            self._slot.send({"op": "hangup"}, {})
        self._open = False
