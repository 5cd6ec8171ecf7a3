"""C++17 and C++20, by g++ -O2.

`bits/stdc++.h`, which most programs of contests include, takes g++ some three quarters of a
compilation to read. It is precompiled once a machine (100 MB, kept in a directory that slots may
read) while the first programs are compiled without. Nothing that a program means depends on it.
"""

from adjudge.sandbox.languages.compiled import Compiled, native_image, source_text
from adjudge.sandbox.languages.prepared import Prepared
from adjudge.sandbox.languages.tools import Tool, Toolbox
from adjudge.sandbox.types import Program

_HEADER = "bits/stdc++.h"
_FLAGS = ("-O2", "-pipe", "-w")


def cpp(name: str, standard: str, toolbox: Toolbox, prepared: Prepared) -> Compiled:
    """`name` is the language, `standard` its year."""

    def command(tool: Tool, program: Program) -> tuple[str, ...]:
        options = (f"-std=gnu++{standard}", *_FLAGS)
        place = ""
        if _HEADER in program.source:
            header = f"#include <{_HEADER}>\n".encode()
            making = (tool.path, *options, "-x", "c++-header", "header.h", "-o", "a.out")
            folder = f"g++-{tool.version}-{standard}"
            place = prepared.folder_of(folder, f"{_HEADER}.gch", {"header.h": header}, making)
        found = ("-I", place) if place else ()
        libraries = ("-lssl", "-lcrypto") if "openssl/" in program.source else ()
        return (tool.path, *options, *found, "main.cpp", "-o", "a.out", *libraries)

    return Compiled(
        name=name,
        tool="g++",
        toolbox=toolbox,
        command=command,
        sources=lambda program: {**program.files, "main.cpp": source_text(program)},
        launch=native_image,
    )
