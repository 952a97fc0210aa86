"""Cues, signals and times in the words of the pages."""

from backchannel.values import Cue, Signal, Span


def plain(name: str) -> str:
    """A name without underscores."""
    return name.replace("_", " ")


def times(span: Span) -> str:
    """From when to when."""
    return f"{span.start_s:.2f}–{span.end_s:.2f} s"


def quantity(value: float, unit: str) -> str:
    """A number with its unit, as many digits as it deserves."""
    digits = 0 if abs(value) >= 100 or value == round(value) else 1 if abs(value) >= 10 else 2
    return f"{value:.{digits}f}{'' if not unit else '%' if unit == '%' else f' {unit}'}"


def numbers_of(cue: Cue) -> str:
    """What was measured of a cue: value, baseline, measures, certainty."""
    parts = [quantity(cue.value, cue.unit)]
    if cue.direction:
        parts.append(f"to the {cue.direction}" if cue.direction in ("left", "right") else cue.direction)
    if cue.baseline is not None:
        parts.append(f"baseline {quantity(cue.baseline, cue.unit)}")
    parts += [f"{plain(name)} {quantity(value, unit)}" for name, value, unit in cue.measures]
    parts.append(f"certainty {cue.certainty:.2f}")
    return ", ".join(parts)


def told_signal(signal: Signal) -> str:
    """A signal and why it was reported."""
    return (
        f"{signal.type} {times(signal.span)}, {signal.probability} ({signal.score:.2f}). {signal.rationale}"
    )
