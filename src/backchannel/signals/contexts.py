"""Combine cues with the circumstances that change their meaning.

A nod while listening is not a nod while speaking; a furrowed brow means more with the eyes on the screen. A
reading is a cue, or a few cues at the same time, under a name in `weights.toml`. Nothing is
measured here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from backchannel.signals.weights import strength_table
from backchannel.values import Cue, Span

HELD_SMILE_S = 2.0
"""A smile this long is meant for somebody, whichever way the person looks (judgement)."""
HELD_RAISE_S = 1.2
"""Raised brows that last longer than a stressed phrase (judgement, after Ekman 1979)."""
HELD_FURROW_S = 1.5
"""A furrow that lasts longer than a stressed word (judgement, after Ekman 1979)."""
STATEMENT_S = 2.5
"""A statement takes at least so much speech (judgement: a sentence). A word alone is steady by nature."""
FLUENT_PAUSE_PERCENT = 18.0
"""More silence than this is not fluent (judgement; fluent speakers pause 5 to 15% of a statement)."""
EMPHASIS_SHARE = 0.7
"""Raised brows that go with speech for so much of their time stress it, however long (judgement)."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One or more cues, read together.

    Attributes
    ----------
    name
        As in `weights.toml`.
    cues
        The cues it is based on, the main one first.
    span
        Span of the main cue.
    force
        Strength × certainty, 0..1.
    """

    name: str
    cues: tuple[Cue, ...]
    span: Span
    force: float


def read(cues: Sequence[Cue]) -> tuple[Reading, ...]:
    """Return every reading of some cues, in the cues' order."""
    return tuple(reading for cue in cues for reading in _readings(cue, cues))


def _readings(cue: Cue, cues: Sequence[Cue]) -> Iterator[Reading]:
    yield _reading(cue.name, cue)
    circumstances = _CIRCUMSTANCES.get(cue.name)
    if circumstances is not None:
        yield from circumstances(cue, cues)


def _gesture(cue: Cue, cues: Sequence[Cue]) -> Iterator[Reading]:
    speaking = _shared(cue, cues, "speaking") > 0.3
    yield _reading(f"{cue.name}.{'speaking' if speaking else 'listening'}", cue)


def _facing(cue: Cue, cues: Sequence[Cue]) -> Iterator[Reading]:
    yield from _while("facing.speaking", cue, _with(cue, cues, "speaking", 0.3))


def _tilt(cue: Cue, cues: Sequence[Cue]) -> Iterator[Reading]:
    if not _with(cue, cues, "smile", 0.1):
        yield from _together("narrowed_tilt", cue, _with(cue, cues, "eyes_narrowed", 0.5))


def _eyes_closed(cue: Cue, cues: Sequence[Cue]) -> Iterator[Reading]:
    # A broad smile or a laugh closes the eyes too, without ignoring anybody.
    if not _with(cue, cues, "smile", 0.3):
        yield _reading("eyes_closed.alone", cue)


def _pitch_raised(cue: Cue, cues: Sequence[Cue]) -> Iterator[Reading]:
    yield from _together("raised_and_fast", cue, _with(cue, cues, "speech_faster", 0.5))


def _steady_voice(cue: Cue, cues: Sequence[Cue]) -> Iterator[Reading]:
    fluent = _measure(cue, "pause_share") <= FLUENT_PAUSE_PERCENT and _measure(cue, "speech") >= STATEMENT_S
    if fluent and not any(
        other.name in ("filled_pause", "slow_start") and other.span.overlap_s(cue.span) > 0 for other in cues
    ):
        yield from _together("steady_statement", cue, _with(cue, cues, "facing", 0.6))


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


def _smile(cue: Cue, cues: Sequence[Cue]) -> Iterator[Reading]:
    facing = _with(cue, cues, "facing", 0.6)
    if facing:
        yield _reading("smile_facing", cue, *facing)
    elif cue.span.duration_s >= HELD_SMILE_S:
        yield _reading("smile_held", cue)


def _brow_raise(cue: Cue, cues: Sequence[Cue]) -> Iterator[Reading]:
    facing = _with(cue, cues, "facing", 0.5)
    # While speaking, short raises stress words (Ekman 1979) and say nothing about interest; held ones do.
    spoken = _shared(cue, cues, "speaking")
    stress = spoken > EMPHASIS_SHARE or (spoken > 0.3 and cue.span.duration_s < HELD_RAISE_S)
    if facing and not stress:
        yield _reading("brow_raise.facing", cue, *facing)
    yield from _together("facial_shrug", cue, _with(cue, cues, "lip_corner_down", 0.3))


def _brow_furrow(cue: Cue, cues: Sequence[Cue]) -> Iterator[Reading]:
    facing = _with(cue, cues, "facing", 0.6)
    if facing and cue.span.duration_s >= 1.0:
        yield _reading("furrow_facing", cue, *facing)
    yield from _together("furrow_and_lip_press", cue, _with(cue, cues, "lip_press", 0.3))
    # Lowered brows and tightened lids are the face of somebody who works something out (Craig et al. 2008).
    yield from _together("furrow_narrowed", cue, _with(cue, cues, "eyes_narrowed", 0.3))
    if _shared(cue, cues, "speaking") > 0.3:
        if cue.span.duration_s >= HELD_FURROW_S:
            yield _reading("furrow.speaking", cue)
    else:
        # The thinking face (Goodwin & Goodwin 1986).
        yield from _together("furrow_aside", cue, _with(cue, cues, "gaze_away", 0.3))


_CIRCUMSTANCES: Mapping[str, Callable[[Cue, Sequence[Cue]], Iterator[Reading]]] = MappingProxyType(
    {
        "nod": _gesture,
        "shake": _gesture,
        "facing": _facing,
        "gaze_away": _gaze_away,
        "eyes_closed": _eyes_closed,
        "brow_raise": _brow_raise,
        "brow_furrow": _brow_furrow,
        "smile": _smile,
        "pitch_raised": _pitch_raised,
        "tilt": _tilt,
        "steady_voice": _steady_voice,
    }
)
"""Find cues that mean something else in a circumstance."""


def _reading(name: str, cue: Cue, *others: Cue) -> Reading:
    how = strength_table().get(cue.name)
    strength = 1.0 if how is None else how.of(_size(cue, how.by))
    return Reading(name, (cue, *others), cue.span, strength * cue.certainty)


def _size(cue: Cue, by: str) -> float:
    return cue.value if by == "value" else _measure(cue, by)


def _measure(cue: Cue, name: str) -> float:
    return next(value for measure, value, _ in cue.measures if measure == name)


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
