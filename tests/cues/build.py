"""Tracks made by hand, so that a test says in one line what was seen or heard."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from backchannel.arrays import FloatArray, TimeArray
from backchannel.constants import VOICE_ROW_S
from backchannel.conversation.people import Following, follow_person
from backchannel.cues.detect import CueState, observe
from backchannel.cues.lookback import Lookback
from backchannel.cues.voice_rows import voice_rows
from backchannel.tracks import FACE_COLUMNS, FaceTracks, PictureTracks, Tracks, VoiceTracks
from backchannel.values import Cue, Span

RATE_HZ = 15.0
JITTER_DEG = 0.15
"""What a mesh on a still face wobbles by."""

SPEECH_HOP_S, F0_HOP_S = 0.032, 0.016
"""How often the networks measure; the rows between hold the number (see `tracks.VoiceTracks`)."""

AT_REST = {
    "confidence": 0.99,
    "head_x": 0.6,
    "head_y": 0.45,
    "head_scale": 0.25,
    "eye_openness_left": 0.3,
    "eye_openness_right": 0.3,
    "mouth_opening": 0.01,
    "mouth_width": 0.55,
    "lip_corner_height": -0.27,
    "lip_corner_height_left": -0.27,
    "lip_corner_height_right": -0.27,
    "lip_press": 0.2,
    "brow_inner_left": 0.2,
    "brow_inner_right": 0.2,
    "brow_outer_left": 0.2,
    "brow_outer_right": 0.2,
    "brow_crease": 0.01,
    "forehead_crease": 0.006,
    "lower_lid_raise": -0.03,
    "chin_raise": 0.2,
}
"""A relaxed face, in the units of `FaceTracks`; every angle is zero."""

LEFT_AND_RIGHT = (
    ("eye_openness_left", "eye_openness_right"),
    ("lip_corner_height_left", "lip_corner_height_right"),
    ("brow_inner_left", "brow_inner_right"),
    ("brow_outer_left", "brow_outer_right"),
)
SIDEWAYS = ("head_yaw_deg", "head_roll_deg", "gaze_yaw_deg", "eye_yaw_deg")

BROWS = ("brow_inner_left", "brow_inner_right", "brow_outer_left", "brow_outer_right")
EYES = ("eye_openness_left", "eye_openness_right")


def clock(seconds: float, rate_hz: float = RATE_HZ) -> TimeArray:
    """Times of the frames of a clip."""
    return np.arange(round(seconds * rate_hz)) / rate_hz


def during(time_s: TimeArray, start_s: float, end_s: float, ramp_s: float = 0.15) -> FloatArray:
    """0 outside, 1 inside, with ramps that are halfway at the edges."""
    rise = np.clip((time_s - start_s) / ramp_s + 0.5, 0, 1)
    fall = np.clip((end_s - time_s) / ramp_s + 0.5, 0, 1)
    return np.asarray(np.minimum(rise, fall))


def swings(
    time_s: TimeArray, start_s: float, cycles: float, rate_hz: float, peak_to_peak_deg: float
) -> FloatArray:
    """Down and up again from rest, `cycles` times: what a nod is in pitch."""
    phase = np.clip((time_s - start_s) * rate_hz, 0, cycles)
    return np.asarray(-peak_to_peak_deg * (1 - np.cos(2 * np.pi * phase)) / 2)


def jitter(rows: int, size: float = JITTER_DEG, seed: int = 0) -> FloatArray:
    return np.random.default_rng(seed).normal(0, size, rows)


def face(rows: int, valid: Any = True, face_id: int = 0, **values: Any) -> FaceTracks:
    """A relaxed face that looks at the camera, but for what is named; angles wobble a little."""
    columns: dict[str, Any] = {}
    for position, name in enumerate(FACE_COLUMNS):
        if name in ("valid", "box_px"):
            continue
        value = np.broadcast_to(np.asarray(values.get(name, AT_REST.get(name, 0.0)), float), rows)
        wobble = jitter(rows, seed=position) if name.endswith("_deg") else np.zeros(rows)
        columns[name] = np.where(valid, value + wobble, np.nan).astype(np.float32)
    box = np.where(np.broadcast_to(valid, rows)[:, np.newaxis], [200.0, 100.0, 120.0, 150.0], np.nan)
    return FaceTracks(
        id=face_id,
        valid=np.broadcast_to(np.asarray(valid, np.bool_), rows).copy(),
        box_px=box.astype(np.float32),
        **columns,
    )


def picture(
    time_s: TimeArray, *faces: FaceTracks, moving: Any = True, new_shot: Any = False
) -> PictureTracks:
    rows = time_s.size
    return PictureTracks(
        time_s=time_s,
        faces=faces,
        face_count=np.full(rows, len(faces), np.int32),
        luminance=np.full(rows, 0.5, np.float32),
        moving=np.broadcast_to(np.asarray(moving, np.bool_), rows).copy(),
        new_shot=np.broadcast_to(np.asarray(new_shot, np.bool_), rows).copy(),
        width_px=640,
        height_px=480,
    )


def seen(seconds: float, rate_hz: float = RATE_HZ, **values: Any) -> Tracks:
    """Tracks of a picture with one face in it."""
    time_s = clock(seconds, rate_hz)
    return Tracks(seconds, None, picture(time_s, face(time_s.size, **values)), None)


def voice(
    seconds: float,
    phrases: Sequence[tuple[float, float]] = (),
    *,
    f0_hz: Any = 120.0,
    level_dbfs: Any = -22.0,
    syllables_per_s: Any = 4.0,
    change: Any = 0.15,
    runs_on_s: float = 0.1,
    start_s: float = 0.0,
) -> VoiceTracks:
    """Sound with somebody speaking in some stretches.

    Parameters
    ----------
    f0_hz, level_dbfs, change
        A number, or a function of time, s, that says what each hop in a phrase has.
    syllables_per_s
        A number, or a function of the time, s, at which a phrase begins.
    runs_on_s
        How far the speech network runs on past the end of a phrase.
    start_s
        How late the sound begins; the times of the phrases count from its beginning.
    """
    count = round(seconds / VOICE_ROW_S)
    middle_s = np.asarray((np.arange(count) + 0.5) * VOICE_ROW_S)

    def inside(time_s: TimeArray, past_s: float = 0.0) -> Any:
        return np.any([(time_s >= a) & (time_s < b + past_s) for a, b in phrases] or [time_s < 0], axis=0)

    def of(value: Any, time_s: TimeArray) -> FloatArray:
        return np.broadcast_to(np.asarray(value(time_s) if callable(value) else value, float), time_s.size)

    def held(hop_s: float) -> TimeArray:
        """Middle of the hop that each row lies in."""
        return np.asarray((np.floor(middle_s / hop_s) + 0.5) * hop_s)

    by_speech, by_f0 = held(SPEECH_HOP_S), held(F0_HOP_S)
    rates = [(start, end, float(of(syllables_per_s, np.array([start]))[0])) for start, end in phrases]
    nuclei = [
        start + (k + 0.5) / per_s
        for start, end, per_s in rates
        for k in range(max(1, int((end - start) * per_s)))
    ]
    syllable = np.zeros(count, np.bool_)
    syllable[[row for at_s in nuclei if (row := int(at_s / VOICE_ROW_S)) < count]] = True
    return VoiceTracks(
        time_s=start_s + np.arange(count) * VOICE_ROW_S,
        speech_probability=np.where(inside(by_speech, runs_on_s), 0.95, 0.02).astype(np.float32),
        f0_hz=np.where(inside(by_f0), of(f0_hz, by_f0), np.nan).astype(np.float32),
        level_dbfs=np.where(inside(middle_s), of(level_dbfs, middle_s), -75.0).astype(np.float32),
        spectral_change=np.where(inside(middle_s), of(change, middle_s), 0.2).astype(np.float32),
        syllable=syllable,
    )


def heard(seconds: float, phrases: Sequence[tuple[float, float]] = (), **how: Any) -> Tracks:
    """Tracks of sound alone."""
    return Tracks(seconds, None, None, voice(seconds, phrases, **how))


def both(picture_of: Tracks, sound_of: Tracks, *, speaks: bool = True) -> Tracks:
    """Picture of one and sound of the other.

    Parameters
    ----------
    speaks
        The person's lips move as long as there is speech; otherwise the voice is somebody else's.
    """
    pictured, voice_of = picture_of.picture, sound_of.voice
    if not speaks or pictured is None or voice_of is None:
        return replace(picture_of, voice=voice_of)
    spoken = np.interp(pictured.time_s, voice_of.time_s, voice_of.speech_probability) >= 0.5
    moves = 0.02 * spoken * (np.arange(spoken.size) % 2)
    faces = tuple(
        replace(one, mouth_opening=(one.mouth_opening + moves).astype(np.float32)) for one in pictured.faces
    )
    return replace(picture_of, picture=replace(pictured, faces=faces), voice=voice_of)


def mirrored(tracks: Tracks) -> Tracks:
    """What a flipped picture would have given."""
    if tracks.picture is None:
        return tracks
    flipped = []
    for one in tracks.picture.faces:
        columns = {name: getattr(one, name) for name in FACE_COLUMNS}
        for left, right in LEFT_AND_RIGHT:
            columns[left], columns[right] = columns[right], columns[left]
        for name in SIDEWAYS:
            columns[name] = -columns[name]
        columns["head_x"] = tracks.picture.width_px / tracks.picture.height_px - columns["head_x"]
        flipped.append(FaceTracks(id=one.id, **columns))
    return replace(tracks, picture=replace(tracks.picture, faces=tuple(flipped)))


def rows_of(tracks: Tracks, start_s: float = 0.0) -> Lookback:
    """The rows that a conversation keeps of a piece that begins at a session time."""
    return followed_rows(Following(), tracks, start_s)[1]


def followed_rows(following: Following, tracks: Tracks, start_s: float) -> tuple[Following, Lookback]:
    """Find the person in the next piece, and keep their rows."""
    face_seen = None
    if tracks.picture is not None and tracks.picture.time_s.size:
        following, face_seen, _ = follow_person(following, tracks.picture, start_s)
    return following, Lookback(face_seen, None if tracks.voice is None else voice_rows(tracks.voice, start_s))


def cues_in(tracks: Tracks) -> tuple[Cue, ...]:
    """Every cue of a conversation that is these tracks and nothing else."""
    _, observed = observe(CueState(), rows_of(tracks), 0.0)
    return observed.cues


def named(tracks: Tracks, name: str) -> list[Cue]:
    return [cue for cue in cues_in(tracks) if cue.name == name]


def only(tracks: Tracks, name: str) -> Cue:
    """The one cue of a name."""
    (cue,) = named(tracks, name)
    return cue


def measure(cue: Cue, name: str) -> float:
    return next(value for measured, value, _ in cue.measures if measured == name)


def near(span: Span, start_s: float, end_s: float, within_s: float = 0.15) -> bool:
    return abs(span.start_s - start_s) <= within_s and abs(span.end_s - end_s) <= within_s
