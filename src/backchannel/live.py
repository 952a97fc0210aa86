"""A conversation that is followed as it happens: media in pieces of any length, windows of our own.

`session` answers for each segment as its sender cut it. Here the sender's cuts mean nothing: pieces are put
on one line, and the line is answered for in windows of 5 s. A window that is still open is answered for as
far as it goes, each time that media comes, from the state at its beginning; when it is full it is answered
for once more and for good. So what is said in the end is what `session` says of segments of 5 s, however
the media came, and what is said meanwhile may still be taken back.

Where media is missing between two pieces, the open window ends early and the next one begins after the gap:
nothing is made up for what never came.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from backchannel.arrays import FloatArray
from backchannel.errors import Problem
from backchannel.media.decode import probe
from backchannel.packing import pack_value, unpack_value
from backchannel.perception.networks import load_networks
from backchannel.perception.perceive import PerceptionSettings, Sensed, sense
from backchannel.perception.picture import Looking
from backchannel.perception.voice import SAMPLE_RATE_HZ, measure_voice
from backchannel.session import SessionState, interpret, place_on_clock
from backchannel.subject import Place, place_at_end, subject_in
from backchannel.tracks import FaceTracks, PictureTracks, Tracks, face_rows, join_faces, unseen_face
from backchannel.values import (
    FULL_RATE_HZ,
    SILENT_DBFS,
    FaceView,
    MediaLimits,
    Progress,
    Segment,
    SegmentResult,
    Span,
    View,
    WindowResult,
)
from backchannel.windows import WINDOW_S

MIN_GAP_S: Final = 0.2
"""A jump of the stream's clock from here on is media that never came; less is a recorder's rounding
(judgement: a few frames)."""
MAX_PICTURE_GAP_S: Final = 1.0
"""A stream with pictures has a gap in them when none comes for longer (judgement: slower than any camera)."""
MIN_TOLD_S: Final = 0.25
"""A window is not answered for before it is this long: less holds neither a movement nor a word."""


def _no_samples() -> FloatArray:
    return np.zeros(0, np.float32)


@dataclass(frozen=True, slots=True)
class LiveState:
    """What a followed conversation carries from piece to piece.

    Attributes
    ----------
    before
        The conversation as it was at the beginning of the open window.
    end_s
        Session time up to which media has come.
    stream_offset_s
        Session time minus container time of the running stream, or None.
    place
        Where the subject's face was last seen, the open window included.
    looking
        Where the face was in the last picture, so that the next piece need not look for it.
    picture
        The subject's rows since the beginning of the open window, on the session clock; one face, or none.
    samples, sound_start_s
        (n,) sound, 16 kHz, since the beginning of the open window, and the session time of the first sample.
    heard, pictured
        Whether the running stream has had sound, and a picture.
    pictured_until_s, blind
        Session time of the last picture, or up to which its absence has been told; then `blind` is True.
    analysis_rate_hz
        Pictures a second that were looked at: the lowest rate since the beginning of the open window.
    """

    before: SessionState = SessionState()
    end_s: float = 0.0
    stream_offset_s: float | None = None
    place: Place | None = None
    looking: Looking = Looking()
    picture: PictureTracks | None = None
    samples: FloatArray = field(default_factory=_no_samples)
    sound_start_s: float = 0.0
    heard: bool = False
    pictured: bool = False
    pictured_until_s: float = 0.0
    blind: bool = False
    analysis_rate_hz: float = FULL_RATE_HZ


def follow(
    packed_state: bytes, segment: Segment, limits: MediaLimits, left_out: Sequence[Segment] = ()
) -> tuple[bytes, Progress]:
    """Follow a conversation by one piece of media, of any length.

    Parameters
    ----------
    packed_state
        What the last call returned, or ``b""`` for a new conversation.
    left_out
        Pieces that came before this one and are not to be analysed: only their time passes, as for media
        that never came.

    Raises
    ------
    backchannel.errors.Problem
        When the media cannot be used. The state before stays good for the next piece.
    """
    state = unpack_value(packed_state, LiveState) if packed_state else LiveState()
    state, passed = pass_over(state, left_out, limits)
    rate_hz = limits.analysis_rate_hz
    piece = sense(segment, limits, PerceptionSettings(frame_rate_hz=rate_hz), looking=state.looking)
    state, progress = advance(state, piece, sound_only=segment.sound_only, analysis_rate_hz=rate_hz)
    return pack_value(state), replace(
        progress,
        windows=(*passed.windows, *progress.windows),
        dropped=_without_seams((*passed.dropped, *progress.dropped)),
    )


def pass_over(state: LiveState, pieces: Sequence[Segment], limits: MediaLimits) -> tuple[LiveState, Progress]:
    """Let the time of pieces pass that are not analysed. One that is no media takes no time."""
    told: list[WindowResult] = []
    dropped: list[Span] = []
    for piece in pieces:
        try:
            timing = probe(piece, limits)
        except Problem:
            continue
        start_s, offset_s = place_on_clock(state.end_s, state.stream_offset_s, timing.stream_start_s)
        gap = Span(_answered_until_s(state), max(state.end_s, start_s + timing.duration_s))
        state, ended = _skip_to(replace(state, stream_offset_s=offset_s, looking=Looking()), gap.end_s)
        told += ended
        dropped.append(gap)
    return state, Progress(state.end_s, tuple(told), tuple(dropped))


def advance(
    state: LiveState, piece: Sensed, *, sound_only: bool = False, analysis_rate_hz: float = FULL_RATE_HZ
) -> tuple[LiveState, Progress]:
    """Put a piece on the line and answer for every window that it touches.

    Raises
    ------
    backchannel.errors.Problem
        ``ih5001`` when only sound is asked for and there has never been any.
    """
    if sound_only and piece.sound is None and not state.heard:
        raise Problem("ih5001", "The media has no sound, and this session's model only listens.")
    start_s, offset_s = place_on_clock(state.end_s, state.stream_offset_s, piece.stream_start_s)
    if offset_s is None or offset_s != state.stream_offset_s:
        # Another recording; whether it has a picture is not known from the one before.
        state = replace(state, pictured=False, heard=state.heard and not sound_only)
    state = replace(state, stream_offset_s=offset_s, looking=piece.looking)
    told: list[WindowResult] = []
    dropped: tuple[Span, ...] = ()
    if start_s - state.end_s >= MIN_GAP_S:
        dropped = (Span(_answered_until_s(state), start_s),)
        state, told = _skip_to(state, start_s)
    face = subject_in(state.place, piece.picture)
    view = _view(piece, face, start_s, analysis_rate_hz)
    state, degraded = _watch_picture(state, piece, start_s)
    state = _with_sound(_with_picture(state, piece, face, start_s), piece, start_s)
    state = replace(
        state,
        end_s=max(state.end_s, start_s + piece.duration_s),
        analysis_rate_hz=min(state.analysis_rate_hz, analysis_rate_hz),
    )
    while (full_s := state.before.clock_s + WINDOW_S) <= state.end_s:
        state, result = _complete(state, full_s)
        state = replace(state, analysis_rate_hz=analysis_rate_hz)
        told.append(WindowResult(result, complete=True))
    if state.end_s - state.before.clock_s >= MIN_TOLD_S:
        told.append(WindowResult(_interpreted(state, state.end_s)[1], complete=False))
    return state, Progress(state.end_s, tuple(told), dropped, degraded, view)


# --- windows ---------------------------------------------------------------------------------------


def _interpreted(state: LiveState, until_s: float) -> tuple[SessionState, SegmentResult]:
    """Answer for the open window as if it ended now."""
    start_s = state.before.clock_s
    samples = state.samples[: max(0, round((until_s - state.sound_start_s) * SAMPLE_RATE_HZ))]
    voice = None
    if samples.size:
        voice = measure_voice(load_networks(), samples, state.sound_start_s - start_s)
    picture = None if state.picture is None else _rows(state.picture, -np.inf, until_s)
    if picture is not None:
        picture = replace(
            picture,
            time_s=picture.time_s - start_s,
            faces=tuple(face for face in picture.faces if face.valid.any()),
        )
    return interpret(state.before, Tracks(until_s - start_s, None, picture, voice), state.analysis_rate_hz)


def _complete(state: LiveState, until_s: float) -> tuple[LiveState, SegmentResult]:
    """Answer for the open window for good, and begin the next one."""
    after, result = _interpreted(state, until_s)
    count = min(state.samples.size, max(0, round((until_s - state.sound_start_s) * SAMPLE_RATE_HZ)))
    return replace(
        state,
        before=after,
        picture=None if state.picture is None else _rows(state.picture, until_s, np.inf),
        samples=state.samples[count:],
        sound_start_s=state.sound_start_s + count / SAMPLE_RATE_HZ,
    ), result


def _skip_to(state: LiveState, start_s: float) -> tuple[LiveState, list[WindowResult]]:
    """End the open window where its media ends, and begin another one after the gap."""
    told: list[WindowResult] = []
    if state.end_s - state.before.clock_s >= MIN_TOLD_S:
        state, result = _complete(state, state.end_s)
        told.append(WindowResult(result, complete=True))
    return replace(
        state,
        before=replace(state.before, clock_s=start_s),
        end_s=start_s,
        picture=None,
        samples=_no_samples(),
        pictured_until_s=start_s,
        blind=False,
        analysis_rate_hz=FULL_RATE_HZ,
    ), told


def _answered_until_s(state: LiveState) -> float:
    """Session time up to which there will be an answer if the open window ends now."""
    begun_s = state.before.clock_s
    return state.end_s if state.end_s - begun_s >= MIN_TOLD_S else begun_s


def _without_seams(gaps: Sequence[Span]) -> tuple[Span, ...]:
    """Join gaps that lie next to each other."""
    joined: list[Span] = []
    for gap in gaps:
        if joined and gap.start_s - joined[-1].end_s < MIN_GAP_S:
            joined[-1] = Span(joined[-1].start_s, gap.end_s)
        else:
            joined.append(gap)
    return tuple(joined)


# --- the line --------------------------------------------------------------------------------------


def _with_picture(state: LiveState, piece: Sensed, face: FaceTracks | None, start_s: float) -> LiveState:
    if piece.picture is None or not piece.picture.time_s.size:
        return state
    faces = (face or unseen_face(piece.picture.time_s.size),)
    rows = replace(piece.picture, time_s=piece.picture.time_s + start_s, faces=faces)
    return replace(
        state,
        place=place_at_end(face) or state.place,
        picture=rows if state.picture is None else _joined(state.picture, rows),
        pictured=True,
    )


def _with_sound(state: LiveState, piece: Sensed, start_s: float) -> LiveState:
    if piece.sound is None or not piece.sound.samples.size:
        return state
    begins_s, samples = start_s + piece.sound.start_s, piece.sound.samples
    if not state.samples.size:
        return replace(state, samples=samples, sound_start_s=begins_s, heard=True)
    missing = round((begins_s - state.sound_start_s) * SAMPLE_RATE_HZ) - state.samples.size
    between = np.zeros(max(0, missing), np.float32)
    joined = np.concatenate([state.samples, between, samples[max(0, -missing) :]])
    return replace(state, samples=joined, heard=True)


def _watch_picture(state: LiveState, piece: Sensed, start_s: float) -> tuple[LiveState, tuple[Span, ...]]:
    """Find the stretches without a picture in a stream that has one."""
    end_s = start_s + piece.duration_s
    times = [] if piece.picture is None else [float(time_s) + start_s for time_s in piece.picture.time_s]
    if not state.pictured:
        return replace(state, pictured_until_s=times[-1] if times else end_s, blind=False), ()
    gaps: list[Span] = []
    seen_s, blind = state.pictured_until_s, state.blind
    for time_s in times:
        if time_s - seen_s > (0.0 if blind else MAX_PICTURE_GAP_S):
            gaps.append(Span(seen_s, time_s))
        seen_s, blind = max(seen_s, time_s), False
    if end_s - seen_s > (0.0 if blind else MAX_PICTURE_GAP_S):
        gaps.append(Span(seen_s, end_s))
        seen_s, blind = end_s, True
    return replace(state, pictured_until_s=seen_s, blind=blind), tuple(gaps)


def _view(piece: Sensed, face: FaceTracks | None, start_s: float, analysis_rate_hz: float) -> View:
    """Tell what a piece is measured from."""
    span = Span(start_s, start_s + piece.duration_s)
    level_dbfs = None
    if piece.sound is not None and piece.sound.samples.size:
        power = float(np.mean(np.square(piece.sound.samples, dtype=np.float64)))
        level_dbfs = max(SILENT_DBFS, float(10 * np.log10(power))) if power > 0 else SILENT_DBFS
    sound = level_dbfs is not None
    picture = piece.picture
    if picture is None or not picture.time_s.size:
        return View(span, picture=False, sound=sound, level_dbfs=level_dbfs)
    return View(
        span,
        picture=True,
        sound=sound,
        face_share=0.0 if face is None else float(face.valid.mean()),
        brightness=float(picture.luminance.mean()),
        level_dbfs=level_dbfs,
        face=None if face is None or not face.valid.any() else _face_view(face, picture),
        analysis_rate_hz=analysis_rate_hz,
    )


def _face_view(face: FaceTracks, picture: PictureTracks) -> FaceView:
    row = int(np.flatnonzero(face.valid)[-1])
    left, top, width, height = (float(side) for side in face.box_px[row])
    yaw_deg, pitch_deg = float(face.gaze_yaw_deg[row]), float(face.gaze_pitch_deg[row])
    measured = math.isfinite(yaw_deg) and math.isfinite(pitch_deg)
    return FaceView(
        left / picture.width_px,
        top / picture.height_px,
        width / picture.width_px,
        height / picture.height_px,
        yaw_deg if measured else None,
        pitch_deg if measured else None,
    )


def _joined(before: PictureTracks, after: PictureTracks) -> PictureTracks:
    # Neighbouring pieces of a stream may share a frame or two.
    before = _rows(before, -np.inf, float(after.time_s[0]))
    return replace(
        after,
        time_s=np.concatenate([before.time_s, after.time_s]),
        faces=(join_faces([before.faces[0], after.faces[0]]),),
        face_count=np.concatenate([before.face_count, after.face_count]),
        luminance=np.concatenate([before.luminance, after.luminance]),
        moving=np.concatenate([before.moving, after.moving]),
    )


def _rows(picture: PictureTracks, from_s: float, to_s: float) -> PictureTracks:
    chosen = (picture.time_s >= from_s) & (picture.time_s < to_s)
    return replace(
        picture,
        time_s=picture.time_s[chosen],
        faces=tuple(face_rows(face, chosen) for face in picture.faces),
        face_count=picture.face_count[chosen],
        luminance=picture.luminance[chosen],
        moving=picture.moving[chosen],
    )
