"""The candidate behind its channel: the program that serves it, and one request at a time."""

from functools import cache
from pathlib import Path

from adjudge.sandbox.types import Channel, Program
from adjudge.verifiers.code.far import codec

FAR = Path(__file__).parent / "far"


_MODULES = ("codec", "link", "remote", "serve", "marks", "tester", "shared")


@cache
def prelude() -> str:
    """All modules of `far`, each in a namespace of its own: slots load them once."""
    lines = ["import types"]
    for number, name in enumerate(_MODULES):
        text = (FAR / f"{name}.py").read_text(encoding="utf-8")
        kept = [line for line in text.splitlines() if not line.startswith("from adjudge.")]
        source = "\n".join(kept)
        lines.append(f"{name} = types.ModuleType({name!r})")
        lines += [f"{name}.{other} = {other}" for other in _MODULES[:number]]
        lines.append(f"exec(compile({source!r}, '{name}.py', 'exec'), vars({name}))")
    return "\n".join(lines)


def _program(module: str, *, warm: bool) -> Program:
    """`warm`: best run where numpy is loaded."""
    return Program(source=f"{module}.main(){'  # numpy' if warm else ''}", prelude=prelude())


def needs_numpy(*sources: str) -> bool:
    """Whether any of them names it."""
    return any("numpy" in source for source in sources)


def candidate_program(*, warm: bool) -> Program:
    """Serves a module: `far.serve`."""
    return _program("serve", warm=warm)


def tester_program(*, warm: bool) -> Program:
    """Runs tests against one: `far.tester`."""
    return _program("tester", warm=warm)


def shared_program(*, warm: bool) -> Program:
    """Both in one: `far.shared`."""
    return _program("shared", warm=warm)


class Broken(Exception):
    """The candidate does not compile."""


def load(channel: Channel, source: str, setup: str = "", then: bytes = b"") -> bool:
    """Have it run the module; False: it ended in that. Raises Broken. `then`: the request to do
    next, which it finds there without waiting for us."""
    channel.send(codec.dumps({"source": source, "setup": setup}))
    if then:
        channel.send(then)
    frame = channel.receive()
    if frame is None:
        return False
    answer = read(frame)
    if "broken" in answer:
        raise Broken(str(answer["broken"])[:2000])
    return True


def read(frame: bytes) -> dict[str, codec.Wire]:
    """A frame of the candidate's; what is no answer of ours is an exception of its own."""
    try:
        answer = codec.loads(frame)
    except (ValueError, RecursionError):
        answer = None
    if isinstance(answer, dict):
        return answer
    return {"ex": ["ValueError"], "said": "the program wrote to the channel"}
