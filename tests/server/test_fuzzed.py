"""Hundreds of generated requests, valid and invalid by the OpenAPI document.

The server never answers with a 5xx status or with anything that the document does not describe.
"""

from typing import Any

import hypothesis
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from backchannel.protocol.openapi import openapi_document
from backchannel.store import KeyLimits
from tests.server.live import Live
from tests.server.uploads.test_upload import MP4

EXAMPLES = 25
CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
    unsupported_method,
]
# schemathesis sometimes leaves a connection open, and only garbage collection closes it.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
settings = hypothesis.settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(hypothesis.HealthCheck)
)


@pytest.fixture(scope="module")
def key(faulty_live: Live) -> str:
    # The point is what is answered, not how often one may ask.
    return faulty_live.store.keys.create("fuzzed", limits=KeyLimits(requests_per_minute=1e6))[1]


schema = schemathesis.openapi.from_dict(openapi_document("http://127.0.0.1"))


def ask(case: schemathesis.Case[Any], live: Live, key: str) -> None:
    case.call_and_validate(live.http, checks=CHECKS, headers={"Authorization": f"Bearer {key}"})


@schema.parametrize()
@settings
def test_generated_requests(case: schemathesis.Case[Any], faulty_live: Live, key: str) -> None:
    ask(case, faulty_live, key)


@schema.parametrize()
@settings
def test_anything_with_the_right_key_and_a_right_file(
    case: schemathesis.Case[Any], faulty_live: Live, key: str
) -> None:
    body: Any = case.body
    if isinstance(body, dict) and "api_key" in body:
        body["api_key"] = key
    elif isinstance(body, dict) and "file" in body:
        body |= {"file": MP4, "wait_seconds": 0}
    ask(case, faulty_live, key)
