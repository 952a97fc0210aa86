"""Problems as JSON, and the problems that several protocols report alike."""

from dataclasses import dataclass

import msgspec
from msgspec import UNSET, UnsetType

from backchannel.errors import Problem


class IllegalEventError(RuntimeError):
    """A bug in this program: it called a session in an order that the protocol does not allow."""


class ErrorBody(msgspec.Struct, frozen=True):
    """Body of an HTTP error response. The last two fields are our own; other clients ignore them."""

    error_id: str
    correlation_id: str
    link: str
    message: str
    retryable: bool
    retry_after_seconds: float | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class ErrorLinks:
    """Links to the error page of this server.

    Attributes
    ----------
    base_url
        The address by which clients reach the server, without a trailing slash.
    """

    base_url: str

    def to(self, problem: Problem) -> str:
        """Return the link that explains a problem.

        Examples
        --------
        >>> ErrorLinks("https://host").to(Problem("ih5006", "The segment has 1 s."))
        'https://host/docs/errors#ih5006-segment-too-short'
        """
        return f"{self.base_url}/docs/errors#{problem.entry.anchor}"


def retry_after(problem: Problem) -> float | UnsetType:
    """Return how long to wait before trying again, s; UNSET if unknown, which leaves the field out."""
    return UNSET if problem.retry_after_s is None else problem.retry_after_s


def message_too_large(size_bytes: int, max_bytes: int) -> Problem | None:
    """Check the size of a binary message.

    Returns
    -------
    Problem or None
        ``ih6002`` if the message is too large.
    """
    if size_bytes <= max_bytes:
        return None
    return Problem(
        "ih6002",
        f"The message has {size_bytes} bytes. The limit is {in_megabytes(max_bytes)}. "
        "Send shorter segments, or use a lower bit rate.",
    )


def in_megabytes(size_bytes: int) -> str:
    """Write a size in bytes and in MB.

    Examples
    --------
    >>> in_megabytes(33_554_432)
    '33554432 bytes (32 MB)'
    """
    return f"{size_bytes} bytes ({size_bytes / 2**20:g} MB)"


def error_body(problem: Problem, correlation_id: str, links: ErrorLinks) -> ErrorBody:
    """Return the HTTP body for a problem."""
    return ErrorBody(
        error_id=problem.error_id,
        correlation_id=correlation_id,
        link=links.to(problem),
        message=problem.message,
        retryable=problem.entry.retryable,
        retry_after_seconds=retry_after(problem),
    )
