"""What has been heard of a stream so far, and how each event reads, on a terminal and in a pipe alike."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from rich.text import Text

from backchannel.client.events import (
    CoverageDegraded,
    CoverageDropped,
    CueDetected,
    EngagementUpdated,
    Error,
    QualityUpdated,
    Received,
    Reconnected,
    SessionEnded,
    SignalDetected,
    SignalEnded,
    SignalUpdated,
)
from backchannel.protocol.event_messages import CoverageMeasured
from backchannel.protocol.results import QualityBody
from backchannel.values import EngagementLevel, Probability

_METERS: Final = {"low": "▰▱▱", "medium": "▰▰▱", "high": "▰▰▰"}
_STYLES: Final = {"high": "bold", "medium": "", "low": "dim"}
_ENDINGS: Final = {
    "idle_timeout": "The server ended the session: nothing was sent for too long.",
    "max_duration": "The server ended the session: it reached its longest duration.",
    "server_shutdown": "The server is shutting down.",
}


@dataclass(frozen=True, slots=True)
class Hearing:
    """What a listener knows by now.

    Attributes
    ----------
    analyzed_s
        Session time up to which the server has told of media.
    engagement, quality
        As last told; None before that.
    active
        Signals that go on, with their probability.
    face_share
        Of the newest media; None where there was no picture, or nothing was told.
    signals, answers, refusals
        Signals so far; events about the media; media that could not be used.
    """

    analyzed_s: float = 0.0
    engagement: EngagementLevel | None = None
    quality: QualityBody | None = None
    active: Mapping[str, Probability] = field(default_factory=lambda: MappingProxyType({}))
    face_share: float | None = None
    signals: int = 0
    answers: int = 0
    refusals: int = 0

    def after(self, event: Received | Reconnected) -> "Hearing":
        """Return what is known once this event is heard."""
        if isinstance(event, Reconnected):
            return Hearing(signals=self.signals, answers=self.answers, refusals=self.refusals)
        match event.data:
            case SignalUpdated(signal_type=name, probability=probability):
                return replace(self, active=MappingProxyType({**self.active, name: probability}))
            case SignalDetected(signal_type=name, probability=probability):
                active = MappingProxyType({**self.active, name: probability})
                return replace(self, active=active, signals=self.signals + 1, answers=self.answers + 1)
            case SignalEnded(signal_type=name):
                left = {other: level for other, level in self.active.items() if other != name}
                return replace(self, active=MappingProxyType(left))
            case EngagementUpdated(state=state):
                return replace(self, engagement=state, answers=self.answers + 1)
            case QualityUpdated(overall=QualityBody() as overall):
                return replace(self, quality=overall, answers=self.answers + 1)
            case CoverageMeasured(end=end_s, face_share=share):
                return replace(self, analyzed_s=end_s, face_share=share, answers=self.answers + 1)
            case QualityUpdated() | CueDetected():
                return replace(self, answers=self.answers + 1)
            case Error():
                return replace(self, refusals=self.refusals + 1)
        return self


def lines_of(event: Received | Reconnected) -> Iterator[Text]:
    """Put an event into lines; events that only concern the display have none."""
    if isinstance(event, Reconnected):
        missed = f", {event.lost_chunks} pieces were lost" if event.lost_chunks else ""
        again = f"Connected again ({event.reason}{missed}); a new session, whose clock begins at 0."
        yield Text(again, "yellow")
        return
    match event.data:
        case SignalUpdated(probability=level) as told:
            yield _line(told.start, told.signal_type, f"now {level}", told.rationale, level)
        case SignalDetected(probability=level) as told:
            yield _line(told.start, told.signal_type, level, told.rationale, level)
        case SignalEnded(signal_type=name, end=end_s):
            yield _line(end_s, name, "ended", level="low")
        case EngagementUpdated(state=state, start=start_s):
            yield _line(start_s, "engagement", state)
        case CoverageDropped(ranges=ranges):
            for lost in ranges:
                yield _line(
                    lost.start, "coverage", "lost", f"nothing arrived until {lost.end:.1f} s", "medium"
                )
        case CoverageDegraded(ranges=ranges):
            for blind in ranges:
                yield _line(blind.start, "coverage", "no picture", f"until {blind.end:.1f} s")
        case Error(code=code, message=message, segment=segment):
            where = "session" if segment is None else f"piece {segment}"
            yield Text(f"{where}: {message} ({code})", "red")
        case SessionEnded(reason=reason) if reason in _ENDINGS:
            yield Text(_ENDINGS[reason], "yellow")


def _line(time_s: float, what: str, how: str, why: str = "", level: Probability = "medium") -> Text:
    return Text(f"{time_s:7.1f} s  {what:<13} {how:<11} {why}".rstrip(), _STYLES[level])


def panel(hearing: Hearing, sent_s: float) -> Text:
    """The line at the bottom of a terminal, while it goes on."""
    parts = [Text(f"live {_clock(sent_s)}", "bold")]
    if hearing.analyzed_s:
        parts.append(Text(f"answered to {_clock(hearing.analyzed_s)}", "dim"))
    if hearing.face_share == 0:
        parts.append(Text("no face in view", "yellow"))
    if hearing.engagement is not None:
        parts.append(Text(hearing.engagement))
    if hearing.quality is not None:
        parts.append(Text(f"quality {hearing.quality.quality_index}"))
    parts += [
        Text(f"{name} {_METERS[level]}", _STYLES[level]) for name, level in sorted(hearing.active.items())
    ]
    return Text("   ").join(parts)


def closing_lines(hearing: Hearing) -> Iterator[Text]:
    """What there is to say when it is over."""
    if not hearing.answers:
        return
    signals = f"{hearing.signals} signal{'' if hearing.signals == 1 else 's'}"
    if hearing.quality is None:
        yield Text(f"Ended: {signals}.", "bold")
        return
    names = ("clarity", "authority", "energy", "rapport", "learning")
    scores = ", ".join(f"{name} {getattr(hearing.quality, name)}" for name in names)
    yield Text(f"Ended: {signals}, quality {hearing.quality.quality_index} ({scores}).", "bold")


def _clock(time_s: float) -> str:
    return f"{int(time_s) // 60}:{int(time_s) % 60:02}"
