"""What one piece of media changed in a conversation: news, gaps, and the view of the person."""

from dataclasses import dataclass

import msgspec

from backchannel.values import Cue, EngagementLevel, Phrase, SegmentResult, Signal, SignalType, Span


@dataclass(frozen=True, slots=True)
class FaceInView:
    """Where the subject's face was last seen, as shares of the picture, and where the eyes looked.

    Attributes
    ----------
    left, top, width, height
        0..1 of the picture's width and height.
    gaze_yaw_deg, gaze_pitch_deg
        As in the tracks: yaw + is the subject's left, pitch + is up. None where it was not measured.
    """

    left: float
    top: float
    width: float
    height: float
    gaze_yaw_deg: float | None
    gaze_pitch_deg: float | None


@dataclass(frozen=True, slots=True)
class View:
    """What could be measured in the newest media, so that a client can help people adjust their camera.

    Attributes
    ----------
    span
        The media, on the session clock.
    picture, sound
        Whether this media has any.
    face_share
        Share of its analysed frames with a measured face, 0..1; None without picture.
    brightness
        Mean of its frames, 0..1; None without picture.
    level_dbfs
        RMS of its sound; None without sound. Silence is `SILENT_DBFS`.
    face
        None when no face was measured in it.
    analysis_rate_hz
        Frames analysed per second, at most; None without picture.
    faces
        Most faces measured in one of its frames; None without picture.
    """

    span: Span
    picture: bool
    sound: bool
    face_share: float | None = None
    brightness: float | None = None
    level_dbfs: float | None = None
    face: FaceInView | None = None
    analysis_rate_hz: float | None = None
    faces: int | None = None


class SignalBegan(msgspec.Struct, frozen=True, tag_field="kind", tag=True):
    """A signal has begun."""

    signal: Signal


class SignalChanged(msgspec.Struct, frozen=True, tag_field="kind", tag=True):
    """An active signal has a new probability or a new rationale. Its start stays as it was reported."""

    signal: Signal


class SignalOver(msgspec.Struct, frozen=True, tag_field="kind", tag=True):
    """A signal ended at `end_s`."""

    type: SignalType
    end_s: float


class EngagementChanged(msgspec.Struct, frozen=True, tag_field="kind", tag=True):
    """The person entered another engagement state at `start_s`."""

    state: EngagementLevel
    start_s: float


class CueOver(msgspec.Struct, frozen=True, tag_field="kind", tag=True):
    """A cue ended and is final."""

    cue: Cue


class WindowClosed(msgspec.Struct, frozen=True, tag_field="kind", tag=True):
    """A window is complete. Its result is final."""

    result: SegmentResult


Change = SignalBegan | SignalChanged | SignalOver | EngagementChanged | CueOver | WindowClosed


@dataclass(frozen=True, slots=True)
class Changes:
    """What one piece of media changed in a conversation.

    Attributes
    ----------
    reached_s
        Session time up to which media has arrived.
    news
        What to report, in order.
    dropped
        Stretches whose media was not analysed, or never arrived.
    degraded
        Stretches analysed without a picture, although the stream has one.
    view
        What could be measured in the newest media; None if there was none.
    phrases
        What was said, as far as it became known with this media, on the session clock. A phrase that is not
        final may still change.
    """

    reached_s: float
    news: tuple[Change, ...] = ()
    dropped: tuple[Span, ...] = ()
    degraded: tuple[Span, ...] = ()
    view: View | None = None
    phrases: tuple[Phrase, ...] = ()

    @property
    def results(self) -> tuple[SegmentResult, ...]:
        """Results of the windows that closed, in order."""
        return tuple(change.result for change in self.news if isinstance(change, WindowClosed))
