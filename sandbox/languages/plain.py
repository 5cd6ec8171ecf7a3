"""Java, Go and Rust: compiled once, then run as it is."""

import io
import re
import tarfile
from collections.abc import Mapping
from pathlib import PurePosixPath

from adjudge.sandbox.inside.spec import pack
from adjudge.sandbox.job import NAMED, Blob, Job
from adjudge.sandbox.languages.compiled import Compiled, Scale, native_image, source_text
from adjudge.sandbox.languages.tools import Tool, Toolbox
from adjudge.sandbox.types import Limits, Program

_PUBLIC = re.compile(
    r"(?:^|[;{}\s])public\s+(?:(?:final|abstract|sealed|strictfp)\s+)*(?:class|record|enum|interface)\s+"
    r"([A-Za-z_$][\w$]{0,100})",
    re.MULTILINE,
)
_CLASS_FILE = re.compile(r"(?:\./)?((?:[\w$]{1,100}/){0,20}[\w$-]{1,200}\.class)")
_MAIN = b"([Ljava/lang/String;)V"
_JAVAC = """
LD_LIBRARY_PATH="${0%/bin/javac}/lib" "$0" "$@" -d out && cd out && tar -cf ../a.out .
"""
_JAVAC_OPTIONS = (
    *("-nowarn", "-encoding", "UTF-8"),
    *("-J-XX:+UseSerialGC", "-J-XX:TieredStopAtLevel=1", "-J-Xss64m"),
)


def java(toolbox: Toolbox) -> Compiled:
    """The class with a `main` is run: the public one, else `Main`, else the first."""

    def command(tool: Tool, program: Program) -> tuple[str, ...]:
        name = f"{_public_class(program.source)}.java"
        return ("/bin/sh", "-c", _JAVAC, tool.path, name, *_JAVAC_OPTIONS)

    def launch(tool: Tool, program: Program, made: bytes, limits: Limits) -> Job:
        heap = limits.memory_mb - _JAVA.memory_mb
        options = ("-ea", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xss64m", f"-Xmx{heap}m")
        classes = _classes(made)
        main = _main_class(classes, _public_class(program.source))
        return Job(
            launch="exec",
            argv=(
                tool.path.removesuffix("c"),
                *options,
                *("-cp", ".", main),
                *program.arguments,
            ),
            files=Blob(pack({**program.files, **classes})),
            limits=limits,
            address_mb=0,
            named_stdin=NAMED in program.source,
            fetch=program.fetch,
            environment={"LD_LIBRARY_PATH": f"{_above_bin(tool)}/lib"},
        )

    return Compiled(
        name="java",
        tool="javac",
        toolbox=toolbox,
        command=command,
        sources=lambda program: {
            **program.files,
            f"{_public_class(program.source)}.java": source_text(program),
        },
        launch=launch,
        scale=_JAVA,
    )


_JAVA = Scale(cpu_factor=1.5, start_s=1.0, memory_mb=192, processes=48)


def _public_class(source: str) -> str:
    found = _PUBLIC.search(source)
    return found[1] if found else "Main"


def _classes(tar: bytes) -> Mapping[str, bytes]:
    """Class files by path; nothing else of what a compiler's run may have left there."""
    classes = {}
    with tarfile.open(fileobj=io.BytesIO(tar), mode="r:") as archive:
        for member in archive:
            name = _CLASS_FILE.fullmatch(member.name)
            content = archive.extractfile(member) if name and member.isreg() else None
            if name and content is not None:
                classes[name[1]] = content.read()
    return classes


def _main_class(classes: Mapping[str, bytes], public: str) -> str:
    names = [path.removesuffix(".class") for path, code in classes.items() if _MAIN in code]
    order = sorted(names, key=lambda name: (name.rpartition("/")[2] not in (public, "Main"), name))
    return order[0].replace("/", ".") if order else public


def _above_bin(tool: Tool) -> str:
    """Where a tool is installed: without /proc it cannot find out for itself."""
    return str(PurePosixPath(tool.path).parent.parent)


def go(toolbox: Toolbox) -> Compiled:
    """One file, the standard library."""
    return Compiled(
        name="go",
        tool="go",
        toolbox=toolbox,
        command=lambda tool, _program: (tool.path, "build", "-o", "a.out", "main.go"),
        sources=lambda program: {**program.files, "main.go": source_text(program)},
        launch=native_image,
        environment={"GO111MODULE": "off", "GOFLAGS": "-p=2", "CGO_ENABLED": "0"},
        scale=Scale(memory_mb=32, processes=16),
    )


_NAMED = 'mkdir .self; ln -s "$0" .self/exe; exec "$0" --sysroot "${0%/bin/rustc}" "$@"'
"""Where there is no /proc, its `self` leads to this directory."""


def rust(toolbox: Toolbox) -> Compiled:
    """One file, edition 2021, the standard library."""
    options = ("--edition=2021", "-O", "--cap-lints=allow", "-o", "a.out")
    return Compiled(
        name="rust",
        tool="rustc",
        toolbox=toolbox,
        command=lambda tool, _: ("/bin/sh", "-c", _NAMED, tool.path, *options, "main.rs"),
        sources=lambda program: {**program.files, "main.rs": source_text(program)},
        launch=native_image,
    )
