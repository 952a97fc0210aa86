"""Text for numbers, times and dates in a report."""

from collections.abc import Sequence
from datetime import datetime
from types import MappingProxyType

from backchannel.html.words import plain, quantity

_UNITS = MappingProxyType(
    {
        "deg": "°",
        "deg/s": "° per second",
        "st": " semitones",
        "per minute": " per minute",
        "syllables/s": " syllables per second",
    }
)
_MINUTE_S = 60.0


def length(duration_s: float) -> str:
    """Write a duration.

    Examples
    --------
    >>> length(3725)
    '1 h 2 min 5 s'
    """
    if duration_s < _MINUTE_S:
        return f"{duration_s:.1f} s".replace(".0 s", " s")
    minutes, seconds = divmod(round(duration_s), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [
        f"{hours} h" if hours else "",
        f"{minutes} min" if minutes else "",
        f"{seconds} s" if seconds else "",
    ]
    return " ".join(filter(None, parts))


def measured(value: float, unit: str) -> str:
    """Write a measurement with its unit."""
    suffix = _UNITS.get(unit)
    return quantity(value, unit) if suffix is None else f"{quantity(value, '')}{suffix}"


def named(cue: str, measure: str = "") -> str:
    """Write the name of a cue, or of one of its measures.

    Examples
    --------
    >>> named("gaze_away"), named("nod", "rate")
    ('gaze away', 'nod: rate')
    """
    return f"{plain(cue)}: {plain(measure)}" if measure else plain(cue)


def percentage(share: float) -> str:
    """Write a share as a whole percentage. Only exact shares become 0% or 100%.

    Examples
    --------
    >>> percentage(0.5), percentage(0.004)
    ('50%', 'under 1%')
    """
    if 0.0 < share < 0.01:
        return "under 1%"
    if 0.99 < share < 1.0:
        return "over 99%"
    return f"{share:.0%}"


def counted(count: int, what: str) -> str:
    """Write a count with its noun."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def listed(parts: Sequence[str]) -> str:
    """Join the parts of a sentence with commas and "and"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def moment(at: datetime) -> str:
    """Write a date and a time with the offset from UTC."""
    offset = f"{at:%z}"
    zone = "UTC" if offset == "+0000" else f"UTC{offset[:3]}:{offset[3:5]}"
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}, {at:%H:%M} ({zone})"


_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
