"""Tracks to cues for one conversation: everything the cue table names that needs no words."""

from dataclasses import dataclass, field

from backchannel.cues.baseline import History, remember
from backchannel.cues.face import face_cues, lips_moving
from backchannel.cues.face_view import FACE_MEASURES, FaceView, raw_measures, view_face
from backchannel.cues.gaze import gaze_cues
from backchannel.cues.head import head_cues
from backchannel.cues.lookback import Recent, extend
from backchannel.cues.speech import speech_cues
from backchannel.cues.voice import voice_cues
from backchannel.cues.voice_view import VOICE_MEASURES, VoiceView, speaking_at, spoken_measures, view_voice
from backchannel.tracks import FaceTracks, Tracks
from backchannel.values import Cue


@dataclass(frozen=True, slots=True)
class CueState:
    """What cues carry from segment to segment: the recent past and what is usual for this person."""

    recent: Recent = Recent()
    face_history: History = field(default_factory=lambda: History.empty(len(FACE_MEASURES)))
    voice_history: History = field(default_factory=lambda: History.empty(len(VOICE_MEASURES)))


@dataclass(frozen=True, slots=True)
class Observed:
    """The views and the cues found in them, the recent past included."""

    face: FaceView | None
    voice: VoiceView | None
    cues: tuple[Cue, ...]


def observe(
    state: CueState, tracks: Tracks, face: FaceTracks | None, start_s: float
) -> tuple[CueState, Observed]:
    """Join a segment to the conversation and find every cue that touches the recent past.

    Parameters
    ----------
    face
        Of the person this conversation is about; None where they are not in view.
    start_s
        Session time of the segment's start.

    Returns
    -------
    state
        To be passed with the next segment.
    observed
        Cues in order of their start; those of the recent past may have grown since they were last told.
    """
    recent = extend(state.recent, tracks, face, start_s)
    face_history, voice_history = state.face_history, state.voice_history
    if recent.picture is not None:
        face_history = remember(face_history, recent.picture.time_s, raw_measures(recent.picture))
    if recent.voice is not None:
        voice_history = remember(voice_history, recent.voice.time_s, spoken_measures(recent.voice))
    seen = view_face(recent.picture, face_history) if recent.picture is not None else None
    heard = view_voice(recent.voice, voice_history) if recent.voice is not None else None
    return CueState(recent, face_history, voice_history), Observed(seen, heard, _find_cues(seen, heard))


def _find_cues(face: FaceView | None, voice: VoiceView | None) -> tuple[Cue, ...]:
    cues: list[Cue] = []
    if face is not None:
        speaking = lips_moving(face) if voice is None else speaking_at(voice, face.time_s)
        cues += head_cues(face, speaking)
        if face.measured.any():
            cues += gaze_cues(face)
            cues += face_cues(face)
    if voice is not None:
        cues += speech_cues(voice)
        cues += voice_cues(voice)
    return tuple(sorted(cues, key=lambda cue: (cue.span, cue.name)))
