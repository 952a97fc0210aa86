"""The realtime stream without a socket: phases as on v1, other messages, and guidance.

A `Session` is a frozen value around that of v1, which has the phases, the limits and the errors. It leaves
out rationales, turns phrases into `transcript.generated`, and asks the guide for advice
(`guidance.guide`). Its methods are those of `protocol.events.Session`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from msgspec import UNSET

from backchannel.errors import Problem
from backchannel.guidance.guide import Advice, Guide
from backchannel.protocol import events
from backchannel.protocol.client_transcript import TRANSCRIPT, ClientTranscript, read_transcript
from backchannel.protocol.config_frame import CLOSE, AudioFormat, Config, message_type
from backchannel.protocol.event_messages import EndReason, Message, SessionReady, SessionUpdated, SignalEnded
from backchannel.protocol.include import Include
from backchannel.protocol.realtime_frame import EXAMPLE, GROUPS, PERIODS_S, RealtimeConfig, read_config
from backchannel.protocol.realtime_messages import (
    AnalysisGroup,
    RealtimeDetected,
    RealtimeOptions,
    RealtimeReady,
    RealtimeSignalUpdated,
    RealtimeUpdated,
    Recommendation,
    TranscriptGenerated,
)
from backchannel.protocol.results import seconds
from backchannel.protocol.resume import Resume
from backchannel.updates import Changes, SignalBegan, SignalChanged, SignalOver
from backchannel.values import Probability, Signal, SignalType

_GROUP_OF: Final[dict[str, AnalysisGroup]] = {"visual": "visual", "audio": "audio", "text": "audio"}

Shown = tuple[SignalType, Probability, tuple[AnalysisGroup, ...]]


@dataclass(frozen=True, slots=True)
class Session:
    """A realtime session.

    Attributes
    ----------
    line
        The session as v1 sees it.
    config
        The configuration.
    guide
        Gives advice; None while the client does not want any.
    shown
        Active signals, as the client last saw them.
    reached_s
        Session time up to which media was analysed.
    advice
        What the last progress advised, with its evidence; None if it gave no advice.
    """

    line: events.Session
    config: RealtimeConfig = RealtimeConfig()
    guide: Guide | None = None
    shown: tuple[Shown, ...] = ()
    reached_s: float = 0.0
    advice: Advice | None = None

    @property
    def phase(self) -> events.Phase:
        """The current phase."""
        return self.line.phase

    @property
    def received(self) -> int:
        """The number of binary messages so far."""
        return self.line.received

    @property
    def sound_only(self) -> bool:
        """Whether to ignore video."""
        return self.config.groups == ("audio",)

    @property
    def picture_only(self) -> bool:
        """Whether to ignore sound."""
        return self.config.groups == ("visual",)

    @property
    def audio_format(self) -> AudioFormat | None:
        """The format of raw samples: there are none here."""
        return None

    @property
    def words(self) -> bool:
        """Whether the server listens for words."""
        return self.line.words and "audio" in self.config.groups

    @property
    def said(self) -> ClientTranscript | None:
        """The client's own transcript. Words are heard, so it only counts with the group `audio`."""
        return self.line.said if "audio" in self.config.groups else None

    @property
    def heard(self) -> tuple[str, ...]:
        """What was said, as far as the session knows it, for the last advice."""
        if self.said is None:
            return self.advice.heard if self.advice else ()
        return tuple(one.text for one in self.said.phrases if one.span.start_s < self.reached_s)

    # --- opening -----------------------------------------------------------------------------------

    def open(self, _resume: Resume | None = None) -> tuple["Session", tuple[Message, ...]]:
        """Open the session. It has no optional sections, so `include[]` in the address is ignored."""
        line, messages = replace(self.line, include=Include()).open()
        return replace(self, line=line), tuple(self._ready(one) for one in messages)

    def _ready(self, ready: Message) -> Message:
        if not isinstance(ready, SessionReady):
            return ready
        return RealtimeReady(
            session_idle_timeout_seconds=ready.session_idle_timeout_seconds,
            session_max_duration_seconds=ready.session_max_duration_seconds,
            max_segment_duration_seconds=ready.max_segment_duration_seconds,
            min_segment_size_bytes=ready.min_segment_size_bytes,
            max_segment_size_bytes=ready.max_segment_size_bytes,
            supported_session_config_options=RealtimeOptions("", tuple(PERIODS_S), GROUPS),
            engine=ready.engine,
            policy=ready.policy,
            words=self.words or UNSET,
        )

    # --- messages from the client ------------------------------------------------------------------

    def media(self, size_bytes: int) -> tuple["Session", int | None, tuple[Message, ...]]:
        """Register a binary message; see `events.Session.media`."""
        line, number, messages = self.line.media(size_bytes)
        return replace(self, line=line), number, messages

    def text(self, text: str) -> tuple["Session", tuple[Message, ...]]:
        """Handle a text message: a config frame, a transcript, `session.close`, or an invalid one."""
        try:
            kind = message_type(text, EXAMPLE)
            if kind == CLOSE:
                return self._with(self.line.close())
            if kind == TRANSCRIPT:
                line = self.line.replace_transcript(read_transcript(text))
                return replace(self, line=line), ()
            return self._configure(read_config(text))
        except Problem as problem:
            return self._with(self.line.reject(problem))

    def _configure(self, config: RealtimeConfig) -> tuple["Session", tuple[Message, ...]]:
        line, messages = self.line.configure(Config(Include(), None, None, config.words))
        if not any(isinstance(one, SessionUpdated) for one in messages):
            return replace(self, line=line), messages
        after = replace(self, line=line, config=config, guide=self._guide(config))
        updated = RealtimeUpdated(
            realtime_recommendation_instructions=config.instructions or None,
            realtime_recommendation_frequency=config.frequency,
            analysis_groups=config.groups,
            words=after.words or UNSET,
        )
        return after, (updated,)

    def _guide(self, config: RealtimeConfig) -> Guide | None:
        if not config.wants_guidance:
            return None
        if self.guide is None:
            return Guide(config.period_s, self.reached_s, config.goals)
        return replace(self.guide, period_s=config.period_s, goals=config.goals)

    # --- results of the analysis -------------------------------------------------------------------

    def progress(self, changes: Changes) -> tuple["Session", tuple[Message, ...]]:
        """Report what new media changed."""
        line, messages = self.line.progress(changes)
        coverage = (one for one in messages if one.type.startswith("coverage."))
        # A client knows its own transcript.
        heard = () if line.said else _heard(changes)
        shown, signals = _signals(self.shown, changes)
        guide, advice = (None, None) if self.guide is None else self.guide.follow(changes)
        after = replace(self, line=line, guide=guide, shown=shown, reached_s=changes.reached_s, advice=advice)
        return after, (*coverage, *heard, *signals, *(() if advice is None else (_recommendation(advice),)))

    def refuse(self, number: int, problem: Problem) -> tuple["Session", tuple[Message, ...]]:
        """Report why a message could not be analysed. The session continues."""
        return self._with(self.line.refuse(number, problem))

    # --- closing -----------------------------------------------------------------------------------

    def time_over(self, problem: Problem, reason: EndReason) -> tuple["Session", tuple[Message, ...]]:
        """Stop accepting media, because the session was silent or open for too long."""
        return self._with(self.line.time_over(problem, reason))

    def shut_down(self) -> "Session":
        """Stop accepting media, because the server is stopping."""
        return replace(self, line=self.line.shut_down())

    def end(self) -> tuple["Session", tuple[Message, ...]]:
        """End a drained session. The caller then closes the socket with 1000."""
        return self._with(self.line.end())

    def break_off(self, problem: Problem) -> tuple["Session", tuple[Message, ...]]:
        """Abort the session. The error is the last message; the caller closes the socket with its code."""
        return self._with(self.line.break_off(problem))

    def _with(
        self, following: tuple[events.Session, tuple[Message, ...]]
    ) -> tuple["Session", tuple[Message, ...]]:
        line, messages = following
        return replace(self, line=line), messages


def _signals(before: Sequence[Shown], changes: Changes) -> tuple[tuple[Shown, ...], Sequence[Message]]:
    """Say which signals began, changed and ended. Rationales stay here, so a new one alone is no news."""
    shown = {one[0]: one for one in before}
    messages: list[Message] = []
    for change in changes.news:
        match change:
            case SignalBegan(signal=signal) | SignalChanged(signal=signal):
                now = (signal.type, signal.probability, _groups(signal))
                if shown.get(signal.type) != now:
                    began = isinstance(change, SignalBegan)
                    messages.append(_signal(signal, RealtimeDetected if began else RealtimeSignalUpdated))
                shown[signal.type] = now
            case SignalOver(type=kind, end_s=end_s):
                shown.pop(kind, None)
                messages.append(SignalEnded(kind, seconds(end_s)))
    return tuple(shown.values()), messages


def _heard(changes: Changes) -> Iterator[Message]:
    """Say what the server heard."""
    for phrase in changes.phrases:
        if phrase.final and phrase.text:
            yield TranscriptGenerated(seconds(phrase.span.start_s), seconds(phrase.span.end_s), phrase.text)


def _recommendation(advice: Advice) -> Recommendation:
    return Recommendation(advice.text, seconds(advice.span.start_s), seconds(advice.span.end_s))


def _groups(signal: Signal) -> tuple[AnalysisGroup, ...]:
    groups = {_GROUP_OF[modality] for modality in signal.modalities}
    return tuple(group for group in GROUPS if group in groups)


def _signal(signal: Signal, kind: type[RealtimeDetected]) -> RealtimeDetected:
    return kind(signal.type, seconds(signal.span.start_s), signal.probability, _groups(signal))
