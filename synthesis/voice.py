"""A voice whose silences are known to the sample.

Each sentence is spoken alone, cut to where it can be heard, and laid down at its exact place on a track that
holds nothing but the quiet noise of a room.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import numpy as np
from scipy.ndimage import gaussian_filter1d, uniform_filter1d

from backchannel.arrays import FloatArray, TimeArray
from backchannel.values import Span
from synthesis.performance import Filler, Performance, Say
from synthesis.speaker import SAMPLE_RATE_HZ, Melody, Spoken, sentence, spoken

__all__ = [
    "LONG_PAUSE_S",
    "SAMPLE_RATE_HZ",
    "SHORTEST_PAUSE_S",
    "Voice",
    "pauses_of",
    "sentence",
    "spans_of",
    "voice_of",
]

SHORTEST_PAUSE_S = 0.25
"""Silences inside speech from this length on are pauses (Campione & Veronis 2002)."""

LONG_PAUSE_S = 1.0


@dataclass(frozen=True, slots=True)
class Voice:
    """A clip's sound, with what is in it.

    Attributes
    ----------
    samples
        (n,) -1..1, mono, at `SAMPLE_RATE_HZ`, the room's quiet noise included.
    spoken
        (n,) the voice alone, without the room.
    speech
        Where sentences are heard, s.
    pauses
        Scripted silences between two sentences of one `Say`, s.
    fillers
        Where an "um" is drawn out, s; part of `speech` too.
    f0_time_s, f0_hz
        (k,) s, increasing, and the F0 asked of the synthesiser there; NaN where unvoiced. Only inside speech.
    """

    samples: FloatArray
    spoken: FloatArray
    speech: tuple[Span, ...]
    pauses: tuple[Span, ...]
    fillers: tuple[Span, ...] = ()
    f0_time_s: TimeArray = field(default_factory=lambda: np.zeros(0))
    f0_hz: FloatArray = field(default_factory=lambda: np.zeros(0, np.float32))

    def mouth_envelope(self, time_s: TimeArray) -> FloatArray:
        """How far the voice opens the mouth at each time, 0..1."""
        hop = SAMPLE_RATE_HZ // 100
        power = uniform_filter1d(self.spoken.astype(np.float64) ** 2, hop * 3)[::hop]
        level = np.sqrt(np.maximum(power, 1e-10))
        if not self.speech:
            return np.zeros(time_s.shape, dtype=np.float32)
        # The square root evens loud and soft syllables out; 40 ms is about as fast as a jaw goes.
        heard = np.sqrt(np.clip(level / np.quantile(level, 0.97) - 0.08, 0, 1))
        smooth = gaussian_filter1d(heard, 4.0)
        return np.asarray(np.interp(time_s, np.arange(smooth.size) / 100, smooth), dtype=np.float32)


def voice_of(performance: Performance) -> Voice:
    """Speak everything that the script says.

    Raises
    ------
    ValueError
        If a sentence does not fit into the clip.
    """
    rng = np.random.default_rng([performance.seed, 2])
    count = round(performance.duration_s * SAMPLE_RATE_HZ)
    room = rng.standard_normal(count).astype(np.float32) * np.float32(10 ** (performance.room_dbfs / 20))
    spoken_alone = np.zeros_like(room)
    heard = [placed for say in performance.speech for placed in _placed(say)]
    for placed in heard:
        at = round(placed.span.start_s * SAMPLE_RATE_HZ)
        if at + placed.sound.size > count:
            raise ValueError(
                f"the speech ends at {placed.span.end_s:.2f} s, the clip at {performance.duration_s:.2f} s"
            )
        spoken_alone[at : at + placed.sound.size] += placed.sound
    return Voice(
        samples=np.clip(room + spoken_alone, -1, 1),
        spoken=spoken_alone,
        speech=tuple(placed.span for placed in heard),
        pauses=tuple(pause for say in performance.speech for pause in pauses_of(say)),
        fillers=tuple(placed.span for placed in heard if placed.filler),
        f0_time_s=np.concatenate(
            [np.zeros(0), *(placed.span.start_s + placed.f0_time_s for placed in heard)]
        ),
        f0_hz=np.concatenate([np.zeros(0, np.float32), *(placed.f0_hz for placed in heard)]),
    )


def spans_of(say: Say) -> tuple[Span, ...]:
    """Where each sentence and filler of `say` will be heard, s: to time a gesture by the speech."""
    return tuple(placed.span for placed in _placed(say))


def pauses_of(say: Say) -> tuple[Span, ...]:
    """Where the silences between the sentences of `say` are, s."""
    spans = spans_of(say)
    gaps = (Span(a.end_s, b.start_s) for a, b in itertools.pairwise(spans))
    return tuple(gap for gap in gaps if gap.duration_s >= SHORTEST_PAUSE_S)


@dataclass(frozen=True, slots=True)
class _Placed:
    span: Span
    sound: FloatArray
    filler: bool
    f0_time_s: TimeArray
    f0_hz: FloatArray


def _placed(say: Say) -> list[_Placed]:
    placed: list[_Placed] = []
    at_s = say.start_s
    for part in say.parts:
        if isinstance(part, int | float):
            at_s += part
            continue
        said = (
            _drawn_out(part, say.melody) if isinstance(part, Filler) else spoken(part, say.speed, say.melody)
        )
        sound = said.sound
        loud = sound[np.abs(sound) > 0.05 * np.abs(sound).max()]
        gain = 10 ** (say.level_dbfs / 20) / float(np.sqrt(np.mean(loud**2)))
        span = Span(at_s, at_s + sound.size / SAMPLE_RATE_HZ)
        loudened = np.asarray(sound * gain, dtype=np.float32)
        placed.append(_Placed(span, loudened, isinstance(part, Filler), said.f0_time_s, said.f0_hz))
        at_s = span.end_s
    return placed


def _drawn_out(filler: Filler, melody: Melody) -> Spoken:
    """Speak a filler as people do: on one level tone (Goto 1999)."""
    return spoken(filler.text, filler.speed, Melody(melody.semitones, liveliness=0.0))
