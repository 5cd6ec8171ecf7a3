"""Kinds from other packages, through the entry point group `adjudge.verifiers`.

An entry point names a `Verifier`. One that cannot be loaded, or that takes a name which is taken,
is reported (in the log and in `GET /kinds`) and left out: it does not take the service down.
"""

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from adjudge.verifiers.types import AnyVerifier, Verifier

GROUP = "adjudge.verifiers"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Problem:
    """A plug-in that is not there, and why."""

    plugin: str
    """`name (package version)`."""
    message: str


@dataclass(frozen=True, slots=True)
class Plugins:
    verifiers: tuple[AnyVerifier, ...]
    problems: tuple[Problem, ...]


@cache
def installed(taken: frozenset[str]) -> Plugins:
    """Those of this environment; `taken` are the built-in kinds. Looked for once a process."""
    return load(entry_points(group=GROUP), taken)


def load(points: Iterable[EntryPoint], taken: Collection[str]) -> Plugins:
    verifiers: dict[str, AnyVerifier] = {}
    problems: list[Problem] = []
    for point in points:
        try:
            verifier = _verifier(point, {*taken, *verifiers})
        except Exception as error:
            log.exception("plug-in %s left out", _name(point))
            problems.append(Problem(_name(point), f"{type(error).__name__}: {error}"))
        else:
            verifiers[verifier.kind] = verifier
    return Plugins(tuple(verifiers.values()), tuple(problems))


def _verifier(point: EntryPoint, taken: Collection[str]) -> AnyVerifier:
    found = point.load()
    if not isinstance(found, Verifier):
        raise TypeError(f"{point.value} is {type(found).__name__}, not a Verifier")
    if found.kind in taken:
        raise ValueError(f"the kind {found.kind!r} is taken")
    return found


def _name(point: EntryPoint) -> str:
    package = f" ({point.dist.name} {point.dist.version})" if point.dist else ""
    return point.name + package
