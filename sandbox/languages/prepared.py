"""What a tool makes once for all programs (a precompiled header), kept from start to start.

Security rests on this module for one thing: what lies there is read by compilers of every run, so
it is made in a slot from text of ours alone, and the directory is ours and nobody else's to write.
"""

import contextlib
import logging
import os
import stat
import threading
from collections.abc import Mapping
from pathlib import Path

from adjudge.sandbox.inside.spec import pack
from adjudge.sandbox.job import Blob, Job
from adjudge.sandbox.language import Compile
from adjudge.sandbox.types import Limits, SandboxError

log = logging.getLogger(__name__)

_LIMITS = Limits(cpu_s=240, idle_s=60, memory_mb=3072, processes=64, files=256, tmp_mb=512)


def default_folder() -> Path | None:
    """Of this machine's user; None where there is no place for one."""
    for path in _places():
        with contextlib.suppress(OSError):
            path.mkdir(mode=0o755, parents=True, exist_ok=True)
            found = path.lstat()
            if _is_ours_alone(found):
                return path
    return None


def _is_ours_alone(found: os.stat_result) -> bool:
    shared = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not shared


def _places() -> list[Path]:
    if os.getuid() == 0:
        return [Path("/var/cache/adjudge")]
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return [Path(home, "adjudge"), Path(f"/var/tmp/adjudge-{os.getuid()}")]  # noqa: S108 - checked


class Prepared:
    """The directory; each thing in it is made in the background when it is first missed."""

    def __init__(self, folder: Path | None, run: Compile) -> None:
        self._folder = folder
        self._run = run
        self._lock = threading.Lock()
        self._making: dict[str, threading.Thread] = {}

    def folder_of(
        self, name: str, product: str, sources: Mapping[str, bytes], command: tuple[str, ...]
    ) -> str:
        """Where `product` lies, once it does; "": not now. `command` makes it, as `a.out`."""
        if self._folder is None:
            return ""
        target = self._folder / name / product
        if target.exists():
            return str(self._folder / name)
        with self._lock:
            if name not in self._making:
                arguments = (target, sources, command)
                thread = threading.Thread(target=self._make, args=arguments, daemon=True)
                self._making[name] = thread
                thread.start()
        return ""

    def wait(self) -> None:
        """Until nothing is being made."""
        for thread in list(self._making.values()):
            thread.join()

    def _make(self, target: Path, sources: Mapping[str, bytes], command: tuple[str, ...]) -> None:
        files = Blob(pack(sources))
        job = Job(
            launch="exec",
            argv=command,
            files=files,
            limits=_LIMITS,
            address_mb=0,
            trusted=True,
            collect="a.out",
        )
        try:
            ran = self._run(job)
            if ran.status or not ran.artefact:
                raise SandboxError(ran.stderr[-300:].decode(errors="replace"))
            _write(target, ran.artefact)
        except (SandboxError, OSError) as error:
            log.warning("%s was not made, compilations take longer: %s", target.name, error)
        finally:
            job.close()


def _write(target: Path, data: bytes) -> None:
    """Whole or not at all."""
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        unfinished.write_bytes(data)
        unfinished.chmod(0o644)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
