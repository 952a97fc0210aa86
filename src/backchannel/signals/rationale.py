"""Puts evidence into words: plain sentences in which every number is one of the evidence's, rounded.

It sees nothing else: no pictures, no sound, no words that anybody said. The same evidence gives the same
sentences. The phrases describe what can be seen or heard, never what somebody felt or wanted.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from backchannel.values import Coverage, Cue, Evidence

MAX_PHRASES = 3
"""Most events in one rationale of one or two plain sentences."""
MIN_TOLD_WEIGHT = 0.1
"""Rationales leave out evidence that adds less than this to the log-odds (judgement)."""

PHRASES: Mapping[str, str] = MappingProxyType(
    {
        "nod": "nodded {count} between {start} and {end} s",
        "shake": "shook the head {count} between {start} and {end} s",
        "tilt": "tilted the head to the {direction} from {start} to {end} s",
        "head_active": "moved the head a lot from {start} to {end} s",
        "head_still": "held the head still from {start} to {end} s",
        "lean_in": "leaned in from {start} to {end} s (face {value}% larger)",
        "lean_out": "leaned back from {start} to {end} s (face {value}% smaller)",
        "face_absent": "was out of view from {start} to {end} s",
        "facing": "faced the camera {value}% of the time from {start} to {end} s",
        "gaze_away": "looked {direction} from {start} to {end} s",
        "eyes_closed": "kept the eyes closed for {value} s from {start} s",
        "blink_rate_high": "blinked {value} times a minute from {start} to {end} s",
        "eyes_narrowed": "narrowed the eyes from {start} to {end} s",
        "smile": "smiled from {start} to {end} s",
        "brow_raise": "raised the brows from {start} to {end} s",
        "brow_raise_one_side": "raised the {direction} brow from {start} to {end} s",
        "brow_furrow": "furrowed the brows from {start} to {end} s",
        "lip_press": "pressed the lips from {start} to {end} s",
        "lip_corner_down": "lowered the corners of the mouth from {start} to {end} s",
        "chin_raise": "pushed the chin up from {start} to {end} s",
        "speaking": "spoke from {start} to {end} s",
        "pause": "paused for {value} s at {start} s",
        "long_pause": "paused for {value} s at {start} s",
        "filled_pause": "held a flat, steady sound for {value} s at {start} s",
        "slow_start": "made a short sound at {start} s and began {gap} s after it",
        "vocal_backchannel": "made a short sound of {value} s at {start} s",
        "speech_brisk": "spoke {value} syllables a second from {start} to {end} s",
        "speech_faster": "spoke {value} syllables a second from {start} to {end} s, against {usual} usually",
        "speech_slow": "spoke {value} syllables a second from {start} to {end} s",
        "pitch_raised": "spoke {value} semitones higher than usual from {start} to {end} s",
        "pitch_lively": "spoke with a lively pitch from {start} to {end} s",
        "pitch_flat": "spoke with a flat pitch from {start} to {end} s",
        "rising_end": "let the pitch rise at the end of a phrase at {end} s",
        "falling_end": "let the pitch fall at the end of a phrase at {end} s",
        "loud": "spoke {value} dB louder than usual from {start} to {end} s",
        "soft": "spoke {value} dB softer than usual from {start} to {end} s",
        "steady_voice": "spoke steadily for {speech} s from {start} s, with {pause_share}% pauses",
    }
)
"""The phrase for each cue, with placeholders for its numbers."""

_TIMES = MappingProxyType({1: "once", 2: "twice"})


def evidence_of(cue: Cue, weight: float) -> list[Evidence]:
    """Return every number of a cue, as evidence: its value first, then its further measures."""
    value = Evidence(
        cue.name, "", cue.modality, cue.span, cue.value, cue.unit, cue.baseline, weight, cue.direction
    )
    measures = [
        Evidence(cue.name, name, cue.modality, cue.span, number, unit, None, 0.0)
        for name, number, unit in cue.measures
    ]
    return [value, *measures]


def compose(evidence: Sequence[Evidence], coverage: Coverage) -> str:
    """Write the rationale for some evidence, strongest first, and say which modality was missing."""
    events = [entry for entry in evidence if not entry.measure]
    strong = [entry for entry in events if entry.cue != "facing" and entry.weight >= MIN_TOLD_WEIGHT]
    told = (strong or [entry for entry in events if entry.cue != "facing"][:1])[:MAX_PHRASES]
    phrases = [_phrase(entry, evidence) for entry in told or events[:1]]
    first = phrases[0]
    if told and told[0].modality == "visual" and _faces_during(told[0], events):
        first += " while facing the camera"
    sentence = f"{first[0].upper()}{first[1:]}"
    rest = f" Also {' and '.join(phrases[1:])}" if len(phrases) > 1 else ""
    missing = _missing(events, coverage)
    if rest:
        return f"{sentence}.{rest}{missing}."
    return f"{sentence}{missing}."


def _faces_during(told: Evidence, events: Sequence[Evidence]) -> bool:
    """Whether the person faced the camera for most of an event. Before or after it would not be "while"."""
    enough_s = 0.5 * told.span.duration_s
    return any(e.cue == "facing" and e.span.overlap_s(told.span) >= enough_s for e in events)


def _phrase(entry: Evidence, evidence: Sequence[Evidence]) -> str:
    values = {
        "value": number(entry.value),
        "start": _time(entry.span.start_s),
        "end": _time(entry.span.end_s),
        "direction": entry.direction,
    }
    for other in evidence:
        if other.measure and other.cue == entry.cue and other.span == entry.span:
            values[other.measure] = _count(other.value) if other.measure == "count" else number(other.value)
    return PHRASES[entry.cue].format(**values)


def number(value: float) -> str:
    """Write a measurement: a whole number from ten up, one decimal below."""
    rounded = f"{value:.0f}" if abs(value) >= 10 else f"{value:.1f}"
    return rounded.removesuffix(".0")


def _time(value_s: float) -> str:
    return f"{value_s:.1f}"


def _count(value: float) -> str:
    whole = round(value)
    return _TIMES.get(whole, f"{whole} times")


def _missing(events: Sequence[Evidence], coverage: Coverage) -> str:
    present = {entry.modality for entry in events}
    if "audio" not in present and not coverage.sound:
        return "; no sound was available"
    if "visual" not in present and not coverage.picture:
        return "; no picture was available"
    if "visual" not in present and coverage.face_share == 0:
        return "; no face was in view"
    if "audio" not in present and coverage.speech_share == 0:
        return "; no speech was detected"
    return ""
