"""Which branches of `sandbox/inside` the slots' own processes take.

coverage.py does not see them: slots are forked from an interpreter with an empty environment, they
have no file to write to, and most end by a signal. So with `ADJUDGE_ARCS=FILE` the tests have that
interpreter trace itself: one byte for each step from line to line, in a file that it maps before it
forks anything; a mapping outlives mounts, filters and changes of uid. `main` puts what is in it
among coverage.py's data:

    make cover-sandbox
"""

import os
import sys
from pathlib import Path

LINES = 512
"""No file of ours is longer. A function's outside is LINES + its first line."""
SIDE = 2 * LINES

TRACER = f"""
import mmap, sys
def _trace(path, names):
    try:
        with open(path, "r+b") as file:
            steps = mmap.mmap(file.fileno(), 0)
    except OSError:  # a container has no such file
        return
    number = {{name: at for at, name in enumerate(names)}}
    def begin(frame, event, _):
        code = frame.f_code
        folder, _, name = code.co_filename.rpartition("/")
        if not folder.endswith("adjudge/sandbox/inside") or name not in number:
            return None
        base = number[name] * {SIDE * SIDE}
        outside = {LINES} + code.co_firstlineno
        resumed = code.co_flags & 32 and frame.f_lasti > 8  # a generator
        last = frame.f_lineno if resumed else outside
        def step(frame, event, _):
            nonlocal last
            if event == "line":
                steps[base + last * {SIDE} + frame.f_lineno] = 1
                last = frame.f_lineno
            elif event == "return" and code.co_code[frame.f_lasti] != 86:  # YIELD_VALUE
                steps[base + last * {SIDE} + outside] = 1
            return step
        return step
    sys.settrace(begin)
"""


PATH = os.environ.get("ADJUDGE_ARCS", "")


def files() -> list[Path]:
    """Those of `inside`, in the order of the map."""
    from adjudge.sandbox.inside import spec

    return sorted(Path(spec.__file__).parent.glob("*.py"))


def boot(text: str) -> str:
    """The `-c` template of an interpreter that traces itself, if that is asked for."""
    if not PATH:
        return text
    names = [file.name for file in files()]
    if not os.path.exists(PATH):
        Path(PATH).write_bytes(bytes(len(names) * SIDE * SIDE))
        os.chmod(PATH, 0o666)  # some slots are another user's from the start
    call = f"exec({TRACER!r}); _trace({os.path.abspath(PATH)!r}, {names!r}); "
    return call.replace("{", "{{").replace("}", "}}") + text


def main() -> None:
    """Put the steps of a file into coverage.py's data here."""
    import coverage

    steps = Path(sys.argv[1]).read_bytes()
    found: dict[str, set[tuple[int, int]]] = {}
    for number, file in enumerate(files()):
        base = number * SIDE * SIDE
        pairs = [divmod(at, SIDE) for at in range(SIDE * SIDE) if steps[base + at]]
        found[str(file.resolve())] = {(_signed(a), _signed(b)) for a, b in pairs}
    measured = coverage.Coverage()
    measured.load()
    measured.get_data().add_arcs(found)
    measured.save()


def _signed(line: int) -> int:
    return line if line < LINES else LINES - line


if __name__ == "__main__":
    main()
