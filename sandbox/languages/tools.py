"""The compilers and run-times that runs can use: looked for inside a slot, for that is where they
have to work (a compiler below a home directory is in no slot's reach)."""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from glob import glob

from adjudge.sandbox.job import Job
from adjudge.sandbox.language import Compile
from adjudge.sandbox.types import Limits, SandboxError

_LOOK = r"""
look() {
  path=$(command -v "$1") && echo "$1 $(readlink -f "$path") $("$@" 2>&1 | head -n 1)"
}
look g++ -dumpfullversion; look node --version; look go version; look rustc --version
home=$(readlink -f "$(command -v javac)") && home=${home%/bin/javac} && [ -x "$home/bin/java" ] &&
  echo "javac $home/bin/javac $(grep JAVA_VERSION= "$home/release")"
exit 0
"""
_LIMITS = Limits(cpu_s=10, idle_s=10, memory_mb=1024, processes=64)
_VERSION = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6}){1,3}")


def tool_settings() -> tuple[str, ...]:
    """Paths beside /usr that they cannot do without: Debian keeps a part of its JVMs there."""
    return tuple(sorted(glob("/etc/java-*-openjdk")))


@dataclass(frozen=True, slots=True)
class Tool:
    """One of them."""

    path: str
    """In the slot."""
    version: str


class Toolbox:
    """What there is, by command; looked for once, when first asked. For many threads."""

    def __init__(self, run: Compile) -> None:
        self._run = run
        self._lock = threading.Lock()
        self._found: Mapping[str, Tool] | None = None

    def find(self, command: str) -> Tool | None:
        """None: it is not there."""
        with self._lock:
            if self._found is None:
                self._found = self._look()
            return (self._found or {}).get(command)

    def _look(self) -> Mapping[str, Tool] | None:
        """None where no slot can be had now: nothing is known, so ask again later."""
        argv = ("/bin/sh", "-c", _LOOK)
        job = Job(launch="exec", argv=argv, limits=_LIMITS, address_mb=0, trusted=True)
        try:
            lines = self._run(job).stdout.decode(errors="replace").splitlines()
        except SandboxError:
            return None
        finally:
            job.close()
        return dict(filter(None, map(_tool, lines)))


def _tool(line: str) -> tuple[str, Tool] | None:
    command, path, said = (*line.split(maxsplit=2), "", "", "")[:3]
    version = _VERSION.search(said[:300])
    return (command, Tool(path, version[0])) if version else None
