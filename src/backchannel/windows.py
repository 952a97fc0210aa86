"""Cuts the tracks of a long medium into windows, as if it had been sent in segments.

A file is measured in one go, which costs less than cutting it and loses nothing at the cuts; it is
interpreted window by window, so that a long file gives the answers that a live session would.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from backchannel.tracks import (
    F0_HOP_S,
    LEVEL_HOP_S,
    SPEECH_HOP_S,
    PictureTracks,
    Tracks,
    VoiceTracks,
    face_rows,
)

WINDOW_S = 5.0
"""Length of a window (wire contract, uploads)."""
MIN_LAST_S = 1.0
"""A shorter rest at the end belongs to the window before it."""
_COMMON_HOP_S = 0.160
"""The shortest time that is a whole number of hops of every voice track."""


def windows(tracks: Tracks, length_s: float = WINDOW_S) -> Iterator[Tracks]:
    """Cut tracks into windows, in order; together they hold every row exactly once."""
    count = max(1, int((tracks.duration_s - MIN_LAST_S) // length_s) + 1)
    for index in range(count):
        start_s = index * length_s
        end_s = tracks.duration_s if index == count - 1 else start_s + length_s
        last = index == count - 1
        yield Tracks(
            duration_s=end_s - start_s,
            stream_start_s=None if tracks.stream_start_s is None else tracks.stream_start_s + start_s,
            picture=None if tracks.picture is None else _picture(tracks.picture, start_s, end_s, last=last),
            voice=None if tracks.voice is None else _voice(tracks.voice, start_s, end_s, last=last),
        )


def _picture(picture: PictureTracks, start_s: float, end_s: float, *, last: bool) -> PictureTracks:
    chosen = (picture.time_s >= start_s) & ((picture.time_s < end_s) | last)
    if start_s == 0.0:
        chosen |= picture.time_s < start_s
    faces = (face_rows(face, chosen) for face in picture.faces)
    return replace(
        picture,
        time_s=picture.time_s[chosen] - start_s,
        faces=tuple(face for face in faces if face.valid.any()),
        face_count=picture.face_count[chosen],
        luminance=picture.luminance[chosen],
        moving=picture.moving[chosen],
    )


def _voice(voice: VoiceTracks, start_s: float, end_s: float, *, last: bool) -> VoiceTracks | None:
    # Sound is cut at the last common hop before the picture's cut; the rows fall into place on the
    # session's clock, wherever the cut was.
    first = max(0, int((start_s - voice.start_s) / _COMMON_HOP_S + 1e-6))
    stop = None if last else max(0, int((end_s - voice.start_s) / _COMMON_HOP_S + 1e-6))

    def rows(hop_s: float) -> slice:
        per_hop = round(_COMMON_HOP_S / hop_s)
        return slice(first * per_hop, None if stop is None else stop * per_hop)

    begins_s = voice.start_s + first * _COMMON_HOP_S
    ends_s = np.inf if stop is None else voice.start_s + stop * _COMMON_HOP_S
    level_dbfs = voice.level_dbfs[rows(LEVEL_HOP_S)]
    if not level_dbfs.size:
        return None
    inside = (voice.syllable_time_s >= begins_s) & (voice.syllable_time_s < ends_s)
    return replace(
        voice,
        start_s=begins_s - start_s,
        speech_probability=voice.speech_probability[rows(SPEECH_HOP_S)],
        f0_hz=voice.f0_hz[rows(F0_HOP_S)],
        f0_confidence=voice.f0_confidence[rows(F0_HOP_S)],
        level_dbfs=level_dbfs,
        spectral_change=voice.spectral_change[rows(LEVEL_HOP_S)],
        syllable_time_s=voice.syllable_time_s[inside] - start_s,
    )
