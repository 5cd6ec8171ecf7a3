"""`GET /kinds`: what can be asked for, with schemas, plug-ins included."""

from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue, ValidationError

from adjudge.service.desk import SandboxState
from adjudge.verifiers.plugins import Problem
from adjudge.verifiers.registry import problems
from adjudge.verifiers.types import AnyVerifier, Frozen


class Kind(Frozen):
    """One kind of reward."""

    summary: str
    version: str
    params: dict[str, Any]
    """JSON schema of `rewards[].params`."""
    reference: dict[str, Any]
    """JSON schema of the keys that it reads from `group.reference`."""
    needs: tuple[str, ...]
    """Reference keys that it cannot do without, under default params."""
    notes: dict[str, JsonValue]


class Catalogue(Frozen):
    kinds: dict[str, Kind]
    presets: tuple[str, ...]
    plugin_problems: tuple[Problem, ...] = ()
    """Plug-ins that could not be loaded; the service goes on without them."""


def catalogue(
    kinds: Mapping[str, AnyVerifier], presets: tuple[str, ...], sandbox: SandboxState
) -> Catalogue:
    entries = {name: _kind(verifier, sandbox) for name, verifier in sorted(kinds.items())}
    return Catalogue(kinds=entries, presets=presets, plugin_problems=problems())


def _kind(verifier: AnyVerifier, sandbox: SandboxState) -> Kind:
    notes = dict(verifier.notes)
    if verifier.lane == "code" and sandbox.languages:
        notes["languages"] = dict(sandbox.languages)
    return Kind(
        summary=verifier.summary,
        version=verifier.version,
        params=verifier.params.model_json_schema(),
        reference=verifier.reference.model_json_schema(),
        needs=_needs(verifier),
        notes=notes,
    )


def _needs(verifier: AnyVerifier) -> tuple[str, ...]:
    """A kind that has no default params cannot tell before it is asked with some."""
    try:
        params = verifier.params()
    except ValidationError:
        return ()
    return verifier.needed_keys(params)
