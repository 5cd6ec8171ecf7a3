"""The Python that slots run: a real binary, the packages that runs may import, what is loaded."""

import os
import stat
import subprocess
import sys
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from adjudge.sandbox.types import SandboxError

PACKAGES = ("numpy", "sympy", "mpmath", "sortedcontainers")
PRELOAD = (
    *("json", "re", "math", "cmath", "collections", "itertools", "heapq", "bisect", "functools"),
    *("random", "string", "typing", "datetime", "decimal", "fractions", "copy", "operator"),
    *("statistics", "io", "traceback", "threading", "atexit", "array", "struct", "textwrap"),
    *("dataclasses", "symtable", "enum", "abc", "contextlib", "queue", "numbers", "time", "types"),
)
HEAVY = ("numpy", "numpy.random", "numpy.linalg", "numpy.fft")
_SYSTEM_PYTHONS = ("/usr/local/bin/python3", "/usr/bin/python3")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """The Python that slots run."""

    path: str = field(default_factory=lambda: os.path.realpath(sys._base_executable))  # type: ignore[attr-defined]
    """Never a shim: a real binary."""
    packages: tuple[str, ...] = PACKAGES
    """Importable by runs beside the standard library, taken from this process's environment."""
    preload: tuple[str, ...] = PRELOAD
    heavy: tuple[str, ...] = HEAVY
    """Loaded in slots for programs that name numpy: importing it takes fifty runs of one line."""

    def package_paths(self) -> dict[str, str]:
        """Name → path, with the shared libraries that wheels keep beside a package."""
        found: dict[str, str] = {}
        for name in self.packages:
            spec = find_spec(name)
            if spec is None or spec.origin is None:
                continue
            path = Path(spec.origin)
            path = path.parent if path.name == "__init__.py" else path
            for item in (path, path.with_name(f"{name}.libs")):
                if item.exists():
                    found[item.name] = str(item)
        return found

    def describe(self) -> tuple[str, tuple[str, ...]]:
        """Its version, and where its files lie."""
        code = "import sys; print(sys.version.split()[0], sys.base_prefix, sys.base_exec_prefix)"
        line = subprocess.run(  # noqa: S603 - our own configuration
            [self.path, "-I", "-S", "-c", code], capture_output=True, text=True, check=True
        ).stdout.split()
        return line[0], tuple(dict.fromkeys(line[1:]))


def interpreter_for_anybody() -> Interpreter:
    """An interpreter that a run's uid can read (one below /root it cannot)."""
    for path in (Interpreter().path, *_SYSTEM_PYTHONS):
        if os.path.exists(path) and all(
            os.stat(place).st_mode & stat.S_IXOTH for place in (path, *map(str, Path(path).parents))
        ):
            return Interpreter(path=path)
    raise SandboxError("no Python that other users can run")
