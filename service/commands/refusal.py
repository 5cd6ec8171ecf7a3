"""What a person sees when a command cannot do its work: a line, not a traceback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def told() -> Iterator[None]:
    """Exit with 2 for what the user can mend (settings, files, requests), with 3 for the queue."""
    from adjudge.service.errors import BadRequest, QueueError, ServiceError

    try:
        yield
    except BadRequest as error:
        _stop(2, *(f"{fault.path}: {fault.message}" for fault in error.faults))
    except QueueError as error:
        _stop(3, str(error))
    except ServiceError as error:
        _stop(2, str(error))
    except (FileNotFoundError, PermissionError, IsADirectoryError) as error:
        _stop(2, f"{error.filename}: {error.strerror}")


def _stop(status: int, *lines: str) -> None:
    for line in lines:
        print(f"adjudge: {line}", file=sys.stderr)  # noqa: T201
    sys.exit(status)
