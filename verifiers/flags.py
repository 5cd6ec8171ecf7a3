"""Signs of reward hacking, looked for in every completion."""

from adjudge.verifiers.types import Completion


def flags(completion: Completion) -> tuple[str, ...]:
    """The flags of one completion; linear in its length."""
    return ("truncated",) if completion.finish_reason == "length" else ()
