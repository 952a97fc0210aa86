"""The words for each cue: what a person would say who watched and listened, and nothing about feelings.

A cue in words is quoted as it was heard: said “I'm not sure”.

Phrases are in the past tense and begin with their verb, so that several with one verb can be joined: "Spoke
quickly and with a lively pitch". Cues that are alike become one phrase: "Paused twice (0.7 and 1.4 s)".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from backchannel.values import Evidence

BRIEF_S: Final = 1.0
"""Anything shorter is brief (judgement: the length of a word or a glance)."""
MOST_LISTED: Final = 3
"""Most durations, or quotations, in one phrase."""
MOST_QUOTED: Final = 12
"""Most words that one phrase quotes."""
_TIMES: Final = MappingProxyType({1: "once", 2: "twice"})


@dataclass(frozen=True, slots=True)
class Phrase:
    """The words for one cue and for several of a kind.

    Attributes
    ----------
    one
        Words for one cue.
    several
        Words for several; empty if they say no more than the strongest does.
    unquoted
        Instead of a quotation that would be too long.

    Notes
    -----
    Placeholders of both: the measures of the strongest cue by name, ``value`` and ``direction``. Of `one`:
    ``how_long``, "briefly" or "for 2.3 s". Of `several`: ``number`` and ``times``, how many cues; ``values``
    of each; ``counts``, the sum of their counts; ``extent``, seconds from the first to the end of the last.
    Of both, for cues in words: ``quotes``, in quotation marks.
    """

    one: str
    several: str = ""
    unquoted: str = ""


def _held(verb: str) -> Phrase:
    return Phrase(f"{verb} {{how_long}}", f"{verb} {{times}}")


_SAID: Final = Phrase("said {quotes}", "said {quotes}", "a longer phrase")
_ASKED: Final = Phrase("asked {quotes}", "asked {quotes}", "a longer question")

PHRASES: Final[Mapping[str, Phrase]] = MappingProxyType(
    {
        "nod": Phrase("nodded {count}", "nodded {counts} in {extent} s"),
        "shake": Phrase("shook the head {count}", "shook the head {counts} in {extent} s"),
        "tilt": Phrase("tilted the head to the {direction} {how_long}", "tilted the head {times}"),
        "head_active": _held("moved the head a lot"),
        "head_still": _held("held the head still"),
        "lean_in": _held("leaned in"),
        "lean_out": _held("leaned back"),
        "face_absent": _held("was out of view"),
        "facing": Phrase("faced the camera {value}% of the time"),
        "gaze_away": Phrase("looked {direction} {how_long}", "looked away {times}"),
        "eyes_closed": _held("closed the eyes"),
        "blink_rate_high": Phrase("blinked {value} times a minute"),
        "eyes_narrowed": _held("narrowed the eyes"),
        "smile": _held("smiled"),
        "brow_raise": _held("raised the brows"),
        "brow_raise_one_side": Phrase("raised the {direction} brow {how_long}", "raised one brow {times}"),
        "brow_furrow": _held("furrowed the brows"),
        "lip_press": _held("pressed the lips"),
        "lip_corner_down": _held("lowered the corners of the mouth"),
        "chin_raise": _held("pushed the chin up"),
        "speaking": _held("spoke"),
        "other_voice": Phrase(
            "kept the lips still while a voice spoke {how_long}",
            "kept the lips still while a voice spoke {times}",
        ),
        "pause": Phrase("paused for {value} s", "paused {times} ({values} s)"),
        "long_pause": Phrase("paused for {value} s", "paused {times} ({values} s)"),
        "filled_pause": Phrase("held one sound for {value} s", "held one sound {times} ({values} s)"),
        "slow_start": Phrase(
            "made a short sound and began {gap} s after it", "began {times} with a short sound"
        ),
        "vocal_backchannel": Phrase("made a short sound", "made {number} short sounds"),
        "speech_brisk": Phrase("spoke quickly ({value} syllables a second)"),
        "speech_faster": Phrase("spoke faster than usual ({value} syllables a second, usually {usual})"),
        "speech_slow": Phrase("spoke slowly ({value} syllables a second)"),
        "pitch_raised": Phrase("spoke at a higher pitch than usual"),
        "pitch_lively": Phrase("spoke with a lively pitch"),
        "pitch_flat": Phrase("spoke with a flat pitch"),
        "rising_end": Phrase(
            "let the pitch rise at the end of a phrase", "let the pitch rise at the end of {number} phrases"
        ),
        "falling_end": Phrase(
            "let the pitch fall at the end of a phrase", "let the pitch fall at the end of {number} phrases"
        ),
        "loud": Phrase("spoke louder than usual"),
        "soft": Phrase("spoke more softly than usual"),
        "steady_voice": Phrase("spoke steadily for {speech} s ({pause_share}% pauses)"),
        "assent": _SAID,
        "dissent": _SAID,
        "hedge": _SAID,
        "certainty": _SAID,
        "clarifying_question": _ASKED,
        "question": _ASKED,
        "positive": _SAID,
        "negative": _SAID,
        "filler": _SAID,
        "apology": _SAID,
        "thanks": _SAID,
        "self_correction": _SAID,
        "repetition": _SAID,
    }
)
"""The words for each cue."""

FAMILIES: Final[Mapping[str, str]] = MappingProxyType(
    {"pause": "pause", "long_pause": "pause"}
    | {name: "said" for name, phrase in PHRASES.items() if phrase is _SAID}
    | {name: "asked" for name, phrase in PHRASES.items() if phrase is _ASKED}
)
"""Cues that share a phrase with another."""


def phrase_of(alike: Sequence[Evidence], evidence: Sequence[Evidence]) -> str:
    """Say one or more cues of a kind.

    Parameters
    ----------
    alike
        Their own values, strongest first.
    evidence
        All evidence, which has their other measures.
    """
    first = alike[0]
    words = PHRASES[first.cue]
    if len(alike) == 1 or not words.several:
        measures = _measures(first, evidence)
        return words.one.format(
            **measures, how_long=_how_long(first.span.duration_s), quotes=_quotes(alike, words)
        )
    in_time = sorted(alike, key=lambda entry: entry.span)
    counts = sum(_count_of(entry, evidence) for entry in alike)
    extent_s = max(entry.span.end_s for entry in alike) - in_time[0].span.start_s
    listed = [number(entry.value) for entry in in_time]
    if len(alike) > MOST_LISTED:
        listed = [f"up to {number(max(entry.value for entry in alike))}"]
    return words.several.format(
        number=len(alike),
        times=times(len(alike)),
        values=listing(listed),
        counts=times(counts),
        extent=number(extent_s),
        quotes=_quotes(alike, words),
    )


def quoted(alike: Sequence[Evidence]) -> list[Evidence]:
    """Return the cues of a kind that are quoted, in order of time: the strongest, a dozen words at most."""
    kept: list[Evidence] = []
    for entry in alike:
        texts = {one.text.casefold() for one in kept}
        words = sum(len(text.split()) for text in (*texts, entry.text))
        if entry.text and entry.text.casefold() not in texts and words <= MOST_QUOTED:
            kept.append(entry)
    return sorted(kept[:MOST_LISTED], key=lambda entry: entry.span)


def _quotes(alike: Sequence[Evidence], words: Phrase) -> str:
    return listing([f"“{entry.text}”" for entry in quoted(alike)] or [words.unquoted])


def _measures(entry: Evidence, evidence: Sequence[Evidence]) -> dict[str, str]:
    found = {"value": number(entry.value, entry.unit), "direction": entry.direction}
    for other in evidence:
        if other.measure and other.cue == entry.cue and other.span == entry.span:
            found[other.measure] = (
                times(round(other.value)) if other.measure == "count" else number(other.value, other.unit)
            )
    return found


def _count_of(entry: Evidence, evidence: Sequence[Evidence]) -> int:
    return sum(
        round(other.value)
        for other in evidence
        if other.measure == "count" and other.cue == entry.cue and other.span == entry.span
    )


def _how_long(duration_s: float) -> str:
    return "briefly" if duration_s < BRIEF_S else f"for {number(duration_s)} s"


def number(value: float, unit: str = "") -> str:
    """Write a measurement: whole from ten up and in per cent, else with one decimal."""
    rounded = f"{value:.0f}" if abs(value) >= 10 or unit == "%" else f"{value:.1f}"
    return rounded.removesuffix(".0")


def times(count: int) -> str:
    """Write how often."""
    return _TIMES.get(count, f"{count} times")


def listing(parts: Sequence[str]) -> str:
    """Join parts as a sentence does: "a", "a and b", "a, b and c"."""
    if len(parts) == 1:
        return parts[0]
    return f"{', '.join(parts[:-1])} and {parts[-1]}"
