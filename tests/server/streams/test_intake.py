"""Where a session's media stands, without sockets and without analysis."""

from dataclasses import replace

import pytest

from backchannel.engine.jobs import LiveState
from backchannel.errors import Problem
from backchannel.protocol.config_frame import AudioFormat
from backchannel.server.streams.intake import MOST_SKIPPED, Intake
from backchannel.updates import Changes
from backchannel.values import Segment, Span
from tests.media.making import Recipe, make

PCM = AudioFormat(sample_rate=16_000)
STATE = LiveState(b"conversation", b"carry")
WEBM = Recipe("webm", video="vp8", audio="opus", duration_s=2.0, options={"live": "1"})


def cut(recipe: Recipe, chunks: int) -> list[bytes]:
    """A running stream, cut anywhere."""
    whole = make(recipe)
    size = len(whole) // chunks + 1
    return [whole[start : start + size] for start in range(0, len(whole), size)]


def test_chunks_become_segments_and_the_value_before_stays_as_it_was() -> None:
    before, data = Intake(), cut(WEBM, 4)
    after, taken = before.take(data[:2], None)
    assert sum(one.count for one in taken) == 2
    assert before == Intake()
    assert before.take(data[:2], None) == (after, taken)
    (last,) = (one.segment for one in taken[-1:])
    assert last is not None
    _, (rest,) = after.take(data[2:], None)
    assert rest.segment is not None
    assert rest.segment.continues == last.reaches


def test_what_is_no_media_is_a_problem_and_the_stream_goes_on() -> None:
    data = cut(WEBM, 2)
    after, taken = Intake().take([b"%PDF-1.7 " * 99, data[0]], None)
    assert [isinstance(one.problem, Problem) for one in taken] == [True, False]
    _, (rest,) = after.take(data[1:], None)
    assert rest.segment is not None
    assert rest.segment.continuous


def test_half_a_sample_waits_for_its_other_byte() -> None:
    after, (none,) = Intake().take([b"\1"], PCM)
    assert (after.odd_byte, none.segment) == (b"\1", None)
    after, (taken,) = after.take([b"\2\3", b"\4\5"], PCM)
    assert (taken.count, after.odd_byte) == (2, b"\5")
    assert taken.segment is not None
    assert taken.segment.data.endswith(b"data\4\0\0\0\1\2\3\4")


def test_segments_that_are_skipped_wait_for_the_next_piece_and_their_number_is_bounded() -> None:
    segments = [Segment(bytes([number])) for number in range(MOST_SKIPPED + 3)]
    intake = Intake()
    for segment in segments:
        intake = intake.skip(segment)
    assert intake.skipped == tuple(segments[3:])
    after, _ = intake.analysed(STATE, Changes(40.0))
    assert after.skipped == ()


@pytest.mark.parametrize(
    ("dropped", "video_s"), [((), 4.0), ((Span(6.0, 7.5),), 2.5), ((Span(6.0, 7.0), Span(8.0, 9.0)), 2.0)]
)
def test_video_that_was_lost_or_skipped_is_not_counted(dropped: tuple[Span, ...], video_s: float) -> None:
    intake = replace(Intake(), reached_s=5.0)
    after, counted_s = intake.analysed(STATE, Changes(9.0, dropped=dropped))
    assert counted_s == video_s
    assert (after.reached_s, after.analysis) == (9.0, STATE)


def test_the_end_gives_the_last_packet_of_a_transport_stream() -> None:
    (whole,) = cut(Recipe("mpegts", video="mpeg2video", audio="mp2", duration_s=3.0), 1)
    # Amid a packet of many, which only the next one would end.
    begun, (first,) = Intake().take([whole[: len(whole) // 2 // 188 * 188]], None)
    assert first.segment is not None
    ended, rest = begun.end()
    assert rest is not None
    assert rest.continues == first.segment.reaches
    assert ended.end() == (ended, None)


def test_no_other_stream_holds_anything_back() -> None:
    begun, _ = Intake().take(cut(WEBM, 1), None)
    ended, rest = begun.end()
    assert rest is None
    assert ended.stream.stream is None
