"""Engagement: attention and activity, told second by second without flapping."""

from itertools import pairwise

import numpy as np
import pytest

from backchannel.conversation.people import Following
from backchannel.cues.detect import CueState, observe
from backchannel.signals.engagement import MIN_DWELL_S, EngagementState, follow_engagement
from backchannel.tracks import Tracks
from backchannel.values import EngagementSpan, Span
from tests.cues.build import both, clock, during, followed_rows, heard, picture, seen, swings
from tests.slicing import pieces_of

SECONDS = 30.0
ALL = Span(0.0, SECONDS)
T = clock(SECONDS)
LISTENING = seen(SECONDS, head_pitch_deg=sum(swings(T, at_s, 3, 2.0, 9.0) for at_s in range(2, 28, 4)))
"""Looks at the camera and nods now and then."""


def followed(tracks: Tracks, cuts_s: tuple[float, ...] = (), *, known: bool = True) -> list[EngagementSpan]:
    """Engagement of a conversation that arrives in pieces."""
    cues, state, following = CueState(), EngagementState(), Following()
    spans: list[EngagementSpan] = []
    for start_s, piece in pieces_of(tracks, cuts_s):
        following, rows = followed_rows(following, piece, start_s)
        cues, observed = observe(cues, rows, start_s)
        segment = Span(start_s, start_s + piece.duration_s)
        state, found = follow_engagement(
            state, segment, observed.face, observed.voice, observed.cues, known=known
        )
        assert found[0].span.start_s == segment.start_s
        assert found[-1].span.end_s == segment.end_s
        spans += found
    return spans


def joined(spans: list[EngagementSpan]) -> list[EngagementSpan]:
    merged = [spans[0]]
    for span in spans[1:]:
        if span.state == merged[-1].state:
            merged[-1] = EngagementSpan(Span(merged[-1].span.start_s, span.span.end_s), span.state)
        else:
            merged.append(span)
    return merged


def share(spans: list[EngagementSpan], state: str, within: Span = ALL) -> float:
    return sum(s.span.overlap_s(within) for s in spans if s.state == state) / within.duration_s


def away_after(at_s: float) -> Tracks:
    return seen(SECONDS, gaze_yaw_deg=35 * during(T, at_s, 99.0))


def test_who_looks_and_nods_is_engaged() -> None:
    assert share(followed(LISTENING), "engaged", Span(5, 30)) > 0.9


def test_who_looks_and_does_nothing_is_neutral() -> None:
    assert share(followed(seen(SECONDS)), "neutral", Span(5, 30)) == 1.0


def test_who_looks_and_speaks_is_engaged() -> None:
    talk = both(seen(SECONDS), heard(SECONDS, [(1.0 + 4 * k, 4.0 + 4 * k) for k in range(7)]))
    assert share(followed(talk), "engaged", Span(5, 28)) > 0.9


def test_who_looks_away_for_long_is_disengaged() -> None:
    spans = followed(away_after(20.0))
    assert share(spans, "disengaged", Span(0, 20)) == 0.0
    assert share(spans, "disengaged", Span(26, 30)) == 1.0


def test_who_leaves_is_disengaged() -> None:
    spans = followed(seen(SECONDS, valid=T < 8.0))
    assert share(spans, "disengaged", Span(0, 8)) == 0.0
    assert share(spans, "disengaged", Span(15, 30)) == 1.0


def test_who_shuts_the_eyes_for_long_is_disengaged() -> None:
    asleep = np.where(T > 8, 0.05, 0.3)
    spans = followed(seen(SECONDS, eye_openness_left=asleep, eye_openness_right=asleep))
    assert share(spans, "disengaged", Span(15, 20)) == 1.0


def test_who_speaks_while_looking_away_to_think_is_not_disengaged() -> None:
    talk = both(away_after(8.0), heard(SECONDS, [(1.0 + 4 * k, 4.0 + 4 * k) for k in range(7)]))
    assert share(followed(talk), "disengaged", Span(0, 29)) == 0.0


def test_a_glance_away_is_not_disengagement() -> None:
    assert share(followed(seen(SECONDS, gaze_yaw_deg=35 * during(T, 12.0, 13.5))), "disengaged") == 0.0


def test_nobody_was_ever_there_so_nobody_is_disengaged() -> None:
    empty = Tracks(SECONDS, None, picture(T), heard(SECONDS).voice)
    assert joined(followed(empty, known=False)) == [EngagementSpan(Span(0, SECONDS), "neutral")]


def test_without_picture_and_speech_it_is_neutral() -> None:
    assert joined(followed(heard(SECONDS), known=False)) == [EngagementSpan(Span(0, SECONDS), "neutral")]
    assert joined(followed(Tracks(SECONDS, None, None, None))) == [
        EngagementSpan(Span(0, SECONDS), "neutral")
    ]


def test_a_voice_alone_can_be_engaged() -> None:
    talk = heard(SECONDS, [(1.0 + 4 * k, 4.0 + 4 * k) for k in range(7)])
    assert share(followed(talk), "engaged", Span(5, 28)) > 0.9


MOODS = [
    LISTENING,
    away_after(11.0),
    seen(SECONDS, gaze_yaw_deg=35 * (np.sin(T) > 0)),
    seen(SECONDS, valid=T % 9 < 5),
]


@pytest.mark.parametrize("tracks", MOODS)
@pytest.mark.parametrize("cuts_s", [(), (3.0, 6.0, 9.0), (3.3, 7.77, 12.0, 20.5)])
def test_spans_are_contiguous_and_cover_every_segment_exactly(
    tracks: Tracks, cuts_s: tuple[float, ...]
) -> None:
    spans = followed(tracks, cuts_s)
    assert spans[0].span.start_s == 0.0
    assert spans[-1].span.end_s == SECONDS
    for one, other in pairwise(spans):
        assert one.span.end_s == other.span.start_s
        assert one.span.duration_s > 0


@pytest.mark.parametrize("tracks", MOODS)
@pytest.mark.parametrize("cuts_s", [(), (3.0, 6.0, 9.0), (3.3, 7.77, 12.0, 20.5)])
def test_no_state_lasts_less_than_its_dwell(tracks: Tracks, cuts_s: tuple[float, ...]) -> None:
    for span in joined(followed(tracks, cuts_s))[:-1]:
        assert span.span.duration_s >= MIN_DWELL_S - 1e-9


@pytest.mark.parametrize("tracks", MOODS)
@pytest.mark.parametrize("piece_s", [3.0, 5.0, 10.0])
def test_the_cut_into_segments_changes_it_by_no_more_than_a_few_seconds(
    tracks: Tracks, piece_s: float
) -> None:
    whole = followed(tracks)
    cut = followed(tracks, tuple(np.arange(piece_s, SECONDS, piece_s).tolist()))
    moments = np.arange(0.5, SECONDS)
    differs = [_state_at(whole, at_s) != _state_at(cut, at_s) for at_s in moments.tolist()]
    assert sum(differs) <= 3


def _state_at(spans: list[EngagementSpan], at_s: float) -> str:
    return next(span.state for span in spans if span.span.start_s <= at_s < span.span.end_s)
