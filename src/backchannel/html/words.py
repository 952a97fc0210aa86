"""Text for cues, signals, times and numbers on pages."""

from backchannel.values import Cue, Signal, Span


def plain(name: str) -> str:
    """Return a name without underscores."""
    return name.replace("_", " ")


def times(span: Span) -> str:
    """Return the start and end of a span.

    Examples
    --------
    >>> times(Span(1, 2.5))
    '1.00–2.50 s'
    """
    return f"{span.start_s:.2f}–{span.end_s:.2f} s"


def quantity(value: float, unit: str) -> str:
    """Return a number with its unit and two or three significant digits.

    Examples
    --------
    >>> quantity(3.14159, "deg"), quantity(42.42, "%"), quantity(120.4, "Hz")
    ('3.14 deg', '42.4%', '120 Hz')
    """
    digits = 0 if abs(value) >= 100 or value == round(value) else 1 if abs(value) >= 10 else 2
    return f"{value:.{digits}f}{'' if not unit else '%' if unit == '%' else f' {unit}'}"


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
    """Describe a signal: type, time, probability, score and rationale."""
    return (
        f"{signal.type} {times(signal.span)}, {signal.probability} ({signal.score:.2f}). {signal.rationale}"
    )
