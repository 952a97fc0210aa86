"""Logging: one line per event on standard error, as JSON unless standard error is a terminal.

No log line may contain media, a credential, a message body or the text of an exception. So exceptions, ours
and those of libraries, are reduced to their type and location. The web server's own lines quote query
strings, so only its warnings and errors are shown.
"""

import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, Processor

# The web server writes this error after every HTTP answer to an upgrade, such as 401 for a wrong key. It is
# no fault of the server: the application has answered, and has logged `stream refused`.
_UPGRADE_REFUSED: Final = "ASGI callable returned without completing handshake."

BURST: Final = 100.0
PER_S: Final = 20.0
"""More of the same help nobody, and anybody can cause them (judgement)."""


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
    handler.addFilter(RateLimit())
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


class RateLimit(logging.Filter):
    """Leaves lines out when the same event comes too often, as when somebody makes the server refuse things.

    Each event may come `BURST` times at once and `PER_S` times a second. The next line of an event says in
    `left_out` how many are missing before it.

    Parameters
    ----------
    now_s
        A clock that never jumps, s.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now_s = now_s
        self._lock = threading.Lock()
        self._allowed: dict[str, tuple[float, float, int]] = {}  # lines, when that was so, and left out

    def filter(self, record: logging.LogRecord) -> bool:
        """Decide about a line."""
        event = record.msg.get("event", "") if isinstance(record.msg, dict) else record.msg
        # Texts of libraries may hold anything, so they share one allowance per library.
        kind = f"{record.name} {event}" if record.name.startswith("backchannel") else record.name
        with self._lock:
            now_s = self._now_s()
            lines, then_s, left_out = self._allowed.get(kind, (BURST, now_s, 0))
            lines = min(BURST, lines + (now_s - then_s) * PER_S)
            allowed = lines >= 1
            self._allowed[kind] = (lines - allowed, now_s, 0 if allowed else left_out + 1)
        if allowed and left_out and isinstance(record.msg, dict):
            record.msg["left_out"] = left_out
        return allowed


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
