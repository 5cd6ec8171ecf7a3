"""Languages with a compiler: it runs in a slot too, on a program that may be hostile, with limits
of its own; what it made is kept, so a program that comes again is not compiled again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from adjudge.sandbox.inside.spec import pack
from adjudge.sandbox.job import NAMED, Blob, Job, judge_run
from adjudge.sandbox.language import Compile
from adjudge.sandbox.languages.tools import Tool, Toolbox
from adjudge.sandbox.recent import Recent, key_of
from adjudge.sandbox.types import Ending, Limits, Program, Result

OUTPUT = "a.out"
_REFUSED = b"E"


@dataclass(frozen=True, kw_only=True)
class Scale:
    """What a language's runs need more than the limits that were asked for."""

    cpu_factor: float = 1.0
    start_s: float = 0.0
    """CPU seconds that its run-time takes to start."""
    memory_mb: int = 0
    """What its run-time holds before the program's first line."""
    processes: int = 0
    """Threads of its run-time."""

    def apply(self, limits: Limits) -> Limits:
        """The limits of its runs."""
        return replace(
            limits,
            cpu_s=limits.cpu_s * self.cpu_factor + self.start_s,
            memory_mb=limits.memory_mb + self.memory_mb,
            processes=limits.processes + self.processes,
        )


def compiler_limits(limits: Limits) -> Limits:
    """Of one compilation."""
    return Limits(
        cpu_s=limits.compile_s,
        idle_s=30.0,
        memory_mb=2048,
        output_mb=1.0,
        processes=128,
        files=256,
        tmp_mb=256,
        tmp_inodes=8192,
    )


@dataclass(frozen=True, kw_only=True)
class Compiled:
    """A compiled language: `command` makes `a.out` of the files of `sources`, `launch` runs it."""

    name: str
    tool: str
    """Its compiler's command."""
    toolbox: Toolbox
    command: Callable[[Tool, Program], tuple[str, ...]]
    """The command line that makes `a.out` in the working directory."""
    sources: Callable[[Program], Mapping[str, bytes]]
    launch: Callable[[Tool, Program, bytes, Limits], Job]
    """The job of each run, from what was made."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """The compiler's."""
    scale: Scale = Scale()
    recent: Recent = field(default_factory=lambda: Recent(capacity_mb=128))

    @property
    def version(self) -> str | None:
        found = self.toolbox.find(self.tool)
        return None if found is None else found.version

    def build(self, program: Program, limits: Limits, compile_: Compile) -> Job | Result:
        """Compile it, or remember that it was; a `compile_error` if it does not."""
        tool = self.toolbox.find(self.tool)
        assert tool is not None  # nobody opens a program of a language without its tool
        command = self.command(tool, program)
        key = key_of(tool.version, *command, str(limits.compile_s), program.source)
        made = self.recent.get(key)
        if made is None:
            compiled = self._compile(command, program, limits, compile_)
            if isinstance(compiled, Result):
                return compiled
            made = compiled
            self.recent.put(key, made)
        return self.launch(tool, program, made, self.scale.apply(limits))

    def _compile(
        self, command: tuple[str, ...], program: Program, limits: Limits, compile_: Compile
    ) -> bytes | Result:
        job = Job(
            launch="exec",
            argv=command,
            files=Blob(pack(self.sources(program))),
            limits=compiler_limits(limits),
            address_mb=0,
            environment=self.environment,
            trusted=True,
            collect=OUTPUT,
        )
        try:
            ran = compile_(job)
        finally:
            job.close()
        result = judge_run(ran, job.limits)
        if result.ending is Ending.OK and ran.artefact:
            return ran.artefact
        return _refusal(result, limits)


def _refusal(result: Result, limits: Limits) -> Result:
    said = result.stderr or result.stdout
    if result.ending is Ending.TIME_LIMIT:
        said += f"\nerror: not compiled within {limits.compile_s:g} s of CPU time\n".encode()
    elif result.ending in (Ending.MEMORY_LIMIT, Ending.IDLE_LIMIT, Ending.OUTPUT_LIMIT):
        said += f"\nerror: the compiler was stopped: {result.ending}\n".encode()
    return replace(
        result,
        ending=Ending.COMPILE_ERROR,
        return_code=result.return_code or 1,
        stdout=b"",
        stderr=said,
    )


def source_text(program: Program) -> bytes:
    """As its compiler reads it."""
    return program.source.encode("utf-8", "surrogatepass")


def native_image(_tool: Tool, program: Program, made: bytes, limits: Limits) -> Job:
    """A run of an executable."""
    return Job(
        launch="exec",
        argv=("main", *program.arguments),
        program=Blob(made),
        files=Blob(pack(program.files)) if program.files else None,
        limits=limits,
        address_mb=0,
        stack_mb=NATIVE_STACK_MB,
        fetch=program.fetch,
        named_stdin=NAMED in program.source,
    )


NATIVE_STACK_MB = 256
"""As programming contests have it; the memory limit is what bounds recursion."""
