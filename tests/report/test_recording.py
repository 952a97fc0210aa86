import json
from datetime import timedelta
from typing import Any

import pytest

from backchannel.errors import Problem
from backchannel.report.recording import MAX_DOCUMENT_BYTES, decode_recording, encode_recording
from tests.report.build import AGREEMENT, ANALYZED_AT, NOD, NOD_EVIDENCE, document, recording


def test_what_a_console_posts_is_read_as_it_was_told() -> None:
    read = recording()
    (signal,) = read.signals
    assert (signal.type, signal.start, signal.end, signal.probability) == ("agreement", 4.1, 6.0, "high")
    assert (signal.evidence[0].baseline, signal.evidence[0].weight) == (1.5, 1.875)
    assert read.cues[0].certainty == 0.9
    assert [part.state for part in read.engagement] == ["neutral", "engaged"]
    assert [entry.values.rapport for entry in read.quality.timeline] == [62, 40]
    assert read.coverage.speech_share is None


def test_it_is_read_back_as_it_was_written() -> None:
    read = recording()
    assert decode_recording(encode_recording(read)) == read


def test_a_moment_keeps_its_time_zone() -> None:
    assert recording().analyzed_at == ANALYZED_AT
    assert recording().analyzed_at.utcoffset() == timedelta(hours=1)


def test_what_is_not_known_may_be_left_out() -> None:
    told = document()
    for name in ("recorded_at", "cues", "quality", "coverage", "engine"):
        del told[name]
    read = decode_recording(json.dumps(told))
    assert (read.recorded_at, read.cues, read.quality.overall) == (None, (), None)
    assert read.coverage.picture is None


def test_fields_that_a_newer_server_adds_to_its_events_do_not_matter() -> None:
    assert recording(cues=[NOD | {"subject": 2}], seq=4) == recording()


def test_what_came_out_of_order_is_put_in_order() -> None:
    later = AGREEMENT | {"type": "interest", "start": 8, "end": 9}
    assert [signal.start for signal in recording(signals=[later, AGREEMENT]).signals] == [4.1, 8]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"duration": -1}, "`duration` cannot be used"),
        ({"duration": "10"}, "`duration` cannot be used"),
        ({"duration": 1e9}, "`duration` cannot be used"),
        ({"source": ""}, "`source` cannot be used"),
        ({"source": "x" * 301}, "`source` cannot be used"),
        ({"analyzed_at": "2026-11-22T21:18:02"}, "`analyzed_at` cannot be used"),
        ({"signals": [AGREEMENT | {"type": "love"}]}, "`signals[0].type` cannot be used"),
        ({"signals": [AGREEMENT | {"probability": 0.9}]}, "`signals[0].probability` cannot be used"),
        ({"signals": [AGREEMENT | {"end": 4.0}]}, "`signals[0]` cannot be used"),
        ({"signals": [AGREEMENT | {"rationale": "x" * 4001}]}, "`signals[0].rationale` cannot be used"),
        (
            {"signals": [AGREEMENT | {"evidence": [NOD_EVIDENCE | {"cue": "<b>"}]}]},
            "`signals[0].evidence[0].cue` cannot be used",
        ),
        ({"cues": [NOD | {"certainty": 1.5}]}, "`cues[0].certainty` cannot be used"),
        ({"cues": [NOD | {"direction": "javascript:"}]}, "`cues[0].direction` cannot be used"),
        ({"coverage": {"face_share": 2}}, "`coverage.face_share` cannot be used"),
        ({"quality": {"overall": {"quality_index": 50}}}, "`quality.overall.clarity` is missing"),
    ],
)
def test_what_is_out_of_bounds_is_refused_and_only_its_place_is_said(
    changes: dict[str, Any], place: str
) -> None:
    with pytest.raises(Problem) as refused:
        recording(**changes)
    assert refused.value.error_id == "ih4005"
    assert refused.value.message == f"The recording cannot be read: {place}."


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"a":NaN}', "[" * 100_000, "\x00"])
def test_what_is_no_recording_at_all_is_refused(text: str) -> None:
    with pytest.raises(Problem, match="cannot be read"):
        decode_recording(text)


def test_infinity_is_no_time() -> None:
    with pytest.raises(Problem, match="`duration` cannot be used"):
        decode_recording(json.dumps(document()).replace('"duration": 10', '"duration": 1e999'))


def test_a_document_that_is_too_large_is_not_even_looked_at() -> None:
    with pytest.raises(Problem) as refused:
        decode_recording(b"[" + b" " * MAX_DOCUMENT_BYTES)
    assert refused.value.error_id == "ih4003"
