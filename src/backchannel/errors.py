"""The catalogue of errors: one entry for each id a client can meet.

Errors are values. A room that meets bad input raises `Problem`, which carries a catalogue entry and the
sentence for this occasion; the rooms that talk to people turn it into an HTTP body, a WebSocket message or
a line on a terminal. Nothing here knows about any of those.
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
        A few words; also the anchor of the entry on the server's error page.
    http_status
        Status of an HTTP answer that carries it.
    close_code
        WebSocket close code where the error ends the connection, otherwise None.
    retryable
        Whether the same request may succeed later without being changed.
    advice
        What the reader can do about it, for the error page.
    """

    error_id: str
    title: str
    http_status: int
    close_code: int | None
    retryable: bool
    advice: str

    @property
    def anchor(self) -> str:
        """Fragment of this entry on the error page, for example ``ih6002-message-too-large``."""
        return f"{self.error_id}-{self.title.replace(' ', '-')}"


_ENTRIES = (
    ErrorEntry(
        "ih1001",
        "internal server error",
        500,
        None,
        True,
        "Send it again; quote the correlation id if it persists.",
    ),
    ErrorEntry(
        "ih1002", "too many jobs held", 503, None, True, "Wait for held jobs to expire, then submit again."
    ),
    ErrorEntry(
        "ih1003",
        "no analysis backend",
        503,
        1013,
        True,
        "The server cannot take more work now. Try again later.",
    ),
    ErrorEntry(
        "ih1004", "job interrupted", 500, None, True, "The server stopped while the job ran. Submit it again."
    ),
    ErrorEntry(
        "ih2001", "invalid credential", 401, 4001, False, "Check the API key; it may be mistyped or revoked."
    ),
    ErrorEntry(
        "ih2002",
        "missing credential",
        401,
        None,
        False,
        "Send `Authorization: Bearer <key>` or the subprotocol.",
    ),
    ErrorEntry(
        "ih2003", "missing scope", 403, 4003, False, "Use a key that has the scope named in the message."
    ),
    ErrorEntry("ih2010", "client token expired", 401, 4001, False, "Mint a new client token."),
    ErrorEntry("ih2011", "client token invalid", 401, 4001, False, "Mint a new client token."),
    ErrorEntry("ih2014", "client token revoked", 401, 4001, False, "Mint a new client token."),
    ErrorEntry(
        "ih3001", "rate limit exceeded", 429, 4029, True, "Wait as long as `retry_after_seconds` says."
    ),
    ErrorEntry(
        "ih3002", "concurrency limit exceeded", 429, 4029, True, "End another session of this key first."
    ),
    ErrorEntry(
        "ih3003", "quota exceeded", 429, 4029, False, "Ask the operator of this server for a larger quota."
    ),
    ErrorEntry("ih3006", "video budget spent", 429, 4029, False, "Mint a client token with a larger budget."),
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
        "Send at most 32 MB; lower the bit rate or cut the file.",
    ),
    ErrorEntry("ih4004", "video too long", 400, None, False, "Cut the media into shorter pieces."),
    ErrorEntry(
        "ih4005", "invalid parameter", 400, 1008, False, "Correct the parameter named in the message."
    ),
    ErrorEntry("ih4007", "video too short", 400, None, False, "Send at least 3 seconds of media."),
    ErrorEntry(
        "ih4021", "job not found", 404, None, False, "Jobs are kept for one hour; submit the file again."
    ),
    ErrorEntry(
        "ih5001",
        "no usable video",
        422,
        None,
        False,
        "Send a file with a picture or sound that can be decoded.",
    ),
    ErrorEntry(
        "ih5002", "corrupted video", 422, None, False, "The media breaks off or is damaged; record it again."
    ),
    ErrorEntry(
        "ih5004",
        "malformed segment",
        422,
        None,
        False,
        "Send one whole segment of a supported container a message.",
    ),
    ErrorEntry("ih5006", "segment too short", 422, None, False, "Send segments of at least 3 seconds."),
    ErrorEntry(
        "ih5008", "no audio", 422, None, False, "Send media with a sound track, or choose another model."
    ),
    ErrorEntry("ih6001", "invalid session message", 400, None, False, "Send media as binary messages."),
    ErrorEntry(
        "ih6002", "message too large", 413, None, False, "Send at most 32 MB a message; use shorter segments."
    ),
    ErrorEntry(
        "ih6003", "idle timeout", 408, 1000, True, "Open a new session; send media at least every 5 minutes."
    ),
    ErrorEntry("ih6004", "maximum duration reached", 408, 1000, True, "Open a new session."),
)

CATALOGUE: Mapping[str, ErrorEntry] = MappingProxyType({entry.error_id: entry for entry in _ENTRIES})
"""Every error a client can meet, by id (wire contract, section 5)."""


class Problem(Exception):  # noqa: N818 -- it is what the sender has, not what went wrong in here
    """Something went wrong that its sender can understand: a catalogue id and a sentence.

    The message says what was wrong and what to do, with the limit and the measured value. It never holds
    a path, a stack, an exception's text, media or a credential, since clients and logs will see it.

    Parameters
    ----------
    error_id
        A key of `CATALOGUE`.
    message
        One or two plain sentences.
    retry_after_s
        How long to wait before trying again, where that is known.
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
