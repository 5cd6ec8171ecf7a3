"""JavaScript, by node: CommonJS, or a module where the program imports or exports as one."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from adjudge.sandbox.inside.spec import pack
from adjudge.sandbox.job import NAMED, Blob, Job, Ran
from adjudge.sandbox.language import Compile
from adjudge.sandbox.languages.compiled import NATIVE_STACK_MB, Scale, source_text
from adjudge.sandbox.languages.tools import Tool, Toolbox
from adjudge.sandbox.types import Limits, Program

SCALE = Scale(start_s=0.5, memory_mb=64, processes=16)
_MODULES = "/usr/lib/node_modules:/usr/local/lib/node_modules:/usr/share/nodejs"
"""What `npm install --global` and Debian's packages have put there may be required."""
_IMPORTS = re.compile(r"^(?:import\b[^\n(]{0,500}['\"]|export\s+[\w{*])", re.MULTILINE)
_NOT_PARSED = re.compile(rb"^SyntaxError: ", re.MULTILINE)


@dataclass(frozen=True)
class JavaScript:
    """Node's."""

    toolbox: Toolbox
    name: str = "javascript"

    @property
    def version(self) -> str | None:
        found = self.toolbox.find("node")
        return None if found is None else found.version

    def build(self, program: Program, limits: Limits, compile_: Compile) -> Job:  # noqa: ARG002
        """Nothing to compile: node does as it runs."""
        tool = self.toolbox.find("node")
        assert tool is not None  # nobody opens a program of a language without its tool
        name = "main.mjs" if _is_module(program.source) else "main.js"
        return Job(
            launch="exec",
            argv=(tool.path, *_options(tool, limits), name, *program.arguments),
            files=Blob(pack({**program.files, name: source_text(program)})),
            limits=SCALE.apply(limits),
            address_mb=0,
            stack_mb=NATIVE_STACK_MB,
            fetch=program.fetch,
            named_stdin=NAMED in program.source,
            broken=_broken(name),
            environment={"NODE_PATH": _MODULES},
        )


def _options(_tool: Tool, limits: Limits) -> tuple[str, ...]:
    kilobytes = (NATIVE_STACK_MB - 16) << 10
    return (f"--max-old-space-size={limits.memory_mb}", f"--stack-size={kilobytes}")


def _is_module(source: str) -> bool:
    return _IMPORTS.search(source) is not None and "require(" not in source


def _broken(name: str) -> Callable[[Ran], bool]:
    """Node names the place of a syntax error first, before any line of the program has run."""
    place = re.compile(rb"\A(?:file://)?/[^\n:]{0,100}" + re.escape(name.encode()) + rb":[0-9]+\n")

    def broken(ran: Ran) -> bool:
        said = ran.stderr[:4000]
        early = place.match(said) is not None and not ran.stdout_size
        return bool(ran.status) and early and _NOT_PARSED.search(said) is not None

    return broken
