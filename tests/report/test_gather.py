from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import backchannel
from backchannel.report.gather import recording_of
from backchannel.report.recording import decode_recording, encode_recording
from backchannel.values import Coverage, Cue, Span
from tests.protocol.results import segment_result

NOW = datetime(2026, 11, 22, 21, 0, tzinfo=UTC)


def test_segments_are_merged_into_one_recording() -> None:
    read = recording_of([segment_result(0, 5), segment_result(5, 10)], "talk.mp4", NOW)
    assert (read.source, read.duration, read.recorded_at) == ("talk.mp4", 10, None)
    assert [signal.type for signal in read.signals] == ["agreement", "confidence", "agreement"]
    assert read.signals[0].evidence[1].baseline == 1.5
    assert [entry.start for entry in read.quality.timeline] == [0, 5]
    assert read.engagement[0].start == 0
    assert read.engagement[-1].end == 10


def test_an_empty_analysis_gives_a_recording() -> None:
    read = recording_of([], "talk.mp4", NOW)
    assert (read.duration, read.signals, read.quality.overall) == (0, (), None)


def test_a_cue_across_a_segment_boundary_appears_once() -> None:
    def smile(start_s: float, end_s: float) -> Cue:
        return Cue("smile", "visual", Span(start_s, end_s), 9.0, "%", None, 0.8, (("duration", 1.0, "s"),))

    results = [
        replace(segment_result(0, 5), cues=(smile(4, 5),)),
        replace(segment_result(5, 10), cues=(smile(4, 6.5),)),
    ]
    (cue,) = recording_of(results, "talk.mp4", NOW).cues
    assert (cue.start, cue.end, cue.measures) == (4, 6.5, (("duration", 1.0, "s"),))


def test_a_frozen_picture_is_recorded() -> None:
    frozen = Coverage(picture=True, sound=False, face_share=0.0, speech_share=None, frozen=True)
    coverage = recording_of([replace(segment_result(), coverage=frozen)], "talk.mp4", NOW).coverage
    assert (coverage.frozen, coverage.sound, coverage.face_share) == (True, False, 0)


def test_the_recording_of_a_real_clip_survives_a_round_trip(clips: Path) -> None:
    results = list(backchannel.analyze(clips / "man-suit-interview-answer-long-pauses.mp4"))
    read = recording_of(results, "clip", NOW)
    assert {signal.type for signal in read.signals} >= {"hesitation"}
    assert decode_recording(encode_recording(read)) == read
