import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from backchannel.protocol.include import Include
from backchannel.protocol.results import analysis_body, conversation_quality, quality_body, seconds
from backchannel.values import EngagementSpan, Quality
from tests.protocol.results import segment_result

ALL = Include(quality_overall=True, quality_timeline=True, evidence=True)


@pytest.mark.parametrize(
    ("time_s", "encoded"), [(5.0, "5"), (5.004, "5"), (5.125, "5.12"), (0.1 + 0.2, "0.3"), (3600, "3600")]
)
def test_seconds_have_two_decimals_and_whole_seconds_none(time_s: float, encoded: str) -> None:
    assert json.dumps(seconds(time_s)) == encoded


def test_quality_index_is_rounded_after_the_mean_not_before() -> None:
    # Rounded first, the mean would be (50 + 50 + 50 + 50 + 51) / 5 = 50.2, which rounds to 50.
    body = quality_body(Quality(50.4, 50.4, 50.4, 50.4, 51.4))
    assert body.quality_index == round((4 * 50.4 + 51.4) / 5)
    assert quality_body(Quality(50.49, 50.49, 50.49, 50.49, 50.9)).quality_index == 51


def test_quality_is_omitted_unless_requested() -> None:
    result = segment_result()
    assert conversation_quality(result.quality_overall, [], Include()) is msgspec.UNSET
    assert "conversation_quality" not in encoded(analysis_body([result], Include(evidence=True)))


def test_an_upload_has_modalities_and_quality_always_has_overall() -> None:
    body = encoded(
        analysis_body([segment_result(0, 5), segment_result(5, 10)], Include(quality_timeline=True))
    )
    assert [signal["modality"] for signal in body["signals"]] == [["visual"], ["audio"], ["visual"]]
    assert list(body["signals"][0]) == ["type", "start", "end", "probability", "rationale", "modality"]
    assert [entry["start"] for entry in body["conversation_quality"]["timeline"]] == [0, 5]
    assert body["conversation_quality"]["overall"]["quality_index"] == 72


def test_evidence_has_its_span_and_baseline() -> None:
    evidence = encoded(analysis_body([segment_result()], ALL))["signals"][0]["evidence"]
    assert evidence[1] == {
        "cue": "nod",
        "measure": "",
        "modality": "visual",
        "start": 5,
        "end": 6,
        "value": 9.25,
        "unit": "deg",
        "baseline": 1.5,
        "weight": 0.8,
    }
    assert evidence[0]["baseline"] is None
    assert (evidence[0]["cue"], evidence[0]["measure"]) == ("nod", "cycles")


def test_adjacent_engagement_spans_share_a_boundary() -> None:
    first, second = encoded(analysis_body([segment_result()], ALL))["engagement_state"]
    assert first["end"] == second["start"]


def encoded(body: object) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(msgspec.json.encode(body))
    return decoded


def test_a_segment_boundary_does_not_split_an_engagement_state() -> None:
    results = [segment_result(0, 5), segment_result(5, 10)]
    joined = [replace(result, engagement=(EngagementSpan(result.span, "engaged"),)) for result in results]
    body = encoded(analysis_body(joined, ALL))
    assert body["engagement_state"] == [{"start": 0, "end": 10, "state": "engaged"}]
