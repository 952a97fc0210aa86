"""Streams v1 and v2 without a socket: which events are legal when, and which messages they cause.

Like `v0.Session`, a `Session` is a frozen value. Each event is a method that returns the next session and the
messages to send. A client can never cause an illegal event: every message of a client gets an answer in
every phase, at worst an error that leaves the session unchanged. An event without a row in the table is a bug
in this program and raises `IllegalEventError`.

Binary messages have numbers from 1, so that an error can name one. Results have no numbers, because analysis
windows do not follow the client's messages (see `conversation.changes`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from msgspec import UNSET

from backchannel.errors import Problem
from backchannel.protocol.client_transcript import ClientTranscript
from backchannel.protocol.config_frame import AudioFormat, Close, Config, read_text
from backchannel.protocol.errors import ErrorLinks, IllegalEventError, message_too_large, retry_after
from backchannel.protocol.event_encoding import encode_changes, encode_coverage, encode_transcript
from backchannel.protocol.event_messages import (
    ConfigOptions,
    Data,
    EndReason,
    Error,
    IncludeFlag,
    SessionClosing,
    SessionEnded,
    SessionReady,
    SessionUpdated,
)
from backchannel.protocol.event_phases import NEXT, Event, Phase
from backchannel.protocol.include import Include
from backchannel.protocol.products import (
    ENGINE,
    MODELS,
    PICTURE_AND_SOUND,
    SOUND_ONLY,
    ModelName,
    reported_by,
)
from backchannel.protocol.results import policy_body, seconds
from backchannel.protocol.resume import Resume
from backchannel.updates import Change, Changes, SignalBegan, SignalChanged, SignalOver
from backchannel.values import Policy, SignalType

Version = Literal["v1", "v2"]
FLAGS: Final[tuple[IncludeFlag, ...]] = ("conversation_quality_overall", "conversation_quality_timeline")


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a session, announced when it opens.

    Attributes
    ----------
    idle_s, max_s, drain_s
        Longest silence, longest session, and the time to finish accepted media when it closes, s.
    max_segment_s, max_message_bytes
        Longest and largest binary message.
    """

    idle_s: float
    max_s: float
    drain_s: float
    max_segment_s: float
    max_message_bytes: int


@dataclass(frozen=True, slots=True)
class Session:
    """A v1 or v2 session.

    Attributes
    ----------
    version
        v1 reports `modality` and has one model. v2 has a choice of models and no `modality`.
    links
        Links to the error page.
    limits
        The announced limits. The caller has the clock and enforces the time limits.
    include
        The sections that the client asked for.
    model, audio_format
        The chosen model, and the format of raw samples. None means that binary messages are containers.
    phase, received
        The current phase, and the number of binary messages so far.
    reason
        Why the session drains.
    active
        Signals that were detected and have not ended, each with the end of its evidence so far.
    policy
        What may be reported, announced when the session opens. The analysis applies it.
    words
        The server listens for words. A client can end that, but not begin it.
    said
        The client's own transcript, which then counts instead; None if it sent none.
    """

    version: Version
    links: ErrorLinks
    limits: Limits
    include: Include = Include()
    model: ModelName = PICTURE_AND_SOUND
    audio_format: AudioFormat | None = None
    phase: Phase = Phase.NEW
    received: int = 0
    reason: EndReason = "client_shutdown"
    active: tuple[tuple[SignalType, float], ...] = ()
    policy: Policy = "full"
    words: bool = False
    said: ClientTranscript | None = None

    @property
    def line(self) -> "Session":
        """Itself."""
        return self

    @property
    def picture_only(self) -> bool:
        """Whether to ignore sound: never here."""
        return False

    @property
    def sound_only(self) -> bool:
        """Whether to ignore video."""
        return self.model == SOUND_ONLY

    @property
    def extensions(self) -> tuple[str, ...]:
        """Our own values of `include`, beside the published flags."""
        return ("evidence", "transcript", "summary") if self.words else ("evidence", "summary")

    # --- opening -----------------------------------------------------------------------------------

    def open(self, resume: Resume | None = None) -> tuple["Session", tuple[Data, ...]]:
        """Open the session. `session.ready` is the first message of every accepted session.

        Parameters
        ----------
        resume
            How it can be resumed; None if the client did not ask for that.
        """
        limits = self.limits
        ready = SessionReady(
            session_idle_timeout_seconds=math.ceil(limits.idle_s),
            session_max_duration_seconds=math.ceil(limits.max_s),
            max_segment_duration_seconds=seconds(limits.max_segment_s),
            min_segment_size_bytes=1,
            max_segment_size_bytes=limits.max_message_bytes,
            supported_session_config_options=ConfigOptions(
                include=FLAGS, model=MODELS if self.version == "v2" else None
            ),
            engine=ENGINE,
            extensions=self.extensions,
            policy=policy_body(self.policy),
            resume_token=UNSET if resume is None else resume.token,
            resume_within_seconds=UNSET if resume is None else resume.within_s,
            resumed=UNSET if resume is None or resume.resumed is None else resume.resumed,
        )
        after = self._after("open")
        # One that goes on has had media, perhaps: its model stays.
        return (replace(after, phase=Phase.STREAMING) if self.received else after), (ready,)

    # --- messages from the client ------------------------------------------------------------------

    def media(self, size_bytes: int) -> tuple["Session", int | None, tuple[Data, ...]]:
        """Register a binary message.

        Returns
        -------
        session
            The next session.
        number
            The message's number, or None if the message must not be analysed.
        messages
            What to send.
        """
        after = self._after("media")
        if self.phase is Phase.ENDED:
            return after, None, ()
        after = replace(after, received=self.received + 1)
        problem = self._media_problem(size_bytes)
        if problem is not None:
            return after, None, (self._error(problem, after.received),)
        return after, after.received, ()

    def text(self, text: str) -> tuple["Session", tuple[Data, ...]]:
        """Handle a text message: a config frame, a transcript, `session.close`, or an invalid one."""
        try:
            match read_text(text):
                case Close():
                    return self.close()
                case ClientTranscript() as newer:
                    return self.replace_transcript(newer), ()
                case Config() as config:
                    return self.configure(config)
        except Problem as problem:
            return self.reject(problem)

    def reject(self, problem: Problem) -> tuple["Session", tuple[Data, ...]]:
        """Handle an invalid text message. The session continues."""
        return self._after("invalid text"), () if self.phase is Phase.ENDED else (self._error(problem, None),)

    def replace_transcript(self, newer: ClientTranscript) -> "Session":
        """Take a client's own transcript, instead of the one before and the server's."""
        return replace(self._after("config"), said=self.said.replaced(newer) if self.said else newer)

    def close(self) -> tuple["Session", tuple[Data, ...]]:
        """Handle `session.close`."""
        after = self._after("close")
        if self.phase in {Phase.DRAINING, Phase.ENDED}:
            return after, ()
        return after, (SessionClosing(math.ceil(self.limits.drain_s)),)

    def configure(self, config: Config) -> tuple["Session", tuple[Data, ...]]:
        """Handle a config frame."""
        after = self._after("config")
        if self.phase is Phase.ENDED:
            return after, ()
        model = config.model or self.model
        audio_format = config.audio_format or (self.audio_format if model == self.model else None)
        problem = self._config_problem(config, model, audio_format)
        if problem is not None:
            return after, (self._error(problem, None),)
        words = self.words and config.words is not False
        after = replace(after, include=config.include, model=model, audio_format=audio_format, words=words)
        updated = SessionUpdated(
            include=tuple(flag for flag in FLAGS if after.asks_for(flag)),
            model=model if self.version == "v2" else None,
            engine=ENGINE,
            extensions=tuple(name for name in after.extensions if getattr(config.include, name)),
        )
        return after, (updated,)

    def asks_for(self, flag: IncludeFlag) -> bool:
        """Return whether the client asked for this section."""
        overall = flag == "conversation_quality_overall"
        return self.include.quality_overall if overall else self.include.quality_timeline

    def _config_problem(
        self, config: Config, model: ModelName, audio_format: AudioFormat | None
    ) -> Problem | None:
        if self.phase is Phase.DRAINING:
            return Problem("ih6001", "The session is closing. Its configuration can no longer change.")
        if config.model is not None and self.version == "v1":
            return Problem("ih6001", "`model` is not available on v1. Use /v2/stream/analyze instead.")
        if audio_format is not None and model != SOUND_ONLY:
            return Problem("ih6001", f"`audio_format` requires the model {SOUND_ONLY}.")
        if self.phase is Phase.STREAMING and (model, audio_format) != (self.model, self.audio_format):
            return Problem(
                "ih6001",
                "`model` and `audio_format` can change only before the first media. Open a new session.",
            )
        return None

    def _media_problem(self, size_bytes: int) -> Problem | None:
        if self.phase is Phase.DRAINING:
            return Problem("ih6001", "The session is closing and accepts no more media. Open a new session.")
        if size_bytes == 0:
            return Problem("ih5004", "The message is empty. Send media in each binary message.")
        return message_too_large(size_bytes, self.limits.max_message_bytes)

    # --- results of the analysis -------------------------------------------------------------------

    def progress(self, changes: Changes) -> tuple["Session", tuple[Data, ...]]:
        """Report what new media changed."""
        after = self._after("progress")
        news = self._reported(changes.news)
        said = self.said and self.said.taken([phrase.span for phrase in changes.phrases])
        return replace(after, active=_active(self.active, news), said=said), (
            *encode_coverage(changes, self.include),
            # A client knows its own transcript.
            *(() if said else encode_transcript(changes, self.include)),
            *self._messages(news),
        )

    def refuse(self, number: int, problem: Problem) -> tuple["Session", tuple[Data, ...]]:
        """Report why a message could not be analysed. The session continues."""
        return self._after("refuse"), (self._error(problem, number),)

    # --- closing -----------------------------------------------------------------------------------

    def time_over(self, problem: Problem, reason: EndReason) -> tuple["Session", tuple[Data, ...]]:
        """Stop accepting media, because the session was silent or open for too long."""
        return replace(self._after("time over"), reason=reason), (self._error(problem, None),)

    def shut_down(self) -> "Session":
        """Stop accepting media, because the server is stopping."""
        return replace(self._after("shut down"), reason="server_shutdown")

    def end(self) -> tuple["Session", tuple[Data, ...]]:
        """End a drained session. The caller then closes the socket with 1000."""
        after = self._after("end")
        # The analysis has ended every signal, unless it could not finish in time.
        rest = sorted((SignalOver(name, end_s) for name, end_s in self.active), key=lambda over: over.end_s)
        return replace(after, active=()), (*self._messages(rest), SessionEnded(self.reason))

    def break_off(self, problem: Problem) -> tuple["Session", tuple[Data, ...]]:
        """Abort the session. The error is the last message; the caller closes the socket with its code."""
        return self._after("break"), (self._error(problem, None),)

    # --- encoding ----------------------------------------------------------------------------------

    def _reported(self, news: Sequence[Change]) -> tuple[Change, ...]:
        """Leave out signals that this session's model does not report."""
        types = reported_by(self.model)
        if types is None:
            return tuple(news)
        return tuple(change for change in news if (name := _signal_type(change)) is None or name in types)

    def _messages(self, changes: Sequence[Change]) -> tuple[Data, ...]:
        return tuple(encode_changes(changes, self.include, modality=self.version == "v1"))

    def _error(self, problem: Problem, number: int | None) -> Error:
        return Error(
            code=problem.error_id,
            message=problem.message,
            link=self.links.to(problem),
            segment=number,
            retryable=problem.entry.retryable,
            retry_after_seconds=retry_after(problem),
        )

    def _after(self, event: Event) -> "Session":
        phase = NEXT.get((self.phase, event))
        if phase is None:
            raise IllegalEventError(f"{event} while {self.phase.value}")
        return replace(self, phase=phase)


def _signal_type(change: Change) -> SignalType | None:
    match change:
        case SignalBegan(signal=signal) | SignalChanged(signal=signal):
            return signal.type
        case SignalOver(type=name):
            return name
        case _:
            return None


def _active(
    active: tuple[tuple[SignalType, float], ...], news: Sequence[Change]
) -> tuple[tuple[SignalType, float], ...]:
    """Signals that go on after some changes."""
    ends = dict(active)
    for change in news:
        match change:
            case SignalBegan(signal=signal) | SignalChanged(signal=signal):
                ends[signal.type] = signal.span.end_s
            case SignalOver(type=name):
                ends.pop(name, None)
            case _:
                pass
    return tuple(ends.items())
