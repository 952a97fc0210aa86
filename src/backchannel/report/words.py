"""Numbers, times and moments as a report says them."""

from collections.abc import Sequence
from datetime import datetime
from types import MappingProxyType

from backchannel.html.words import plain, quantity
from backchannel.values import Span

_UNITS = MappingProxyType(
    {
        "deg": "°",
        "deg/s": "° a second",
        "st": " semitones",
        "per minute": " a minute",
        "syllables/s": " syllables a second",
    }
)
LONG_S = 60.0
"""From here on times are told in minutes too."""


def clock(time_s: float) -> str:
    """A time in minutes and seconds, as on a player."""
    minutes, seconds = divmod(round(time_s, 1), 60.0)
    whole = f"{int(minutes)}:{seconds:04.1f}"
    return whole.removesuffix(".0")


def length(duration_s: float) -> str:
    """How long something lasted."""
    if duration_s < LONG_S:
        return f"{duration_s:.1f} s".replace(".0 s", " s")
    minutes, seconds = divmod(round(duration_s), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [
        f"{hours} h" if hours else "",
        f"{minutes} min" if minutes else "",
        f"{seconds} s" if seconds else "",
    ]
    return " ".join(filter(None, parts))


def when(span: Span, duration_s: float) -> str:
    """From when to when: in seconds, as rationales say it, and on a player's clock in longer recordings."""
    in_seconds = _in_seconds(span)
    return in_seconds if duration_s < LONG_S else f"{briefly_when(span, duration_s)} ({in_seconds})"


def briefly_when(span: Span, duration_s: float) -> str:
    """From when to when, in one way only."""
    return _in_seconds(span) if duration_s < LONG_S else f"{clock(span.start_s)}–{clock(span.end_s)}"


def _in_seconds(span: Span) -> str:
    return f"{span.start_s:.1f}–{span.end_s:.1f} s"


def measured(value: float, unit: str) -> str:
    """A measurement with its unit."""
    suffix = _UNITS.get(unit)
    return quantity(value, unit) if suffix is None else f"{quantity(value, '')}{suffix}"


def named(name: str) -> str:
    """A cue, or a measure of one."""
    cue, _, measure = name.partition(".")
    return f"{plain(cue)}: {plain(measure)}" if measure else plain(cue)


def percentage(share: float) -> str:
    """A share as whole percent; what is not nothing does not become nothing, nor all."""
    if 0.0 < share < 0.01:
        return "under 1%"
    if 0.99 < share < 1.0:
        return "over 99%"
    return f"{share:.0%}"


def counted(count: int, what: str) -> str:
    """A count with its noun."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def listed(parts: Sequence[str]) -> str:
    """Parts of a sentence, one after another."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def moment(at: datetime) -> str:
    """A day and a time of day with its offset from UTC."""
    offset = f"{at:%z}"
    zone = "UTC" if offset == "+0000" else f"UTC{offset[:3]}:{offset[3:5]}"
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}, {at:%H:%M} ({zone})"


_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
