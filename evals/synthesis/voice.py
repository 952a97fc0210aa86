"""A voice whose silences are known to the sample.

Each sentence is synthesised alone by `hibari-tts` (Apache-2.0, English, its weights are inside the wheel: it
needs no network), cut to where it can be heard, and laid down at its exact place on a silent track.
"""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter1d, uniform_filter1d
from scipy.signal import resample_poly

from backchannel.arrays import FloatArray, TimeArray
from backchannel.model import Span
from evals.synthesis.performance import Performance, Say

SAMPLE_RATE_HZ = 48_000
_SYNTHESISER_RATE_HZ = 24_000

AUDIBLE_DB = -35.0
"""A sentence begins and ends where its 10 ms level passes this, relative to its loudest 10 ms."""

SHORTEST_PAUSE_S = 0.25
"""Silences inside speech from this length on are pauses (Campione & Veronis 2002)."""

LONG_PAUSE_S = 1.0

_FADE_S = 0.005
_ROOM_DBFS = -66.0


@dataclass(frozen=True, slots=True)
class Voice:
    """A clip's sound, with what is in it.

    Attributes
    ----------
    samples
        (n,) -1..1, mono, at `SAMPLE_RATE_HZ`, the room's quiet noise included.
    speech
        Where sentences are heard, s.
    pauses
        Scripted silences between two sentences of one `Say`, s.
    """

    samples: FloatArray
    speech: tuple[Span, ...]
    pauses: tuple[Span, ...]

    def mouth_envelope(self, time_s: TimeArray) -> FloatArray:
        """How far the voice opens the mouth at each time, 0..1."""
        hop = SAMPLE_RATE_HZ // 100
        level = np.sqrt(uniform_filter1d(self.samples.astype(np.float64) ** 2, hop * 3))[::hop]
        if not self.speech or level.max() <= 0:
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
    samples = rng.standard_normal(count).astype(np.float32) * np.float32(10 ** (_ROOM_DBFS / 20))
    speech: list[Span] = []
    pauses: list[Span] = []
    for say in performance.speech:
        for span, sound in _placed(say):
            at = round(span.start_s * SAMPLE_RATE_HZ)
            if at + sound.size > count:
                raise ValueError(
                    f"the speech ends at {span.end_s:.2f} s, the clip at {performance.duration_s:.2f} s"
                )
            samples[at : at + sound.size] += sound
            speech.append(span)
        pauses.extend(pauses_of(say))
    return Voice(np.clip(samples, -1, 1), tuple(speech), tuple(pauses))


def spans_of(say: Say) -> tuple[Span, ...]:
    """Where each sentence of `say` will be heard, s. For scripts that time a gesture by the speech."""
    return tuple(span for span, _ in _placed(say))


def pauses_of(say: Say) -> tuple[Span, ...]:
    """Where the silences between the sentences of `say` are, s."""
    spans = spans_of(say)
    gaps = (Span(a.end_s, b.start_s) for a, b in itertools.pairwise(spans))
    return tuple(gap for gap in gaps if gap.duration_s >= SHORTEST_PAUSE_S)


def _placed(say: Say) -> list[tuple[Span, FloatArray]]:
    placed: list[tuple[Span, FloatArray]] = []
    at_s = say.start_s
    for part in say.parts:
        if isinstance(part, str):
            sound = sentence(part, say.speed, say.semitones)
            loud = sound[np.abs(sound) > 0.05 * np.abs(sound).max()]
            gain = 10 ** (say.level_dbfs / 20) / float(np.sqrt(np.mean(loud**2)))
            span = Span(at_s, at_s + sound.size / SAMPLE_RATE_HZ)
            placed.append((span, np.asarray(sound * gain, dtype=np.float32)))
            at_s = span.end_s
        else:
            at_s += part
    return placed


@functools.lru_cache(maxsize=512)
def sentence(text: str, speed: float = 1.0, semitones: float = 0.0) -> FloatArray:
    """Speak one sentence, cut to where it can be heard.

    Returns
    -------
    FloatArray
        (n,) at `SAMPLE_RATE_HZ`, with 5 ms fades. The same text gives the same samples.
    """
    # Played faster, a voice is higher: it is spoken slower by as much, so that only the pitch changes.
    ratio = 2 ** (semitones / 12)
    spoken = np.asarray(_synthesiser()(text, speed=speed / ratio, seed=0), dtype=np.float64)
    up, down = SAMPLE_RATE_HZ // _SYNTHESISER_RATE_HZ * 100, round(100 * ratio)
    sound = resample_poly(spoken, up, down)
    hop = SAMPLE_RATE_HZ // 100
    level = np.sqrt(uniform_filter1d(sound**2, hop))
    audible = np.flatnonzero(level > level.max() * 10 ** (AUDIBLE_DB / 20))
    sound = sound[audible[0] : audible[-1] + 1]
    fade = np.linspace(0, 1, round(_FADE_S * SAMPLE_RATE_HZ))
    sound[: fade.size] *= fade
    sound[-fade.size :] *= fade[::-1]
    return np.asarray(sound, dtype=np.float32)


@functools.cache
def _synthesiser() -> Any:
    from hibari import Hibari  # noqa: PLC0415  heavy, and only wanted by clips that speak

    return Hibari()
