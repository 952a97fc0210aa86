"""Measure the voice of a running sound: activity, F0, level, spectral change and syllables.

Sound arrives in pieces of any length. Each piece is measured once, together with the second of sound before
it, and its rows are appended to those of earlier pieces. Only the last third of a second is provisional,
because F0 needs the sound that follows. The next piece measures those rows again. All work happens on blocks
that are fixed on the sound's own clock, so the rows do not depend on the cut.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from backchannel.arrays import BoolArray, FloatArray, TimeArray
from backchannel.constants import SAMPLE_RATE_HZ, VOICE_ROW_S
from backchannel.perception.gain import Levels
from backchannel.perception.networks import F0_HOP, Networks
from backchannel.perception.pitch import F0_AHEAD, measure_f0
from backchannel.perception.prosody import (
    SILENCE_PEAK,
    band_spectrum,
    find_syllable_nuclei,
    measure_level,
    peak_per_hop,
    spectral_change,
)
from backchannel.tracks import VoiceTracks

MIN_SPEECH: Final = 0.3
"""Below this probability of speech nobody speaks. Cues require 0.5 (`cues/thresholds.toml`)."""

ROW: Final = round(VOICE_ROW_S * SAMPLE_RATE_HZ)
SPEECH_HOP: Final = 512
BLOCK: Final = 2560
"""The shortest stretch that is a whole number of rows and hops of every kind, samples (0.16 s)."""
LOOKAHEAD: Final = F0_AHEAD * F0_HOP
"""Samples after a row before it is final (0.16 s)."""
CONTEXT: Final = 4 * BLOCK
"""Samples kept before the first row that is not final: enough for F0, and for the dip before a syllable."""
WARM_UP: Final = 4 * BLOCK
"""The speech network has a memory. From a cold start it needs half a second to become reliable."""
FIRST: Final = 12 * BLOCK
"""The beginning of a run, samples (1.9 s). Its gain is based on all of it, since nothing comes before, and
its rows are final only once all of it has arrived."""
MAX_FILLED_S: Final = 5.0
"""A shorter gap in the sound of a stream is silence, because muted microphones send nothing. After a longer
gap a new run begins (judgement)."""
MOST_AT_ONCE: Final = 10 * SAMPLE_RATE_HZ
"""Longest stretch to measure at once, samples, so that memory does not grow with the piece."""

_SPEECH_CONTEXT: Final = 64


def _no_samples() -> FloatArray:
    return np.zeros(0, np.float32)


def _cold() -> FloatArray:
    return np.zeros((1, 1, 128), np.float32)


@dataclass(frozen=True, slots=True)
class SpeechMemory:
    """Memory of the speech network. Begins as ``SpeechMemory()``, cold."""

    hidden: FloatArray = field(default_factory=_cold)
    cell: FloatArray = field(default_factory=_cold)


@dataclass(frozen=True, slots=True)
class Hearing:
    """State of the sound from piece to piece. Begins as ``Hearing()``.

    Attributes
    ----------
    run_start_s
        Time of the first sample of the run, s. A run has no gap.
    final
        Samples of the run whose rows are final; a multiple of `BLOCK`.
    samples
        (n,) the latest sound: `CONTEXT` before `final`, and everything after it.
    gains
        Gain of each block before `final` that `samples` still holds.
    levels
        Levels of the sound up to `final`.
    speech
        Memory of the speech network, which never looks ahead, after all whole frames.
    likely
        Speech probability of the frames after `final`.
    """

    run_start_s: float = 0.0
    final: int = 0
    samples: FloatArray = field(default_factory=_no_samples)
    gains: tuple[float, ...] = ()
    levels: Levels = Levels()
    speech: SpeechMemory = SpeechMemory()
    likely: FloatArray = field(default_factory=_no_samples)

    @property
    def first(self) -> int:
        """Number, within the run, of the first sample that is kept."""
        return self.final - BLOCK * len(self.gains)

    @property
    def end_s(self) -> float:
        """Time at which the sound so far ends, s."""
        return self.run_start_s + (self.first + self.samples.size) / SAMPLE_RATE_HZ

    def anew(self) -> "Hearing":
        """Begin a new run with the next piece. The levels stay, because the microphone is the same."""
        return Hearing(levels=self.levels)


def hear(
    networks: Networks, samples: FloatArray, start_s: float, hearing: Hearing
) -> tuple[VoiceTracks, Hearing]:
    """Measure the next piece of sound.

    Parameters
    ----------
    samples
        (n,) mono, `SAMPLE_RATE_HZ`, full scale ±1.
    start_s
        Time of the first sample, s, on the same clock for every piece.
    hearing
        The state after the piece before; ``Hearing()`` at first.

    Returns
    -------
    tracks
        Rows at absolute times. Some may replace the last rows of the piece before.
    hearing
        The state to pass with the next piece.
    """
    hearing, samples = _continued(hearing, samples, start_s)
    tracks = _no_rows()
    for first in range(0, max(1, samples.size), MOST_AT_ONCE):
        rows, hearing = _hear_on(networks, samples[first : first + MOST_AT_ONCE], hearing)
        tracks = tracks.joined(rows)
    return tracks, hearing


def _continued(hearing: Hearing, samples: FloatArray, start_s: float) -> tuple[Hearing, FloatArray]:
    """Append new sound: fill a gap with silence, cut an overlap, or begin a new run."""
    gap = round((start_s - hearing.end_s) * SAMPLE_RATE_HZ)
    if not hearing.samples.size or gap > MAX_FILLED_S * SAMPLE_RATE_HZ:
        return replace(hearing.anew(), run_start_s=start_s), samples
    silence = np.zeros(max(0, gap), np.float32)
    return hearing, np.concatenate([silence, samples[max(0, -gap) :]])


def _hear_on(networks: Networks, more: FloatArray, hearing: Hearing) -> tuple[VoiceTracks, Hearing]:
    samples = np.concatenate([hearing.samples, more])
    old = hearing.final - hearing.first  # samples before the first row that is measured now
    level_dbfs = measure_level(samples, SAMPLE_RATE_HZ)
    after = tuple(_block_levels(level_dbfs[old // ROW :], hearing))
    # A block's gain is based on the levels before it, which are known when it begins.
    before = (hearing.levels if hearing.final else after[0], *after[:-1])
    gains = (*hearing.gains, *(levels.gain() for levels in before))
    heard = samples * _per_sample(gains, samples.size)
    new = _newly_final(hearing, samples.size - old)
    speech, memory = _speech(networks, heard, old, hearing)
    wanted = _in_spoken_blocks(speech, heard.size // F0_HOP, old // F0_HOP)
    f0_hz = measure_f0(networks, heard, wanted)[old // F0_HOP :]
    change_from = max(0, old - BLOCK)
    bands = band_spectrum(heard[change_from:], SAMPLE_RATE_HZ)
    change = spectral_change(bands)[(old - change_from) // ROW :]
    nuclei = find_syllable_nuclei(level_dbfs, after[-1].percentile(99))
    # Counted from the beginning of the run, so that a row has the same time to the last bit each time.
    time_s = (
        hearing.run_start_s
        + np.arange(hearing.first // ROW, hearing.first // ROW + level_dbfs.size) * VOICE_ROW_S
    )
    tracks = _rows(time_s[old // ROW :], level_dbfs[old // ROW :], change, speech, f0_hz)
    tracks = _with_syllables(tracks, nuclei - old // ROW)
    final = hearing.final + new
    settled = len(hearing.gains) + new // BLOCK
    kept = min(settled, CONTEXT // BLOCK)
    return tracks, Hearing(
        run_start_s=hearing.run_start_s,
        final=final,
        samples=samples[(settled - kept) * BLOCK :],
        gains=gains[settled - kept : settled],
        levels=after[new // BLOCK - 1] if new else hearing.levels,
        speech=hearing.speech if final == 0 else memory,
        likely=speech[:0] if final == 0 else speech[new // SPEECH_HOP :],
    )


def _newly_final(hearing: Hearing, unmeasured: int) -> int:
    """Samples whose rows become final; none before the beginning of the run is complete."""
    ahead = unmeasured - LOOKAHEAD
    if hearing.final == 0 and ahead < FIRST:
        return 0
    return max(0, ahead) // BLOCK * BLOCK


def _block_levels(level_dbfs: FloatArray, hearing: Hearing) -> Iterator[Levels]:
    """Histogram of levels after each block; the last block may be incomplete."""
    rows, levels, begun = BLOCK // ROW, hearing.levels, 0
    if hearing.final == 0:
        begun = min(FIRST // ROW, level_dbfs.size)
        levels = levels.after(level_dbfs[:begun])
        yield from [levels] * max(1, -(-begun // rows))
    for first in range(begun, level_dbfs.size, rows):
        levels = levels.after(level_dbfs[first : first + rows])
        yield levels


def _per_sample(gains: tuple[float, ...], size: int) -> FloatArray:
    per_sample = np.repeat(np.asarray(gains, np.float32), BLOCK)[:size]
    missing = size - per_sample.size  # less than a row behind the last block
    return np.pad(per_sample, (0, missing), mode="edge") if missing else per_sample


# --- networks --------------------------------------------------------------------------------------


def _speech(
    networks: Networks, heard: FloatArray, old: int, hearing: Hearing
) -> tuple[FloatArray, SpeechMemory]:
    """Probability of speech per 32 ms from sample `old` on, and the memory after the last whole frame."""
    memory, known = hearing.speech, hearing.likely
    from_sample = old + known.size * SPEECH_HOP
    before = heard[:from_sample]
    if hearing.final == 0:
        # Warm up the network on the beginning played backwards, so that it hears the first word as well as
        # any other.
        before = heard[:WARM_UP][::-1]
        before = before[before.size % SPEECH_HOP :]
        _, memory = _speech_frames(networks, before, memory, heard[:0])
    whole = (heard.size - from_sample) // SPEECH_HOP * SPEECH_HOP
    likely, memory = _speech_frames(networks, heard[from_sample : from_sample + whole], memory, before)
    return np.concatenate([known, likely]), memory


def _speech_frames(
    networks: Networks, samples: FloatArray, memory: SpeechMemory, before: FloatArray
) -> tuple[FloatArray, SpeechMemory]:
    """Probability of speech in each whole frame."""
    frames = samples.size // SPEECH_HOP
    if not frames:
        return np.zeros(0, np.float32), memory
    context = np.pad(before[-_SPEECH_CONTEXT:], (max(0, _SPEECH_CONTEXT - before.size), 0))
    padded = np.concatenate([context, samples])
    windows = np.lib.stride_tricks.sliding_window_view(padded, SPEECH_HOP + _SPEECH_CONTEXT)
    probability, hidden, cell = networks.speech.run(
        np.ascontiguousarray(windows[::SPEECH_HOP]), memory.hidden, memory.cell
    )
    loud = peak_per_hop(padded[_SPEECH_CONTEXT:], SPEECH_HOP) >= SILENCE_PEAK
    return np.where(loud, probability.reshape(-1)[:frames], 0.0).astype(np.float32), SpeechMemory(
        hidden, cell
    )


def _in_spoken_blocks(speech: FloatArray, frames: int, first: int) -> BoolArray:
    """F0 frames in blocks in which somebody may speak, as nothing needs the pitch of others.

    `speech` begins with frame `first`. Blocks are fixed, however the sound was cut.
    """
    speech_frames, f0_frames = BLOCK // SPEECH_HOP, BLOCK // F0_HOP
    likely = np.zeros((-(-(frames - first) // f0_frames), speech_frames), np.bool_)
    known = min(likely.size, speech.size)
    likely.flat[:known] = speech[:known] >= MIN_SPEECH
    spoken = np.repeat(likely.any(axis=1), f0_frames)[: frames - first]
    return np.concatenate([np.zeros(first, np.bool_), spoken])


# --- rows ------------------------------------------------------------------------------------------


def _no_rows() -> VoiceTracks:
    return _rows(np.zeros(0), *(_no_samples() for _ in range(4)))


def _rows(
    time_s: TimeArray, level_dbfs: FloatArray, change: FloatArray, speech: FloatArray, f0_hz: FloatArray
) -> VoiceTracks:
    count = level_dbfs.size
    middle = (np.arange(count) + 0.5) * ROW
    return VoiceTracks(
        time_s=time_s,
        speech_probability=_held(speech, middle, SPEECH_HOP, 0.0),
        f0_hz=_held(f0_hz, middle, F0_HOP, np.nan),
        level_dbfs=level_dbfs,
        spectral_change=change,
        syllable=np.zeros(count, np.bool_),
    )


def _held(track: FloatArray, at: FloatArray, hop: int, missing: float) -> FloatArray:
    """Convert a track with another hop to rows."""
    if not track.size:
        return np.full(at.size, missing, np.float32)
    return np.asarray(track[np.minimum((at / hop).astype(np.intp), track.size - 1)], np.float32)


def _with_syllables(tracks: VoiceTracks, nuclei: NDArray[np.intp]) -> VoiceTracks:
    """Mark the nuclei that are voiced speech."""
    inside = nuclei[(nuclei >= 0) & (nuclei < len(tracks))]
    spoken = np.isfinite(tracks.f0_hz[inside]) & (tracks.speech_probability[inside] >= 0.5)
    syllable = np.zeros(len(tracks), np.bool_)
    syllable[inside[spoken]] = True
    return replace(tracks, syllable=syllable)
