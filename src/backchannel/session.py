"""One conversation: perceive → interpret, segment by segment.

`perceive` is heavy and pure and may run anywhere; `interpret` is light, ordered and pure: it takes the state
before a segment and gives the state after it. The state is a small value that can be written down (`pack`),
so a conversation survives a dropped connection, moves between worker processes, and replays to the same
answer.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from backchannel.cues.detect import CueState, Observed, observe
from backchannel.cues.lookback import CONTEXT_S
from backchannel.packing import pack_value, unpack_value
from backchannel.perception.perceive import PerceptionSettings, perceive
from backchannel.signals.engagement import EngagementState, follow_engagement
from backchannel.signals.quality import QualityState, accumulate, judge
from backchannel.signals.score import score_signals
from backchannel.subject import Place, place_at_end, subject_in
from backchannel.tracks import FaceTracks, Tracks
from backchannel.values import FULL_RATE_HZ, Coverage, Cue, MediaLimits, Segment, SegmentResult, Span
from backchannel.windows import WINDOW_S, windows

LATE_S = 0.6
"""A cue can only be told once what follows it is known (the rest after a nod, the word after a pause); one
that ended this long before a segment may still be told in it."""
MAX_OVERLAP_S, MAX_GAP_S = 1.0, 600.0
"""A stream's clock that goes back, or ahead, by more is another stream's (judgement)."""
MAX_FROZEN_SHARE = 0.35
"""Share of frames that may differ from the one before in a picture that stands still. An encoded still
measured 0.26, the stillest of fourteen real clips over 0.9."""


@dataclass(frozen=True, slots=True)
class SessionState:
    """Everything a conversation carries from segment to segment.

    Attributes
    ----------
    clock_s
        Session time reached.
    stream_offset_s
        Session time minus container time of the running continuous stream, or None.
    subject
        Where the subject's face was last seen.
    told
        Cues of the recent past, as they were told.
    """

    clock_s: float = 0.0
    stream_offset_s: float | None = None
    subject: Place | None = None
    told: tuple[Cue, ...] = ()
    cues: CueState = CueState()
    engagement: EngagementState = EngagementState()
    quality: QualityState = QualityState()


def analyze_segment(
    packed_state: bytes, segment: Segment, limits: MediaLimits
) -> tuple[bytes, SegmentResult]:
    """Analyse the next segment of a conversation.

    Parameters
    ----------
    packed_state
        What the last call returned, or ``b""`` for a new conversation.

    Raises
    ------
    backchannel.errors.Problem
        When the media cannot be used. The state before stays good for the next segment.
    """
    rate_hz = limits.analysis_rate_hz
    tracks = perceive(segment, limits, PerceptionSettings(frame_rate_hz=rate_hz))
    state, result = interpret(unpack(packed_state), tracks, rate_hz)
    return pack(state), result


def analyze_whole(
    segment: Segment,
    limits: MediaLimits,
    *,
    window_s: float = WINDOW_S,
    on_progress: Callable[[float], None] | None = None,
) -> Iterator[SegmentResult]:
    """Analyse one complete medium as a conversation of its own, window by window.

    Parameters
    ----------
    on_progress
        Called with the time, s, up to which the picture has been looked at.

    Raises
    ------
    backchannel.errors.Problem
        When the media cannot be used; before the first result.
    """
    state = SessionState()
    settings = PerceptionSettings(frame_rate_hz=limits.analysis_rate_hz)
    for tracks in windows(perceive(segment, limits, settings, on_progress), window_s):
        state, result = interpret(state, tracks, limits.analysis_rate_hz)
        yield result


def skip_segment(packed_state: bytes, duration_s: float) -> bytes:
    """Let time pass that was not analysed, so that later segments keep their place on the clock."""
    state = unpack(packed_state)
    return pack(replace(state, clock_s=state.clock_s + duration_s))


def interpret(
    state: SessionState, tracks: Tracks, analysis_rate_hz: float = FULL_RATE_HZ
) -> tuple[SessionState, SegmentResult]:
    """Turn the next segment's tracks into its result, in session time.

    Parameters
    ----------
    analysis_rate_hz
        Pictures a second that were looked at; to be told with the result.
    """
    start_s, stream_offset_s = place_on_clock(state.clock_s, state.stream_offset_s, tracks.stream_start_s)
    segment = Span(max(state.clock_s, start_s), max(state.clock_s, start_s + tracks.duration_s))
    face = subject_in(state.subject, tracks.picture)
    cue_state, observed = observe(state.cues, tracks, face, start_s)
    coverage = _coverage(tracks, observed, segment, face, analysis_rate_hz)
    if coverage.frozen:
        # A camera that hangs shows nobody: what looks like a held smile is a picture of one.
        kept = (cue for cue in observed.cues if cue.modality != "visual" or cue.name == "face_absent")
        observed = replace(observed, cues=tuple(kept))
    cues = tuple(cue for cue in observed.cues if _touches(cue, segment, state.told))
    news = tuple(cue for cue in cues if _is_news(cue, segment, state.told))
    known = _known(cues, state.told)
    signals = score_signals(known, news, segment, coverage)
    engagement_state, engagement = follow_engagement(
        state.engagement,
        segment,
        observed.face,
        observed.voice,
        observed.cues,
        known=face is not None or state.subject is not None,
    )
    quality = judge(segment, signals, engagement, cues)
    quality_state, overall = accumulate(state.quality, segment, quality)
    after = SessionState(
        clock_s=segment.end_s,
        stream_offset_s=stream_offset_s,
        subject=place_at_end(face) or state.subject,
        told=tuple(cue for cue in known if cue.span.end_s >= segment.end_s - CONTEXT_S),
        cues=cue_state,
        engagement=engagement_state,
        quality=quality_state,
    )
    return after, SegmentResult(segment, cues, signals, engagement, quality, overall, coverage)


def place_on_clock(
    clock_s: float, stream_offset_s: float | None, stream_start_s: float | None
) -> tuple[float, float | None]:
    """Session time at which new media begins, and the offset of the continuous stream it belongs to.

    A continuous stream's own clock shows what was lost in between; neighbouring segments of one may overlap
    by a few frames. A restarted recorder's clock starts at zero and says nothing, so such segments follow
    one another without a gap.

    Parameters
    ----------
    clock_s
        Session time reached.
    stream_offset_s
        Session time minus container time of the stream so far, or None.
    stream_start_s
        Container time at which the new media begins; None for a complete file.
    """
    if stream_start_s is None:
        return clock_s, None
    if stream_offset_s is not None:
        start_s = stream_start_s + stream_offset_s
        if clock_s - MAX_OVERLAP_S <= start_s <= clock_s + MAX_GAP_S:
            return start_s, stream_offset_s
    return clock_s, clock_s - stream_start_s


def _known(cues: Sequence[Cue], told: Sequence[Cue]) -> tuple[Cue, ...]:
    """What a signal may rest on: a segment's own cues, and older ones as they were told.

    Looking back again may measure an older one differently, or find one that nobody was told of: no
    rationale may name what is in no answer.
    """
    older = (cue for cue in told if not _was_told(cue, cues))
    return (*older, *cues)


def _touches(cue: Cue, segment: Span, told: Sequence[Cue]) -> bool:
    """Whether a cue belongs to this segment's answer: it is in it, or could not be told before."""
    if cue.span.start_s >= segment.end_s:
        return False
    return cue.span.end_s > segment.start_s or (
        cue.span.end_s >= segment.start_s - LATE_S and not _was_told(cue, told)
    )


def _is_news(cue: Cue, segment: Span, told: Sequence[Cue]) -> bool:
    """Whether a signal may rest on a cue here: the tail of one told in the last segment is old news."""
    return not _was_told(cue, told) or cue.span.overlap_s(segment) >= min(0.3, 0.3 * cue.span.duration_s)


def _was_told(cue: Cue, told: Sequence[Cue]) -> bool:
    return any(other.name == cue.name and other.span.overlap_s(cue.span) > 0 for other in told)


def _coverage(
    tracks: Tracks, observed: Observed, segment: Span, face: FaceTracks | None, analysis_rate_hz: float
) -> Coverage:
    face_share = speech_share = None
    frozen = False
    if tracks.picture is not None and tracks.picture.time_s.size:
        face_share = 0.0 if face is None else float(face.valid.mean())
        # An encoder goes on refining a still picture for seconds; a camera's differs in nearly every frame.
        frozen = tracks.picture.moving.size > 1 and float(tracks.picture.moving[1:].mean()) < MAX_FROZEN_SHARE
    if observed.voice is not None and tracks.voice is not None and segment.duration_s > 0:
        spoken_s = sum(cue.span.overlap_s(segment) for cue in observed.cues if cue.name == "speaking")
        speech_share = spoken_s / segment.duration_s
    rate_hz = None if tracks.picture is None else analysis_rate_hz
    return Coverage(
        tracks.picture is not None, tracks.voice is not None, face_share, speech_share, frozen, rate_hz
    )


def pack(state: SessionState) -> bytes:
    """Write a state down."""
    return pack_value(state)


def unpack(packed: bytes) -> SessionState:
    """Read a state; ``b""`` is a new conversation's."""
    return unpack_value(packed, SessionState) if packed else SessionState()
