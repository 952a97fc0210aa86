"""Measures the voice of one sound: activity, F0, level, spectral change and syllables."""

from collections.abc import Callable
from typing import Final

import numpy as np

from backchannel.arrays import FloatArray
from backchannel.perception.networks import Networks
from backchannel.perception.prosody import (
    band_spectrum,
    find_syllable_nuclei,
    measure_level,
    spectral_change,
)
from backchannel.tracks import VoiceTracks

SAMPLE_RATE_HZ: Final = 16_000

F0_MIN_HZ, F0_MAX_HZ = 60.0, 500.0
"""Range of the adult speaking voice with room for surprise (Baken & Orlikoff 2000)."""
VOICED_CONFIDENCE = 0.5
"""The F0 network is calibrated so that a frame is voiced from here (its documentation)."""

TARGET_LEVEL_DBFS = -26.0
"""Active speech level that sound is brought to before the networks hear it (ITU-T P.56 practice)."""
MAX_GAIN_DB = 40.0
MIN_RANGE_DB = 12.0
"""A sound whose loud tenth stands out less than this from its quiet tenth is steady noise: not raised."""

BLOCK = 960_000
"""Longest stretch that is measured at once, samples (60 s): a file of half an hour must fit into memory too.
A whole number of hops of every track."""
_MARGIN = 17_920
"""Samples on either side of a block that are heard with it, so that nothing is lost at its edges (1.1 s)."""

_SPEECH_FRAME, _SPEECH_CONTEXT = 512, 64
_SPEECH_STEP = 16
"""Speech frames come to the network in multiples of this (0.5 s): for each length that it has ever heard the
engine keeps a few MB. It never looks ahead, so what is added at the end changes nothing before it."""
_WARM_UP_S = 0.64
_SILENCE_PEAK = 1e-4  # -80 dBFS: digital silence for all we care, and unknown to the F0 network


def measure_voice(networks: Networks, samples: FloatArray, start_s: float) -> VoiceTracks:
    """Measure a sound.

    Parameters
    ----------
    samples
        (n,) mono, 16 kHz, full scale ±1.
    start_s
        Time of the first sample from the segment's start, s.
    """
    (level_dbfs,) = _in_blocks(lambda part: (measure_level(part, SAMPLE_RATE_HZ),), samples, hop=160)
    noise_floor_dbfs = float(np.percentile(level_dbfs, 10)) if level_dbfs.size else -100.0
    heard = samples * _listening_gain(level_dbfs)
    f0_hz, f0_confidence = _in_blocks(lambda part: _pitch(networks, part), heard, hop=256)
    speech_probability = _speech(networks, heard)
    (bands,) = _in_blocks(lambda part: (band_spectrum(part, SAMPLE_RATE_HZ),), heard, hop=160)
    change = spectral_change(bands)
    return VoiceTracks(
        start_s=start_s,
        speech_probability=speech_probability,
        f0_hz=f0_hz,
        f0_confidence=f0_confidence,
        level_dbfs=level_dbfs,
        spectral_change=change[: level_dbfs.size],
        syllable_time_s=find_syllable_nuclei(level_dbfs, f0_hz, speech_probability) + start_s,
        noise_floor_dbfs=noise_floor_dbfs,
    )


def _in_blocks(
    measure: Callable[[FloatArray], tuple[FloatArray, ...]], samples: FloatArray, hop: int
) -> tuple[FloatArray, ...]:
    """Measure a long sound block by block; each track has one row a hop."""
    if samples.size <= BLOCK + _MARGIN:
        return measure(samples)
    tracks = []
    for first in range(0, samples.size, BLOCK):
        begin = max(0, first - _MARGIN)
        rows = slice((first - begin) // hop, (first - begin + BLOCK) // hop)
        tracks.append([track[rows] for track in measure(samples[begin : first + BLOCK + _MARGIN])])
    return tuple(np.concatenate(parts) for parts in zip(*tracks, strict=True))


def _listening_gain(level_dbfs: FloatArray) -> float:
    """Gain that brings speech to the level the networks know, so that a quiet microphone is no handicap."""
    if not level_dbfs.size:
        return 1.0
    quiet_dbfs, loud_dbfs = np.percentile(level_dbfs, [10, 95])
    if loud_dbfs - quiet_dbfs < MIN_RANGE_DB:
        return 1.0
    return float(10 ** (min(TARGET_LEVEL_DBFS - loud_dbfs, MAX_GAIN_DB) / 20))


def _speech(networks: Networks, samples: FloatArray) -> FloatArray:
    """Probability of speech per 32 ms."""
    frames = -(-samples.size // _SPEECH_FRAME)
    if not frames or np.abs(samples).max() < _SILENCE_PEAK:
        return np.zeros(frames, np.float32)
    # The network remembers: from a cold start it needs half a second to trust its ears. It is warmed up
    # on the beginning played backwards, so that a segment's first word counts as much as any other.
    warm_up = min(int(_WARM_UP_S * SAMPLE_RATE_HZ) // _SPEECH_FRAME, frames)
    heard = -(-(frames + warm_up) // _SPEECH_STEP) * _SPEECH_STEP
    padded = np.zeros(heard * _SPEECH_FRAME, np.float32)
    padded[warm_up * _SPEECH_FRAME :][: samples.size] = samples
    padded[: warm_up * _SPEECH_FRAME] = padded[warm_up * _SPEECH_FRAME : 2 * warm_up * _SPEECH_FRAME][::-1]
    with_context = np.concatenate([np.zeros(_SPEECH_CONTEXT, np.float32), padded])
    windows = np.lib.stride_tricks.sliding_window_view(with_context, _SPEECH_FRAME + _SPEECH_CONTEXT)
    cold = np.zeros((1, 1, 128), np.float32)
    hidden, cell = cold, cold
    told = []
    rows = windows[::_SPEECH_FRAME]
    for first in range(0, len(rows), BLOCK // _SPEECH_FRAME):
        block = np.ascontiguousarray(rows[first : first + BLOCK // _SPEECH_FRAME])
        probability, hidden, cell = networks.speech.run(block, hidden, cell)
        told.append(probability)
    return np.asarray(np.concatenate(told)[warm_up:][:frames], dtype=np.float32)


def _pitch(networks: Networks, samples: FloatArray) -> tuple[FloatArray, FloatArray]:
    """F0, Hz (NaN where unvoiced), and its confidence, per 16 ms."""
    hop = 256
    frames = samples.size // hop
    if not frames or np.abs(samples).max() < _SILENCE_PEAK:
        return np.full(frames, np.nan, np.float32), np.zeros(frames, np.float32)
    low, high = np.array(F0_MIN_HZ, np.float32), np.array(F0_MAX_HZ, np.float32)
    pitch, confidence = networks.pitch.run(samples[np.newaxis], low, high)
    f0_hz, certainty = pitch[0, :frames].copy(), confidence[0, :frames].copy()
    certainty[_peak_per_hop(samples, hop, frames) < _SILENCE_PEAK] = 0.0
    f0_hz[certainty < VOICED_CONFIDENCE] = np.nan
    return f0_hz, certainty


def _peak_per_hop(samples: FloatArray, hop: int, frames: int) -> FloatArray:
    return np.asarray(np.abs(samples[: frames * hop]).reshape(frames, hop).max(axis=1))
