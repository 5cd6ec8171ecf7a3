"""What can go wrong at the service's boundaries, each classified once, where it is crossed.

The HTTP front maps them to statuses: BadRequest 422, TooLarge 413, QueueFull 429,
QueueUnreachable 503, Unscored 503 (a fault of ours) or 422 (the dataset's). None is ever a score.
"""

from collections.abc import Iterable

from adjudge.service.api import Fault


class ServiceError(Exception):
    """Base of everything that a caller is told about."""


class BadRequest(ServiceError):
    """The request is not of the contract's shape; every fault that was found, with its path."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{fault.path}: {fault.message}" for fault in self.faults))


class TooLarge(BadRequest):
    """The request is over a limit of size or number."""


class QueueError(ServiceError):
    """The queue could not take the work; `retry_after_s` is when to try again."""

    def __init__(self, message: str, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class QueueFull(QueueError):
    """Admission refused: nothing of the request was taken."""


class QueueUnreachable(QueueError):
    """Redis does not answer."""


class Unscored(ServiceError):
    """A completion could not be judged, and the trainer's format has no null to say so."""

    def __init__(self, message: str, *, ours: bool) -> None:
        super().__init__(message)
        self.ours = ours
        """False: the dataset's row cannot be used, and a retry will not help."""
