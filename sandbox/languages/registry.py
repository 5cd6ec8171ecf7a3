"""Every language that the sandbox knows, whether or not this machine has its tool."""

from collections.abc import Mapping

from adjudge.sandbox.language import Compile, Language
from adjudge.sandbox.languages.cpp import cpp
from adjudge.sandbox.languages.javascript import JavaScript
from adjudge.sandbox.languages.plain import go, java, rust
from adjudge.sandbox.languages.prepared import Prepared
from adjudge.sandbox.languages.python import Python
from adjudge.sandbox.languages.tools import Toolbox


def languages(python_version: str, run: Compile, prepared: Prepared) -> Mapping[str, Language]:
    """Name → language. `run` is how their tools are looked for and used."""
    toolbox = Toolbox(run)
    known: list[Language] = [
        Python(version=python_version),
        cpp("cpp", "17", toolbox, prepared),
        cpp("cpp20", "20", toolbox, prepared),
        JavaScript(toolbox),
        java(toolbox),
        go(toolbox),
        rust(toolbox),
    ]
    return {language.name: language for language in known}
