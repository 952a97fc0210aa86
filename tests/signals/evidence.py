"""Cues made by hand, and signals weighed from them."""

import string
from collections.abc import Sequence

from backchannel.cues.words.find import NAMES
from backchannel.signals.phrases import PHRASES
from backchannel.signals.score import score_signals
from backchannel.signals.weights import strength_table
from backchannel.values import Coverage, Cue, Modality, Signal, Span

EVERYTHING = Coverage(picture=True, sound=True, face_share=1.0, speech_share=0.5)
NO_SOUND = Coverage(picture=True, sound=False, face_share=1.0, speech_share=None)
NO_PICTURE = Coverage(picture=False, sound=True, face_share=None, speech_share=0.5)
NO_FACE = Coverage(picture=True, sound=True, face_share=0.0, speech_share=0.5)
NO_SPEECH = Coverage(picture=True, sound=True, face_share=1.0, speech_share=0.0)

MINUTE = Span(0.0, 60.0)

AUDIO_CUES = frozenset(
    {
        "speaking",
        "other_voice",
        "pause",
        "long_pause",
        "filled_pause",
        "slow_start",
        "vocal_backchannel",
        "speech_brisk",
        "speech_faster",
        "speech_slow",
        "pitch_raised",
        "pitch_lively",
        "pitch_flat",
        "rising_end",
        "falling_end",
        "loud",
        "soft",
        "steady_voice",
    }
)
TEXT_CUES = NAMES
SIDED = frozenset({"tilt", "gaze_away", "brow_raise_one_side"})


def modality_of(name: str) -> Modality:
    return "audio" if name in AUDIO_CUES else "text" if name in TEXT_CUES else "visual"


def measures_of(name: str) -> list[str]:
    """Further measures that this cue's words or its strength need."""
    words = {field for _, field, _, _ in string.Formatter().parse(PHRASES[name].one) if field}
    by = {strength_table()[name].by} if name in strength_table() else set()
    return sorted((words | by) - {"value", "direction", "how_long", "quotes"})


def cue(
    name: str,
    start_s: float = 5.0,
    end_s: float = 6.0,
    value: float | None = None,
    certainty: float = 1.0,
    direction: str = "left",
    quote: str = "",
    **measures: float,
) -> Cue:
    """A cue at full strength, unless told otherwise."""
    how = strength_table().get(name)
    full = how.full if how is not None else 50.0
    given = dict.fromkeys(measures_of(name), full) | measures
    return Cue(
        name=name,
        modality=modality_of(name),
        span=Span(start_s, end_s),
        value=full if value is None else value,
        unit="",
        baseline=None,
        certainty=certainty,
        measures=tuple((measure, number, "") for measure, number in given.items()),
        direction=direction if name in SIDED else "",
        quote=quote,
    )


def weighed(
    cues: Sequence[Cue], coverage: Coverage = EVERYTHING, segment: Span = MINUTE
) -> tuple[Signal, ...]:
    """Signals of a segment that answers for all of the cues."""
    return score_signals(cues, cues, segment, coverage)


def types_of(signals: Sequence[Signal]) -> set[str]:
    return {signal.type for signal in signals}
