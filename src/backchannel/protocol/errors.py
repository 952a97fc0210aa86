"""How a problem is spelled in JSON."""

from dataclasses import dataclass

import msgspec
from msgspec import UNSET, UnsetType

from backchannel.errors import Problem


class ErrorBody(msgspec.Struct, frozen=True):
    """Body of an HTTP answer that is an error. The last two fields are ours; other clients ignore them."""

    error_id: str
    correlation_id: str
    link: str
    message: str
    retryable: bool
    retry_after_seconds: float | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class ErrorLinks:
    """Where this server explains its errors.

    Attributes
    ----------
    base_url
        How clients reach the server, without a trailing slash.
    """

    base_url: str

    def to(self, problem: Problem) -> str:
        """Link to the explanation of this problem."""
        return f"{self.base_url}/docs/errors#{problem.entry.anchor}"


def retry_after(problem: Problem) -> float | UnsetType:
    """Spell how long to wait, s; left out where nobody knows."""
    return UNSET if problem.retry_after_s is None else problem.retry_after_s


def error_body(problem: Problem, correlation_id: str, links: ErrorLinks) -> ErrorBody:
    """Spell a problem as an HTTP body."""
    return ErrorBody(
        error_id=problem.error_id,
        correlation_id=correlation_id,
        link=links.to(problem),
        message=problem.message,
        retryable=problem.entry.retryable,
        retry_after_seconds=retry_after(problem),
    )
