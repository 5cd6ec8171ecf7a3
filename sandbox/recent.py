"""A bounded store of what was made lately: compiled code, executables."""

import threading
from collections import OrderedDict
from hashlib import sha256


class Recent:
    """Key → bytes, the least recently used first to go. For many threads."""

    def __init__(self, capacity_mb: int) -> None:
        self._capacity = capacity_mb << 20
        self._size = 0
        self._kept: OrderedDict[bytes, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: bytes) -> bytes | None:
        """What was put there, if it still is."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, key: bytes, data: bytes) -> None:
        """Keep it. What is larger than a quarter of the store is not worth its neighbours."""
        if len(data) > self._capacity // 4:
            return
        with self._lock:
            self._size += len(data) - len(self._kept.pop(key, b""))
            self._kept[key] = data
            while self._size > self._capacity:
                self._size -= len(self._kept.popitem(last=False)[1])


def key_of(*parts: bytes | str) -> bytes:
    """One key for all of them, in order."""
    digest = sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.digest()
