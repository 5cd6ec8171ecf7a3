"""What the children of the `code` lane do beside judging: open the sandbox, run one program."""

import base64
import importlib
import json
import logging

from adjudge.sandbox.types import (
    LanguageUnavailable,
    Limits,
    Program,
    Result,
    Sandbox,
    SandboxError,
)
from adjudge.service.job import RunDone, RunJob

SANDBOX = "adjudge.sandbox.probe:choose"

log = logging.getLogger(__name__)


def open_sandbox(spec: str, options: str) -> Sandbox | None:
    """The best back end whose probe passed; None, with the reason logged, where none is safe.

    `spec` is `package.module:function`, called with `options` (JSON) as keywords.
    """
    module, _, name = spec.partition(":")
    try:
        sandbox: Sandbox = getattr(importlib.import_module(module), name)(**json.loads(options))
    except SandboxError as error:
        log.warning("no sandbox, code will be unscored: %s", error)
        return None
    except Exception:
        log.exception("the sandbox could not be opened, code will be unscored")
        return None
    return sandbox


def run_program(payload: bytes, sandbox: Sandbox | None) -> bytes:
    """One `RunJob` (JSON) to one `RunDone` (JSON)."""
    return _run(RunJob.model_validate_json(payload), sandbox).model_dump_json().encode()


def _run(job: RunJob, sandbox: Sandbox | None) -> RunDone:
    if sandbox is None:
        return RunDone(fault="no_sandbox")
    files = {path: base64.b64decode(content) for path, content in job.files_base64.items()}
    program = Program(source=job.source, language=job.language, files=files, fetch=job.fetch)
    try:
        with sandbox.open(program, read_limits(job.limits)) as session:
            return _done(session.run(base64.b64decode(job.stdin_base64)))
    except LanguageUnavailable as error:
        return RunDone(fault=str(error) or f"no tool for {job.language}", unavailable=True)
    except SandboxError as error:
        return RunDone(fault=str(error) or type(error).__name__)


def read_limits(given: dict[str, float]) -> Limits:
    """Whole numbers where a limit counts something."""
    kept = {name: type(getattr(Limits(), name))(value) for name, value in given.items()}
    return Limits(**kept)


def _done(result: Result) -> RunDone:
    return RunDone(
        ending=result.ending.value,
        return_code=result.return_code,
        stdout_base64=base64.b64encode(result.stdout).decode(),
        stderr_base64=base64.b64encode(result.stderr).decode(),
        cpu_s=result.cpu_s,
        wall_s=result.wall_s,
        memory_mb=result.memory_mb,
        files_base64={
            path: base64.b64encode(content).decode() for path, content in result.files.items()
        },
    )
