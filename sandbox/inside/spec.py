"""What crosses the wall, as both sides read it: the slot's shape, and one run's bounds.

A **spec** is given once, when a slot is made. A **job** is one run:

    {"op": "run", "launch": "python" | "exec", "argv": [...], "environment": {...},
     "bounds": {...}, "collect": "a.out" | "", "fetch": [paths], "trusted": bool,
     "named_stdin": bool, "prelude": key or "", "blobs": ["program", "stdin", ...]}

`blobs` names what travels beside the header, in order (how: see `links`):

    program   source text (python), or the executable (exec with argv and a program)
    prelude   python: our own text, run once in the slot itself; its names are there when the
              program begins. Only with the first job that names its key
    files     packed files to put into the working directory (`pack`, `unpack`)
    stdin     the standard input
    stdout, stderr, artefact     filled here; `artefact` from the file named by `collect`,
              or from those of `fetch` (`sweep.collect_all`)
    cache     python: empty → filled with the compiled code before the program's first line runs;
              filled → used instead of `program`. b"E": the source does not compile.
    channel   the run's file descriptor 3
    turn      two nanosecond counters: how long, and since when, we have waited for the run

The **outcome** is {"status": wait status, "cause": "" | "cpu" | "idle" | "wall" | "memory" |
"output" | "processes" | "disk" | "setup", "error": text of a set-up fault, "cpu_s", "wall_s",
"idle_s", "memory_mb", "stdout_size", "stderr_size", "recycle": bool, "orphans": int,
"out_of_memory": bool}.
"""

import json
import os
import struct
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field

WORK = "/tmp"  # noqa: S108 - a private tmpfs inside the slot
SITE = "/site"
SELF = ".self"
NAMED_STDIN = ".stdin"
"""Where /dev/stdin leads in a root of ours (it has no /proc to lead to)."""
LINKS_PREFIX = "adjudge-site-"
MAX_FRAME = 16 << 20


@dataclass(frozen=True)
class Spec:
    """A slot's shape."""

    mode: str
    """`native-root`, `native-userns` or `lite`."""
    uid: int | None
    """The uid of its runs; None: the one that the slot itself has."""
    work: str = WORK
    """Working directory of the runs, emptied after each. In `lite` it must be an empty directory
    that belongs to `uid` with mode 0700 (a container: a tmpfs mounted so); anything else is
    refused."""
    site: str = SITE
    """The directory that holds `packages`."""
    tmp_mb: int = 32
    tmp_inodes: int = 4096
    readable: tuple[str, ...] = ("/usr",)
    """Paths bound read-only into the root (lite: readable in place)."""
    packages: Mapping[str, str] = field(default_factory=dict)
    """Name → path of what runs may import beside the standard library (under /site)."""
    cgroups: tuple[str, ...] = ()
    """`cgroup.procs` files that the slot joins."""
    preload: tuple[str, ...] = ()
    """Modules imported once, before any run."""
    kill_counters: tuple[str, ...] = ()
    """Files in which the kernel counts its out-of-memory kills in this slot's control group; the
    first that is there is read (a container sees its own)."""


@dataclass(frozen=True)
class Bounds:
    """One run's limits, in the units that the slot needs."""

    cpu_s: float
    idle_s: float
    wall_s: float
    memory_mb: int
    address_mb: int
    """RLIMIT_AS; 0: none (JVM and V8 reserve far more than they use)."""
    output_bytes: int
    file_bytes: int
    """The largest file."""
    processes: int
    files: int
    stack_mb: int
    disk_mb: int
    """Where no file system holds the working directory to a size, it is polled."""


def usual_environment(work: str) -> dict[str, str]:
    """All that a run sees of one."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": work,
        "TMPDIR": work,
        "LANG": "C.UTF-8",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }


def dump_spec(spec: Spec) -> dict[str, object]:
    """As JSON."""
    return asdict(spec)


def load_spec(data: Mapping[str, object]) -> Spec:
    """From JSON."""
    known = dict(data)
    for name in ("readable", "cgroups", "preload", "kill_counters"):
        known[name] = tuple(known[name])  # type: ignore[arg-type] # lists, since `dump_spec`
    return Spec(**known)  # type: ignore[arg-type] # written by `dump_spec`


def pack(files: Mapping[str, bytes], executable: Iterable[str] = ()) -> bytes:
    """Files in one blob: u32 length of an index, the index as JSON, the contents."""
    runs = set(executable)
    index = [[path, len(data), path in runs] for path, data in files.items()]
    head = json.dumps(index).encode()
    return b"".join((struct.pack("<I", len(head)), head, *files.values()))


def unpack(blob: bytes) -> None:
    """Write them below the working directory."""
    (length,) = struct.unpack_from("<I", blob)
    at = 4 + length
    for path, size, executable in json.loads(blob[4:at]):
        if folder := os.path.dirname(path):
            os.makedirs(folder, exist_ok=True)
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o755 if executable else 0o644)
        view = memoryview(blob)[at : at + size]
        while view:
            view = view[os.write(opened, view) :]
        os.close(opened)
        at += size
