"""The catalogue of errors: one entry for each error id a client can receive.

Code that meets bad input raises a `Problem`: a catalogue entry and a message for this occurrence. The server
and the command line turn it into an HTTP body, a WebSocket message or a line on a terminal. This module knows
nothing about any of those.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class ErrorEntry:
    """One kind of error, as published.

    Attributes
    ----------
    error_id
        The id on the wire, for example ``ih6002``.
    title
        A short name. The anchor on the server's error page is made from it.
    http_status
        Status of an HTTP response with this error.
    close_code
        WebSocket close code if the error ends the connection, otherwise None.
    retryable
        Whether the same request may succeed later, unchanged.
    advice
        What the reader can do about it. Shown on the error page.
    """

    error_id: str
    title: str
    http_status: int
    close_code: int | None
    retryable: bool
    advice: str

    @property
    def anchor(self) -> str:
        """URL fragment of this entry on the error page, for example ``ih6002-message-too-large``."""
        return f"{self.error_id}-{self.title.replace(' ', '-')}"


_ENTRIES = (
    ErrorEntry(
        "ih1001",
        "internal server error",
        500,
        None,
        True,
        "Try again. If the error persists, report the correlation id to the operator of this server.",
    ),
    ErrorEntry(
        "ih1002",
        "too many jobs held",
        503,
        None,
        True,
        "The server keeps each job for one hour. Wait for older jobs to expire, then submit again.",
    ),
    ErrorEntry(
        "ih1003",
        "no analysis backend",
        503,
        1013,
        True,
        "The server has no capacity for more work right now. Try again later.",
    ),
    ErrorEntry(
        "ih1004",
        "job interrupted",
        500,
        None,
        True,
        "The server stopped while the job was running. Submit the file again.",
    ),
    ErrorEntry(
        "ih2001", "invalid credential", 401, 4001, False, "Check the API key. It may be mistyped or revoked."
    ),
    ErrorEntry(
        "ih2002",
        "missing credential",
        401,
        None,
        False,
        "Send the header `Authorization: Bearer <key>`, or the key as a WebSocket subprotocol.",
    ),
    ErrorEntry("ih2003", "missing scope", 403, 4003, False, "Use a key with the scope named in the message."),
    ErrorEntry("ih2010", "client token expired", 401, 4001, False, "Create a new client token."),
    ErrorEntry("ih2011", "client token invalid", 401, 4001, False, "Create a new client token."),
    ErrorEntry("ih2014", "client token revoked", 401, 4001, False, "Create a new client token."),
    ErrorEntry(
        "ih3001", "rate limit exceeded", 429, 4029, True, "Wait for `retry_after_seconds`, then try again."
    ),
    ErrorEntry(
        "ih3002", "concurrency limit exceeded", 429, 4029, True, "End another session of this key first."
    ),
    ErrorEntry(
        "ih3003", "quota exceeded", 429, 4029, False, "Ask the operator of this server for a larger quota."
    ),
    ErrorEntry(
        "ih3006", "video budget spent", 429, 4029, False, "Create a client token with a larger budget."
    ),
    ErrorEntry("ih4001", "file missing", 400, None, False, "Send the media in the multipart field `file`."),
    ErrorEntry(
        "ih4002",
        "unsupported container",
        400,
        None,
        False,
        "Send mp4, avi, mov, mkv, mpeg-ts, mpeg-2-ts or webm.",
    ),
    ErrorEntry(
        "ih4003",
        "file too large",
        413,
        None,
        False,
        "Send at most 32 MB. Lower the bit rate, or split the file.",
    ),
    ErrorEntry("ih4004", "video too long", 400, None, False, "Split the media into shorter files."),
    ErrorEntry(
        "ih4005", "invalid parameter", 400, 1008, False, "Correct the parameter named in the message."
    ),
    ErrorEntry("ih4007", "video too short", 400, None, False, "Send at least 3 seconds of media."),
    ErrorEntry(
        "ih4021",
        "job not found",
        404,
        None,
        False,
        "The server keeps jobs for one hour. Submit the file again.",
    ),
    ErrorEntry(
        "ih5001",
        "no usable video",
        422,
        None,
        False,
        "Send media with a video or audio track in a common codec.",
    ),
    ErrorEntry(
        "ih5002", "corrupted video", 422, None, False, "The media is truncated or damaged. Record it again."
    ),
    ErrorEntry(
        "ih5004",
        "malformed segment",
        422,
        None,
        False,
        "Send one complete segment per message, or begin the stream with its container's header.",
    ),
    ErrorEntry("ih5006", "segment too short", 422, None, False, "Send segments of at least 3 seconds."),
    ErrorEntry(
        "ih5008", "no audio", 422, None, False, "Send media with an audio track, or choose another model."
    ),
    ErrorEntry(
        "ih6001",
        "invalid session message",
        400,
        None,
        False,
        "Send media as binary messages, and configuration as JSON text on v1 and v2.",
    ),
    ErrorEntry(
        "ih6002",
        "message too large",
        413,
        None,
        False,
        "Send at most 32 MB per message. Use shorter segments or a lower bit rate.",
    ),
    ErrorEntry(
        "ih6003",
        "idle timeout",
        408,
        1000,
        True,
        "Open a new session, and send media at least every 5 minutes.",
    ),
    ErrorEntry("ih6004", "maximum duration reached", 408, 1000, True, "Open a new session."),
)

CATALOGUE: Mapping[str, ErrorEntry] = MappingProxyType({entry.error_id: entry for entry in _ENTRIES})
"""Every error a client can receive, by id (wire contract, section 5)."""


class Problem(Exception):  # noqa: N818 -- the client has a problem; this program has no error
    """An error that the client can understand and act on: a catalogue id and a message.

    The message says what was wrong and what to do, with the limit and the measured value. Clients and logs
    see it, so it never contains a path, a stack trace, an exception's text, media or a credential.

    Parameters
    ----------
    error_id
        A key of `CATALOGUE`.
    message
        One or two plain sentences.
    retry_after_s
        How long to wait before trying again, s. None if unknown.

    Examples
    --------
    >>> problem = Problem("ih6002", "The message has 50 MB. The limit is 32 MB.")
    >>> problem.entry.title
    'message too large'
    >>> problem.entry.http_status
    413
    """

    def __init__(self, error_id: str, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(error_id, message, retry_after_s)
        self.entry = CATALOGUE[error_id]
        self.message = message
        self.retry_after_s = retry_after_s

    @property
    def error_id(self) -> str:
        """The catalogue id."""
        return self.entry.error_id

    def __str__(self) -> str:
        return self.message
