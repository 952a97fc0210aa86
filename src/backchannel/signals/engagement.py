"""Engagement: attention and activity over the last seconds, with hysteresis so that it does not flap."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backchannel.cues.face_view import RATE_HZ, FaceView
from backchannel.cues.voice_view import VoiceView
from backchannel.signals.policy import EXPRESSIONS
from backchannel.values import Cue, EngagementLevel, EngagementSpan, Policy, Span, covered_s

STEP_S = 1.0
LOOK_BACK_S = 5.0
MIN_DWELL_S = 2.0
"""Signals table, section on engagement."""
ENTER_ATTENTION, LEAVE_ATTENTION = 0.6, 0.4
"""Share of the look-back that makes, and keeps, attention. Listeners look about 75% of the time, speakers
about 40% (Argyle & Cook 1976)."""
ENTER_INATTENTION, LEAVE_INATTENTION = 0.75, 0.5
"""Share of the look-back spent away, absent or with eyes closed that makes, and keeps, disengagement
(judgement)."""
MIN_SPEECH_SHARE = 0.15
"""Speaking for this share of the look-back is activity, even if the eyes wander to think (judgement)."""

ACTIVE_CUES = frozenset(
    {
        "nod",
        "shake",
        "vocal_backchannel",
        "smile",
        "brow_raise",
        "head_active",
        "pitch_lively",
        "lean_in",
        "tilt",
    }
)
AWAY_CUES = frozenset({"gaze_away", "face_absent", "eyes_closed"})


@dataclass(frozen=True, slots=True)
class EngagementState:
    """State that engagement passes from segment to segment.

    Attributes
    ----------
    level
        The level at `since_s`, or None before anything was measured.
    since_s
        Session time the level began.
    next_step_s
        Next moment to decide.
    """

    level: EngagementLevel | None = None
    since_s: float = 0.0
    next_step_s: float = STEP_S


def follow_engagement(
    state: EngagementState,
    segment: Span,
    face: FaceView | None,
    voice: VoiceView | None,
    cues: Sequence[Cue],
    *,
    known: bool,
    policy: Policy = "full",
) -> tuple[EngagementState, tuple[EngagementSpan, ...]]:
    """Decide every step inside a segment.

    Parameters
    ----------
    known
        Somebody has been in view in this conversation. Before that, an empty picture is not an absence.
    policy
        Under ``behaviour``, expressions of face and voice make nobody active.

    Returns
    -------
    state
        The state to pass with the next segment.
    spans
        Contiguous, covering exactly the segment.
    """
    if not known:
        cues = [cue for cue in cues if cue.name != "face_absent"]
    if policy == "behaviour":
        cues = [cue for cue in cues if cue.name not in EXPRESSIONS]
    spans: list[EngagementSpan] = []
    from_s = segment.start_s
    while from_s < segment.end_s - 1e-9:
        to_s = min(state.next_step_s, segment.end_s)
        if to_s > from_s:
            decided = _decide(state, Span(from_s, to_s), face, voice, cues)
            if decided != state.level:
                state = EngagementState(decided, from_s, state.next_step_s)
            spans.append(EngagementSpan(Span(from_s, to_s), decided))
            from_s = to_s
        if to_s >= state.next_step_s:
            state = EngagementState(state.level, state.since_s, state.next_step_s + STEP_S)
    return state, _joined(spans)


def _joined(spans: Sequence[EngagementSpan]) -> tuple[EngagementSpan, ...]:
    joined: list[EngagementSpan] = []
    for piece in spans:
        if joined and joined[-1].state == piece.state:
            joined[-1] = EngagementSpan(Span(joined[-1].span.start_s, piece.span.end_s), piece.state)
        else:
            joined.append(piece)
    return tuple(joined)


def _decide(
    state: EngagementState, step: Span, face: FaceView | None, voice: VoiceView | None, cues: Sequence[Cue]
) -> EngagementLevel:
    """Level of one step, as seen from its end."""
    level = state.level or "neutral"
    wanted = _wanted(level, Span(max(0.0, step.end_s - LOOK_BACK_S), step.end_s), face, voice, cues)
    settled = state.level is None or step.start_s - state.since_s >= MIN_DWELL_S
    return wanted if settled else level


def _wanted(
    level: EngagementLevel, window: Span, face: FaceView | None, voice: VoiceView | None, cues: Sequence[Cue]
) -> EngagementLevel:
    speaking = _share(window, cues, frozenset({"speaking"}))
    active = speaking >= MIN_SPEECH_SHARE or any(
        cue.name in ACTIVE_CUES and cue.span.overlap_s(window) > 0 for cue in cues
    )
    looked = _seen_share(window, face)
    if looked < 0.2:  # no picture to judge attention: only the voice counts, if there is one
        return "engaged" if speaking >= 2 * MIN_SPEECH_SHARE and voice is not None else "neutral"
    attention = _share(window, cues, frozenset({"facing"})) / looked
    inattention = _share(window, cues, AWAY_CUES) / looked
    if attention >= (LEAVE_ATTENTION if level == "engaged" else ENTER_ATTENTION) and active:
        return "engaged"
    if speaking >= MIN_SPEECH_SHARE:
        return level if level == "engaged" else "neutral"
    if inattention >= (LEAVE_INATTENTION if level == "disengaged" else ENTER_INATTENTION):
        return "disengaged" if window.duration_s >= MIN_DWELL_S else level
    return "neutral"


def _seen_share(window: Span, face: FaceView | None) -> float:
    if face is None or window.duration_s <= 0:
        return 0.0
    inside = (face.time_s >= window.start_s) & (face.time_s < window.end_s)
    return min(1.0, float(np.sum(face.seen[inside])) / RATE_HZ / window.duration_s)


def _share(window: Span, cues: Sequence[Cue], names: frozenset[str]) -> float:
    """Share of the window that cues of some names cover, overlaps counted once."""
    if window.duration_s <= 0:
        return 0.0
    return covered_s(cue.span.clip(window) for cue in cues if cue.name in names) / window.duration_s
