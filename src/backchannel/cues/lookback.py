"""The recent past of one conversation: tracks on the session clock, joined across segments.

A cue may begin in one segment and end in the next, so what cues look at is never one segment but the last
seconds before it and the segment itself, as one line. The line is part of the session's state.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backchannel.arrays import BoolArray, FloatArray, TimeArray
from backchannel.tracks import (
    F0_HOP_S,
    LEVEL_HOP_S,
    SPEECH_HOP_S,
    FaceTracks,
    PictureTracks,
    Tracks,
    VoiceTracks,
    face_rows,
    join_faces,
    unseen_face,
)

CONTEXT_S = 12.0
"""How much of the past is kept: the longest look-back of any cue (blink rate, 10 s), and room."""


@dataclass(frozen=True, slots=True)
class PictureLine:
    """The subject's face on the session clock.

    Attributes
    ----------
    time_s
        (n,) session time of each analysed frame, increasing.
    face
        n rows; NaN where no face was measured.
    moving
        (n,) bool, see `model.PictureTracks`.
    """

    time_s: TimeArray
    face: FaceTracks
    moving: BoolArray


@dataclass(frozen=True, slots=True)
class VoiceLine:
    """The voice on a 10 ms grid of the session clock; row k is at ``(first_row + k) * 10 ms``.

    Attributes
    ----------
    heard
        (n,) bool. There was sound to measure; False in gaps.
    speech_probability, f0_hz, level_dbfs, spectral_change
        (n,) see `model.VoiceTracks`; NaN where not heard (and F0 where unvoiced).
    syllable_time_s
        (k,) session time.
    """

    first_row: int
    heard: BoolArray
    speech_probability: FloatArray
    f0_hz: FloatArray
    level_dbfs: FloatArray
    spectral_change: FloatArray
    syllable_time_s: TimeArray

    @property
    def time_s(self) -> TimeArray:
        """(n,) session time of the rows."""
        return np.asarray((self.first_row + np.arange(self.heard.size)) * LEVEL_HOP_S, np.float64)


@dataclass(frozen=True, slots=True)
class Recent:
    """What was seen and heard lately; None for a modality that has not been there lately."""

    picture: PictureLine | None = None
    voice: VoiceLine | None = None


def extend(recent: Recent, tracks: Tracks, face: FaceTracks | None, start_s: float) -> Recent:
    """Join a segment's tracks to the recent past and forget what is too old.

    Parameters
    ----------
    face
        Of the person this conversation is about; None where they are not in view.
    start_s
        Session time of the segment's start.
    """
    keep_from_s = start_s - CONTEXT_S
    picture, voice = recent.picture, recent.voice
    if tracks.picture is not None and tracks.picture.time_s.size:
        line = _picture_line(tracks.picture, face, start_s)
        picture = line if picture is None else _join_pictures(picture, line)
    if tracks.voice is not None and tracks.voice.level_dbfs.size:
        heard = _voice_line(tracks.voice, start_s)
        voice = heard if voice is None else _join_voices(voice, heard)
    return Recent(_trim_picture(picture, keep_from_s), _trim_voice(voice, keep_from_s))


def _picture_line(picture: PictureTracks, face: FaceTracks | None, start_s: float) -> PictureLine:
    return PictureLine(picture.time_s + start_s, face or unseen_face(picture.time_s.size), picture.moving)


def _join_pictures(before: PictureLine, after: PictureLine) -> PictureLine:
    keep = before.time_s < after.time_s[0]
    return PictureLine(
        np.concatenate([before.time_s[keep], after.time_s]),
        join_faces([face_rows(before.face, keep), after.face]),
        np.concatenate([before.moving[keep], after.moving]),
    )


def _voice_line(voice: VoiceTracks, start_s: float) -> VoiceLine:
    rows = voice.level_dbfs.size
    offset_s = np.asarray((np.arange(rows) + 0.5) * LEVEL_HOP_S, np.float64)
    return VoiceLine(
        first_row=round((start_s + voice.start_s) / LEVEL_HOP_S),
        heard=np.ones(rows, np.bool_),
        speech_probability=_nearest(voice.speech_probability, SPEECH_HOP_S, offset_s),
        f0_hz=_nearest(voice.f0_hz, F0_HOP_S, offset_s),
        level_dbfs=voice.level_dbfs,
        spectral_change=voice.spectral_change,
        syllable_time_s=voice.syllable_time_s + start_s,
    )


def _nearest(track: FloatArray, hop_s: float, offset_s: TimeArray) -> FloatArray:
    if not track.size:
        return np.full(offset_s.size, np.nan, np.float32)
    return np.asarray(track[np.minimum((offset_s / hop_s).astype(int), track.size - 1)])


def _join_voices(before: VoiceLine, after: VoiceLine) -> VoiceLine:
    gap = after.first_row - (before.first_row + before.heard.size)
    cut = max(0, min(before.heard.size, after.first_row - before.first_row))
    missing = np.full(max(0, gap), np.nan, np.float32)

    def joined(one: NDArray[Any], other: NDArray[Any], between: NDArray[Any]) -> NDArray[Any]:
        return np.concatenate([one[:cut], between, other])

    return VoiceLine(
        first_row=before.first_row,
        heard=joined(before.heard, after.heard, np.zeros(max(0, gap), np.bool_)),
        speech_probability=joined(before.speech_probability, after.speech_probability, missing),
        f0_hz=joined(before.f0_hz, after.f0_hz, missing),
        level_dbfs=joined(before.level_dbfs, after.level_dbfs, missing),
        spectral_change=joined(before.spectral_change, after.spectral_change, missing),
        syllable_time_s=np.concatenate(
            [
                before.syllable_time_s[before.syllable_time_s < after.first_row * LEVEL_HOP_S],
                after.syllable_time_s,
            ]
        ),
    )


def _trim_picture(line: PictureLine | None, keep_from_s: float) -> PictureLine | None:
    if line is None or line.time_s[-1] < keep_from_s:
        return None
    keep = line.time_s >= keep_from_s
    return PictureLine(line.time_s[keep], face_rows(line.face, keep), line.moving[keep])


def _trim_voice(line: VoiceLine | None, keep_from_s: float) -> VoiceLine | None:
    if line is None:
        return None
    drop = max(0, round(keep_from_s / LEVEL_HOP_S) - line.first_row)
    if drop >= line.heard.size:
        return None
    return replace(
        line,
        first_row=line.first_row + drop,
        heard=line.heard[drop:],
        speech_probability=line.speech_probability[drop:],
        f0_hz=line.f0_hz[drop:],
        level_dbfs=line.level_dbfs[drop:],
        spectral_change=line.spectral_change[drop:],
        syllable_time_s=line.syllable_time_s[line.syllable_time_s >= keep_from_s],
    )
