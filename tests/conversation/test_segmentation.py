"""The same media as segments of v0, as chunks of v2 and as a file: the same signals, within 0.1 s.

The ways differ where they must: a v0 segment is a window that ends where its sender cut it, and here senders
cut at the last fifth of a second before 5 s. A signal that lasts beyond it begins, or ends, at that edge.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from _pytest.mark.structures import ParameterSet

from backchannel.conversation.codec import unpack_conversation
from backchannel.engine.jobs import LiveState
from backchannel.engine.worker import MediaWorker, analyze_medium
from backchannel.media.decode import read
from backchannel.values import MediaLimits, Segment, Span
from tests.conversation.driving import (
    Story,
    analysed,
    chunks_of,
    followed,
    occasions,
    results_of,
    segments_of,
    story,
)
from tests.media.live_stream import live_chunks

pytestmark = pytest.mark.slow

WITHIN_S: Final = 0.1
ON_EDGE_S: Final = 1 / 15 + 0.005
"""A cue of the face ends with a row of its grid, up to a row before the end of its window."""
LATEST_CUT_S: Final = 0.25
"""How long before a whole number of windows `live_chunks` may cut: its clusters are 0.2 s long."""
LIMITS: Final = MediaLimits(max_duration_s=600.0)

RUNNING: Final = (
    "mp4-timeslice-3s",
    "webm-audio-only-timeslice-3s",
    "webm-h264-timeslice-5s",
    "webm-video-only-timeslice-3s",
    "webm-vp8-timeslice-3s",
    "webm-vp9-timeslice-1s",
)
CLIPS: Final = (
    "man-suit-interview-answer-long-pauses.mp4",
    "woman-flag-scripted-statement.mp4",
    "woman-frowning-firm-statement.mp4",
)
WAYS: Final = ("v0", 0.4, 1.0, 3.0)
DIFFERENT: Final = {
    (
        "mp4-timeslice-3s",
        "v0",
    ): "a faint nod (8.9 to 9.7 s) is found by a look that ends at 9.8 to 11 s, as a "
    "window to 10.0 s does, but neither by one that ends at 9.799 s nor by one that ends at 12.4 s",
    ("woman-flag-scripted-statement.mp4", 0.4): "a smile is reported at 2.8 s, before its baseline block is "
    "full (3 s); then it begins 0.5 s earlier, but a reported start never changes",
}
"""Media and ways that differ, and why."""


@cache
def as_file(data: bytes) -> tuple[Story, tuple[float, ...]]:
    """Signals of a file, and the ends of its windows."""
    with read(Segment(data), LIMITS) as medium:
        results = list(analyze_medium(medium))
    return occasions(results), tuple(result.span.end_s for result in results)


def by_way(data: bytes, way: str | float) -> tuple[Story, tuple[float, ...]]:
    """Signals of the same media as a reader of one kind of stream hears of them, and the ends of windows."""
    if isinstance(way, str):
        reported = followed(live_chunks(data, 5.0), closes_window=True)
        signals = occasions(results_of(reported))
    else:
        reported = followed(live_chunks(data, way))
        signals = story(reported)
    return signals, tuple(result.span.end_s for result in results_of(reported))


def cases(names: Sequence[str]) -> list[ParameterSet]:
    """Every medium by every way, but for those that differ."""
    return [
        pytest.param(name, way, id=f"{name}-{way}")
        for name in names
        for way in WAYS
        if (name, way) not in DIFFERENT
    ]


def assert_same_signals(data: bytes, way: str | float) -> None:
    # As the bytes that the streams carry: a container made of another has a clock of its own.
    expected, edges_s = as_file(b"".join(live_chunks(data, 5.0)))
    signals, own_edges_s = by_way(data, way)
    described = f"{signals} instead of {expected}"
    assert [name for name, _ in signals] == [name for name, _ in expected], described
    for (_, span), (_, twin) in zip(signals, expected, strict=True):
        for own_s, other_s in ((span.start_s, twin.start_s), (span.end_s, twin.end_s)):
            close = abs(own_s - other_s) <= WITHIN_S
            assert close or same_edge(own_s, own_edges_s, other_s, edges_s), described


def same_edge(own_s: float, own_edges_s: Sequence[float], other_s: float, edges_s: Sequence[float]) -> bool:
    """Whether both times are the end of the same window."""
    return any(
        abs(own_s - own_edge_s) <= ON_EDGE_S
        and abs(other_s - edge_s) <= ON_EDGE_S
        and abs(own_edge_s - edge_s) <= LATEST_CUT_S
        for own_edge_s, edge_s in zip(own_edges_s, edges_s, strict=False)
    )


@pytest.mark.parametrize(("name", "way"), cases(RUNNING))
def test_a_recording_gives_the_same_signals_as_a_stream_and_as_a_file(
    captures: Path, name: str, way: str | float
) -> None:
    assert_same_signals(b"".join(chunks_of(captures, name)), way)


@pytest.mark.parametrize("way", WAYS)
def test_a_recording_of_one_chunk_gives_the_same_signals_as_a_stream_and_as_a_file(
    captures: Path, way: str | float
) -> None:
    assert_same_signals(chunks_of(captures, "webm-vp8-restart-4s")[0], way)


@pytest.mark.parametrize(("name", "way"), cases(CLIPS))
def test_a_real_clip_gives_the_same_signals_as_a_stream_and_as_a_file(
    clips: Path, name: str, way: str | float
) -> None:
    assert_same_signals((clips / name).read_bytes(), way)


@pytest.mark.parametrize("name", RUNNING)
def test_the_recorders_own_chunks_give_the_signals_of_the_joined_file(captures: Path, name: str) -> None:
    chunks = chunks_of(captures, name)
    expected, _ = as_file(b"".join(chunks))
    signals = story(followed(chunks))
    assert [kind for kind, _ in signals] == [kind for kind, _ in expected]
    for (_, span), (_, twin) in zip(signals, expected, strict=True):
        assert (span.start_s, span.end_s) == pytest.approx((twin.start_s, twin.end_s), abs=WITHIN_S)


def test_two_men_in_one_picture_stay_apart_from_segment_to_segment(clips: Path) -> None:
    """Each keeps his number, so the conversation is about the same one in every segment."""
    data = (clips / "two-men-split-screen-argument.mp4").read_bytes()
    worker, state, followed_ids = MediaWorker(), LiveState(), []
    for segment in segments_of(live_chunks(data, 5.0)):
        state, changes = analysed(worker, state, segment, closes_window=True)
        (result,) = changes.results
        assert result.coverage.face_share == pytest.approx(1.0, abs=0.05)
        followed_ids.append(unpack_conversation(state.conversation).main.following.face_id)
    assert len(followed_ids) >= 3
    assert len(set(followed_ids)) == 1


def test_signals_are_joined_like_events_join_them() -> None:
    assert occasions([]) == []
    assert same_edge(4.8, (4.8, 9.8), 5.0, (5.0, 10.0))
    assert not same_edge(4.8, (4.8, 9.8), 10.0, (5.0, 10.0))
    assert Span(0.0, 1.0) < Span(0.5, 0.6)
