import json
from datetime import timedelta
from typing import Any

import pytest

from backchannel.errors import Problem
from backchannel.report.recording import MAX_DOCUMENT_BYTES, decode_recording, encode_recording
from tests.report.build import AGREEMENT, ANALYZED_AT, NOD, NOD_EVIDENCE, document, recording


def test_the_document_of_a_console_is_read_completely() -> None:
    read = recording()
    (signal,) = read.signals
    assert (signal.type, signal.start, signal.end, signal.probability) == ("agreement", 4.1, 6.0, "high")
    assert (signal.evidence[0].baseline, signal.evidence[0].weight) == (1.5, 1.875)
    assert read.cues[0].certainty == 0.9
    assert [part.state for part in read.engagement] == ["neutral", "engaged"]
    assert [entry.values.rapport for entry in read.quality.timeline] == [62, 40]
    assert read.coverage.speech_share is None


def test_a_recording_survives_a_round_trip() -> None:
    read = recording()
    assert decode_recording(encode_recording(read)) == read


def test_a_moment_keeps_its_time_zone() -> None:
    assert recording().analyzed_at == ANALYZED_AT
    assert recording().analyzed_at.utcoffset() == timedelta(hours=1)


def test_unknown_facts_may_be_omitted() -> None:
    posted = document()
    for name in ("recorded_at", "cues", "quality", "coverage", "engine"):
        del posted[name]
    read = decode_recording(json.dumps(posted))
    assert (read.recorded_at, read.cues, read.quality.overall) == (None, (), None)
    assert read.coverage.picture is None


def test_a_measure_that_an_earlier_version_wrote_behind_its_cue_is_read_as_one() -> None:
    before = {name: value for name, value in NOD_EVIDENCE.items() if name != "measure"}
    read = recording(signals=[AGREEMENT | {"evidence": [before, before | {"cue": "nod.rate"}]}])
    assert read == recording(
        signals=[AGREEMENT | {"evidence": [NOD_EVIDENCE, NOD_EVIDENCE | {"measure": "rate"}]}]
    )
    (signal,) = read.signals
    assert [(entry.cue, entry.measure) for entry in signal.evidence] == [("nod", ""), ("nod", "rate")]


def test_unknown_fields_are_ignored() -> None:
    assert recording(cues=[NOD | {"subject": 2}], seq=4) == recording()


def test_signals_are_sorted_by_time() -> None:
    later = AGREEMENT | {"type": "interest", "start": 8, "end": 9}
    assert [signal.start for signal in recording(signals=[later, AGREEMENT]).signals] == [4.1, 8]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"duration": -1}, "`duration` has an invalid value"),
        ({"duration": "10"}, "`duration` has an invalid value"),
        ({"duration": 1e9}, "`duration` has an invalid value"),
        ({"source": ""}, "`source` has an invalid value"),
        ({"source": "x" * 301}, "`source` has an invalid value"),
        ({"analyzed_at": "2026-11-22T21:18:02"}, "`analyzed_at` has an invalid value"),
        ({"signals": [AGREEMENT | {"type": "love"}]}, "`signals[0].type` has an invalid value"),
        ({"signals": [AGREEMENT | {"probability": 0.9}]}, "`signals[0].probability` has an invalid value"),
        ({"signals": [AGREEMENT | {"end": 4.0}]}, "`signals[0]` has an invalid value"),
        ({"signals": [AGREEMENT | {"rationale": "x" * 4001}]}, "`signals[0].rationale` has an invalid value"),
        (
            {"signals": [AGREEMENT | {"evidence": [NOD_EVIDENCE | {"cue": "<b>"}]}]},
            "`signals[0].evidence[0].cue` has an invalid value",
        ),
        (
            {"signals": [AGREEMENT | {"evidence": [NOD_EVIDENCE | {"measure": "<b>"}]}]},
            "`signals[0].evidence[0].measure` has an invalid value",
        ),
        ({"cues": [NOD | {"certainty": 1.5}]}, "`cues[0].certainty` has an invalid value"),
        ({"cues": [NOD | {"direction": "javascript:"}]}, "`cues[0].direction` has an invalid value"),
        ({"coverage": {"face_share": 2}}, "`coverage.face_share` has an invalid value"),
        ({"quality": {"overall": {"quality_index": 50}}}, "`quality.overall.clarity` is missing"),
    ],
)
def test_invalid_values_are_refused_and_only_the_field_is_named(changes: dict[str, Any], place: str) -> None:
    with pytest.raises(Problem) as refused:
        recording(**changes)
    assert refused.value.error_id == "ih4005"
    assert refused.value.message == f"The recording is invalid: {place}."


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"a":NaN}', "[" * 100_000, "\x00"])
def test_invalid_documents_are_refused(text: str) -> None:
    with pytest.raises(Problem, match="is invalid"):
        decode_recording(text)


def test_infinity_is_not_a_valid_time() -> None:
    with pytest.raises(Problem, match="`duration` has an invalid value"):
        decode_recording(json.dumps(document()).replace('"duration": 10', '"duration": 1e999'))


def test_a_document_that_is_too_large_is_refused() -> None:
    with pytest.raises(Problem) as refused:
        decode_recording(b"[" + b" " * MAX_DOCUMENT_BYTES)
    assert refused.value.error_id == "ih4003"
