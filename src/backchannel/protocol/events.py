"""Streams v1 and v2 without their socket: what may happen when, and what is said then.

Like `v0.Session`, a `Session` is a frozen value, and each thing that happens is a method that returns the
next session and the messages to send. Unlike there, what a client does is never illegal: every cell of the
table that is reached by a message of the client's has an answer, if only an error that leaves the session
as it was. A missing cell is a fault of this program and raises `IllegalEventError`.

Binary messages are numbered from 1, so that an error can name the one it is about; results have no numbers,
since windows of analysis are ours (`signals.activity` says what is told of them, and how often).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final, Literal

from backchannel.errors import Problem
from backchannel.protocol.config_frame import AudioFormat, Close, Config, read_text
from backchannel.protocol.errors import ErrorLinks, retry_after
from backchannel.protocol.event_encoding import spell_changes, spell_coverage
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
from backchannel.protocol.include import Include
from backchannel.protocol.products import (
    ENGINE,
    MODELS,
    PICTURE_AND_SOUND,
    SOUND_ONLY,
    ModelName,
    reported_by,
)
from backchannel.protocol.results import seconds
from backchannel.signals.activity import Activity, Change, finish, follow_activity
from backchannel.values import Progress

Version = Literal["v1", "v2"]
FLAGS: Final[tuple[IncludeFlag, ...]] = ("conversation_quality_overall", "conversation_quality_timeline")
EXTENSIONS: Final = ("evidence",)
"""What `include` may hold beside the published flags."""


class Phase(Enum):
    """Where a session stands."""

    NEW = "new"
    READY = "ready"
    STREAMING = "streaming"
    DRAINING = "draining"
    ENDED = "ended"


Event = Literal[
    "open",
    "media",
    "config",
    "close",
    "nonsense",
    "progress",
    "refuse",
    "time over",
    "shut down",
    "end",
    "break",
]

_NEXT: Final[dict[tuple[Phase, Event], Phase]] = {
    (Phase.NEW, "open"): Phase.READY,
    (Phase.NEW, "break"): Phase.ENDED,
    (Phase.READY, "media"): Phase.STREAMING,
    (Phase.READY, "config"): Phase.READY,
    (Phase.READY, "close"): Phase.DRAINING,
    (Phase.READY, "nonsense"): Phase.READY,
    (Phase.READY, "time over"): Phase.DRAINING,
    (Phase.READY, "shut down"): Phase.DRAINING,
    (Phase.READY, "break"): Phase.ENDED,
    (Phase.STREAMING, "media"): Phase.STREAMING,
    (Phase.STREAMING, "config"): Phase.STREAMING,
    (Phase.STREAMING, "close"): Phase.DRAINING,
    (Phase.STREAMING, "nonsense"): Phase.STREAMING,
    (Phase.STREAMING, "progress"): Phase.STREAMING,
    (Phase.STREAMING, "refuse"): Phase.STREAMING,
    (Phase.STREAMING, "time over"): Phase.DRAINING,
    (Phase.STREAMING, "shut down"): Phase.DRAINING,
    (Phase.STREAMING, "break"): Phase.ENDED,
    (Phase.DRAINING, "media"): Phase.DRAINING,
    (Phase.DRAINING, "config"): Phase.DRAINING,
    (Phase.DRAINING, "close"): Phase.DRAINING,
    (Phase.DRAINING, "nonsense"): Phase.DRAINING,
    (Phase.DRAINING, "progress"): Phase.DRAINING,
    (Phase.DRAINING, "refuse"): Phase.DRAINING,
    (Phase.DRAINING, "time over"): Phase.DRAINING,
    (Phase.DRAINING, "shut down"): Phase.DRAINING,
    (Phase.DRAINING, "end"): Phase.ENDED,
    (Phase.DRAINING, "break"): Phase.ENDED,
    # What a client sent before it read our last word.
    (Phase.ENDED, "media"): Phase.ENDED,
    (Phase.ENDED, "config"): Phase.ENDED,
    (Phase.ENDED, "close"): Phase.ENDED,
    (Phase.ENDED, "nonsense"): Phase.ENDED,
}


class IllegalEventError(RuntimeError):
    """Our own code called the session in an order that the protocol does not know."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a session may be; announced when it opens.

    Attributes
    ----------
    idle_s, max_s, drain_s
        When a silent session ends, when any session ends, and how long it may finish what it accepted.
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
    """One v1 or v2 conversation.

    Attributes
    ----------
    version
        v1 has `modality` and no choice of model; v2 the other way round.
    links
        Where errors are explained.
    limits
        What is announced, and enforced by whoever has a clock.
    include
        What the client asked for.
    model, audio_format
        What analyses, and what binary messages are: containers, or raw samples.
    phase, received
        Where it stands, and how many binary messages came.
    reason
        Why it drains.
    activity
        What was told of signals and engagement.
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
    activity: Activity = Activity()

    @property
    def sound_only(self) -> bool:
        """Whether pictures are to be left alone."""
        return self.model == SOUND_ONLY

    # --- beginning ---------------------------------------------------------------------------------

    def open(self) -> tuple["Session", tuple[Data, ...]]:
        """Begin: the first message of every accepted session."""
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
            extensions=EXTENSIONS,
        )
        return self._after("open"), (ready,)

    # --- what the client does ----------------------------------------------------------------------

    def media(self, size_bytes: int) -> tuple["Session", int | None, tuple[Data, ...]]:
        """Note a binary message.

        Returns
        -------
        The session, the message's number or None if it is not to be analysed, and what to say.
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
        """Take a text message: a config frame, `session.close`, or neither."""
        try:
            match read_text(text):
                case Close():
                    return self._close()
                case Config() as config:
                    return self._configure(config)
        except Problem as problem:
            after = self._after("nonsense")
            return after, () if self.phase is Phase.ENDED else (self._error(problem, None),)

    def _close(self) -> tuple["Session", tuple[Data, ...]]:
        after = self._after("close")
        if self.phase in {Phase.DRAINING, Phase.ENDED}:
            return after, ()
        return after, (SessionClosing(math.ceil(self.limits.drain_s)),)

    def _configure(self, config: Config) -> tuple["Session", tuple[Data, ...]]:
        after = self._after("config")
        if self.phase is Phase.ENDED:
            return after, ()
        model = config.model or self.model
        audio_format = config.audio_format or (self.audio_format if model == self.model else None)
        problem = self._config_problem(config, model, audio_format)
        if problem is not None:
            return after, (self._error(problem, None),)
        after = replace(after, include=config.include, model=model, audio_format=audio_format)
        updated = SessionUpdated(
            include=tuple(flag for flag in FLAGS if after.asks_for(flag)),
            model=model if self.version == "v2" else None,
            engine=ENGINE,
            extensions=EXTENSIONS if config.include.evidence else (),
        )
        return after, (updated,)

    def asks_for(self, flag: IncludeFlag) -> bool:
        """Whether the client asked for this section."""
        overall = flag == "conversation_quality_overall"
        return self.include.quality_overall if overall else self.include.quality_timeline

    def _config_problem(
        self, config: Config, model: ModelName, audio_format: AudioFormat | None
    ) -> Problem | None:
        if self.phase is Phase.DRAINING:
            return Problem("ih6001", "The session is closing, so its configuration stays as it is.")
        if config.model is not None and self.version == "v1":
            return Problem("ih6001", "A v1 stream offers no choice of `model`. Open /v2/stream/analyze.")
        if audio_format is not None and model != SOUND_ONLY:
            return Problem("ih6001", f"`audio_format` is for sessions with the model {SOUND_ONLY}.")
        if self.phase is Phase.STREAMING and (model, audio_format) != (self.model, self.audio_format):
            return Problem(
                "ih6001",
                "`model` and `audio_format` can change only before the first media. Open a new session.",
            )
        return None

    def _media_problem(self, size_bytes: int) -> Problem | None:
        if self.phase is Phase.DRAINING:
            return Problem("ih6001", "The session is closing and takes no more media. Open a new session.")
        if size_bytes == 0:
            return Problem("ih5004", "The message is empty. Send media in each binary message.")
        if size_bytes > self.limits.max_message_bytes:
            limit = self.limits.max_message_bytes
            return Problem(
                "ih6002",
                f"The message has {size_bytes} bytes; a segment may have at most {limit} bytes "
                f"({limit / 2**20:g} MB). Send shorter segments or use a lower bit rate.",
            )
        return None

    # --- what the analysis says --------------------------------------------------------------------

    def progress(self, progress: Progress) -> tuple["Session", tuple[Data, ...]]:
        """Tell what new media brought."""
        after = self._after("progress")
        activity, changes = follow_activity(self.activity, progress, reported_by(self.model))
        return replace(after, activity=activity), (
            *spell_coverage(progress, self.include),
            *self._spelled(changes),
        )

    def refuse(self, number: int, problem: Problem) -> tuple["Session", tuple[Data, ...]]:
        """Say why a message could not be analysed. The session goes on."""
        return self._after("refuse"), (self._error(problem, number),)

    # --- ending ------------------------------------------------------------------------------------

    def time_over(self, problem: Problem, reason: EndReason) -> tuple["Session", tuple[Data, ...]]:
        """Take no more media, since the session was silent or open for too long."""
        return replace(self._after("time over"), reason=reason), (self._error(problem, None),)

    def shut_down(self) -> "Session":
        """Take no more media, since the server is stopping."""
        return replace(self._after("shut down"), reason="server_shutdown")

    def end(self) -> tuple["Session", tuple[Data, ...]]:
        """Say the last of a session that has drained. The socket is closed after it, with 1000."""
        after = self._after("end")
        activity, changes = finish(self.activity, reported_by(self.model))
        return replace(after, activity=activity), (*self._spelled(changes), SessionEnded(self.reason))

    def break_off(self, problem: Problem) -> tuple["Session", tuple[Data, ...]]:
        """Give up: nothing more is said, and the socket is closed with the problem's code."""
        return self._after("break"), (self._error(problem, None),)

    # --- how it is said ----------------------------------------------------------------------------

    def _spelled(self, changes: Sequence[Change]) -> tuple[Data, ...]:
        return tuple(spell_changes(changes, self.include, modality=self.version == "v1"))

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
        phase = _NEXT.get((self.phase, event))
        if phase is None:
            raise IllegalEventError(f"{event} while {self.phase.value}")
        return replace(self, phase=phase)
