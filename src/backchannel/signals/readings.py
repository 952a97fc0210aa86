"""Cues as signals read them: with the circumstances that change what they mean.

A nod while listening is not a nod while speaking; a furrowed brow means more with the eyes on the screen. A
reading is a cue, or a few cues at the same time, under a name that `weights.toml` can weigh. Nothing is
measured here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from backchannel.model import Cue, Span
from backchannel.signals.weights import strength_table


@dataclass(frozen=True, slots=True)
class Reading:
    """One or more cues, read together.

    Attributes
    ----------
    name
        As in `weights.toml`.
    cues
        What it rests on, the telling one first.
    span
        When the telling cue was there.
    force
        Strength × certainty, 0..1.
    """

    name: str
    cues: tuple[Cue, ...]
    span: Span
    force: float


def read(cues: Sequence[Cue]) -> tuple[Reading, ...]:
    """Every reading of some cues, in the cues' order."""
    return tuple(reading for cue in cues for reading in _readings(cue, cues))


def _readings(cue: Cue, cues: Sequence[Cue]) -> Iterator[Reading]:
    yield _reading(cue.name, cue)
    match cue.name:
        case "nod" | "shake":
            speaking = _shared(cue, cues, "speaking") > 0.3
            yield _reading(f"{cue.name}.{'speaking' if speaking else 'listening'}", cue)
        case "facing":
            yield from _while("facing.speaking", cue, _with(cue, cues, "speaking", 0.3))
        case "gaze_away":
            yield from _gaze_away(cue, cues)
        case "brow_raise":
            yield from _brow_raise(cue, cues)
        case "smile" | "pitch_lively":
            name = "smile_facing" if cue.name == "smile" else "lively_facing"
            yield from _together(name, cue, _with(cue, cues, "facing", 0.6))
        case "brow_furrow":
            yield from _brow_furrow(cue, cues)
        case "tilt":
            narrowed = _with(cue, cues, "eyes_narrowed", 0.5)
            if narrowed and not _with(cue, cues, "smile", 0.1):
                yield _reading("narrowed_tilt", cue, *narrowed)
        case "pitch_raised":
            brisk = _with(cue, cues, "speech_brisk", 0.5)
            if brisk:
                yield _reading("raised_and_fast", cue, *brisk)
        case "long_pause":
            others = [
                other for other in cues if other.name in ("long_pause", "filled_pause") and other != cue
            ]
            if cue.value >= 1.0 and others:
                yield _reading("long_hesitation", cue, others[0])


def _while(name: str, cue: Cue, others: Sequence[Cue]) -> Iterator[Reading]:
    """Read a cue in a circumstance: the circumstance is no evidence of its own."""
    if others:
        yield _reading(name, cue)


def _together(name: str, cue: Cue, others: Sequence[Cue]) -> Iterator[Reading]:
    """Read two cues as one: both are evidence."""
    if others:
        yield _reading(name, cue, *others)


def _gaze_away(cue: Cue, cues: Sequence[Cue]) -> Iterator[Reading]:
    yield from _while("gaze_away.speaking", cue, _with(cue, cues, "speaking", 0.3))
    pauses = [*_with(cue, cues, "long_pause", 0.2), *_with(cue, cues, "pause", 0.2)]
    yield from _while("gaze_away.pause", cue, pauses)


def _brow_raise(cue: Cue, cues: Sequence[Cue]) -> Iterator[Reading]:
    facing = _with(cue, cues, "facing", 0.5)
    # While speaking, raised brows stress words (Ekman 1979) and say nothing about interest.
    if facing and _shared(cue, cues, "speaking") <= 0.3:
        yield _reading("brow_raise.facing", cue, *facing)
    yield from _together("facial_shrug", cue, _with(cue, cues, "lip_corner_down", 0.3))


def _brow_furrow(cue: Cue, cues: Sequence[Cue]) -> Iterator[Reading]:
    facing = _with(cue, cues, "facing", 0.6)
    if facing and cue.span.duration_s >= 1.0:
        yield _reading("furrow_facing", cue, *facing)
    yield from _together("furrow_and_lip_press", cue, _with(cue, cues, "lip_press", 0.3))


def _reading(name: str, cue: Cue, *others: Cue) -> Reading:
    how = strength_table().get(cue.name)
    strength = 1.0 if how is None else how.of(_size(cue, how.by))
    return Reading(name, (cue, *others), cue.span, strength * cue.certainty)


def _size(cue: Cue, by: str) -> float:
    if by == "value":
        return cue.value
    return next(value for name, value, _ in cue.measures if name == by)


def _with(cue: Cue, cues: Sequence[Cue], name: str, share: float) -> list[Cue]:
    """Cues of a name that together cover at least a share of the cue, the longest shared one first."""
    together = [other for other in cues if other.name == name and cue.span.overlap_s(other.span) > 0]
    if _shared(cue, cues, name) < share:
        return []
    return sorted(together, key=lambda other: -cue.span.overlap_s(other.span))[:1]


def _shared(cue: Cue, cues: Sequence[Cue], name: str) -> float:
    """Share of the cue's time that cues of a name cover, 0..1."""
    if cue.span.duration_s <= 0:
        return 0.0
    covered_s = sum(cue.span.overlap_s(other.span) for other in cues if other.name == name)
    return min(1.0, covered_s / cue.span.duration_s)
