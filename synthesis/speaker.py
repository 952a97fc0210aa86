"""Speaks one sentence with a melody that is known.

`hibari-tts` (Apache-2.0, English, its weights are inside the wheel: it needs no network) predicts a spectrum
and an F0 for every 12.5 ms, and only then makes sound of them. Between the two the F0 can be shifted,
flattened and bent, while words, voice and pace stay as they are.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.ndimage import uniform_filter1d
from scipy.signal import resample_poly

from backchannel.arrays import FloatArray, TimeArray
from synthesis.mesh import Matrix

SAMPLE_RATE_HZ = 48_000
_SYNTHESISER_RATE_HZ = 24_000

AUDIBLE_DB = -35.0
"""A sentence begins and ends where its 10 ms level passes this, relative to its loudest 10 ms."""

BEND_S = 0.35
"""How much of the sentence's end is bent by `Melody.end_semitones`."""

_FRAME_S = 0.0125
_VOICED_HZ = 40.0
_CREAK = 0.65
_FADE_S = 0.005


@dataclass(frozen=True, slots=True)
class Melody:
    """What is done to the voice's own F0.

    Attributes
    ----------
    semitones
        Shift of the whole sentence.
    liveliness
        Stretch of the melody about its median, in semitones: 0 is a monotone, 1 the voice's own.
    end_semitones
        Rise (+) or fall (-) reached over the last voiced `BEND_S` on top of the rest: + is a question's end.
    """

    semitones: float = 0.0
    liveliness: float = 1.0
    end_semitones: float = 0.0


OWN_MELODY = Melody()


@dataclass(frozen=True, slots=True)
class Spoken:
    """One sentence as it sounds, and the melody it was made with.

    Attributes
    ----------
    sound
        (n,) at `SAMPLE_RATE_HZ`, with 5 ms fades, cut to where it can be heard.
    f0_time_s, f0_hz
        (k,) s from the first sample, and the F0 asked of the synthesiser there; NaN where unvoiced.
    """

    sound: FloatArray
    f0_time_s: TimeArray
    f0_hz: FloatArray


def sentence(text: str, speed: float = 1.0, melody: Melody = OWN_MELODY) -> FloatArray:
    """(n,) one sentence at `SAMPLE_RATE_HZ`. The same text gives the same samples."""
    return spoken(text, speed, melody).sound


@functools.lru_cache(maxsize=512)
def spoken(text: str, speed: float = 1.0, melody: Melody = OWN_MELODY) -> Spoken:
    """Speak one sentence. The same text gives the same samples."""
    raw, f0_hz = _synthesised(text, speed, melody)
    sound = resample_poly(raw, SAMPLE_RATE_HZ // _SYNTHESISER_RATE_HZ, 1)
    level = np.sqrt(uniform_filter1d(sound**2, SAMPLE_RATE_HZ // 100))
    audible = np.flatnonzero(level > level.max() * 10 ** (AUDIBLE_DB / 20))
    sound = sound[audible[0] : audible[-1] + 1]
    fade = np.linspace(0, 1, round(_FADE_S * SAMPLE_RATE_HZ))
    sound[: fade.size] *= fade
    sound[-fade.size :] *= fade[::-1]
    # The synthesiser's frame k stands for the samples around its own middle.
    time_s = (np.arange(f0_hz.size) + 0.5) * _FRAME_S - audible[0] / SAMPLE_RATE_HZ
    heard = (time_s >= 0) & (time_s < sound.size / SAMPLE_RATE_HZ)
    voiced_hz = np.where(f0_hz > _VOICED_HZ, f0_hz, np.nan)
    return Spoken(
        np.asarray(sound, dtype=np.float32), time_s[heard], np.asarray(voiced_hz[heard], np.float32)
    )


def bent(f0_hz: Matrix, melody: Melody) -> Matrix:
    """Apply a melody to an F0 track of 12.5 ms frames; frames below 40 Hz are unvoiced and stay.

    Returns
    -------
    Matrix
        (n,) Hz.
    """
    voiced = np.flatnonzero(f0_hz > _VOICED_HZ)
    if not voiced.size:
        return f0_hz
    median_hz = float(np.median(f0_hz[voiced]))
    from_median = 12 * np.log2(f0_hz[voiced] / median_hz)
    # Voices die away in a creak that nobody hears as pitch: the melody ends before it.
    last = voiced[f0_hz[voiced] > _CREAK * median_hz][-1]
    into_end = np.clip(1 - (last - voiced) * _FRAME_S / BEND_S, 0, 1)
    semitones = melody.semitones + melody.liveliness * from_median + melody.end_semitones * into_end
    changed = f0_hz.copy()
    changed[voiced] = median_hz * 2 ** (semitones / 12)
    return changed


def _synthesised(text: str, speed: float, melody: Melody) -> tuple[Matrix, Matrix]:
    from hibari import dsp  # noqa: PLC0415  heavy, and only wanted by clips that speak

    voice, parts, melodies = _synthesiser(), [], []
    # The noise in the breath is always the same: the same sentence, the same samples.
    rng = np.random.default_rng(0)
    for phonemes in voice.phonemize(text):
        asked = {"ids": np.array([voice.ids(phonemes)], np.int64), "speed": np.array([speed], np.float32)}
        *spectrum, f0_hz = (part[0] for part in voice.sess.run(None, asked))
        f0_hz = f0_hz if melody == OWN_MELODY else bent(f0_hz.astype(np.float64), melody)
        parts.append(dsp.synth(*spectrum, f0_hz, rng))
        melodies.append(f0_hz)
    return np.concatenate(parts).astype(np.float64), np.concatenate(melodies).astype(np.float64)


@functools.cache
def _synthesiser() -> Any:
    from hibari import Hibari  # noqa: PLC0415

    return Hibari()
