"""A conversation piece by piece: however its media comes, the same is reported in the end, and soon."""

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from backchannel.constants import SILENT_DBFS
from backchannel.conversation.interpret import finish, interpret, skip
from backchannel.conversation.state import Conversation
from backchannel.engine.jobs import LiveState
from backchannel.engine.worker import MediaWorker
from backchannel.errors import Problem
from backchannel.media.decode import decode_audio
from backchannel.media.stream.pcm import take_samples
from backchannel.perception.perceive import perceive_segment
from backchannel.signals.phrases import PHRASES
from backchannel.tracks import Tracks
from backchannel.updates import Changes, EngagementChanged, SignalBegan, SignalOver, WindowClosed
from backchannel.updates import View as SeenFrom
from backchannel.values import Segment, SegmentResult, Span
from synthesis import Encoding, Nod, Performance, Shot, View, write_clip
from tests.conversation.driving import (
    LIMITS,
    analysed,
    assert_same,
    at,
    chunks_of,
    cut,
    followed,
    in_pieces,
    in_segments,
    results_of,
    segments_of,
    story,
)
from tests.cues.build import clock, heard, near, picture, seen, swings, voice
from tests.media.live_stream import live_chunks
from tests.slicing import every, merged

# --- the clock -------------------------------------------------------------------------------------


def spans_of(results: Iterable[SegmentResult]) -> list[tuple[float, float]]:
    return [(round(result.span.start_s, 6), round(result.span.end_s, 6)) for result in results]


def test_a_segment_of_no_length_moves_nothing() -> None:
    conversation, changes = interpret(Conversation(), Tracks(0.0, None, None, None), closes_window=True)
    (result,) = changes.results
    assert result.span.duration_s == 0.0
    assert result.engagement == ()
    assert conversation.clock.reached_s == 0.0


def test_complete_files_follow_one_another() -> None:
    assert spans_of(in_segments([seen(3.0), heard(4.5), seen(3.0)])) == [(0, 3), (3, 7.5), (7.5, 10.5)]


def test_a_stream_keeps_its_clock_when_a_chunk_is_lost() -> None:
    results = in_segments([at(seen(3.0), 100.0), at(seen(3.0), 103.0), at(seen(3.0), 109.0)])
    assert spans_of(results) == [(0, 3), (3, 6), (9, 12)]


def test_a_restarted_recorder_follows_on() -> None:
    results = in_segments([at(seen(3.0), 0.0), at(seen(3.0), 3.0), at(seen(3.0), 0.0), at(seen(3.0), 3.0)])
    assert spans_of(results) == [(0, 3), (3, 6), (6, 9), (9, 12)]


def test_a_stream_after_files_starts_where_they_ended() -> None:
    results = in_segments([seen(5.0), at(seen(3.0), 40.0), at(seen(3.0), 43.0), seen(3.0)])
    assert spans_of(results) == [(0, 5), (5, 8), (8, 11), (11, 14)]


def test_segments_never_go_back_or_overlap() -> None:
    starts = (0.0, 2.9, 5.8, 1000.0, 3.0, 6.0, 6.0, None, 9.0)
    results = in_segments(at(seen(3.0), start_s) for start_s in starts)
    assert len(results) == len(starts)
    for one, other in pairwise(results):
        assert one.span.end_s <= other.span.start_s + 1e-9


def test_skipped_time_keeps_its_place() -> None:
    conversation, _ = interpret(Conversation(), seen(3.0), closes_window=True)
    conversation, passed = skip(conversation, None, 4.0)
    assert passed == Changes(7.0, (), (Span(3.0, 7.0),))
    _, changes = interpret(conversation, seen(3.0), closes_window=True)
    assert [result.span for result in changes.results] == [Span(7.0, 10.0)]


def test_times_of_cues_are_session_time() -> None:
    nod = seen(6.0, head_pitch_deg=swings(clock(6.0), 2.0, 3, 2.0, 10.0))
    (_, second) = in_segments([seen(5.0), nod])
    (cue,) = [cue for cue in second.cues if cue.name == "nod"]
    assert near(cue.span, 7.0, 8.5)
    (signal,) = [signal for signal in second.signals if signal.type == "agreement"]
    assert near(signal.span, 7.0, 8.5)


# --- windows are ours ------------------------------------------------------------------------------


def test_however_the_stream_is_cut_the_windows_are_the_same(captures: Path) -> None:
    chunks = chunks_of(captures, "webm-vp9-timeslice-1s")[:7]
    joined = b"".join(chunks)
    by_recorder, at_once, anywhere = (
        results_of(followed(parts)) for parts in (chunks, [joined], cut(joined, 21_803))
    )
    spans = [result.span for result in at_once]
    assert [edge for span in spans for edge in (span.start_s, span.end_s)] == pytest.approx(
        [0, 5, 5, 7.07], abs=0.02
    )
    for other in (by_recorder, anywhere):
        assert other[0].span == spans[0]
        # WebM does not say how long the last packet is. It is taken to be as long as the others of its piece.
        assert other[1].span.end_s == pytest.approx(spans[1].end_s, abs=0.002)
        for one, same in zip(other, at_once, strict=True):
            # The picture is measured to the bit; only where sound decoders begin anew is it a hair off.
            seen, also_seen = ([cue for cue in r.cues if cue.modality == "visual"] for r in (one, same))
            assert seen == also_seen
            assert [(s.type, s.probability) for s in one.signals] == [
                (s.type, s.probability) for s in same.signals
            ]


def test_something_is_reported_from_the_first_second_and_a_window_once_it_is_full(captures: Path) -> None:
    reported = followed(chunks_of(captures, "webm-vp9-timeslice-1s")[:6])
    assert any(isinstance(change, EngagementChanged) for changes in reported[:2] for change in changes.news)
    reached_s = [changes.reached_s for changes in reported]
    assert reached_s == pytest.approx([1, 2, 3, 4, 5, 6, 6], abs=0.11)
    full = next(number for number, end_s in enumerate(reached_s) if end_s >= 5.0)
    # What is left of the last window closes with the session.
    assert [len(changes.results) for changes in reported] == [int(n == full) for n in range(6)] + [1]


def test_restarted_recorders_run_into_one_another(captures: Path) -> None:
    reported = followed(chunks_of(captures, "webm-vp8-restart-4s"))
    assert [result.span.start_s for result in results_of(reported)] == [0, 5, 10]
    assert reported[-1].reached_s == pytest.approx(12.0, abs=0.05)
    assert not any(changes.dropped or changes.degraded for changes in reported)


def test_a_header_without_media_is_no_piece(captures: Path) -> None:
    piece, _ = followed(chunks_of(captures, "mp4-timeslice-3s")[:2])
    assert piece.reached_s == pytest.approx(6.73, abs=0.05)


def test_no_answer_depends_on_what_a_worker_keeps(captures: Path) -> None:
    """Every piece may be analysed by another worker."""
    segments = segments_of(chunks_of(captures, "webm-vp9-timeslice-1s")[:7])
    worker, state, elsewhere = MediaWorker(), LiveState(), LiveState()
    for segment in [*segments, None]:
        state, changes = analysed(worker, state, segment)
        elsewhere, same = analysed(MediaWorker(), elsewhere, segment)
        assert_same(changes, same)
        assert elsewhere == state


def test_a_face_keeps_its_number_from_segment_to_segment(captures: Path) -> None:
    """Of a running stream, and of one complete file after the other."""
    for name in ("webm-vp8-timeslice-3s", "webm-vp8-restart-4s"):
        results = results_of(followed(chunks_of(captures, name), closes_window=True))
        assert len(results) >= 3
        assert [result.coverage.face_share for result in results] == pytest.approx(
            [1.0] * len(results), abs=0.05
        )
        assert {cue.name for result in results for cue in result.cues}.isdisjoint({"face_absent"})


def test_long_media_is_many_windows() -> None:
    conversation, (changes,) = in_pieces(Conversation(), [piece(0.0, duration_s=12.0)])
    assert [result.span.start_s for result in changes.results] == [0, 5]
    _, rest = finish(conversation)
    assert [result.span for result in rest.results] == [Span(10.0, 12.0)]


def test_a_moment_without_media_changes_nothing() -> None:
    conversation, _ = in_pieces(Conversation(), [piece(0.0)])
    after, (changes,) = in_pieces(conversation, [Tracks(0.0, 1.0, None, None)])
    assert changes.reached_s == 1.0
    assert changes.news == ()
    assert_same(after, conversation)


# --- the end ---------------------------------------------------------------------------------------


def test_a_full_window_is_reported_and_the_open_one_at_the_end() -> None:
    conversation, (changes,) = in_pieces(Conversation(), [seen(6.0)])
    assert [result.span for result in changes.results] == [Span(0.0, 5.0)]
    conversation, rest = finish(conversation)
    assert [result.span for result in rest.results] == [Span(5.0, 6.0)]
    _, nothing = finish(conversation)
    assert nothing == Changes(6.0)


def test_the_end_ends_every_signal() -> None:
    nod = seen(4.0, head_pitch_deg=swings(clock(4.0), 1.0, 3, 2.0, 10.0))
    conversation, (changes,) = in_pieces(Conversation(), [nod])
    assert [c.signal.type for c in changes.news if isinstance(c, SignalBegan)] == ["agreement"]
    conversation, rest = finish(conversation)
    assert [type(change) for change in rest.news][-2:] == [WindowClosed, SignalOver]
    assert conversation.main.activity.active == ()


def test_a_signal_goes_on_in_a_rest_too_short_for_a_window() -> None:
    """Its end is where its evidence ends, although the last 0.2 s have no window."""
    tilted = seen(5.2, head_roll_deg=20.0 * (clock(5.2) > 1.0))
    speaking = heard(5.2, [(0.5, 5.2)])
    whole = replace(tilted, voice=speaking.voice)
    conversation, _ = in_pieces(Conversation(), every(whole, 1.0))
    _, rest = finish(conversation)
    assert rest.results == ()
    for change in rest.news:
        assert isinstance(change, SignalOver)
        assert change.end_s <= 5.2


def test_a_conversation_without_media_ends_without_a_word() -> None:
    assert finish(Conversation())[1] == Changes(0.0)


# --- soon ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def nodding(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """A clip of a listener who nods, and when the nod ends."""
    path = tmp_path_factory.mktemp("nod") / "nod.webm"
    performance = Performance(5.0, (Nod(1.5, cycles=3, peak_to_peak_deg=10.0, rate_hz=2.0),))
    write_clip(path, Shot(performance, View(320, 240, 28.0), 15.0, encoding=Encoding("vp8"), sound=True))
    return path, 3.0


def test_a_nod_is_reported_within_a_second_of_its_end(nodding: tuple[Path, float]) -> None:
    path, end_s = nodding
    for changes in followed(live_chunks(path, 0.5)):
        if any(isinstance(one, SignalBegan) and one.signal.type == "agreement" for one in changes.news):
            assert changes.reached_s <= end_s + 1.0
            return
    pytest.fail("no agreement was reported")


# --- what is missing -------------------------------------------------------------------------------


def test_a_lost_chunk_is_dropped_then_degraded_and_the_clock_is_kept(captures: Path) -> None:
    chunks = chunks_of(captures, "webm-vp9-timeslice-1s")[:9]
    reported = followed([*chunks[:4], *chunks[5:]])
    (dropped,) = (gap for changes in reported for gap in changes.dropped)
    (degraded,) = (gap for changes in reported for gap in changes.degraded)
    assert [dropped.start_s, dropped.end_s] == pytest.approx([4.0, 5.1], abs=0.12)
    # The next key frame comes at 6.73 s.
    assert [degraded.start_s, degraded.end_s] == pytest.approx([dropped.end_s, 6.73], abs=0.05)
    results = results_of(reported)
    assert [result.span.start_s for result in results[:2]] == pytest.approx([0, dropped.end_s], abs=0.05)
    assert results[0].span.end_s == dropped.start_s, "nothing is made up for what never came"
    # A turn of speech may reach across the gap; what is measured in it does not.
    cues = [cue for result in results for cue in result.cues if cue.name != "speech_brisk"]
    assert all(cue.span.overlap_s(dropped) <= 0.1 for cue in cues)


@pytest.mark.parametrize("name", ["webm-vp9-timeslice-1s", "webm-vp8-restart-4s"])
def test_what_is_left_out_is_reported_and_the_clock_is_kept(captures: Path, name: str) -> None:
    segments = segments_of(chunks_of(captures, name))
    worker = MediaWorker()
    state, first = analysed(worker, LiveState(), segments[0])
    state, after = analysed(worker, state, segments[2], skipped=[segments[1]])
    (gap,) = after.dropped
    reached_s = followed(chunks_of(captures, name)[:3])[-1].reached_s
    assert gap.start_s == pytest.approx(first.reached_s, abs=0.05)
    assert after.reached_s == pytest.approx(reached_s, abs=0.05)
    # The picture goes on at once, though the next key frame may be far: what it refers to was kept.
    assert not after.degraded
    assert after.view is not None
    assert after.view.face_share == pytest.approx(1.0)
    spans = [result.span for result in results_of([after, analysed(worker, state, None)[1]])]
    assert spans[0].end_s == gap.start_s
    assert spans[1].start_s == gap.end_s


def test_several_pieces_left_out_are_one_gap_and_no_media_is_none(captures: Path) -> None:
    segments = segments_of(chunks_of(captures, "webm-vp9-timeslice-1s")[:6])
    worker = MediaWorker()
    state, first = analysed(worker, LiveState(), segments[0])
    nonsense = Segment(b"RIFF, but no media")
    skipped = [*segments[1:3], nonsense, *segments[3:5]]
    _, after = analysed(worker, state, segments[5], skipped=skipped)
    (gap,) = after.dropped
    assert (gap.start_s, gap.end_s) == pytest.approx((first.reached_s, 5.0), abs=0.12)


def test_how_often_pictures_were_analysed_is_reported(captures: Path) -> None:
    segments = segments_of(chunks_of(captures, "webm-vp8-restart-4s"))
    worker = MediaWorker()
    state, usual = analysed(worker, LiveState(), segments[0])
    state, less = analysed(worker, state, segments[1], limits=replace(LIMITS, analysis_rate_hz=8.0))
    _, rest = analysed(worker, state, None)
    assert usual.view is not None
    assert usual.view.analysis_rate_hz == 15.0
    (full,), (open_until_now,) = less.results, rest.results
    for result in (full, open_until_now):
        assert "Only 8 frames a second were analysed instead of 15." in result.coverage.notes
    assert less.view is not None
    assert less.view.analysis_rate_hz == 8.0


def test_a_window_at_the_usual_rate_has_no_note(captures: Path) -> None:
    (first,) = results_of(followed(chunks_of(captures, "webm-vp8-restart-4s")[:1]))
    assert first.coverage.notes == ()


def test_a_camera_that_is_switched_off_is_no_gap_but_one_that_stalls_is() -> None:
    _, reported = in_pieces(Conversation(), [piece(0.0, with_picture=True), piece(1.0, with_picture=True)])
    assert not any(changes.degraded for changes in reported)
    stalls = [
        piece(0.0, with_picture=True),
        *(piece(float(k)) for k in (1, 2, 3)),
        piece(4.0, with_picture=True),
    ]
    conversation, reported = in_pieces(Conversation(), stalls)
    gaps = [gap for changes in reported for gap in changes.degraded]
    assert gaps[0].start_s == pytest.approx(0.93, abs=0.01)
    assert gaps[-1].end_s == pytest.approx(4.0)
    assert sum(gap.duration_s for gap in gaps) == pytest.approx(3.07, abs=0.01)
    _, reported = in_pieces(conversation, [piece(None) for _ in range(4)])
    assert not any(changes.degraded for changes in reported), "another recording, and one without a picture"


@pytest.mark.parametrize(("jump_s", "gaps"), [(0.0, 0), (0.1, 0), (-0.1, 0), (0.3, 1), (20.0, 1), (-50.0, 0)])
def test_jumps_of_the_streams_clock(jump_s: float, gaps: int) -> None:
    _, reported = in_pieces(Conversation(), [piece(100.0), piece(101.0), piece(102.0 + jump_s)])
    dropped_s = [gap.duration_s for changes in reported for gap in changes.dropped]
    assert dropped_s == pytest.approx([jump_s] * gaps)
    assert reported[-1].reached_s == pytest.approx(3.0 + (jump_s if jump_s > -1 else 0.0))


def test_every_moment_is_in_a_window_or_dropped_also_one_too_short_for_a_window() -> None:
    # A tenth of a second of the second window has come when the stream breaks off: it is no window.
    conversation, reported = in_pieces(Conversation(), [piece(0.0, duration_s=5.1), piece(8.0)])
    (gap,) = reported[-1].dropped
    assert (gap.start_s, gap.end_s) == pytest.approx((5.0, 8.0))
    results = results_of([*reported, finish(conversation)[1]])
    assert [result.span for result in results] == [Span(0.0, 5.0), Span(8.0, 9.0)]


def piece(start_s: float | None, *, with_picture: bool = False, duration_s: float = 1.0) -> Tracks:
    """A piece of a stream, or a file: silence, with or without an empty grey picture."""
    sound = voice(duration_s)
    silence = replace(sound, level_dbfs=np.full(len(sound), SILENT_DBFS, np.float32))
    return Tracks(duration_s, start_s, picture(clock(duration_s)) if with_picture else None, silence)


def test_what_a_piece_is_measured_from_is_reported_with_it(captures: Path) -> None:
    *reported, _ = followed(chunks_of(captures, "webm-vp9-timeslice-1s")[:4])
    views = [changes.view for changes in reported]
    for view in views:
        assert view is not None
        assert view.picture
        assert view.sound
        assert view.face_share == 1.0
        assert view.brightness is not None
        assert 0.1 < view.brightness < 0.9
        assert view.face is not None
        # The person's whole face is in the picture, and fills much of it.
        assert 0 < view.face.left < view.face.left + view.face.width < 1
        assert 0.3 < view.face.height < 1.0
        assert view.face.gaze_yaw_deg is not None
    ends = [view.span.end_s for view in views if view is not None]
    assert ends == sorted(ends)


def test_of_what_is_not_there_nothing_is_reported() -> None:
    _, reported = in_pieces(Conversation(), [piece(0.0), piece(1.0, with_picture=True)])
    heard_alone, seen_too = (changes.view for changes in reported)
    assert heard_alone == SeenFrom(Span(0.0, 1.0), picture=False, sound=True, level_dbfs=SILENT_DBFS)
    assert seen_too == SeenFrom(
        Span(1.0, 2.0),
        picture=True,
        sound=True,
        face_share=0.0,
        brightness=0.5,
        level_dbfs=SILENT_DBFS,
        analysis_rate_hz=15.0,
        faces=0,
    )


# --- sound alone -----------------------------------------------------------------------------------


def test_who_only_listens_leaves_the_picture_alone(captures: Path) -> None:
    reported = followed(chunks_of(captures, "webm-vp8-timeslice-3s")[:2], sound_only=True)
    results = results_of(reported)
    assert results[0].cues
    assert {cue.modality for result in results for cue in result.cues} == {"audio"}
    assert not any(result.coverage.picture for result in results)
    assert not any(changes.degraded for changes in reported)


def test_raw_samples_say_what_their_recording_says(captures: Path) -> None:
    chunks = chunks_of(captures, "webm-audio-only-timeslice-3s")[:3]
    sound = decode_audio(segments_of([b"".join(chunks)])[0], LIMITS)
    assert sound is not None
    raw = (sound.samples * 32767).astype("<i2").tobytes()
    worker, state, odd_byte, reported = MediaWorker(), LiveState(), b"", []
    for data in cut(raw, 25_601):
        odd_byte, segment = take_samples(odd_byte, data, 16_000)
        assert segment is not None
        state, changes = analysed(worker, state, segment)
        reported.append(changes)
    assert reported[-1].reached_s == pytest.approx(len(raw) / 32_000, abs=1e-3)
    reported.append(analysed(worker, state, None)[1])
    one, other = story(reported), story(followed(chunks, sound_only=True))
    assert one
    assert [name for name, _ in one] == [name for name, _ in other]
    for (_, span), (_, twin) in zip(one, other, strict=True):
        assert near(span, twin.start_s, twin.end_s, 0.2)


def test_without_any_sound_there_is_nothing_to_listen_to(captures: Path) -> None:
    (segment,) = segments_of(chunks_of(captures, "webm-video-only-timeslice-3s")[:1])
    with pytest.raises(Problem) as caught:
        analysed(MediaWorker(), LiveState(), replace(segment, sound_only=True))
    assert caught.value.error_id == "ih5001"


def test_a_stream_that_had_sound_may_pause_it() -> None:
    conversation, _ = interpret(Conversation(), piece(0.0), sound_only=True)
    for start_s in (1.0, 2.0):
        conversation, changes = interpret(conversation, Tracks(1.0, start_s, None, None), sound_only=True)
    assert changes.reached_s == 3.0


# --- real clips ------------------------------------------------------------------------------------


@cache
def measured(path: Path) -> Tracks:
    return perceive_segment(Segment(path.read_bytes()), LIMITS)


def result_of(path: Path) -> SegmentResult:
    (result,) = in_segments([measured(path)])
    return result


def has(result: SegmentResult, name: str, start_s: float, end_s: float, within_s: float = 0.4) -> bool:
    return any(cue.name == name and near(cue.span, start_s, end_s, within_s) for cue in result.cues)


@pytest.mark.parametrize("name", ["black-screen-no-audio.mp4", "toy-robot-no-person.mp4"])
def test_nothing_is_said_of_a_clip_without_a_person(clips: Path, name: str) -> None:
    result = result_of(clips / name)
    assert result.signals == ()
    assert {cue.name for cue in result.cues} <= {"face_absent"}
    assert {span.state for span in result.engagement} == {"neutral"}
    assert result.coverage.face_share == 0.0


def test_a_man_who_smiles_and_then_a_title_card(clips: Path) -> None:
    result = result_of(clips / "man-smiles-then-title-card.mov")
    assert has(result, "smile", 0.6, 2.3)
    assert has(result, "face_absent", 2.45, 6.4)
    assert has(result, "facing", 0.0, 2.4)
    assert not {cue.name for cue in result.cues} & {"nod", "shake", "speaking", "gaze_away", "eyes_closed"}
    assert {signal.type for signal in result.signals} <= {"interest"}
    assert all(signal.span.end_s < 2.6 for signal in result.signals)


def test_a_man_who_answers_with_long_pauses(clips: Path) -> None:
    result = result_of(clips / "man-suit-interview-answer-long-pauses.mp4")
    assert has(result, "long_pause", 2.35, 3.52, 0.2)
    assert has(result, "long_pause", 4.5, 6.02, 0.2)
    assert has(result, "speaking", 0.0, 2.35, 0.2)
    assert "hesitation" in {signal.type for signal in result.signals}
    assert not {signal.type for signal in result.signals} & {"agreement", "disagreement", "frustration"}


@pytest.mark.slow
def test_a_man_who_moves_his_face_and_head(clips: Path) -> None:
    result = result_of(clips / "man-webcam-posed-head-moves.webm")
    for start_s, end_s in ((2.4, 3.3), (5.9, 6.9), (50.6, 51.3)):
        assert has(result, "brow_raise", start_s, end_s)
    assert has(result, "lean_in", 31.7, 34.7, 0.5)
    assert has(result, "lean_out", 35.3, 40.8, 0.6)
    assert not {cue.name for cue in result.cues} & {"speaking", "nod", "eyes_closed"}
    assert not {signal.type for signal in result.signals} & {"agreement", "disagreement"}
    assert all("sound" in s.rationale for s in result.signals)


@pytest.mark.slow
@pytest.mark.parametrize("piece_s", [3.0, 5.0])
@pytest.mark.parametrize(
    "name",
    [
        "man-webcam-posed-head-moves.webm",
        "man-suit-interview-answer-long-pauses.mp4",
        "man-smiles-then-title-card.mov",
        "woman-frowning-firm-statement.mp4",
    ],
)
def test_a_real_clip_gives_the_same_cues_however_it_is_cut(clips: Path, name: str, piece_s: float) -> None:
    tracks = measured(clips / name)
    whole, parts = merged(in_segments([tracks])), merged(in_segments(every(tracks, piece_s)))
    for cue_name in ("nod", "shake", "smile", "brow_raise", "pause", "long_pause", "lean_in", "lean_out"):
        one, other = ([cue for cue in cues if cue.name == cue_name] for cues in (whole, parts))
        assert len(one) == len(other), cue_name
        for before, after in zip(one, other, strict=True):
            assert near(after.span, before.span.start_s, before.span.end_s, 0.2), cue_name
            assert after.direction == before.direction


def test_every_cue_of_real_clips_has_its_words(clips: Path) -> None:
    for name in ("man-smiles-then-title-card.mov", "man-suit-interview-answer-long-pauses.mp4"):
        assert {cue.name for cue in result_of(clips / name).cues} <= set(PHRASES)


def test_the_same_bytes_give_the_same_result_whatever_came_between(clips: Path) -> None:
    short = Segment((clips / "woman-curly-hair-command-sentence.mpg").read_bytes())
    black = Segment((clips / "black-screen-no-audio.mp4").read_bytes())
    worker = MediaWorker()
    state, first = analysed(worker, LiveState(), short, closes_window=True)
    analysed(worker, LiveState(), black, closes_window=True)
    again, second = analysed(worker, LiveState(), short, closes_window=True)
    assert first == second
    assert state == again
    after, third = analysed(worker, state, short, closes_window=True)
    assert third.results[0].span.start_s == first.results[0].span.end_s
    assert after != state
