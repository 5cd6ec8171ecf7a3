"""SandboxFusion's `POST /run_code`: verl's `sandbox_fusion.url`, set to us, works unchanged.

verl retries a 504 and nothing else: any other refusal counts as a failed test, that is, as a wrong
program. So overload, a lost worker and a failing sandbox are all 504 on this route.
"""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from adjudge.sandbox.types import Ending, LanguageUnavailable, Limits, Program, Result, SandboxError
from adjudge.service.api import ErrorBody, Fault
from adjudge.service.errors import BadRequest, QueueError
from adjudge.service.http.front import Front
from adjudge.service.http.openapi import takes
from adjudge.service.http.refusals import refuse, retry_after

LANGUAGES: Mapping[str, str] = {"nodejs": "javascript"}
"""Their names, where ours differ."""
COMPILED = frozenset(("cpp", "cpp20", "go", "java", "rust"))
"""Languages with a `compile_result`."""
GRACE_S = 8.0
"""On top of the two time limits, for the queue: verl waits ten seconds longer than those."""
MEMORY_MB = 1024
"""Where the request leaves it to the server, as verl does by default."""


class RunCode(BaseModel):
    """Their request."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    code: str
    language: str = "python"
    stdin: str | None = None
    compile_timeout: float = Field(default=10.0, gt=0, le=600)
    run_timeout: float = Field(default=10.0, gt=0, le=600)
    memory_limit_MB: int = Field(default=-1, le=65536)
    files: dict[str, str | None] = Field(default_factory=dict)
    fetch_files: tuple[str, ...] = Field(default=(), max_length=64)


class CommandRun(BaseModel):
    status: str
    """`Finished`, `TimeLimitExceeded` or `Error`."""
    execution_time: float | None = None
    return_code: int | None = None
    stdout: str | None = None
    stderr: str | None = None


class Ran(BaseModel):
    status: str
    """`Success`, `Failed` or `SandboxError`."""
    message: str = ""
    compile_result: CommandRun | None = None
    run_result: CommandRun | None = None
    executor_pod_name: str | None = None
    files: dict[str, str] = Field(default_factory=dict)


def routes(front: Front) -> APIRouter:
    router = APIRouter(tags=["trainers"])

    @router.post("/run_code", **takes(RunCode, Ran, ErrorBody))
    async def run_code(request: Request) -> Ran | Response:
        """Run a program once, as SandboxFusion does. Overload is 504: verl retries only that."""
        try:
            async with front.intake.parsed(request, RunCode) as body:
                return await _run(front, body)
        except QueueError as error:
            return _later(str(error), error.retry_after_s)
        except (TimeoutError, SandboxError) as error:
            return _later(f"the program could not be run: {error or 'no slot in time'}", 1.0)

    return router


def _later(message: str, seconds: float) -> Response:
    return refuse(504, "overloaded", message, headers=retry_after(seconds))


async def _run(front: Front, body: RunCode) -> Ran:
    program = Program(
        source=body.code,
        language=LANGUAGES.get(body.language, body.language),
        files=_files(body.files),
        fetch=_below("fetch_files", body.fetch_files),
    )
    deadline_s = body.compile_timeout + body.run_timeout + GRACE_S
    stdin = (body.stdin or "").encode()
    try:
        result = await front.desk.run(program, _limits(body), stdin, deadline_s)
    except LanguageUnavailable as error:
        message = f"this service has no tool for {body.language[:40]!r}: {error}"
        return Ran(status="SandboxError", message=message)
    return _ran(result, body)


def _limits(body: RunCode) -> Limits:
    """Their one wall time is our bound of CPU time, and of idle time."""
    memory_mb = body.memory_limit_MB if body.memory_limit_MB > 0 else MEMORY_MB
    return Limits(
        cpu_s=body.run_timeout,
        idle_s=body.run_timeout,
        memory_mb=memory_mb,
        compile_s=body.compile_timeout,
    )


def _below(field: str, names: Iterable[str]) -> tuple[str, ...]:
    for name in names:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
            message = "must be a path below the program's own folder"
            raise BadRequest([Fault(path=f"{field}[{json.dumps(name[:60])}]", message=message)])
    return tuple(names)


def _files(given: Mapping[str, str | None]) -> dict[str, bytes]:
    _below("files", given)
    try:
        return {
            name: base64.b64decode(content, validate=True)
            for name, content in given.items()
            if content is not None
        }
    except (binascii.Error, ValueError) as error:
        raise BadRequest([Fault(path="files", message=f"not base64: {error}")]) from error


def _ran(result: Result, body: RunCode) -> Ran:
    compiled = body.language in COMPILED
    late = {Ending.TIME_LIMIT, Ending.IDLE_LIMIT}
    if result.ending is Ending.COMPILE_ERROR and compiled:
        slow = result.cpu_s >= body.compile_timeout
        return Ran(status="Failed", compile_result=_command(result, late=slow))
    command = _command(result, late=result.ending in late)
    files = {name: base64.b64encode(data).decode() for name, data in result.files.items()}
    clean = CommandRun(status="Finished", return_code=0, execution_time=0.0, stdout="", stderr="")
    return Ran(
        status="Success" if result.ending is Ending.OK else "Failed",
        compile_result=clean if compiled else None,
        run_result=command,
        files=files,
    )


def _command(result: Result, *, late: bool) -> CommandRun:
    failed_quietly = result.ending is not Ending.OK and result.return_code == 0
    return CommandRun(
        status="TimeLimitExceeded" if late else "Finished",
        execution_time=round(result.wall_s, 6),
        return_code=None if late else 1 if failed_quietly else result.return_code,
        stdout=result.stdout.decode(errors="replace"),
        stderr=result.stderr.decode(errors="replace"),
    )
