"""Text for numbers, times and dates in a report."""

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


def moment(at: datetime) -> str:
    """Write a date and a time with the offset from UTC."""
    offset = f"{at:%z}"
    zone = "UTC" if offset == "+0000" else f"UTC{offset[:3]}:{offset[3:5]}"
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}, {at:%H:%M} ({zone})"


_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
