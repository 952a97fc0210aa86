"""Analyse a clip as a live session, and keep the measurements behind every result."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backchannel.arrays import FloatArray, TimeArray
from backchannel.constants import WINDOW_S
from backchannel.cues.baseline import BLOCK_S, Baselines
from backchannel.cues.detect import CueState
from backchannel.cues.face_view import FaceView, view_face
from backchannel.cues.merge import cue_log
from backchannel.cues.voice_view import REFERENCE_HZ, phrase_rows, spoken_measures, view_voice, voice_grid
from backchannel.cues.whose import phrases_of_others, without
from backchannel.engine.worker import follow_medium
from backchannel.media.decode import read
from backchannel.perception.transcript import Writing
from backchannel.perception.whisper import whisper_for_words
from backchannel.values import Cue, MediaLimits, Rules, Segment, SegmentResult

LIMITS = MediaLimits(max_duration_s=1800.0)
"""The longest clip: half an hour."""


@dataclass(frozen=True, slots=True)
class VoiceCourse:
    """The voice over a whole clip, on the 10 ms grid.

    Attributes
    ----------
    time_s
        (n,) session time.
    speech_probability
        (n,) 0..1, NaN where there is no sound.
    f0_hz, usual_f0_hz
        (n,) Hz, NaN where nobody speaks, or without a baseline.
    level_dbfs, usual_level_dbfs
        (n,) dBFS.
    spectral_change
        (n,) 0..1.
    """

    time_s: TimeArray
    speech_probability: FloatArray
    f0_hz: FloatArray
    usual_f0_hz: FloatArray
    level_dbfs: FloatArray
    usual_level_dbfs: FloatArray
    spectral_change: FloatArray


@dataclass(frozen=True, slots=True)
class Replay:
    """One clip, window by window.

    Attributes
    ----------
    results
        The results of a live session with segments of this length.
    cues
        Every cue of the clip, once.
    face, voice
        Measurements of the whole clip, with the baselines at the time of each result; None without picture
        or sound.
    """

    results: tuple[SegmentResult, ...]
    cues: tuple[Cue, ...]
    face: FaceView | None
    voice: VoiceCourse | None

    @property
    def duration_s(self) -> float:
        """Length of the clip, s."""
        return self.results[-1].span.end_s if self.results else 0.0


def replay(
    data: bytes,
    window_s: float = WINDOW_S,
    on_progress: Callable[[float], None] | None = None,
    rules: Rules = Rules(),  # noqa: B008 -- a frozen value
    *,
    words: bool = False,
) -> Replay:
    """Analyse a whole clip.

    Parameters
    ----------
    on_progress
        Called with the time, s, up to which the picture has been analysed.
    rules
        How cues are interpreted.
    words
        Also listen for words, with the network in the package.

    Raises
    ------
    backchannel.errors.Problem
        When the media cannot be used.
    backchannel.perception.networks.NetworkMissingError
        When there is no network for words.
    """
    writing = Writing(whisper_for_words(None)) if words else None
    results: list[SegmentResult] = []
    faces: list[tuple[float, FaceView]] = []
    voices: list[tuple[float, VoiceCourse]] = []
    with read(Segment(data), LIMITS) as medium:
        for step in follow_medium(medium, on_progress, window_s, rules, writing):
            results += step.changes.results
            start_s, cues = results[-1].span.start_s, step.after.main.cues
            faces += ((start_s, view) for view in _face_now(cues))
            voices += ((start_s, course) for course in _voice_now(cues))
    return Replay(
        results=tuple(results),
        cues=cue_log(results),
        face=_joined_faces(faces),
        voice=_joined_voices(voices),
    )


def _face_now(state: CueState) -> list[FaceView]:
    rows = state.lookback.face
    view = None if rows is None else view_face(rows, state.face_history)
    return [] if view is None else [view]


def _voice_now(state: CueState) -> list[VoiceCourse]:
    if state.lookback.voice is None:
        return []
    grid = voice_grid(state.lookback.voice)
    face = next(iter(_face_now(state)), None)
    phrases = phrase_rows(grid)
    grid, phrases = without(grid, phrases, phrases_of_others(face, grid, phrases))
    view = view_voice(grid, state.voice_history, phrases, spoken_measures(grid, phrases))
    usual = view.usual.values
    return [
        VoiceCourse(
            time_s=view.time_s,
            speech_probability=grid.speech_probability,
            f0_hz=_hz(view.semitones),
            usual_f0_hz=_hz(usual["semitones"]),
            level_dbfs=view.level_dbfs,
            usual_level_dbfs=usual["level_dbfs"],
            spectral_change=view.spectral_change,
        )
    ]


def _hz(semitones: FloatArray) -> FloatArray:
    return np.asarray(REFERENCE_HZ * 2.0 ** (semitones / 12.0), np.float32)


def _parts(times: Sequence[TimeArray], starts_s: Sequence[float]) -> list[slice]:
    """Choose rows from overlapping views, so that every moment is taken once.

    A window looks back over the last seconds, with baselines that have since been renewed. A moment is
    taken from the last window that could still change its values: its own, or the next one if that one
    begins within the same block of the baseline.
    """
    ends = [max(0.0, np.floor(start_s / BLOCK_S) * BLOCK_S) for start_s in starts_s[1:]]
    bounds = [-np.inf, *ends, np.inf]
    return [
        slice(int(np.searchsorted(time_s, low - 1e-6)), int(np.searchsorted(time_s, high - 1e-6)))
        for time_s, low, high in zip(times, bounds[:-1], bounds[1:], strict=True)
    ]


def _joined_faces(windows_seen: Sequence[tuple[float, FaceView]]) -> FaceView | None:
    if not windows_seen:
        return None
    starts_s, views = zip(*windows_seen, strict=True)
    parts = _parts([view.time_s for view in views], starts_s)

    def joined(columns: Iterable[NDArray[Any]]) -> NDArray[Any]:
        return np.concatenate([column[part] for column, part in zip(columns, parts, strict=True)])

    return FaceView(
        time_s=joined(view.time_s for view in views),
        seen=joined(view.seen for view in views),
        measured=joined(view.measured for view in views),
        values={name: joined(view.values[name] for view in views) for name in views[0].values},
        usual=Baselines(
            {name: joined(view.usual.values[name] for view in views) for name in views[0].usual.values},
            joined(view.usual.observed_s for view in views),
        ),
    )


def _joined_voices(windows_heard: Sequence[tuple[float, VoiceCourse]]) -> VoiceCourse | None:
    if not windows_heard:
        return None
    starts_s, courses = zip(*windows_heard, strict=True)
    parts = _parts([course.time_s for course in courses], starts_s)
    columns: dict[str, Any] = {
        field.name: np.concatenate(
            [getattr(course, field.name)[part] for course, part in zip(courses, parts, strict=True)]
        )
        for field in fields(VoiceCourse)
    }
    return VoiceCourse(**columns)
