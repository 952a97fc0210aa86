"""Speakers: sentences, and the movements of the head that go with stressed syllables."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np
from scipy.signal import find_peaks

from backchannel.arrays import TimeArray
from synthesis import Filler, Melody, Nod, Performance, Say, Shake, Strokes, Wander, spans_of, voice_of
from synthesis.movements import Movement

Chance = np.random.Generator
Placed = TypeVar("Placed", bound=Nod | Shake)

QUIET = -58.0
"""Level of a voice under the noise of a loud room, dBFS."""

_SENTENCES = (
    "I looked at the numbers.", "They are better than we thought.", "Let us keep the plan.",
    "I would not change it now.", "We can talk about it tomorrow.", "That is what I had in mind.",
    "The morning train was late again.", "My brother lives near the river.",
)  # fmt: skip
_BEATS_APART_S = 0.28
"""Stressed syllables are at least so far apart."""


def placed(gesture: Placed, at_s: float) -> Placed:
    """Place a gesture."""
    return replace(gesture, start_s=at_s)


def sentences(chance: Chance, level_dbfs: float | None = None) -> Say:
    """Speak through the clip, with short pauses."""
    return spoken_until(chance, 9.5, level_dbfs=level_dbfs)


def spoken_until(
    chance: Chance, end_s: float, *, start_s: float | None = None, level_dbfs: float | None = None
) -> Say:
    """Speak sentences that end by a time."""
    level_dbfs = chance.uniform(-30, -17) if level_dbfs is None else level_dbfs
    start_s = chance.uniform(0.3, 0.7) if start_s is None else start_s
    voice = Melody(semitones=float(chance.integers(-9, 4)))
    parts: list[str | float | Filler] = []
    for text in chance.permutation(_SENTENCES):
        longer = [*parts, str(text)]
        if spans_of(Say(start_s, tuple(longer), melody=voice))[-1].end_s > end_s:
            break
        parts = [*longer, chance.uniform(0.08, 0.6)]
    return Say(start_s, tuple(parts[:-1]) or ("Well.",), level_dbfs=level_dbfs, melody=voice)


def stressed_s(say: Say) -> TimeArray:
    """Times of the stressed syllables: the louder peaks of the voice."""
    loud = replace(say, level_dbfs=-20.0)
    time_s: TimeArray = np.arange(0, 10, 0.01)
    envelope = voice_of(Performance(12.0, speech=(loud,))).mouth_envelope(time_s)
    peaks, how = find_peaks(envelope, height=0.15, distance=round(_BEATS_APART_S * 100))
    strong = how["peak_heights"] >= np.quantile(how["peak_heights"], 0.25)
    return np.asarray(time_s[peaks[strong]])


def beats(chance: Chance, speech: tuple[Say, ...]) -> tuple[Movement, ...]:
    """Strokes of the head on stressed syllables, mostly downward, of very different sizes.

    Most lie within 2 to 9 deg; the yaw and roll that go with each are smaller (Hadar et al. 1983; McClave
    2000).
    """
    times_s = np.concatenate([stressed_s(say) for say in speech])
    size_deg, share = chance.uniform(2.5, 6.5), chance.uniform(0.5, 1.0)
    kept = times_s[chance.uniform(size=times_s.size) < share]
    peaks_s = tuple((kept + chance.normal(0.0, 0.04, kept.size)).tolist())
    if not peaks_s:
        return ()
    sizes = np.exp(chance.normal(0, 0.45, kept.size)) * np.where(
        chance.uniform(size=kept.size) < 0.85, -1, 0.6
    )
    aside = np.exp(chance.normal(0, 0.5, kept.size)) * chance.choice((-1.0, 1.0), kept.size)
    stroke_s = chance.uniform(0.28, 0.5)
    return (
        *_restless(chance, speech),
        Strokes("beats", peaks_s, tuple(sizes.tolist()), (("head_pitch_deg", size_deg),), stroke_s),
        Strokes(
            "beats",
            peaks_s,
            tuple(aside.tolist()),
            (("head_yaw_deg", chance.uniform(0.3, 1.5)), ("head_roll_deg", chance.uniform(0.2, 1.2))),
            stroke_s,
        ),
    )


def _restless(chance: Chance, speech: tuple[Say, ...]) -> tuple[Movement, ...]:
    """Move about all axes while speaking, which heads that speak never stop to do (Hadar et al. 1983)."""
    made = []
    for say in speech:
        spans = spans_of(say)
        for axis, deg in (("pitch", 1.8), ("yaw", 2.2), ("roll", 1.5)):
            amounts = ((f"head_{axis}_deg", chance.uniform(0.2, deg)),)
            long_s = spans[-1].end_s - spans[0].start_s
            made.append(
                Wander(
                    "speaking", spans[0].start_s, long_s, amounts, (0.3, 2.0), int(chance.integers(1 << 30))
                )
            )
    return tuple(made)


def sweeps(chance: Chance, say: Say) -> tuple[Movement, ...]:
    """Turns of the head on stressed words, and the small quick shakes of "really" and "so" (McClave 2000)."""
    times_s = stressed_s(say)
    turned = times_s[chance.uniform(size=times_s.size) < 0.7]
    sizes = np.exp(chance.normal(0, 0.45, turned.size)) * chance.choice((-1.0, 1.0), turned.size)
    made: list[Movement] = [*_restless(chance, (say,))]
    if turned.size:
        made.append(
            Strokes(
                "beats",
                tuple(turned.tolist()),
                tuple(sizes.tolist()),
                (("head_yaw_deg", chance.uniform(3.5, 7.0)), ("head_pitch_deg", 1.0)),
                chance.uniform(0.35, 0.6),
            )
        )
    for at_s in chance.uniform(1.0, 8.0, 2):
        peaks_s = tuple((at_s + np.arange(4) * chance.uniform(0.12, 0.2)).tolist())
        made.append(
            Strokes(
                "emphasis",
                peaks_s,
                (1.0, -1.0, 0.9, -0.7),
                (("head_yaw_deg", chance.uniform(1.5, 2.5)),),
                0.3,
            )
        )
    return tuple(made)
