"""What a person sees when a command cannot do its work: a line, not a traceback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn


@contextmanager
def told() -> Iterator[None]:
    """Exit with 2 for what the user can mend (settings, files, requests), with 3 for the queue."""
    try:
        yield
    except (FileNotFoundError, PermissionError, IsADirectoryError) as error:
        _stop(2, f"{error.filename}: {error.strerror}")
    except Exception as error:
        _stop_for(error)
        raise


def _stop_for(error: Exception) -> None:
    """Only now are our errors imported: pydantic comes with them, and `--help` needs neither."""
    from adjudge.service.errors import BadRequest, QueueError, ServiceError

    if isinstance(error, BadRequest):
        _stop(2, *(f"{fault.path}: {fault.message}" for fault in error.faults))
    elif isinstance(error, ServiceError):
        _stop(3 if isinstance(error, QueueError) else 2, str(error))


def _stop(status: int, *lines: str) -> NoReturn:
    for line in lines:
        print(f"adjudge: {line}", file=sys.stderr)  # noqa: T201
    sys.exit(status)
