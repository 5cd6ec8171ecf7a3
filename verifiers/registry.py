"""Every kind that the service knows, by the name that a request uses."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from adjudge.sandbox.types import Sandbox
from adjudge.verifiers import (
    choice,
    countdown,
    exact,
    format,
    hacks,
    json_schema,
    language,
    length,
    math,
    number,
    puzzle,
    remote,
    repetition,
)
from adjudge.verifiers.code import code_verifier
from adjudge.verifiers.plugins import Problem, installed
from adjudge.verifiers.remote import RemoteServer
from adjudge.verifiers.types import AnyVerifier


@dataclass(frozen=True, slots=True)
class Tools:
    """What verifiers need from outside, handed in at one place."""

    sandbox: Sandbox | None = None
    """None: this process cannot run programs; `code` is then unscored, `no_sandbox`."""
    remotes: Mapping[str, RemoteServer] = field(default_factory=dict)
    """The reward models and judges that `remote` may ask, by name."""


def registry(tools: Tools | None = None) -> Mapping[str, AnyVerifier]:
    """Every kind: ours, then those of installed plug-ins."""
    ours = _built_in(tools or Tools())
    added = installed(frozenset(ours)).verifiers
    return ours | {verifier.kind: verifier for verifier in added}


def problems() -> tuple[Problem, ...]:
    """The plug-ins that could not be loaded."""
    return installed(frozenset(_built_in(Tools()))).problems


def _built_in(tools: Tools) -> dict[str, AnyVerifier]:
    verifiers: list[AnyVerifier] = [
        math.verifier,
        exact.verifier,
        format.verifier,
        number.verifier,
        choice.verifier,
        code_verifier(tools.sandbox),
        countdown.verifier,
        puzzle.verifier,
        length.verifier,
        repetition.verifier,
        json_schema.verifier,
        hacks.verifier,
        remote.verifier_for(tools.remotes),
        language.verifier,
    ]
    return {verifier.kind: verifier for verifier in verifiers}
