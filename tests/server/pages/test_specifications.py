"""The OpenAPI and AsyncAPI documents are valid, and the server follows them."""

import json
from typing import Any

import httpx
import pytest
from openapi_spec_validator import validate

from backchannel.errors import CATALOGUE
from tests.server.live import Live
from tests.server.specification import SPECIFICATION, Specification


@pytest.fixture(scope="module")
def openapi(faulty_live: Live) -> dict[str, Any]:
    document: dict[str, Any] = httpx.get(f"{faulty_live.http}/openapi.json").json()
    return document


@pytest.fixture(scope="module")
def asyncapi(faulty_live: Live) -> dict[str, Any]:
    document: dict[str, Any] = httpx.get(f"{faulty_live.http}/asyncapi.json").json()
    return document


def references(node: Any) -> set[str]:
    if isinstance(node, dict):
        inner = set().union(*map(references, node.values()), set())
        return inner | {node["$ref"]} if "$ref" in node else inner
    return set().union(*map(references, node), set()) if isinstance(node, list) else set()


def lookup(document: dict[str, Any], reference: str) -> Any:
    node: Any = document
    for part in reference.removeprefix("#/").split("/"):
        node = node[part]
    return node


def test_openapi_is_valid_and_names_the_server(openapi: dict[str, Any], faulty_live: Live) -> None:
    validate(openapi)
    assert openapi["openapi"] == "3.1.0"
    assert openapi["servers"] == [{"url": faulty_live.http}]


def test_every_reference_resolves(openapi: dict[str, Any], asyncapi: dict[str, Any]) -> None:
    for document in (openapi, asyncapi):
        found = references(document)
        assert found
        for reference in found:
            assert lookup(document, reference)


def test_asyncapi_has_every_stream_and_every_message(asyncapi: dict[str, Any], faulty_live: Live) -> None:
    assert asyncapi["asyncapi"] == "3.0.0"
    assert asyncapi["servers"]["this"]["host"] in faulty_live.http
    assert {channel["address"] for channel in asyncapi["channels"].values()} == {
        *(f"/{version}/stream/analyze" for version in ("v0", "v1", "v2")),
        "/v0/realtime/analyze",
        "/v0/real-time/analyze",
    }
    said = {message["$ref"].rpartition("/")[2] for message in asyncapi["operations"]["v2.send"]["messages"]}
    assert {"session.ready", "signal.detected", "coverage.dropped", "session.ended", "error"} <= said
    for operation in asyncapi["operations"].values():
        for message in operation["messages"]:
            assert lookup(asyncapi, lookup(asyncapi, message["$ref"])["$ref"])


def test_every_error_over_http_is_in_the_document(openapi: dict[str, Any]) -> None:
    assert openapi["components"]["schemas"]["ErrorBody"]["properties"]["error_id"]["enum"] == list(CATALOGUE)
    described = json.dumps(openapi["paths"])
    for error_id in ("ih1002", "ih2014", "ih3006", "ih4002", "ih4021", "ih5008"):
        assert error_id in described


def test_the_check_of_live_traffic_finds_faults() -> None:
    check = Specification()
    error = {"error_id": "ih4021", "correlation_id": "x", "link": "x", "message": "x", "retryable": False}
    path = "/v2/upload/jobs/x"

    def faults(status: int, **changes: object) -> list[str]:
        return check.faults_of_response("GET", path, status, json.dumps({**error, **changes}).encode())

    assert not faults(404)
    assert faults(418)
    assert faults(404, error_id="ih9999")
    assert faults(404, secret="x")
    assert faults(404, retryable="no")
    assert check.faults_of_message("/v0/stream/analyze", '{"status":"completed","segment":1}')
    assert check.faults_of_message("/v2/stream/analyze", '{"type":"signal.invented"}')
    assert check.faults_of_message("/v9/stream/analyze", "{}")
    assert SPECIFICATION is not check
