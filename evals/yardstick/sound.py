"""Tracks and cues of the voice against the truth: activity, pauses, fillers, F0, level."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.signal import lfilter, resample_poly

from backchannel.arrays import BoolArray, FloatArray, TimeArray
from backchannel.constants import SAMPLE_RATE_HZ, VOICE_ROW_S
from backchannel.perception.networks import F0_HOP, load_networks
from backchannel.perception.pitch import measure_f0
from backchannel.tracks import Tracks, VoiceTracks
from backchannel.values import Cue, Span
from evals.yardstick.sample import Sample
from synthesis import Voice
from synthesis.speaker import SAMPLE_RATE_HZ as SPOKEN_RATE_HZ

GROSS_SEMITONES = 2.0
"""F0 errors beyond this are slips (usually an octave), counted apart from the error of the rest."""
CREAK = 0.65
"""F0 asked under this share of the sentence's median is creak, which has no pitch to hear (`speaker`)."""
PULSE_RATES_HZ = (70.0, 85.0, 100.0, 125.0, 160.0, 200.0, 250.0, 315.0, 400.0)


def sound_errors(voice: Voice, tracks: Tracks, cues: Sequence[Cue]) -> dict[str, Sample]:
    """Absolute errors, and shares of what was found, by measure."""
    measured = tracks.voice
    if measured is None:
        return {}
    speaking = [cue.span for cue in cues if cue.name == "speaking"]
    steps = int(tracks.duration_s / VOICE_ROW_S)
    time_s = np.asarray((np.arange(steps) + 0.5) * VOICE_ROW_S, np.float64)
    spoken = _inside(time_s, voice.speech)
    samples = {"voice activity": Sample.of((_inside(time_s, speaking) == spoken).astype(float))}
    if voice.speech:
        samples |= _pitch(voice, measured)
        samples |= _level(voice, measured, time_s[spoken])
    samples |= _pauses(voice, cues)
    return samples | _fillers(voice, cues)


def pulse_errors() -> dict[str, Sample]:
    """F0 of pulse trains, which have it by construction, through a vowel's resonances."""
    errors = []
    for rate_hz in PULSE_RATES_HZ:
        # The network alone: pulses are no speech, so a session never measures their pitch.
        pulses = _pulses(rate_hz)
        everywhere = np.ones(pulses.size // F0_HOP, np.bool_)
        found_hz = measure_f0(load_networks(), pulses, everywhere)[5:-5]
        errors.append(np.abs(12 * np.log2(found_hz / rate_hz)))
    return {"F0 of pulse trains, semitones": Sample.of(np.concatenate(errors))}


def _pulses(rate_hz: float, seconds: float = 1.5) -> FloatArray:
    phase = np.arange(int(seconds * SAMPLE_RATE_HZ)) * rate_hz / SAMPLE_RATE_HZ
    sound = (np.diff(np.floor(phase), prepend=0.0) > 0).astype(np.float64)
    # The first three formants of a neutral vowel (Fant 1960).
    for formant_hz, width_hz in ((500.0, 80.0), (1500.0, 120.0), (2500.0, 160.0)):
        radius = np.exp(-np.pi * width_hz / SAMPLE_RATE_HZ)
        angle = 2 * np.pi * formant_hz / SAMPLE_RATE_HZ
        sound = lfilter([1.0], [1.0, -2 * radius * np.cos(angle), radius**2], sound)
    return np.asarray(0.1 * sound / np.abs(sound).max(), np.float32)


def _inside(time_s: TimeArray, spans: Sequence[Span]) -> BoolArray:
    inside = np.zeros(time_s.size, np.bool_)
    for span in spans:
        inside |= (time_s >= span.start_s) & (time_s < span.end_s)
    return inside


def _pitch(voice: Voice, measured: VoiceTracks) -> dict[str, Sample]:
    middle_s = measured.time_s + 0.5 * VOICE_ROW_S
    after = np.clip(np.searchsorted(voice.f0_time_s, middle_s), 1, voice.f0_time_s.size - 1)
    nearest = after - (middle_s - voice.f0_time_s[after - 1] < voice.f0_time_s[after] - middle_s)
    near = np.abs(voice.f0_time_s[nearest] - middle_s) < F0_HOP / SAMPLE_RATE_HZ
    asked = np.where(near, voice.f0_hz[nearest], np.nan)
    asked = np.where(asked >= CREAK * np.nanmedian(asked), asked, np.nan)
    error = np.abs(12 * np.log2(measured.f0_hz / asked))
    known = error[np.isfinite(error)]
    return {
        "F0, semitones": Sample.of(known[known <= GROSS_SEMITONES]),
        "F0 with slips, semitones": Sample.of(known),
        "F0 slips": Sample.of((known > GROSS_SEMITONES).astype(float)),
        "F0 voiced found": Sample.of(np.isfinite(measured.f0_hz[np.isfinite(asked)]).astype(float)),
    }


def _level(voice: Voice, measured: VoiceTracks, time_s: TimeArray) -> dict[str, Sample]:
    """Level of the sound as it was written against that of the sound as it was decoded, while speaking."""
    heard = resample_poly(voice.samples, SAMPLE_RATE_HZ, SPOKEN_RATE_HZ)
    hop = round(VOICE_ROW_S * SAMPLE_RATE_HZ)
    errors = []
    for at_s in time_s:
        middle = round(at_s * SAMPLE_RATE_HZ)
        piece = heard[max(0, middle - hop) : middle + hop]
        row = int((at_s - measured.time_s[0]) / VOICE_ROW_S)
        if 0 <= row < len(measured) and piece.size:
            asked_dbfs = 10 * np.log10(float(np.mean(piece.astype(np.float64) ** 2)) + 1e-12)
            errors.append(abs(float(measured.level_dbfs[row]) - asked_dbfs))
    return {"level, dB": Sample.of(errors)}


def _pauses(voice: Voice, cues: Sequence[Cue]) -> dict[str, Sample]:
    detected = [cue.span for cue in cues if cue.name in ("pause", "long_pause")]
    edges: list[float] = []
    found: list[float] = []
    for pause in voice.pauses:
        best = max(detected, key=lambda span: span.overlap_s(pause), default=None)
        hit = best is not None and best.overlap_s(pause) >= 0.5 * pause.duration_s
        found.append(float(hit))
        if best is not None and hit:
            edges += [abs(best.start_s - pause.start_s), abs(best.end_s - pause.end_s)]
    wrong = [span for span in detected if not any(span.overlap_s(pause) > 0 for pause in voice.pauses)]
    return {
        "pauses found": Sample.of(found),
        "pause edges, s": Sample.of(edges),
        "false pauses a clip": Sample.of([float(len(wrong))]),
    }


def _fillers(voice: Voice, cues: Sequence[Cue]) -> dict[str, Sample]:
    detected = [cue.span for cue in cues if cue.name == "filled_pause"]
    hits = [any(span.overlap_s(filler) > 0.1 for span in detected) for filler in voice.fillers]
    wrong = [span for span in detected if not any(span.overlap_s(filler) > 0.1 for filler in voice.fillers)]
    return {
        "fillers found": Sample.of([float(hit) for hit in hits]),
        "false fillers a clip": Sample.of([float(len(wrong))]),
    }
