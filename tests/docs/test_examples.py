"""What the pages show is what the server says: every example is held against the server's own documents."""

import json
from typing import Any

import pytest

from backchannel.protocol.asyncapi import asyncapi_document
from tests.docs.blocks import blocks
from tests.server.specification import Specification

ENVELOPE = {
    "timestamp": "2026-11-22T20:22:09.030093Z",
    "correlation_id": "6011f31f-62ca-4aca-89c9-66205f542f14",
}
Example = dict[str, Any]


def faults(specification: Specification, example: Example) -> list[str]:
    """What is wrong with an example, whichever door it is of."""
    match example:
        case {"status": "processing" | "result" | "completed" | "error"} if "job_id" not in example:
            return specification.faults_of_message("/v0/stream/analyze", json.dumps(example))
        case {"type": "transcript.updated", "transcript": _}:
            return specification.faults_of_client(example)
        case {"type": str() as kind, "data": dict() as data} if is_realtime(kind, data):
            return specification.faults_of_message("/v0/realtime/analyze", json.dumps(ENVELOPE | example))
        case {"type": str(), "data": {"modality": _, "signal_type": _}}:
            return specification.faults_of_message("/v1/stream/analyze", json.dumps(ENVELOPE | example))
        case {"type": str()}:
            return specification.faults_of_message("/v2/stream/analyze", json.dumps(ENVELOPE | example))
        case {"job_id": _}:
            status = 200 if "result" in example else 202
            return answer(specification, "POST", "/v2/upload/analyze", status, example)
        case {"signals": _}:
            return answer(specification, "POST", "/v1/upload/analyze", 200, example)
        case {"access_token": _}:
            return answer(specification, "POST", "/v1/client_tokens", 200, example)
        case {"file": _, "signals_plausible": _}:
            return []  # labels, which no server sends
        case {"error_id": _}:
            return answer(specification, "GET", "/nothing", 404, example)
    return [f"nobody says this: {sorted(example)}"]


def is_realtime(kind: str, data: Example) -> bool:
    """Whether only the realtime stream says this."""
    return (
        kind in {"transcript.generated", "realtime_recommendation.generated"}
        or "realtime_recommendation_frequency" in data
        or "realtime_recommendation_frequency" in data.get("supported_session_config_options", ())
        or ("signal_type" in data and "modality" in data and "rationale" not in data)
    )


def answer(specification: Specification, method: str, path: str, status: int, example: Example) -> list[str]:
    return specification.faults_of_response(method, path, status, json.dumps(example).encode())


@pytest.fixture(scope="module")
def specification() -> Specification:
    return Specification()


EXAMPLES = blocks("json")


@pytest.mark.parametrize(("page", "text"), EXAMPLES, ids=[page for page, _ in EXAMPLES])
def test_an_example_is_what_the_server_would_say(specification: Specification, page: str, text: str) -> None:
    assert faults(specification, json.loads(text)) == [], page


def test_something_else_would_be_noticed(specification: Specification) -> None:
    (completed,) = (json.loads(text) for _, text in EXAMPLES if '"completed", "segment"' in text)
    assert faults(specification, completed | {"segment": "three"})
    assert faults(specification, completed | {"more": 1})
    assert faults(specification, {"signals": [], "engagement_state": "engaged"})


def test_every_message_of_the_streams_has_an_example() -> None:
    shown = {
        example.get("type") or example.get("status") for _, text in EXAMPLES if (example := json.loads(text))
    }
    for channel in asyncapi_document("http://here")["channels"].values():
        for name in channel["messages"]:
            kind = name.removeprefix("v0.").lower() if name.startswith("v0.") else name
            assert kind in shown or is_the_clients(name), f"{name} has no example"


def is_the_clients(name: str) -> bool:
    return name in {"media", "config", "close", "transcript"}
