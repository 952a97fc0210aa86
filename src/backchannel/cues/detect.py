"""Find one person's cues in their rows: every cue in the table."""

from dataclasses import dataclass, field, replace

from backchannel.constants import CONTEXT_S
from backchannel.cues.baseline import History, remember
from backchannel.cues.face import face_cues, lips_moving
from backchannel.cues.face_rows import FACE_BASELINES
from backchannel.cues.face_view import FaceView, raw_measures, view_face
from backchannel.cues.gaze import gaze_cues
from backchannel.cues.head import head_cues
from backchannel.cues.lookback import Lookback
from backchannel.cues.speech import speech_cues
from backchannel.cues.voice import voice_cues
from backchannel.cues.voice_view import (
    VOICE_MEASURES,
    VoiceView,
    phrase_rows,
    speaking_at,
    spoken_measures,
    view_voice,
    voice_grid,
)
from backchannel.cues.whose import (
    growing_phrase,
    other_voice_cues,
    phrases_of_others,
    without,
    words_outside,
)
from backchannel.values import Cue


@dataclass(frozen=True, slots=True)
class CueState:
    """State that cues pass from window to window: the last seconds, and the person's baselines."""

    lookback: Lookback = Lookback()
    face_history: History = field(default_factory=lambda: History.empty(len(FACE_BASELINES)))
    voice_history: History = field(default_factory=lambda: History.empty(len(VOICE_MEASURES)))


@dataclass(frozen=True, slots=True)
class Observed:
    """The views and the cues in them, including the last seconds before the window."""

    face: FaceView | None
    voice: VoiceView | None
    cues: tuple[Cue, ...]


def observe(state: CueState, rows: Lookback, start_s: float) -> tuple[CueState, Observed]:
    """Append new rows of a person to the past and find every cue in the last seconds.

    Parameters
    ----------
    rows
        Rows since `start_s`, on the session clock.
    start_s
        Session time at which the window begins.

    Returns
    -------
    state
        The state to pass with the next window.
    observed
        Cues in order of their start. Those of the past may have grown since they were last reported.
    """
    lookback = state.lookback.joined(rows).cut(start_s - CONTEXT_S)
    face_history, voice_history = state.face_history, state.voice_history
    face = voice = None
    listened: tuple[Cue, ...] = ()
    said = lookback.said
    if lookback.face is not None:
        shots_s = lookback.face.time_s[lookback.face.new_shot]
        face_history = remember(face_history, lookback.face.time_s, raw_measures(lookback.face), shots_s)
        face = view_face(lookback.face, face_history)
    if lookback.voice is not None:
        grid = voice_grid(lookback.voice)
        phrases = phrase_rows(grid)
        others = phrases_of_others(face, grid, phrases)
        # What is somebody else's now stays so, when less of the phrase is in view.
        lookback = replace(lookback, said=words_outside(lookback.said, grid, phrases, dict(others)))
        # Words wait until it is clear whose they are. Those of sound alone need not.
        said = words_outside(lookback.said, grid, phrases, growing_phrase(face, grid, phrases))
        grid, phrases = without(grid, phrases, others)
        spoken = spoken_measures(grid, phrases)
        voice_history = remember(voice_history, grid.time_s, spoken)
        voice = view_voice(grid, voice_history, phrases, spoken)
        listened = tuple(other_voice_cues(grid, others))
    cues = (*_find_cues(face, voice), *listened, *said)
    in_order = tuple(sorted(cues, key=lambda cue: (cue.span, cue.name)))
    return CueState(lookback, face_history, voice_history), Observed(face, voice, in_order)


def _find_cues(face: FaceView | None, voice: VoiceView | None) -> list[Cue]:
    cues: list[Cue] = []
    if face is not None:
        speaking = lips_moving(face) if voice is None else speaking_at(voice, face.time_s)
        cues += head_cues(face, speaking)
        if face.measured.any():
            cues += gaze_cues(face)
            cues += face_cues(face, speaking)
    if voice is not None:
        cues += speech_cues(voice)
        cues += voice_cues(voice)
    return cues
