"""Choose a back end by attacking it: what it is said to do here does not count, what it does does.

Security rests on this module: a sandbox is only used after each of `REQUIRED` was seen to hold, on
this machine, in this process's place. Each probe is a small attack; its name is the guarantee that
is reported when the attack fails (`Sandbox.isolation`, `GET /ready`).
"""

import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from adjudge.sandbox.job import Backend
from adjudge.sandbox.native import Native
from adjudge.sandbox.pool import Pool
from adjudge.sandbox.types import Ending, Limits, Program, Sandbox, SandboxError

HELD = b"held"
_LIMITS = Limits(cpu_s=5, idle_s=5, memory_mb=192, processes=8, tmp_mb=8, tmp_inodes=512)

REQUIRED = (
    "environment",
    "signals",
    "file-reads",
    "file-writes",
    "network",
    "leftovers",
    "memory-limit",
    "process-limit",
    "cpu-limit",
)
"""Without any of these a sandbox is not safe."""


@dataclass(frozen=True)
class Bait:
    """What the attacks are after, outside."""

    folder: str
    secret: str
    port: int
    judge: int = os.getpid()
    uid: int = os.getuid()


@contextmanager
def _bait() -> Iterator[Bait]:
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as server:
        os.chmod(folder, 0o777)  # noqa: S103 - so that only the sandbox can be what stops a write
        secret = os.path.join(folder, "secret")
        with open(secret, "w", encoding="ascii") as file:
            file.write("secret")
        os.chmod(secret, 0o644)
        yield Bait(folder, secret, server.getsockname()[1])


_TRY = """
def blocked(act):
    try: act()
    except (OSError, ImportError, MemoryError): return True
    return False
def closed(path):
    try: return open(path).read(99) in ("", "PYTHONHASHSEED=0\\0")  # our own start's, and no more
    except OSError: return True
"""

ATTACKS: dict[str, str] = {
    "environment": """
import os
known = {"PATH", "HOME", "TMPDIR", "LANG", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"}
held = set(os.environ) <= known
""",
    "signals": "import os\nheld = blocked(lambda: os.kill({judge}, 0))",
    "file-reads": """
held = all(map(closed, ({secret!r}, "/etc/shadow", "/root/.bashrc",
               "/proc/{judge}/environ", "/proc/1/environ")))
""",
    "file-writes": """
held = all(blocked(lambda: open(p, "w").write("x")) for p in ({folder!r} + "/new", {secret!r},
           "/usr/new", "/etc/new", "/new", "/dev/new", "/var/tmp/new"))
""",
    "network": """
import socket
held = (blocked(lambda: socket.create_connection(("127.0.0.1", {port}), 1))
        and blocked(lambda: socket.socket(socket.AF_UNIX).connect("\\0x")))
""",
    "pid-namespace": "import os\nheld = os.getppid() == 1",
    "own-uid": "import os\nheld = os.getuid() not in (0, {uid})",
    "process-table": """
import os
held = (blocked(lambda: os.listdir('/proc/self'))
        and blocked(lambda: open('/proc/self/environ').read()))
""",
    "seccomp": """
import ctypes, os
call = ctypes.CDLL(None, use_errno=True).syscall
numbers = (101, 272, 319, 321, 425) if os.uname().machine == "x86_64" else (117, 97, 279, 280, 425)
held = all(call(n, 0, 0, 0, 0, 0) == -1 and ctypes.get_errno() in (1, 38) for n in numbers)
""",
    "process-limit": """
import os, time
def fill():
    for _ in range(200):
        if os.fork() == 0:
            time.sleep(9); os._exit(0)
held = blocked(fill)
""",
    "disk-limit": """
def fill():
    for i in range(64):
        with open("f%d" % i, "wb") as f: f.write(bytes(1 << 20))
held = blocked(fill)
""",
}


def _judged(name: str) -> Callable[[Pool, Bait], bool]:
    def held(pool: Pool, bait: Bait) -> bool:
        values = {
            "folder": bait.folder,
            "secret": bait.secret,
            "port": bait.port,
            "judge": bait.judge,
            "uid": bait.uid,
        }
        source = ATTACKS[name]
        for key, value in values.items():
            source = source.replace(f"{{{key}!r}}", repr(value)).replace(f"{{{key}}}", str(value))
        return _last_line(pool, _TRY + source + "\nprint('held' if held else 'broken')") == HELD

    return held


def _last_line(pool: Pool, source: str) -> bytes:
    with pool.open(Program(source=source), _LIMITS) as session:
        return session.run().stdout.strip()


def _ends(source: str, ending: Ending, **limits: float) -> Callable[[Pool, Bait], bool]:
    def held(pool: Pool, _bait: Bait) -> bool:
        bounds = replace(_LIMITS, **limits)  # type: ignore[arg-type] # fields of Limits
        with pool.open(Program(source=source), bounds) as session:
            return session.run().ending is ending

    return held


def _nothing_left(pool: Pool, _bait: Bait) -> bool:
    """A daemon that writes, then whether the next run meets its files."""
    daemon = """
import os, time
open("left", "w").close()
try: child = os.fork()
except OSError: child = 1
if child == 0:
    os.setsid()
    while True:
        open("left%d" % os.getpid(), "w").close(); time.sleep(0.01)
print("held")
"""
    look = "import os, time\ntime.sleep(0.1)\nprint('broken' if os.listdir('.') else 'held')"
    return _last_line(pool, daemon) == HELD and _last_line(pool, look) == HELD


PROBES: dict[str, Callable[[Pool, Bait], bool]] = {
    **{name: _judged(name) for name in ATTACKS},
    "leftovers": _nothing_left,
    "memory-limit": _ends("x = bytearray(1 << 29)", Ending.MEMORY_LIMIT),
    "cpu-limit": _ends("while True: pass", Ending.TIME_LIMIT, cpu_s=0.2),
    "idle-limit": _ends("import time; time.sleep(9)", Ending.IDLE_LIMIT, idle_s=0.2),
    "output-limit": _ends("while True: print('x' * 9999)", Ending.OUTPUT_LIMIT, output_mb=0.1),
}


def probe(pool: Pool) -> tuple[str, ...]:
    """Attack it; the names of what held. Raises SandboxError when it cannot run at all."""
    if _last_line(pool, "print('held')") != HELD:
        raise SandboxError("an innocent program does not run")
    with _bait() as bait:
        return tuple(name for name, held in PROBES.items() if held(pool, bait))


def missing(isolation: tuple[str, ...]) -> tuple[str, ...]:
    """Which of the required guarantees do not hold."""
    return tuple(name for name in REQUIRED if name not in isolation)


def _native(mode: str) -> Callable[[], Backend]:
    return lambda: Native(mode)


def _docker() -> Backend:
    from adjudge.sandbox.docker import Docker  # who runs no containers need not have its client

    return Docker()


BACKENDS: dict[str, Callable[[], Backend]] = {
    "native-root": _native("native-root"),
    "native-userns": _native("native-userns"),
    "lite": _native("lite"),
    "docker": _docker,
}
"""In order of preference."""


def choose(
    preferred: str | None = None, allow_unsafe: bool = False, slots: int | None = None
) -> Sandbox:
    """The first back end that passes the probe; `preferred`: that one or none.

    Raises SandboxError("no_sandbox: …") when none is safe, unless `allow_unsafe`: then the first
    that runs programs at all, whatever it lacks.
    """
    names = [preferred] if preferred else list(BACKENDS)
    reasons = []
    for accept_all in (False, True)[: 1 + allow_unsafe]:
        for name in names:
            try:
                return _try(name, slots, accept_all)
            except (SandboxError, OSError) as error:
                reasons.append(f"{name}: {error}")
    raise SandboxError("no_sandbox: " + "; ".join(reasons))


def _try(name: str, slots: int | None, accept_all: bool) -> Pool:
    if name not in BACKENDS:
        raise SandboxError("no such back end")
    pool = Pool(BACKENDS[name](), slots)
    try:
        isolation = probe(pool)
        lacks = missing(isolation)
        if lacks and not accept_all:
            raise SandboxError(f"does not hold: {', '.join(lacks)}")
    except BaseException:
        pool.close()
        raise
    pool.vouch(isolation)
    return pool
