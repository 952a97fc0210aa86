"""Prints results for people: plain lines in a pipe, colour and tables on a terminal."""

from typing import Final

from msgspec import UNSET
from rich import box
from rich.console import Console
from rich.status import Status
from rich.table import Table
from rich.text import Text

from backchannel.cli.escape import escaped
from backchannel.html.words import likely, times
from backchannel.protocol import v0
from backchannel.protocol.results import (
    ConversationQualityBody,
    EngagementBody,
    PhraseBody,
    QualityBody,
    SignalBody,
)
from backchannel.summary.summarize import Summary
from backchannel.values import DIMENSIONS, Span

_STYLES: Final = {"high": "bold", "medium": "", "low": "dim"}


def progress(console: Console, text: str, *, quiet: bool) -> Status:
    """Show on a terminal what is going on; nothing in a pipe or when `quiet`."""
    watched = console if console.is_terminal else Console(stderr=True)
    return (Console(quiet=True) if quiet else watched).status(text, spinner="line")


def show_message(console: Console, message: v0.Message) -> None:
    """Print one v0 message; those that only report progress print nothing."""
    match message:
        case v0.Result():
            _heading(console, f"segment {message.segment}")
            show_sections(console, message.signals, message.engagement_state, message.conversation_quality)
            if message.transcript is not UNSET:
                show_transcript(console, message.transcript)
        case v0.Error():
            where = "session" if message.segment is None else f"segment {message.segment}"
            show_line(console, f"{where}: {message.message} ({message.error_id})", "red")


def show_sections(
    console: Console,
    signals: tuple[SignalBody, ...],
    engagement: tuple[EngagementBody, ...],
    quality: object,
) -> None:
    """Print engagement, signals with their rationales, and quality where it is included."""
    if engagement:
        parts = [f"{part.state} {_span(part.start, part.end)}" for part in engagement]
        show_line(console, f"  engagement  {', '.join(parts)}")
    if signals and console.is_terminal:
        console.print(_table(signals))
    for signal in () if console.is_terminal else signals:
        head = f"  {_span(signal.start, signal.end):<15} {likely(signal.probability, signal.type):<23} "
        why = Text(escaped(signal.rationale))
        console.print(Text(head, _STYLES[signal.probability]) + why, soft_wrap=True)
    if not signals:
        show_line(console, "  no signals", "dim")
    if isinstance(quality, ConversationQualityBody) and isinstance(quality.overall, QualityBody):
        overall = quality.overall
        scores = ", ".join(f"{name} {getattr(overall, name)}" for name in DIMENSIONS)
        show_line(console, f"  quality so far {overall.quality_index} ({scores})")


def show_transcript(console: Console, phrases: tuple[PhraseBody, ...]) -> None:
    """Print what was said, a phrase a line."""
    for phrase in phrases:
        show_line(console, f"  said  {_span(phrase.start, phrase.end):<15} {phrase.text}")
    if not phrases:
        show_line(console, "  no words", "dim")


def show_summary(console: Console, summary: Summary) -> None:
    """Print the four lines of a summary."""
    show_line(console, "")
    for line in summary.lines:
        show_line(console, f"  {line}")


def _table(signals: tuple[SignalBody, ...]) -> Table:
    table = Table("when", "signal", "because", box=box.SIMPLE, pad_edge=False)
    for signal in signals:
        when, why = _span(signal.start, signal.end), Text(escaped(signal.rationale))
        what = likely(signal.probability, signal.type)
        table.add_row(when, what, why, style=_STYLES[signal.probability])
    return table


def _heading(console: Console, text: str) -> None:
    show_line(console, text, "bold cyan")


def show_line(console: Console, text: str, style: str = "") -> None:
    """Print one line, which only the terminal wraps. It may hold text from elsewhere."""
    console.print(Text(escaped(text), style), soft_wrap=True)


def _span(start: float, end: float) -> str:
    return times(Span(start, end))
