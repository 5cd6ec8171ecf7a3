"""Logging of a process: for people on a terminal, or JSON lines for a collector.

The processes that another starts (a worker, its children) log as that one does, in the same shapes,
but by the standard library alone: they start often, and structlog takes them a tenth of a second.
"""

import json
import logging
import os
import sys
import time

LEVEL, AS_JSON = "ADJUDGE_LOG_LEVEL", "ADJUDGE_LOG_JSON"


def configure(level: str, *, as_json: bool) -> None:
    """Send every logger of this process to standard error, and have its children do likewise."""
    import structlog

    os.environ[LEVEL], os.environ[AS_JSON] = level, str(as_json).lower()
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[structlog.typing.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta
    ]
    if as_json:
        last += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        last += [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(),
                pad_event_to=0,
                # Plain: the pretty one shows local variables, among them callers' keys, and takes
                # seconds of the event loop for one traceback.
                exception_formatter=structlog.dev.plain_traceback,
            )
        ]
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last)
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


class JsonLines(logging.Formatter):
    """A line as structlog's renderer would write it."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "event": record.getMessage(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
        }
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return json.dumps(told)


def inherit() -> None:
    """Log as the process that started this one."""
    plain = logging.Formatter("%(asctime)s [%(levelname)-8s] %(message)s [%(name)s]", "%FT%TZ")
    plain.converter = time.gmtime
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if os.environ.get(AS_JSON) == "true" else plain)
    level = os.environ.get(LEVEL, "info").upper()
    logging.basicConfig(level=level, handlers=[handler], force=True)
