"""The container's protocol without a container: `PipeLink` in new namespaces, by two pipes."""

import itertools
import os
import select
import subprocess
from pathlib import Path

import sortedcontainers  # type: ignore[import-untyped]

from adjudge.sandbox import piped
from adjudge.sandbox.inside.spec import Spec
from adjudge.sandbox.job import Shape
from adjudge.sandbox.piped import PipedSlot

PYTHON = "/usr/bin/python3"
SITE = str(Path(sortedcontainers.__file__).parent.parent)
UIDS = itertools.count(1_999_999_000, 2)
"""One a slot, as containers have: a uid's processes are counted together."""
_MOUNT = (
    "mount --make-rprivate / && "
    "mount -t tmpfs -o size={tmp}m,nr_inodes={inodes},uid={uid},gid={uid},mode=0700 tmpfs /tmp && "
    'exec "$@"'
)


class Pipes:
    """A `piped.Stream` over a child's standard input and output."""

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, env={}
        )
        assert self._process.stdin
        assert self._process.stdout
        self._in, self._out = self._process.stdin, self._process.stdout

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self._in.write(view) or 0 :]

    def read(self, size: int, patience_s: float) -> bytes:
        data = bytearray()
        while len(data) < size:
            if not select.select([self._out], [], [], patience_s)[0]:
                raise TimeoutError
            more = os.read(self._out.fileno(), min(size - len(data), 1 << 20))
            if not more:
                raise EOFError
            data += more
        return bytes(data)

    def close(self) -> None:
        self._in.close()
        self._out.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Piped:
    """A back end of such slots."""

    name = "piped"

    def __init__(self) -> None:
        version = subprocess.run([PYTHON, "-V"], capture_output=True, text=True, check=True)
        self.python_version = version.stdout.split()[1]

    def make(self, shape: Shape) -> PipedSlot:
        tmp_mb, inodes = shape
        uid = next(UIDS)
        spec = Spec(mode="lite", uid=uid, tmp_mb=tmp_mb, tmp_inodes=inodes, site=SITE)
        source = str(Path(piped.__file__).parent.parent.parent)
        code = piped.boot(spec, ("json", "collections"), source)
        mount = _MOUNT.format(tmp=tmp_mb, inodes=inodes, uid=uid)
        python = [PYTHON, "-s", "-S", "-P", "-B", "-X", "utf8", "-c", code]
        unshare = ["/usr/bin/unshare", "--mount", "--pid", "--fork", "--mount-proc", "--net"]
        return PipedSlot(Pipes([*unshare, "/bin/sh", "-c", mount, "sh", *python]), spec)

    def close(self) -> None:
        pass
