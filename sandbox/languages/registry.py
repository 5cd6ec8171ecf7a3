"""Every language that the sandbox knows, whether or not this machine has its tool."""

from collections.abc import Mapping

from adjudge.sandbox.language import Language
from adjudge.sandbox.languages.python import Python


def languages(python_version: str) -> Mapping[str, Language]:
    """Name → language."""
    known: list[Language] = [Python(version=python_version)]
    return {language.name: language for language in known}
