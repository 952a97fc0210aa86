"""Logging: one line per event on standard error, as JSON unless standard error is a terminal.

No log line may contain media, a credential, a message body or the text of an exception. So exceptions, ours
and those of libraries, are reduced to their type and location. The web server's own lines quote query
strings, so only its warnings and errors are shown.
"""

import logging
import sys
import traceback
from pathlib import Path
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, Processor

# The web server writes this error after every HTTP answer to an upgrade, such as 401 for a wrong key. It is
# no fault of the server: the application has answered, and has logged `stream refused`.
_UPGRADE_REFUSED: Final = "ASGI callable returned without completing handshake."


def configure_logging(level: str, stream: TextIO | None = None) -> None:
    """Send every log of this process to standard error.

    Parameters
    ----------
    level
        The lowest level to show, for example ``info``.
    stream
        Where to write instead of standard error.
    """
    stream = sys.stderr if stream is None else stream
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_exception_text,
    ]
    renderer: Processor = structlog.processors.JSONRenderer()
    if stream.isatty():
        renderer = structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler(stream)
    handler.addFilter(lambda record: record.msg != _UPGRADE_REFUSED)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("backchannel").setLevel(level.upper())


def describe(error: BaseException) -> dict[str, str]:
    """Return what the log may say about an exception: its type and location."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return {"kind": type(error).__name__, "place": place}


def _without_exception_text(_logger: Any, _method: str, event: EventDict) -> EventDict:
    found = event.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()
    error = found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        event.update(describe(error))
    record = event.get("_record")
    if record is not None:
        # Otherwise the formatter would print the exception again.
        record.exc_info = record.exc_text = None
    return event
