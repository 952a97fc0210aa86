"""Cuts tracks in time, as if the same media had come in other segments."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from backchannel.tracks import FACE_COLUMNS, FaceTracks, PictureTracks, Tracks, VoiceTracks
from backchannel.values import Cue, SegmentResult


def slice_tracks(tracks: Tracks, start_s: float, end_s: float) -> Tracks:
    """Tracks of the part from `start_s` to `end_s`, with times from its own start."""
    picture, voice = tracks.picture, tracks.voice
    return Tracks(
        duration_s=end_s - start_s,
        stream_start_s=None if tracks.stream_start_s is None else tracks.stream_start_s + start_s,
        picture=None if picture is None else _slice_picture(picture, start_s, end_s),
        voice=None if voice is None else _slice_voice(voice, start_s, end_s),
    )


def _slice_picture(picture: PictureTracks, start_s: float, end_s: float) -> PictureTracks:
    inside = (picture.time_s >= start_s - 1e-9) & (picture.time_s < end_s - 1e-9)
    faces = [
        FaceTracks(id=face.id, **{name: getattr(face, name)[inside] for name in FACE_COLUMNS})
        for face in picture.faces
    ]
    return replace(
        picture,
        time_s=picture.time_s[inside] - start_s,
        faces=tuple(face for face in faces if face.valid.any()),
        face_count=picture.face_count[inside],
        luminance=picture.luminance[inside],
        moving=picture.moving[inside],
        new_shot=picture.new_shot[inside],
    )


def _slice_voice(voice: VoiceTracks, start_s: float, end_s: float) -> VoiceTracks:
    return voice.cut(start_s - 1e-9, end_s - 1e-9).shifted(-start_s)


def pieces_of(tracks: Tracks, cuts_s: Sequence[float]) -> list[tuple[float, Tracks]]:
    """Cut tracks at some times: start and tracks of each piece."""
    edges = [0.0, *cuts_s, tracks.duration_s]
    return [(a, slice_tracks(tracks, a, b)) for a, b in pairwise(edges)]


def every(tracks: Tracks, piece_s: float) -> list[Tracks]:
    """Cut tracks into equal pieces; the last may be shorter."""
    count = int((tracks.duration_s - 0.5) / piece_s)
    return [piece for _, piece in pieces_of(tracks, [piece_s * (k + 1) for k in range(count)])]


def merged(results: Iterable[SegmentResult]) -> tuple[Cue, ...]:
    """Cues of a conversation: a later telling takes the place of an earlier one it overlaps."""
    cues: list[Cue] = []
    for result in results:
        cues = [
            cue
            for cue in cues
            if not any(new.name == cue.name and new.span.overlap_s(cue.span) > 0 for new in result.cues)
        ]
        cues += result.cues
    return tuple(sorted(cues, key=lambda cue: (cue.span, cue.name)))
