"""Stream v0 without a socket: which events are legal when, and which messages they cause.

A `Session` is a frozen value. Each event is a method that returns the next session and the messages to send.
A table lists the legal events of each phase. Any other event is a bug in this program, never the client's
fault, and raises `IllegalEventError`.

Every binary message is a segment and gets the next number, even if it cannot be analysed. The server answers
at once with `processing`, and later, in the order received, with `result` and `completed` or with `error`.
A text message is not a segment: it gets no number, and its error has ``"segment": null``. The same holds for
errors that end a session. A client's own transcript gets no answer.
"""

import dataclasses
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from backchannel.errors import Problem
from backchannel.protocol.client_transcript import (
    TRANSCRIPT,
    ClientTranscript,
    names_transcript,
    read_transcript,
)
from backchannel.protocol.errors import ErrorLinks, IllegalEventError, message_too_large, retry_after
from backchannel.protocol.include import Include
from backchannel.protocol.results import (
    NEUTRAL_QUALITY,
    ConversationQualityBody,
    CoverageBody,
    EngagementBody,
    PhraseBody,
    SignalBody,
    conversation_quality,
    coverage_body,
    engagement_bodies,
    signal_bodies,
    transcript_bodies,
)
from backchannel.values import Quality, SegmentResult


class Processing(msgspec.Struct, frozen=True, tag_field="status", tag="processing"):
    """The server received the segment."""

    segment: int
    correlation_id: str
    bytes: int


class Result(msgspec.Struct, frozen=True, tag_field="status", tag="result"):
    """The result of the segment.

    `coverage` and `transcript` are our own. Coverage is present if something was left out, the transcript if
    the client asked for it.
    """

    segment: int
    correlation_id: str
    signals: tuple[SignalBody, ...]
    engagement_state: tuple[EngagementBody, ...]
    conversation_quality: ConversationQualityBody | UnsetType = UNSET
    coverage: CoverageBody | UnsetType = UNSET
    transcript: tuple[PhraseBody, ...] | UnsetType = UNSET
    seq: int | UnsetType = UNSET


class Completed(msgspec.Struct, frozen=True, tag_field="status", tag="completed"):
    """The segment is finished.

    `seq` and `resend_from` are our own, for clients that connected with `resume`: the number of the message,
    and the first segment that is necessary to resume the session.
    """

    segment: int
    correlation_id: str
    seq: int | UnsetType = UNSET
    resend_from: int | UnsetType = UNSET


class Error(msgspec.Struct, frozen=True, tag_field="status", tag="error"):
    """An error about a segment, or about something else if `segment` is null."""

    segment: int | None
    correlation_id: str
    error_id: str
    link: str
    message: str
    retryable: bool
    retry_after_seconds: float | UnsetType = UNSET
    seq: int | UnsetType = UNSET
    resend_from: int | UnsetType = UNSET


Message = Processing | Result | Completed | Error


class Phase(Enum):
    """The phase of a session: accepting media, finishing accepted media, or over."""

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


@dataclass(frozen=True, slots=True)
class Arrival:
    """A segment that just arrived.

    Attributes
    ----------
    number
        Its number, from 1.
    message
        The message to send at once.
    problem
        Why the segment's size rules out an analysis, or None. The caller passes it to `Session.refuse` when
        it is this segment's turn, so that answers keep the order of the segments.
    """

    number: int
    message: Processing
    problem: Problem | None


@dataclass(frozen=True, slots=True)
class Session:
    """A v0 session.

    Attributes
    ----------
    correlation_id
        The id in every message of the session.
    include
        The sections that the client asked for.
    links
        Links to the error page.
    max_message_bytes
        Largest segment, inclusive.
    phase, received, answered
        The current phase, and the number of segments received and answered.
    quality_overall
        Cumulative quality after the last result.
    said
        The client's own transcript; None if it sent none.
    """

    correlation_id: str
    include: Include
    links: ErrorLinks
    max_message_bytes: int
    phase: Phase = Phase.OPEN
    received: int = 0
    answered: int = 0
    quality_overall: Quality = NEUTRAL_QUALITY
    said: ClientTranscript | None = None

    @property
    def pending(self) -> int:
        """The number of segments without an answer."""
        return self.received - self.answered

    def media(self, size_bytes: int) -> tuple["Session", Arrival]:
        """Register a binary message."""
        number = self.received + 1
        after = dataclasses.replace(self._after("media"), received=number)
        message = Processing(number, self.correlation_id, size_bytes)
        return after, Arrival(number, message, self._size_problem(size_bytes))

    def text(self, text: str) -> tuple["Session", tuple[Error, ...]]:
        """Take a client's own transcript. Answer any other text message with an error."""
        after = self._after("text")
        try:
            if names_transcript(text):
                newer = read_transcript(text)
                said = self.said.replaced(newer) if self.said else newer
                return dataclasses.replace(after, said=said), ()
            problem = Problem(
                "ih6001",
                f"This session accepts media in binary messages, and `{TRANSCRIPT}`. The text message "
                f"({len(text)} characters) was ignored; the session continues.",
            )
        except Problem as invalid:
            problem = invalid
        return after, (self._error(None, problem),)

    def answer(self, number: int, result: SegmentResult | None) -> tuple["Session", tuple[Result, Completed]]:
        """Answer the oldest pending segment with its result.

        Parameters
        ----------
        number
            The segment's number.
        result
            The result, or None if the segment has only a container's header and no media yet.
        """
        quality_overall = self.quality_overall if result is None else result.quality_overall
        said = self.said
        if said is not None and result is not None:
            said = said.taken([phrase.span for phrase in result.transcript])
        after = dataclasses.replace(
            self._after("answer", number), answered=number, quality_overall=quality_overall, said=said
        )
        body = Result(
            segment=number,
            correlation_id=self.correlation_id,
            signals=() if result is None else signal_bodies(result.signals, self.include),
            engagement_state=() if result is None else engagement_bodies(result.engagement),
            conversation_quality=conversation_quality(
                quality_overall, [] if result is None else [(result.span, result.quality)], self.include
            ),
            coverage=UNSET if result is None or not result.coverage.incomplete else coverage_body([result]),
            transcript=transcript_bodies([] if result is None else [result], self.include),
        )
        return after, (body, Completed(number, self.correlation_id))

    def refuse(self, number: int, problem: Problem) -> tuple["Session", Error]:
        """Answer the oldest pending segment with an error. The session continues."""
        return dataclasses.replace(self._after("refuse", number), answered=number), self._error(
            number, problem
        )

    def drain(self) -> "Session":
        """Stop accepting media. Pending segments still get their answers."""
        return self._after("drain")

    def end(self, problem: Problem) -> tuple["Session", Error]:
        """End the session. The caller closes the socket after this message."""
        return self._after("end"), self._error(None, problem)

    def _after(self, event: Event, number: int | None = None) -> "Session":
        phase = _NEXT.get((self.phase, event))
        if phase is None:
            raise IllegalEventError(f"{event} while {self.phase.value}")
        if number is not None and not self.received >= number == self.answered + 1:
            raise IllegalEventError(
                f"{event} of segment {number}: {self.received} received, {self.answered} answered"
            )
        return dataclasses.replace(self, phase=phase)

    def _size_problem(self, size_bytes: int) -> Problem | None:
        if size_bytes == 0:
            return Problem("ih5004", "The message is empty. Send one segment in each binary message.")
        return message_too_large(size_bytes, self.max_message_bytes)

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
    """Return a message as the text of a WebSocket frame.

    See Also
    --------
    decode : The inverse.

    Examples
    --------
    >>> encode(Completed(segment=2, correlation_id="id"))
    '{"status":"completed","segment":2,"correlation_id":"id"}'
    """
    return msgspec.json.encode(message).decode()


def encode_numbered(message: Result | Completed | Error, seq: int) -> str:
    """Return a numbered message of a session that can be resumed, as the text of a WebSocket frame."""
    return encode(replace(message, seq=seq))


def sent_again(text: str, correlation_id: str) -> str:
    """Return a message of an earlier connection with the correlation id of this one."""
    return encode(replace(decode(text), correlation_id=correlation_id))


_decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


def decode(text: str) -> Message:
    """Read a server's message. Unknown fields are ignored, because a newer server may send them.

    Raises
    ------
    msgspec.ValidationError, msgspec.DecodeError
        If the text is not a v0 message.

    See Also
    --------
    encode : The inverse.
    """
    return _decoder.decode(text)
