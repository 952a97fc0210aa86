"""A conversation followed live: however its media comes, the same is said in the end, and soon."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from backchannel.errors import Problem
from backchannel.live import LiveState, advance, follow
from backchannel.media.decode.sound import Sound
from backchannel.media.stream.continuity import StreamState, continue_stream
from backchannel.media.stream.pcm import take_samples
from backchannel.perception.perceive import Sensed, sense
from backchannel.session import analyze_segment
from backchannel.signals.activity import RENEW_S, Activity, Change, Detected, Ended, finish, follow_activity
from backchannel.tracks import PictureTracks
from backchannel.values import SILENT_DBFS, MediaLimits, Progress, Segment, SegmentResult, Span
from backchannel.values import View as SeenFrom
from synthesis import Encoding, Nod, Performance, Shot, View, write_clip
from tests.media.live_stream import live_chunks

LIMITS = MediaLimits()
TOLERANCE_S = 0.2


def segments_of(chunks: Iterable[bytes]) -> list[Segment]:
    state, segments = StreamState(), []
    for chunk in chunks:
        state, segment = continue_stream(state, chunk)
        if segment is not None:
            segments.append(segment)
    return segments


def followed(chunks: Iterable[bytes], *, sound_only: bool = False) -> list[Progress]:
    state, told = b"", []
    for segment in segments_of(chunks):
        state, progress = follow(state, replace(segment, sound_only=sound_only), LIMITS)
        told.append(progress)
    return told


def complete(told: Iterable[Progress]) -> list[SegmentResult]:
    """What was said for good; the open window at the end counts as complete."""
    progresses = list(told)
    results = [one.result for progress in progresses for one in progress.windows if one.complete]
    last = progresses[-1].windows
    return results + [one.result for one in last if not one.complete]


def chunks_of(recordings: Path, name: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((recordings / name).glob("*.bin"))]


def every(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


# --- windows are ours ------------------------------------------------------------------------------


def test_however_the_stream_is_cut_the_windows_are_the_same(recordings: Path) -> None:
    chunks = chunks_of(recordings, "webm-vp9-timeslice-1s")[:7]
    joined = b"".join(chunks)
    by_recorder, at_once, anywhere = (
        complete(followed(cut)) for cut in (chunks, [joined], every(joined, 61_803))
    )
    spans = [result.span for result in at_once]
    assert [edge for span in spans for edge in (span.start_s, span.end_s)] == pytest.approx(
        [0, 5, 5, 7.03], abs=0.02
    )
    for other in (by_recorder, anywhere):
        assert [result.span for result in other] == spans
        for one, same in zip(other, at_once, strict=True):
            # The picture is measured to the bit; only where sound decoders begin anew is it a hair off.
            seen, also_seen = ([cue for cue in r.cues if cue.modality == "visual"] for r in (one, same))
            assert seen == also_seen
            assert [(s.type, s.probability) for s in one.signals] == [
                (s.type, s.probability) for s in same.signals
            ]


def test_a_window_is_told_from_its_first_second_and_last_for_good(recordings: Path) -> None:
    told = followed(chunks_of(recordings, "webm-vp9-timeslice-1s")[:6])
    assert [[one.complete for one in progress.windows] for progress in told] == [[False]] * 5 + [
        [True, False]
    ]
    assert [progress.reached_s for progress in told] == pytest.approx(
        [0.93, 1.93, 2.97, 4.0, 5.0, 6.03], abs=0.02
    )


def test_restarted_recorders_run_into_one_another(recordings: Path) -> None:
    told = followed(chunks_of(recordings, "webm-vp8-restart-4s"))
    assert [result.span.start_s for result in complete(told)] == [0, 5, 10]
    assert told[-1].reached_s == pytest.approx(12.0, abs=0.05)
    assert not any(progress.dropped or progress.degraded for progress in told)


def test_a_header_without_media_is_no_piece(recordings: Path) -> None:
    told = followed(chunks_of(recordings, "mp4-timeslice-3s")[:2])
    assert len(told) == 1
    assert told[0].reached_s == pytest.approx(6.73, abs=0.05)


def test_the_same_clip_in_segments_of_five_seconds_and_live(clips: Path) -> None:
    """The promise: live pieces and v0's segments say the same signals within 0.2 s."""
    clip = clips / "woman-frowning-firm-statement.mp4"
    state, expected = b"", []
    for segment in segments_of(live_chunks(clip, 5.0)):
        state, result = analyze_segment(state, segment, LIMITS)
        expected += [(signal.type, signal.span) for signal in result.signals]
    assert expected
    for step_s in (0.5, 3.0):
        assert_same(joined(expected), story(followed(live_chunks(clip, step_s))))


def story(told: Iterable[Progress]) -> list[tuple[str, Span]]:
    """Type and span of every signal that a reader of events was told of and that was not taken back."""
    activity, changes, begun = Activity(), list[Change](), dict[str, float]()
    for progress in told:
        activity, some = follow_activity(activity, progress)
        changes += some
    changes += finish(activity)[1]
    spans = []
    for change in changes:
        if isinstance(change, Detected):
            begun[change.signal.type] = change.signal.span.start_s
        if isinstance(change, Ended):
            spans.append((change.type, Span(begun.pop(change.type), change.end_s)))
    assert not begun
    return sorted(spans)


def joined(signals: Iterable[tuple[str, Span]]) -> list[tuple[str, Span]]:
    """The signals of segments as events tell them: those of one type close together are one."""
    told: list[tuple[str, Span]] = []
    for name, span in sorted(signals):
        if told and told[-1][0] == name and span.start_s <= told[-1][1].end_s + RENEW_S:
            told.append((name, Span(told.pop()[1].start_s, span.end_s)))
        else:
            told.append((name, span))
    return told


def assert_same(one: Sequence[tuple[str, Span]], other: Sequence[tuple[str, Span]]) -> None:
    assert [name for name, _ in one] == [name for name, _ in other]
    edges, also_edges = ([(span.start_s, span.end_s) for _, span in signals] for signals in (one, other))
    assert np.ravel(edges) == pytest.approx(np.ravel(also_edges), abs=TOLERANCE_S)


# --- soon ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def nodding(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """A clip of a listener who nods, and when the nod ends."""
    path = tmp_path_factory.mktemp("nod") / "nod.webm"
    performance = Performance(5.0, (Nod(1.5, cycles=3, peak_to_peak_deg=10.0, rate_hz=2.0),))
    write_clip(path, Shot(performance, View(320, 240, 28.0), 15.0, encoding=Encoding("vp8"), sound=True))
    return path, 3.0


def test_a_nod_is_told_within_a_second_of_its_end(nodding: tuple[Path, float]) -> None:
    path, end_s = nodding
    activity = Activity()
    for progress in followed(live_chunks(path, 0.5)):
        activity, changes = follow_activity(activity, progress)
        if any(isinstance(change, Detected) and change.signal.type == "agreement" for change in changes):
            assert progress.reached_s <= end_s + 1.0
            return
    pytest.fail("no agreement was told")


# --- what is missing -------------------------------------------------------------------------------


def test_a_lost_chunk_is_dropped_then_degraded_and_the_clock_is_kept(recordings: Path) -> None:
    chunks = chunks_of(recordings, "webm-vp9-timeslice-1s")[:9]
    told = followed([*chunks[:4], *chunks[5:]])
    (dropped,) = (gap for progress in told for gap in progress.dropped)
    (degraded,) = (gap for progress in told for gap in progress.degraded)
    assert [dropped.start_s, dropped.end_s] == pytest.approx([4.0, 5.1], abs=0.05)
    assert [degraded.start_s, degraded.end_s] == pytest.approx([5.1, 6.73], abs=0.05)
    results = complete(told)
    assert [result.span.start_s for result in results] == pytest.approx([0, 5.1], abs=0.05)
    assert results[0].span.end_s == dropped.start_s, "nothing is made up for what never came"
    # A turn of speech may reach across the gap; what is measured in it does not.
    told_of = [cue for result in results for cue in result.cues if cue.name != "speech_brisk"]
    assert all(cue.span.overlap_s(dropped) <= 0.1 for cue in told_of)


@pytest.mark.parametrize("name", ["webm-vp9-timeslice-1s", "webm-vp8-restart-4s"])
def test_what_is_left_out_is_told_and_the_clock_is_kept(recordings: Path, name: str) -> None:
    segments = segments_of(chunks_of(recordings, name))
    state, first = follow(b"", segments[0], LIMITS)
    _, after = follow(state, segments[2], LIMITS, left_out=[segments[1]])
    (gap,) = after.dropped
    *_, reached_s = (progress.reached_s for progress in followed(chunks_of(recordings, name)[:3]))
    assert gap.start_s == pytest.approx(first.reached_s, abs=0.05)
    assert after.reached_s == pytest.approx(reached_s, abs=0.05)
    # The picture goes on at once, though the next key frame may be far: what it refers to was kept.
    assert not after.degraded
    assert after.view is not None
    assert after.view.face_share == pytest.approx(1.0)
    spans = [window.result.span for window in after.windows]
    assert spans[0].end_s == gap.start_s
    assert spans[1].start_s == gap.end_s


def test_several_pieces_left_out_are_one_gap_and_no_media_is_none(recordings: Path) -> None:
    segments = segments_of(chunks_of(recordings, "webm-vp9-timeslice-1s")[:6])
    state, first = follow(b"", segments[0], LIMITS)
    nonsense = Segment(b"RIFF, but no media")
    _, after = follow(state, segments[5], LIMITS, left_out=[*segments[1:3], nonsense, *segments[3:5]])
    (gap,) = after.dropped
    assert (gap.start_s, gap.end_s) == pytest.approx((first.reached_s, 5.0), abs=0.05)


def test_how_often_pictures_were_looked_at_is_told(recordings: Path) -> None:
    segments = segments_of(chunks_of(recordings, "webm-vp8-restart-4s"))
    state, usual = follow(b"", segments[0], LIMITS)
    _, less = follow(state, segments[1], replace(LIMITS, analysis_rate_hz=8.0))
    assert usual.windows[-1].result.coverage.notes == ()
    complete_window, open_window = less.windows
    for window in (complete_window, open_window):
        assert "The picture was looked at 8 times a second instead of 15." in window.result.coverage.notes
    assert less.view is not None
    assert less.view.analysis_rate_hz == 8.0


def test_a_camera_that_is_switched_off_is_no_gap_but_one_that_stalls_is() -> None:
    _, told = steps(LiveState(), [piece(0.0, picture=True), piece(1.0, picture=True)])
    assert not any(progress.degraded for progress in told)
    state, told = steps(
        LiveState(),
        [piece(0.0, picture=True), *(piece(float(at)) for at in (1, 2, 3)), piece(4.0, picture=True)],
    )
    gaps = [gap for progress in told for gap in progress.degraded]
    assert gaps[0].start_s == pytest.approx(0.93, abs=0.01)
    assert gaps[-1].end_s == pytest.approx(4.0)
    assert sum(gap.duration_s for gap in gaps) == pytest.approx(3.07, abs=0.01)
    _, told = steps(state, [piece(0.0, offset_s=None) for _ in range(4)])
    assert not any(progress.degraded for progress in told), "another recording, and one without a picture"


@pytest.mark.parametrize(("jump_s", "gaps"), [(0.0, 0), (0.1, 0), (-0.1, 0), (0.3, 1), (20.0, 1), (-50.0, 0)])
def test_jumps_of_the_streams_clock(jump_s: float, gaps: int) -> None:
    _, told = steps(LiveState(), [piece(100.0), piece(101.0), piece(102.0 + jump_s)])
    assert [gap.duration_s for progress in told for gap in progress.dropped] == pytest.approx([jump_s] * gaps)
    assert told[-1].reached_s == pytest.approx(3.0 + (jump_s if jump_s > -1 else 0.0))


def test_of_every_moment_something_is_said_also_of_one_too_short_to_answer_for() -> None:
    # A tenth of a second of the second window has come when the stream breaks off: it is no window.
    _, told = steps(LiveState(), [piece(0.0, duration_s=5.1), piece(8.0)])
    (gap,) = told[-1].dropped
    assert (gap.start_s, gap.end_s) == pytest.approx((5.0, 8.0))
    assert [result.span for result in complete(told)] == [Span(0.0, 5.0), Span(8.0, 9.0)]


def test_long_media_is_many_windows() -> None:
    _, (told,) = steps(LiveState(), [piece(0.0, duration_s=12.0)])
    assert [(one.result.span.start_s, one.complete) for one in told.windows] == [
        (0, True),
        (5, True),
        (10, False),
    ]


def test_a_moment_without_media_changes_nothing() -> None:
    state, _ = steps(LiveState(), [piece(0.0)])
    after, (told,) = steps(state, [Sensed(0.0, 1.0, None, None)])
    assert told.reached_s == 1.0
    assert after.end_s == state.end_s


def piece(
    start_s: float, *, picture: bool = False, duration_s: float = 1.0, offset_s: float | None = 0.0
) -> Sensed:
    """A piece of a stream: silence, with or without an empty grey picture."""
    stream_start_s = None if offset_s is None else start_s
    sound = Sound(np.zeros(round(16_000 * duration_s), np.float32), 0.0)
    tracks = None
    if picture:
        rows = round(15 * duration_s)
        tracks = PictureTracks(
            time_s=np.arange(rows) / 15,
            faces=(),
            face_count=np.zeros(rows, np.int32),
            luminance=np.full(rows, 0.5, np.float32),
            moving=np.ones(rows, np.bool_),
            width_px=64,
            height_px=48,
        )
    return Sensed(duration_s, stream_start_s, tracks, sound)


def steps(state: LiveState, pieces: Iterable[Sensed]) -> tuple[LiveState, list[Progress]]:
    told = []
    for one in pieces:
        state, progress = advance(state, one)
        told.append(progress)
    return state, told


def test_what_a_piece_is_measured_from_is_told_with_it(recordings: Path) -> None:
    views = [progress.view for progress in followed(chunks_of(recordings, "webm-vp9-timeslice-1s")[:4])]
    for view in views:
        assert view is not None
        assert view.picture
        assert view.sound
        assert view.face_share == 1.0
        assert view.brightness is not None
        assert 0.1 < view.brightness < 0.4
        assert view.face is not None
        # The person's whole face is in the picture, and fills much of it.
        assert 0 < view.face.left < view.face.left + view.face.width < 1
        assert 0.3 < view.face.height < 1.0
        assert view.face.gaze_yaw_deg is not None
    ends = [view.span.end_s for view in views if view is not None]
    assert ends == sorted(ends)


def test_of_what_is_not_there_nothing_is_told() -> None:
    _, told = steps(LiveState(), [piece(0.0), piece(1.0, picture=True)])
    heard, seen = (progress.view for progress in told)
    assert heard == SeenFrom(Span(0.0, 1.0), picture=False, sound=True, level_dbfs=SILENT_DBFS)
    assert seen == SeenFrom(
        Span(1.0, 2.0),
        picture=True,
        sound=True,
        face_share=0.0,
        brightness=0.5,
        level_dbfs=SILENT_DBFS,
        analysis_rate_hz=15.0,
    )


# --- sound alone -----------------------------------------------------------------------------------


def test_who_only_listens_leaves_the_picture_alone(recordings: Path) -> None:
    told = followed(chunks_of(recordings, "webm-vp8-timeslice-3s")[:2], sound_only=True)
    results = complete(told)
    assert results[0].cues
    assert {cue.modality for result in results for cue in result.cues} == {"audio"}
    assert not any(result.coverage.picture for result in results)
    assert not any(progress.degraded for progress in told)


def test_raw_samples_say_what_their_recording_says(recordings: Path) -> None:
    chunks = chunks_of(recordings, "webm-audio-only-timeslice-3s")[:3]
    sensed = sense(segments_of([b"".join(chunks)])[0], LIMITS)
    assert sensed.sound is not None
    raw = (sensed.sound.samples * 32767).astype("<i2").tobytes()
    state, held, told = b"", b"", []
    for data in every(raw, 25_601):
        held, segment = take_samples(held, data, 16_000)
        assert segment is not None
        state, progress = follow(state, segment, LIMITS)
        told.append(progress)
    assert told[-1].reached_s == pytest.approx(len(raw) / 32_000, abs=1e-3)
    assert_same(story(told), story(followed(chunks, sound_only=True)))


def test_without_any_sound_there_is_nothing_to_listen_to(recordings: Path) -> None:
    (segment,) = segments_of(chunks_of(recordings, "webm-video-only-timeslice-3s")[:1])
    with pytest.raises(Problem) as caught:
        follow(b"", replace(segment, sound_only=True), LIMITS)
    assert caught.value.error_id == "ih5001"
