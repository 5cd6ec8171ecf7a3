"""What supervisor and child say to each other: length-prefixed frames over a socket pair, and a
few bytes of shared memory for the progress."""

import struct
from dataclasses import dataclass
from typing import NamedTuple

REQUEST = struct.Struct("<QBIII")
"""Number, operation, lengths of header, payload and blob."""
REPLY = struct.Struct("<QI")
"""Number, length of the body. Number 0 is the child's greeting."""
PROGRESS = struct.Struct("<QQQ")
"""Number of the frame, unit within it, CPU nanoseconds of the child when the unit began."""

OPERATIONS = ("judge", "run")


@dataclass(frozen=True, slots=True)
class Frame:
    op: str
    payload: bytes
    blob: bytes = b""
    """The reference as JSON, where it came apart from the payload (large test suites)."""
    header: bytes = b""
    """Which units to judge, as JSON of `Ask`; empty: all."""

    def encode(self, number: int) -> bytes:
        sizes = (len(self.header), len(self.payload), len(self.blob))
        head = REQUEST.pack(number, OPERATIONS.index(self.op), *sizes)
        return b"".join((head, self.header, self.payload, self.blob))


class Progress(NamedTuple):
    number: int
    unit: int
    cpu_ns: int
