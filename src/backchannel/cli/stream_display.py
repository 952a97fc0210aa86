"""What the terminal shows of a running v2 stream: a line for each event, and a status line at the bottom."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final

from rich.text import Text

from backchannel.cli.escape import escaped
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
    SessionSummary,
    SignalDetected,
    SignalEnded,
    SignalUpdated,
)
from backchannel.html.words import clock, likely
from backchannel.protocol.event_messages import CoverageMeasured, Data
from backchannel.protocol.results import QualityBody
from backchannel.values import DIMENSIONS, EngagementLevel, Probability, SignalType

_STYLES: Final = {"high": "bold", "medium": "", "low": "dim"}
_ENDINGS: Final = {
    "idle_timeout": "The server ended the session because it received nothing for too long.",
    "max_duration": "The server ended the session because it reached the longest duration allowed.",
    "server_shutdown": "The server is shutting down.",
}


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """State of a stream, as far as its events have reported it.

    Attributes
    ----------
    analyzed_s
        How far the server has analysed, in session time, s.
    engagement, quality
        The latest values; None until the first.
    active
        Signals that have not ended, with their probability.
    face_share
        Share of the newest media with a face in view, 0 to 1; None without a picture or a report.
    signals, answers, refusals
        Number of signals, of events about the media, and of pieces that could not be analysed.
    """

    analyzed_s: float = 0.0
    engagement: EngagementLevel | None = None
    quality: QualityBody | None = None
    active: Mapping[SignalType, Probability] = field(default_factory=lambda: MappingProxyType({}))
    face_share: float | None = None
    signals: int = 0
    answers: int = 0
    refusals: int = 0

    def after(self, event: Received | Reconnected) -> "StreamStatus":
        """Return the state after this event."""
        if isinstance(event, Reconnected):
            if event.resumed:
                return self
            return StreamStatus(signals=self.signals, answers=self.answers, refusals=self.refusals)
        return self.with_message(event.data)

    def with_message(self, data: Data | dict[str, Any]) -> "StreamStatus":
        """Return the state after this message."""
        match data:
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


def lines_of_event(event: Received | Reconnected) -> Iterator[Text]:
    """Return an event of a client as lines of text."""
    if isinstance(event, Reconnected):
        again = "" if event.resumed else " Times start again at 0."
        yield Text(f"{escaped(reconnection(event))}{again}", "yellow")
        return
    yield from lines_of(event.data)


def lines_of(data: Data | dict[str, Any]) -> Iterator[Text]:
    """Return a message as lines of text; those that only change the status line have none."""
    match data:
        case SignalUpdated(probability=level) as signal:
            now = likely(level, signal.signal_type)
            yield _line(signal.start, f"Now {now[0].lower()}{now[1:]}", signal.rationale, level)
        case SignalDetected(probability=level) as signal:
            yield _line(signal.start, likely(level, signal.signal_type), signal.rationale, level)
        case SignalEnded(signal_type=name, end=end_s):
            yield _line(end_s, f"End of {name}", level="low")
        case EngagementUpdated(state=state, start=start_s):
            yield _line(start_s, f"Engagement: {state}")
        case CoverageDropped(ranges=ranges):
            for lost in ranges:
                yield _line(lost.start, "Not analysed", f"No media until {clock(lost.end)}.")
        case CoverageDegraded(ranges=ranges):
            for blind in ranges:
                yield _line(blind.start, "No picture", f"Until {clock(blind.end)}.")
        case Error(code=code, message=message, segment=segment):
            where = "session" if segment is None else f"piece {segment}"
            yield Text(escaped(f"{where}: {message} ({code})"), "red")
        case SessionSummary(lines=lines):
            yield from (Text(escaped(line)) for line in lines)
        case SessionEnded(reason=reason) if reason in _ENDINGS:
            yield Text(_ENDINGS[reason], "yellow")


def reconnection(event: Reconnected) -> str:
    """Return a sentence about a lost connection."""
    lost = [_count(event.lost_chunks, "piece")] if event.lost_chunks else []
    if event.resumed:
        lost += [_count(event.lost_messages, "message")] if event.lost_messages else []
        return f"Reconnected, {' and '.join(lost) or 'nothing'} lost."
    return f"Reconnected with a new session ({', '.join([event.reason, *(f'{one} lost' for one in lost)])})."


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _line(time_s: float, what: str, why: str = "", level: Probability = "medium") -> Text:
    return Text(escaped(f"{clock(time_s):>9}  {what:<27}  {why}".rstrip()), _STYLES[level])


def status_line(status: StreamStatus, sent_s: float) -> Text:
    """Return the line at the bottom of a terminal while the stream runs."""
    parts = [Text(f"live {clock(math.floor(sent_s), 0)}", "bold")]
    if status.analyzed_s:
        parts.append(Text(f"analysed to {clock(math.floor(status.analyzed_s), 0)}", "dim"))
    if status.face_share == 0:
        parts.append(Text("no face in view", "yellow"))
    if status.engagement is not None:
        parts.append(Text(status.engagement))
    if status.quality is not None:
        parts.append(Text(f"quality {status.quality.quality_index}"))
    parts += [Text(likely(level, name), _STYLES[level]) for name, level in sorted(status.active.items())]
    return Text("   ").join(parts)


def closing_lines(status: StreamStatus) -> Iterator[Text]:
    """Return the summary at the end of a stream; nothing if nothing was analysed."""
    if not status.answers:
        return
    signals = f"{status.signals} signal{'' if status.signals == 1 else 's'}"
    if status.quality is None:
        yield Text(f"Ended: {signals}.", "bold")
        return
    scores = ", ".join(f"{name} {getattr(status.quality, name)}" for name in DIMENSIONS)
    yield Text(f"Ended: {signals}, quality {status.quality.quality_index} ({scores}).", "bold")
