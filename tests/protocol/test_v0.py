import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from backchannel.errors import CATALOGUE, Problem
from backchannel.protocol import v0
from backchannel.protocol.errors import ErrorLinks, IllegalEventError
from backchannel.protocol.include import Include
from backchannel.values import Coverage
from tests.protocol.results import segment_result

CORRELATION_ID = "550e8400-e29b-41d4-a716-446655440000"
LIMIT = 33_554_432


def new(include: Include | None = None) -> v0.Session:
    return v0.Session(CORRELATION_ID, include or Include(), ErrorLinks("https://here"), LIMIT)


def encoded(message: v0.Message) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(v0.encode(message))
    return decoded


def points(*values: int) -> dict[str, int]:
    names = ("quality_index", "clarity", "authority", "energy", "rapport", "learning")
    return dict(zip(names, values, strict=True))


def test_a_result_reports_a_reduced_analysis_rate() -> None:
    session, arrival = new().media(1000)
    coverage = Coverage(True, False, 0.5, None, analysis_rate_hz=10.0)
    _, (result, _) = session.answer(arrival.number, replace(segment_result(), coverage=coverage))
    messages = encoded(result)["coverage"]
    assert messages["analysis_rate_hz"] == 10.0
    assert messages["notes"] == [
        "Only 10 frames a second were analysed instead of 15.",
        "There was no sound.",
    ]
    usual = replace(coverage, analysis_rate_hz=15.0)
    _, (result, _) = session.answer(arrival.number, replace(segment_result(), coverage=usual))
    assert "coverage" not in encoded(result)


def test_the_example_of_the_published_page() -> None:
    session, first = new(Include(quality_overall=True, quality_timeline=True)).media(1000)
    session, _ = session.refuse(first.number, Problem("ih5002", "Broken."))
    session, arrival = session.media(1_200_000)
    _, (result, completed) = session.answer(arrival.number, segment_result())
    head = {"segment": 2, "correlation_id": CORRELATION_ID}
    assert encoded(arrival.message) == {"status": "processing", **head, "bytes": 1_200_000}
    assert encoded(completed) == {"status": "completed", **head}
    assert encoded(result) == {
        "status": "result",
        **head,
        "signals": [
            {
                "type": "agreement",
                "start": 5,
                "end": 6,
                "probability": "high",
                "rationale": "Nodded 3 times.",
            },
            {
                "type": "confidence",
                "start": 6,
                "end": 10,
                "probability": "medium",
                "rationale": "Steady voice.",
            },
        ],
        "engagement_state": [
            {"start": 5, "end": 6, "state": "neutral"},
            {"start": 6, "end": 10, "state": "engaged"},
        ],
        "conversation_quality": {
            "overall": points(72, 67, 68, 80, 75, 70),
            "timeline": [
                {
                    "start": 5,
                    "end": 10,
                    "values": points(51, 50, 50, 50, 50, 52),
                }
            ],
        },
    }


def test_fields_are_in_the_published_order() -> None:
    session, arrival = new().media(LIMIT + 1)
    assert arrival.problem is not None
    _, error = session.refuse(1, arrival.problem)
    assert list(encoded(arrival.message)) == ["status", "segment", "correlation_id", "bytes"]
    published = ["status", "segment", "correlation_id", "error_id", "link", "message"]
    assert list(encoded(error)) == [*published, "retryable"]
    assert encoded(error)["link"] == "https://here/docs/errors#ih6002-message-too-large"


@pytest.mark.parametrize(
    ("size", "error_id"), [(0, "ih5004"), (1, None), (LIMIT - 1, None), (LIMIT, None), (LIMIT + 1, "ih6002")]
)
def test_the_size_limit_is_inclusive(size: int, error_id: str | None) -> None:
    _, arrival = new().media(size)
    assert (arrival.problem and arrival.problem.error_id) == error_id
    assert arrival.message.bytes == size


def test_failed_segments_get_a_number_and_text_messages_do_not() -> None:
    session, first = new().media(0)
    session, (error,) = session.text("x" * 17)
    session, second = session.media(5)
    assert (first.number, second.number) == (1, 2)
    assert encoded(error)["segment"] is None
    assert encoded(error)["error_id"] == "ih6001"
    assert session.pending == 2


def test_only_the_requested_parts_of_quality_are_sent() -> None:
    for include, keys in (
        (Include(), None),
        (Include(quality_overall=True), ["overall"]),
        (Include(quality_timeline=True), ["timeline"]),
    ):
        session, arrival = new(include).media(5)
        _, (result, _) = session.answer(arrival.number, segment_result())
        quality = encoded(result).get("conversation_quality")
        assert (None if quality is None else list(quality)) == keys


def test_evidence_is_sent_only_if_requested_and_modality_never() -> None:
    for include in (Include(), Include(evidence=True)):
        session, arrival = new(include).media(5)
        _, (result, _) = session.answer(arrival.number, segment_result())
        for signal in encoded(result)["signals"]:
            assert ("evidence" in signal) == include.evidence
            assert "modality" not in signal


def test_a_header_without_media_gets_an_empty_result_and_keeps_the_quality() -> None:
    session, arrival = new(Include(quality_overall=True, quality_timeline=True)).media(5)
    session, (empty, _) = session.answer(arrival.number, None)
    assert encoded(empty)["signals"] == encoded(empty)["engagement_state"] == []
    assert encoded(empty)["conversation_quality"]["overall"]["quality_index"] == 50
    assert encoded(empty)["conversation_quality"]["timeline"] == []
    session, arrival = session.media(5)
    session, _ = session.answer(arrival.number, segment_result())
    session, arrival = session.media(5)
    _, (empty, _) = session.answer(arrival.number, None)
    assert encoded(empty)["conversation_quality"]["overall"]["quality_index"] == 72


def test_answering_out_of_order_or_twice_is_a_bug() -> None:
    session, _ = new().media(5)
    session, _ = session.media(5)
    with pytest.raises(IllegalEventError):
        session.answer(2, None)
    session, _ = session.answer(1, None)
    with pytest.raises(IllegalEventError):
        session.refuse(1, Problem("ih5002", "x"))
    session, _ = session.answer(2, None)
    with pytest.raises(IllegalEventError):
        session.answer(3, None)


@pytest.mark.parametrize(
    ("phase", "legal"),
    [
        (v0.Phase.OPEN, {"media", "text", "answer", "refuse", "drain", "end"}),
        (v0.Phase.DRAINING, {"answer", "refuse", "end"}),
        (v0.Phase.ENDED, set[str]()),
    ],
)
def test_legal_events_of_each_phase(phase: v0.Phase, legal: set[str]) -> None:
    problem = Problem("ih6003", "Silent.")
    session, _ = new().media(5)
    if phase is not v0.Phase.OPEN:
        session = session.drain()
    if phase is v0.Phase.ENDED:
        session, _ = session.end(problem)
    assert session.phase is phase
    calls: dict[str, Callable[[], object]] = {
        "media": lambda: session.media(5),
        "text": lambda: session.text("hello"),
        "answer": lambda: session.answer(1, None),
        "refuse": lambda: session.refuse(1, problem),
        "drain": session.drain,
        "end": lambda: session.end(problem),
    }
    for event, call in calls.items():
        if event in legal:
            call()
        else:
            with pytest.raises(IllegalEventError):
                call()


@pytest.mark.parametrize("error_id", CATALOGUE)
def test_every_error_can_be_encoded_and_decoded(error_id: str) -> None:
    session, _ = new().media(5)
    _, error = session.refuse(1, Problem(error_id, "Sorry.", retry_after_s=2.5))
    assert v0.decode(v0.encode(error)) == error
    assert encoded(error)["retry_after_seconds"] == 2.5
    assert encoded(error)["retryable"] is CATALOGUE[error_id].retryable


def test_a_client_ignores_unknown_fields() -> None:
    text = '{"status":"completed","segment":1,"correlation_id":"x","mood":"blue"}'
    assert v0.decode(text) == v0.Completed(1, "x")
