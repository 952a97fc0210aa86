"""Text for cues, signals, times, durations and numbers, on pages and in the terminal.

The console has the same words in `console/words.js`.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from backchannel.values import Cue, Probability, Signal, SignalType, Span

HOW_LIKELY: Final[Mapping[Probability, str]] = MappingProxyType(
    {"low": "Possibly", "medium": "Likely", "high": "Very likely"}
)
"""The words for the three probabilities of the wire."""
_ADJECTIVES: Final[Mapping[SignalType, str]] = MappingProxyType(
    {
        "agreement": "agreeing",
        "confidence": "confident",
        "confusion": "confused",
        "disagreement": "disagreeing",
        "frustration": "frustrated",
        "hesitation": "hesitant",
        "interest": "interested",
        "skepticism": "skeptical",
        "stress": "stressed",
        "uncertainty": "uncertain",
    }
)
_ASIDE = re.compile(r" \([^()]*\)| (?:There was no|No) [^.]*\.$")
"""What a headline leaves out: numbers in brackets, and what was missing."""


def plain(name: str) -> str:
    """Return a name without underscores."""
    return name.replace("_", " ")


def likely(probability: Probability, signal: SignalType) -> str:
    """Say how likely a signal is, with the probability before the word.

    "Confidence, low" reads as little confidence, but means that somebody may be confident.

    Examples
    --------
    >>> likely("low", "confidence"), likely("high", "interest")
    ('Possibly confident', 'Very likely interested')
    """
    return f"{HOW_LIKELY[probability]} {_ADJECTIVES[signal]}"


def clock(time_s: float, decimals: int = 1) -> str:
    """Write a time as a player does.

    Examples
    --------
    >>> clock(64.1), clock(2), clock(3725.04), clock(62, decimals=0)
    ('1:04.1', '0:02.0', '1:02:05.0', '1:02')
    """
    minutes, seconds = divmod(round(max(0.0, time_s), decimals), 60.0)
    hours, minutes = divmod(int(minutes), 60)
    rest = f"{seconds:0{decimals + 3 if decimals else 2}.{decimals}f}"
    return f"{hours}:{minutes:02}:{rest}" if hours else f"{minutes}:{rest}"


def times(span: Span, decimals: int = 1) -> str:
    """Return the start and end of a span.

    Examples
    --------
    >>> times(Span(1, 62.5)), times(Span(1, 2.5), decimals=2)
    ('0:01.0–1:02.5', '0:01.00–0:02.50')
    """
    return f"{clock(span.start_s, decimals)}–{clock(span.end_s, decimals)}"


def headline(rationale: str) -> str:
    """Return what a rationale describes, without further numbers and without what was missing.

    Both are one click below, or beside the sentence.

    Examples
    --------
    >>> headline("Spoke steadily for 4.3 s (14% pauses). No face was in view.")
    'Spoke steadily for 4.3 s.'
    """
    return _ASIDE.sub("", rationale)


def quantity(value: float, unit: str) -> str:
    """Return a number with its unit and two or three significant digits.

    Examples
    --------
    >>> quantity(3.14159, "deg"), quantity(42.42, "%"), quantity(120.4, "Hz")
    ('3.14 deg', '42.4%', '120 Hz')
    """
    digits = 0 if abs(value) >= 100 or value == round(value) else 1 if abs(value) >= 10 else 2
    return f"{value:.{digits}f}{'' if not unit else '%' if unit == '%' else f' {unit}'}"


def length(duration_s: float) -> str:
    """Write a duration.

    Examples
    --------
    >>> length(3725)
    '1 h 2 min 5 s'
    """
    if duration_s < 60.0:
        return f"{duration_s:.1f} s".replace(".0 s", " s")
    minutes, seconds = divmod(round(duration_s), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [
        f"{hours} h" if hours else "",
        f"{minutes} min" if minutes else "",
        f"{seconds} s" if seconds else "",
    ]
    return " ".join(filter(None, parts))


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


def numbers_of(cue: Cue) -> str:
    """List the measurements of a cue: value, baseline, further measures, certainty."""
    parts = [quantity(cue.value, cue.unit)]
    if cue.direction:
        parts.append(f"to the {cue.direction}" if cue.direction in ("left", "right") else cue.direction)
    if cue.baseline is not None:
        parts.append(f"baseline {quantity(cue.baseline, cue.unit)}")
    parts += [f"{plain(name)} {quantity(value, unit)}" for name, value, unit in cue.measures]
    parts.append(f"certainty {cue.certainty:.2f}")
    return ", ".join(parts)


def describe_signal(signal: Signal) -> str:
    """Describe a signal: how likely it is, its time, score and rationale."""
    return (
        f"{likely(signal.probability, signal.type)} {times(signal.span)} ({signal.score:.2f}). "
        f"{signal.rationale}"
    )
