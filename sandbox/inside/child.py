"""The run's own process, from the fork to the program's first line.

Security rests on this module. In order: only the descriptors that a run may have (0, 1, 2, and 3
if it talks), its own process group, rlimits, its uid, no capability; then the program's files, its
compilation and its code. A fault before the program's first line is written to a pipe that the
program never holds, so no program can pass its own failure off as ours.
"""

import _thread
import atexit
import contextlib
import gc
import io
import linecache
import marshal
import os
import random
import resource
import signal
import struct
import sys
import threading
import traceback
import types
from collections.abc import Callable
from typing import Any, NoReturn

from adjudge.sandbox.inside import kernel, landlock, seccomp
from adjudge.sandbox.inside.links import Blobs, Header
from adjudge.sandbox.inside.spec import NAMED_STDIN, Bounds, Spec, unpack

_STANDARD = ("stdin", "stdout", "stderr", "channel")
_KEPT = ("report", "program", "files", "cache", "rules")
SETUP_FAILED = 211
BROKEN = b"E"
NAME = "main.py"
_SIZE = struct.Struct("<Q")
_OURS = 2
"""The slot's processes that count as the run's, when they share a uid."""


def become(job: Header, bounds: Bounds, blobs: Blobs, spec: Spec) -> NoReturn:
    """Turn this process into the run. Blob `rules`: Landlock's, to apply here, if not inherited."""
    report = blobs["report"]
    try:
        kept = _arrange(blobs)
        report = kept["report"]
        _limit(bounds, _ours(spec))
        _drop(spec, kept.pop("rules", None), alone=not job["trusted"])
        run = _prepare(job, kept)
    except BaseException as error:  # noqa: BLE001 - whatever it was, it is ours to report
        os.write(report, f"{type(error).__name__}: {error}".encode(errors="replace")[:1000])
        os._exit(SETUP_FAILED)
    os.close(report)
    run()
    os._exit(SETUP_FAILED)


def _arrange(blobs: Blobs) -> Blobs:
    """Descriptors 0 to 3 as the run sees them; of the others only those that are needed until its
    first line (all of them close at exec).

    What a link hands over is never among the first four: they are taken in the slot itself.
    """
    standard = [blobs[name] for name in _STANDARD if name in blobs]
    for number, opened in enumerate(standard):
        os.dup2(opened, number)
    kept = {name: blobs[name] for name in _KEPT if name in blobs}
    first = len(standard)
    for opened in sorted(kept.values()):
        os.closerange(first, opened)
        first = opened + 1
    os.closerange(first, 1 << 20)
    return kept


def _ours(spec: Spec) -> int | None:
    """How many of our processes RLIMIT_NPROC counts as the run's; None: it counts too many."""
    if spec.uid is not None:
        return 0
    return None if spec.mode == "lite" else _OURS


def _limit(bounds: Bounds, ours: int | None) -> None:
    cpu = int(bounds.cpu_s) + 2
    limits = {
        resource.RLIMIT_CPU: (cpu, cpu + 1),
        resource.RLIMIT_FSIZE: (bounds.file_bytes,) * 2,
        resource.RLIMIT_NOFILE: (bounds.files,) * 2,
        resource.RLIMIT_STACK: (bounds.stack_mb << 20,) * 2,
    }
    if ours is not None:
        limits[resource.RLIMIT_NPROC] = (bounds.processes + ours,) * 2
    if bounds.address_mb:
        limits[resource.RLIMIT_AS] = (bounds.address_mb << 20,) * 2
    for kind, values in limits.items():
        resource.setrlimit(kind, values)


def _drop(spec: Spec, late: int | None, *, alone: bool) -> None:
    os.setpgid(0, 0)
    os.chdir(spec.work)
    if spec.uid is not None:
        os.setgroups([])
        os.setresgid(spec.uid, spec.uid, spec.uid)
        os.setresuid(spec.uid, spec.uid, spec.uid)
    else:
        kernel.keep_capabilities(())
    if spec.mode == "lite":
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    if late is not None:
        landlock.apply(late)
        os.close(late)
    if spec.mode == "lite":
        seccomp.apply(seccomp.standard())
        if spec.uid is None and alone:
            seccomp.apply(seccomp.alone(os.getpid()))


def _prepare(job: Header, kept: Blobs) -> Callable[[], None]:
    if "files" in kept:
        unpack(_read(kept["files"]))
    if job["named_stdin"]:
        _name_stdin()
    if job["launch"] == "python":
        return _prepare_python(job, kept)
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    target = kept.get("program", job["argv"][0])
    os.execve(target, job["argv"], job["environment"])  # noqa: S606 - what the process is for


def _name_stdin() -> None:
    opened = os.open(NAMED_STDIN, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    at, size = 0, os.fstat(0).st_size
    while at < size:
        at += os.sendfile(opened, 0, at, size - at)
    os.close(opened)


def _read(opened: int) -> bytes:
    data = os.pread(opened, os.fstat(opened).st_size, 0)
    os.close(opened)
    return data


def _prepare_python(job: Header, kept: Blobs) -> Callable[[], None]:
    if job["environment"] != _last_environment:
        os.environ.clear()
        os.environ.update(job["environment"])
    gc.freeze()
    gc.enable()
    code = _load(kept)
    names = _preludes[job["prelude"]] if job["prelude"] else {}
    talks = "channel" in job["blobs"] or "channel" in job.get("wants", ())
    return lambda: _run_python(code, job["argv"], names, talks=talks)


def _load(kept: Blobs) -> types.CodeType | None:
    """The compiled program; None: it does not compile (the traceback is on stderr)."""
    source = _read(kept["program"])
    linecache.cache[NAME] = (lambda: source.decode("utf-8", "replace"),)  # lazily
    cache = kept.get("cache")
    if cache is not None and os.fstat(cache).st_size:
        compiled = _read(cache)[_SIZE.size :]
        return _seeded(marshal.loads(compiled), compiled)  # noqa: S302 - made below, then sealed
    try:
        code = compile(source, NAME, "exec", dont_inherit=True)
    except BaseException:  # noqa: BLE001 - compile raises many kinds: SyntaxError, MemoryError, …
        _show(depth=1)
        _write_cache(cache, BROKEN)
        return None
    _keep(code, cache)
    return _seeded(code, source)


def _keep(code: types.CodeType, cache: int | None) -> None:
    """For later runs, if it can be had: the deepest constants cannot be marshalled."""
    if cache is not None:
        with contextlib.suppress(ValueError, MemoryError, RecursionError):
            data = marshal.dumps(code)
            _write_cache(cache, _SIZE.pack(len(data)) + data)
            return
        os.close(cache)


def _seeded(code: types.CodeType, compiled: bytes) -> types.CodeType:
    """Every run has its own random numbers, if it names any."""
    if b"random" in compiled:
        random.seed()
        if numbers := sys.modules.get("numpy.random"):
            numbers.seed()
    return code


def _write_cache(cache: int | None, data: bytes) -> None:
    """As far as it goes: whoever takes it compares the size (`whole`)."""
    if cache is None:
        return
    view = memoryview(data)
    with contextlib.suppress(OSError):
        while view:
            view = view[os.write(cache, view) :]
    os.close(cache)


def whole(cache: bytes) -> bool:
    """Whether a run got as far as to write all of the compiled program."""
    return len(cache) > _SIZE.size and _SIZE.unpack_from(cache)[0] == len(cache) - _SIZE.size


_preludes: dict[str, dict[str, Any]] = {}


def learn(key: str, opened: int) -> None:
    """In the zygote: a prelude. One that fails is missed by the run that names it."""
    prelude = types.ModuleType("prelude")
    with contextlib.suppress(Exception):
        exec(compile(_read(opened), "prelude.py", "exec"), vars(prelude))  # noqa: S102 - our own
        _preludes[key] = vars(prelude)


_last_environment: dict[str, str] = {}


def expect(environment: dict[str, str]) -> None:
    """In the zygote: what most runs will need, so that none has to make it."""
    os.environ.clear()
    os.environ.update(environment)
    _last_environment.update(environment)
    sys.path.insert(0, environment["HOME"])  # where a script's own modules would be
    placeholder = os.memfd_create("stream", os.MFD_CLOEXEC)
    kept = [os.dup(number) for number in (0, 1, 2)]
    for number in (0, 1, 2):
        os.dup2(placeholder, number)
    _open_streams()
    for number, opened in enumerate(kept):
        os.dup2(opened, number)
        os.close(opened)
    os.close(placeholder)


def _open_streams() -> None:
    """Python's standard streams, on whatever descriptors 0, 1 and 2 will be."""

    def opened(number: int, mode: str, errors: str, buffering: int = -1) -> Any:  # noqa: ANN401
        return open(number, mode, buffering, encoding="utf-8", errors=errors, closefd=False)

    sys.stdin = sys.__stdin__ = opened(0, "r", "surrogateescape")  # type: ignore[misc]
    sys.stdout = sys.__stdout__ = opened(1, "w", "surrogateescape")  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = opened(2, "w", "backslashreplace", 1)  # type: ignore[misc]


def _run_python(
    code: types.CodeType | None, argv: list[str], names: dict[str, Any], *, talks: bool
) -> NoReturn:
    status = 1 if code is None else _execute(code, argv, names)
    try:
        if _thread._count():  # else there is nobody to wait for, and it would touch much to see it
            threading._shutdown()  # type: ignore[attr-defined] # as the interpreter's end does
        atexit._run_exitfuncs()
    except BaseException:  # noqa: BLE001 - the program's threads and exit functions
        status = status or 1
    if not talks:  # then it says what it has to say over its channel
        _flush_files()
    streams: tuple[Any, ...] = (sys.stdout, sys.__stdout__, sys.stderr)
    for stream, failed in zip(streams, (120, 0, 120), strict=True):
        try:
            if not stream.closed:
                stream.flush()
        except BaseException:  # noqa: BLE001 - the program may have put anything there
            status = status or failed
    os._exit(status & 0xFF)


def _flush_files() -> None:
    """What the program has left open: an interpreter that ends writes it out, too."""
    for item in gc.get_objects():
        if type(item) in _WRITERS:
            with contextlib.suppress(BaseException):
                item.flush()


_WRITERS = (io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom)


def _execute(code: types.CodeType, argv: list[str], names: dict[str, Any]) -> int:
    module = types.ModuleType("__main__")
    module.__dict__.update({**names, **vars(module)}, __builtins__=__builtins__, __file__=NAME)
    sys.modules["__main__"] = module
    sys.argv[:] = argv
    try:
        exec(code, module.__dict__)  # noqa: S102 - this is what the process is for
    except SystemExit as leaving:
        return _exit_status(leaving.code)
    except BaseException:  # noqa: BLE001 - reported as the interpreter would
        _show(depth=1)
        return 1
    return 0


def _show(depth: int) -> None:
    """The traceback as the interpreter would, without our own `depth` frames."""
    kind, error, trace = sys.exc_info()
    for _ in range(depth):
        trace = trace and trace.tb_next
    if kind is not None and error is not None:
        with contextlib.suppress(BaseException):
            if sys.excepthook is not sys.__excepthook__:
                sys.excepthook(kind, error.with_traceback(trace), trace)
            else:
                traceback.print_exception(kind, error, trace)


def _exit_status(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return int(code)
    with contextlib.suppress(BaseException):
        print(code, file=sys.stderr)  # noqa: T201 - as the interpreter does
    return 1
