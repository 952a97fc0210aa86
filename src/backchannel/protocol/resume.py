"""The query of a client that wants to be able to resume its session: ``?resume=<token>&after=<seq>``."""

from dataclasses import dataclass
from urllib.parse import parse_qsl

from backchannel.errors import Problem
from backchannel.protocol.event_messages import ResumedBody

LONGEST_NUMBER = 12


@dataclass(frozen=True, slots=True)
class Asked:
    """A client can resume its session, or resumes one.

    Attributes
    ----------
    token
        Token of the session; empty for a new one.
    after
        Number of the last message that the client has read.
    """

    token: str = ""
    after: int = 0


@dataclass(frozen=True, slots=True)
class Resume:
    """How a session can be resumed.

    Attributes
    ----------
    token, within_s
        With this token, for so long after its connection is lost, s.
    resumed
        Where it goes on; None for a new session.
    """

    token: str
    within_s: float
    resumed: ResumedBody | None = None


def resume_of_query(query: str) -> Asked | None:
    """Read `resume` and `after`; None without `resume`.

    Raises
    ------
    Problem
        ``ih4005`` when `after` is not a number.

    Examples
    --------
    >>> resume_of_query("resume=") == Asked()
    True
    >>> resume_of_query("resume=abc&after=7")
    Asked(token='abc', after=7)
    """
    given = dict(parse_qsl(query, keep_blank_values=True))
    if "resume" not in given:
        return None
    after = given.get("after") or "0"
    if not (after.isascii() and after.isdigit() and len(after) <= LONGEST_NUMBER):
        raise Problem("ih4005", "The parameter `after` must be the `seq` of the last message that you read.")
    return Asked(given["resume"], int(after))


def cannot_resume() -> Problem:
    """Return what clients read when there is nothing to resume."""
    return Problem(
        "ih4005",
        "There is no session to resume: it has ended, its time is over, or it belongs to another credential. "
        "Open a new session.",
    )
