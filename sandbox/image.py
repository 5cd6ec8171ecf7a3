"""The image that containers of the docker back end are made from.

A base image with a Python 3.11 or newer, and on top of it: compilers and run-times, the packages
that programs may import, and the few files of ours that a slot runs (`piped.source_files`). It is
built when it is first needed, and again when any of these has changed; its name is their digest.
Where the build reaches no package index, the image is made of the base alone, under another name,
so that the next start tries again.
"""

import contextlib
import hashlib
import io
import logging
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import docker
from docker.errors import BuildError, DockerException, ImageNotFound

from adjudge.sandbox.inside.spec import SITE, WORK
from adjudge.sandbox.interpreter import PACKAGES
from adjudge.sandbox.piped import source_files
from adjudge.sandbox.types import SandboxError

log = logging.getLogger(__name__)

BASE = "python:3.11-slim-bookworm"
LANGUAGES = ("g++", "nodejs")
LABEL = "adjudge.sandbox"
SOURCE = "/opt/adjudge-slot"
_BUILD_S = 1800
_FIND = (
    "import os, sys; print(os.path.realpath(sys._base_executable), sys.version.split()[0], "
    "sys.base_prefix, sys.base_exec_prefix)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What goes into the image."""

    base: str = BASE
    languages: tuple[str, ...] = LANGUAGES
    """Debian packages."""
    packages: tuple[str, ...] = PACKAGES
    """Python packages, in the versions that this process's environment has."""

    def dockerfile(self, *, bare: bool = False) -> str:
        """`bare`: nothing that has to be fetched."""
        fetched = [] if bare else [*self._install_languages(), *self._install_packages()]
        # a container's own /tmp takes the mode of the one that it covers
        tidy = f"RUN mkdir -p {SITE} && rm -rf {WORK}/* {WORK}/.[!.]* && chmod 0700 {WORK}"
        lines = [f"FROM {self.base}", "USER 0", *fetched, tidy]
        return "\n".join([*lines, f"COPY adjudge {SOURCE}/adjudge", f"LABEL {LABEL}=image", ""])

    def _install_languages(self) -> list[str]:
        if not self.languages:
            return []
        install = "DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends"
        names = " ".join(self.languages)
        clean = "rm -rf /var/lib/apt/lists/*"
        return [f"RUN apt-get update -qq && {install} {names} && {clean}"]

    def _install_packages(self) -> list[str]:
        if not self.packages:
            return []
        wanted = " ".join(filter(None, map(_pinned, self.packages)))
        return [f"RUN python3 -m pip install --no-cache-dir --no-compile --target {SITE} {wanted}"]


def _pinned(name: str) -> str:
    try:
        return f"{name}=={version(name)}"
    except PackageNotFoundError:
        return ""


@dataclass(frozen=True, slots=True)
class Image:
    """One that is there, and the Python in it."""

    name: str
    python: str
    python_version: str
    prefixes: tuple[str, ...]
    """Where that Python's files lie."""


def prepare(client: docker.DockerClient, recipe: Recipe) -> Image:
    """Build it, if it is not there. Raises SandboxError."""
    try:
        name = _build(client, recipe)
        said = client.containers.run(
            name, ["python3", "-I", "-S", "-c", _FIND], network_mode="none", remove=True
        )
    except (DockerException, OSError) as error:
        raise SandboxError(f"no image for containers: {error}") from error
    python, python_version, *prefixes = said.decode().split()
    return Image(name, python, python_version, tuple(dict.fromkeys(prefixes)))


def _build(client: docker.DockerClient, recipe: Recipe) -> str:
    base = _base_id(client, recipe.base)
    files = source_files()
    full, bare = recipe.dockerfile(), recipe.dockerfile(bare=True)
    name = _name(base, full, files)
    if _is_there(client, name):
        return name
    try:
        _make(client, name, full, files)
    except BuildError as error:
        log.warning("no languages and packages for containers, for now: %s", _last_words(error))
        name = _name(base, bare, files)
        if not _is_there(client, name):
            _make(client, name, bare, files)
    return name


def _base_id(client: docker.DockerClient, base: str) -> str:
    try:
        image = client.images.get(base)
    except ImageNotFound:
        log.info("pulling %s", base)
        image = client.images.pull(base)
    return str(image.id)


def _name(base: str, dockerfile: str, files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256(f"{base}\n{dockerfile}".encode())
    for path, data in sorted(files.items()):
        digest.update(f"{path} {len(data)}\n".encode() + data)
    return f"adjudge-sandbox:{digest.hexdigest()[:16]}"


def _is_there(client: docker.DockerClient, name: str) -> bool:
    with contextlib.suppress(ImageNotFound):
        return bool(client.images.get(name).id)
    return False


def _make(
    client: docker.DockerClient, name: str, dockerfile: str, files: Mapping[str, bytes]
) -> None:
    log.info("building the image for containers")
    context = _context({"Dockerfile": dockerfile.encode(), **files})
    client.images.build(
        fileobj=context, custom_context=True, tag=name, rm=True, forcerm=True, timeout=_BUILD_S
    )


def _context(files: Mapping[str, bytes]) -> io.BytesIO:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for path, data in files.items():
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(data), 0o644
            archive.addfile(member, io.BytesIO(data))
    packed.seek(0)
    return packed


def _last_words(error: BuildError) -> str:
    said = [str(line["stream"]) for line in error.build_log if "stream" in line]
    return f"{error.msg} {''.join(said[-3:]).strip()}"[:500]
