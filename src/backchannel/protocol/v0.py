"""Stream v0 without its socket: what may happen when, and what is said then.

A `Session` is a frozen value. Each thing that happens is a method that returns the next session and the
messages to send. What may happen in which phase is a table; anything else is a fault of this program, not
of the client, and raises `IllegalEventError`.

Every binary message is a segment and gets the next number, whether or not it can be analysed; it is
answered with `processing` at once and later, in the order received, with `result` and `completed` or with
`error`. A text message is no segment: it takes no number, and its error says ``"segment": null``. So do
the errors that end a session.
"""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from backchannel.errors import Problem
from backchannel.protocol.errors import ErrorLinks, retry_after
from backchannel.protocol.include import Include
from backchannel.protocol.results import (
    NEUTRAL_QUALITY,
    ConversationQualityBody,
    CoverageBody,
    EngagementBody,
    SignalBody,
    conversation_quality,
    coverage_body,
    engagement_bodies,
    signal_bodies,
)
from backchannel.values import Quality, SegmentResult


class Processing(msgspec.Struct, frozen=True, tag_field="status", tag="processing"):
    """The segment has arrived."""

    segment: int
    correlation_id: str
    bytes: int


class Result(msgspec.Struct, frozen=True, tag_field="status", tag="result"):
    """What the segment shows; `coverage` is ours, and there where fewer pictures a second were looked at."""

    segment: int
    correlation_id: str
    signals: tuple[SignalBody, ...]
    engagement_state: tuple[EngagementBody, ...]
    conversation_quality: ConversationQualityBody | UnsetType = UNSET
    coverage: CoverageBody | UnsetType = UNSET


class Completed(msgspec.Struct, frozen=True, tag_field="status", tag="completed"):
    """The segment is done."""

    segment: int
    correlation_id: str


class Error(msgspec.Struct, frozen=True, tag_field="status", tag="error"):
    """The segment could not be analysed; or, without a segment, something else was wrong."""

    segment: int | None
    correlation_id: str
    error_id: str
    link: str
    message: str
    retryable: bool
    retry_after_seconds: float | UnsetType = UNSET


Message = Processing | Result | Completed | Error


class Phase(Enum):
    """Where a session stands: taking media, finishing what it has, or over."""

    OPEN = "open"
    DRAINING = "draining"
    ENDED = "ended"


Event = Literal["media", "text", "answer", "refuse", "drain", "end"]

_NEXT: Final[dict[tuple[Phase, Event], Phase]] = {
    (Phase.OPEN, "media"): Phase.OPEN,
    (Phase.OPEN, "text"): Phase.OPEN,
    (Phase.OPEN, "answer"): Phase.OPEN,
    (Phase.OPEN, "refuse"): Phase.OPEN,
    (Phase.OPEN, "drain"): Phase.DRAINING,
    (Phase.OPEN, "end"): Phase.ENDED,
    (Phase.DRAINING, "answer"): Phase.DRAINING,
    (Phase.DRAINING, "refuse"): Phase.DRAINING,
    (Phase.DRAINING, "end"): Phase.ENDED,
}


class IllegalEventError(RuntimeError):
    """Our own code called the session in an order that the protocol does not know."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A segment that has just been numbered.

    Attributes
    ----------
    number
        Its number, from 1.
    message
        What to send at once.
    problem
        Why it cannot be analysed, as far as its size tells; to be passed to `Session.refuse` when its
        turn comes, so that answers keep the order of the segments.
    """

    number: int
    message: Processing
    problem: Problem | None


@dataclass(frozen=True, slots=True)
class Session:
    """One v0 conversation.

    Attributes
    ----------
    correlation_id
        In every message.
    include
        What the client asked for.
    links
        Where errors are explained.
    max_message_bytes
        Largest segment, inclusive.
    phase, received, answered
        Where it stands, how many segments came, and how many had their answer.
    quality_overall
        Cumulative quality after the last result.
    """

    correlation_id: str
    include: Include
    links: ErrorLinks
    max_message_bytes: int
    phase: Phase = Phase.OPEN
    received: int = 0
    answered: int = 0
    quality_overall: Quality = NEUTRAL_QUALITY

    @property
    def pending(self) -> int:
        """Segments that still wait for their answer."""
        return self.received - self.answered

    def media(self, size_bytes: int) -> tuple["Session", Arrival]:
        """Note a binary message."""
        number = self.received + 1
        after = replace(self._after("media"), received=number)
        message = Processing(number, self.correlation_id, size_bytes)
        return after, Arrival(number, message, self._size_problem(size_bytes))

    def text(self, length: int) -> tuple["Session", Error]:
        """Note a text message, which v0 has no use for."""
        problem = Problem(
            "ih6001",
            f"A text message of {length} characters came, but this session takes only media, in binary "
            "messages. It was ignored and the session goes on.",
        )
        return self._after("text"), self._error(None, problem)

    def answer(self, number: int, result: SegmentResult | None) -> tuple["Session", tuple[Result, Completed]]:
        """Answer the oldest pending segment; None when it brought no media yet, only a container's header."""
        quality_overall = self.quality_overall if result is None else result.quality_overall
        after = replace(self._after("answer", number), answered=number, quality_overall=quality_overall)
        body = Result(
            segment=number,
            correlation_id=self.correlation_id,
            signals=() if result is None else signal_bodies(result.signals, self.include),
            engagement_state=() if result is None else engagement_bodies(result.engagement),
            conversation_quality=conversation_quality(
                quality_overall, [] if result is None else [(result.span, result.quality)], self.include
            ),
            coverage=UNSET if result is None or not result.coverage.reduced else coverage_body([result]),
        )
        return after, (body, Completed(number, self.correlation_id))

    def refuse(self, number: int, problem: Problem) -> tuple["Session", Error]:
        """Answer the oldest pending segment with what was wrong with it. The session goes on."""
        return replace(self._after("refuse", number), answered=number), self._error(number, problem)

    def drain(self) -> "Session":
        """Take no more media; what has come is still answered."""
        return self._after("drain")

    def end(self, problem: Problem) -> tuple["Session", Error]:
        """End the session; the socket is closed after this message."""
        return self._after("end"), self._error(None, problem)

    def _after(self, event: Event, number: int | None = None) -> "Session":
        phase = _NEXT.get((self.phase, event))
        if phase is None:
            raise IllegalEventError(f"{event} while {self.phase.value}")
        if number is not None and not self.received >= number == self.answered + 1:
            raise IllegalEventError(
                f"{event} of segment {number}: {self.received} received, {self.answered} answered"
            )
        return replace(self, phase=phase)

    def _size_problem(self, size_bytes: int) -> Problem | None:
        if size_bytes == 0:
            return Problem("ih5004", "The message is empty. Send one whole segment in each binary message.")
        if size_bytes > self.max_message_bytes:
            limit = f"{self.max_message_bytes} bytes ({self.max_message_bytes / 2**20:g} MB)"
            return Problem(
                "ih6002",
                f"The message has {size_bytes} bytes; a segment may have at most {limit}. "
                "Send shorter segments or use a lower bit rate.",
            )
        return None

    def _error(self, number: int | None, problem: Problem) -> Error:
        return Error(
            segment=number,
            correlation_id=self.correlation_id,
            error_id=problem.error_id,
            link=self.links.to(problem),
            message=problem.message,
            retryable=problem.entry.retryable,
            retry_after_seconds=retry_after(problem),
        )


def encode(message: Message) -> str:
    """Spell a message as the text of a WebSocket frame."""
    return msgspec.json.encode(message).decode()


_decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


def decode(text: str) -> Message:
    """Read a server's message. Unknown fields are ignored, since a server may say more than we know.

    Raises
    ------
    msgspec.ValidationError, msgspec.DecodeError
        The text is no v0 message.
    """
    return _decoder.decode(text)
