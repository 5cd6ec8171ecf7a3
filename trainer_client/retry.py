"""When to send again: what failed, how long to wait, and when to stop."""

import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_FIRST_S = 0.1
_LONGEST_S = 5.0

RETRIED_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})


class Failure(Exception):
    """One attempt failed; a later one may not."""

    def __init__(self, reason: str, message: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(f"{reason}: {message}" if message else reason)
        self.reason = reason
        self.retry_after_s = retry_after_s


def status_failure(status: int, retry_after: str | None) -> Failure:
    """The failure that a status in RETRIED_STATUSES stands for."""
    reason = {429: "queue_full", 503: "unavailable"}.get(status, "server_error")
    return Failure(reason, f"status {status}", retry_after_s(retry_after))


def retry_after_s(header: str | None, now: datetime | None = None) -> float | None:
    """Seconds that a Retry-After header asks for: a number, or an HTTP date (RFC 9110, 10.2.3)."""
    if not header or len(header) > 64:
        return None
    try:
        return max(0.0, float(int(header)))
    except ValueError:
        pass
    try:
        when = parsedate_to_datetime(header)
    except ValueError:
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (when - (now or datetime.now(UTC))).total_seconds())


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment on the monotonic clock."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        return cls(time.monotonic() + seconds)

    @property
    def left_s(self) -> float:
        return self.at - time.monotonic()


def pause_s(attempt: int, failure: Failure) -> float:
    """Exponential with full jitter, and never sooner than the server asked for."""
    wait = min(_LONGEST_S, _FIRST_S * 2.0 ** min(attempt, 16))
    jittered = wait * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing
    return max(jittered, failure.retry_after_s or 0.0)
