"""The OpenAPI 3.1 document of the HTTP endpoints, generated from message types and the error catalogue."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

import msgspec

from backchannel import __version__
from backchannel.errors import CATALOGUE
from backchannel.protocol.errors import ErrorBody
from backchannel.protocol.products import MODELS
from backchannel.protocol.results import AnalysisBody
from backchannel.protocol.tokens import ExchangeRequest, MintRequest, RevokeRequest, TokenBody
from backchannel.protocol.uploads import MAX_WAIT_S, JobBody

Schema = dict[str, Any]

REF: Final = "#/components/schemas/{name}"
QUALITY_FLAGS: Final = ("conversation_quality_overall", "conversation_quality_timeline")
CREDENTIAL_ERRORS: Final = ("ih2001", "ih2002", "ih2003", "ih2010", "ih2011", "ih2014")
LIMIT_ERRORS: Final = ("ih3001", "ih3002", "ih3003", "ih3006")
FILE_ERRORS: Final = (
    "ih4001",
    "ih4002",
    "ih4003",
    "ih4004",
    "ih4005",
    "ih4007",
    "ih5001",
    "ih5002",
    "ih6003",
)
SERVER_ERRORS: Final = ("ih1001", "ih1002", "ih1003")


class Status(msgspec.Struct, frozen=True):
    """The status of the server."""

    status: str


_BODIES: Final = (
    AnalysisBody,
    JobBody,
    TokenBody,
    MintRequest,
    RevokeRequest,
    ExchangeRequest,
    ErrorBody,
    Status,
)


def openapi_document(base_url: str) -> Schema:
    """Describe the HTTP endpoints of a server.

    Parameters
    ----------
    base_url
        The address by which clients reach the server.

    See Also
    --------
    backchannel.protocol.asyncapi.asyncapi_document : Describes the streams.
    """
    return {
        "openapi": "3.1.0",
        "info": _info("Backchannel"),
        "servers": [{"url": base_url}],
        "security": [{"credential": []}],
        "tags": [{"name": name} for name in ("uploads", "tokens", "server")],
        "paths": _paths(),
        "components": {
            "schemas": schemas(_BODIES)[1],
            "securitySchemes": {"credential": credential_scheme()},
            "headers": {
                "CorrelationId": {
                    "description": "The id of this request, also in every error and in the server's log.",
                    "required": True,
                    "schema": {"type": "string", "format": "uuid"},
                },
                "RetryAfter": {
                    "description": "How long to wait before trying again, in whole seconds, if known.",
                    "schema": {"type": "integer", "minimum": 0},
                },
            },
        },
    }


def schemas(kinds: Sequence[Any]) -> tuple[dict[Any, Schema], Schema]:
    """Generate the JSON Schemas of some message types.

    Returns
    -------
    references
        A ``$ref`` for each type.
    components
        The schemas by name, including those of nested types.
    """
    references, components = msgspec.json.schema_components(kinds, ref_template=REF)
    for name, component in components.items():
        if name.rpartition(".")[2] == ErrorBody.__name__:
            component["properties"]["error_id"] = {"type": "string", "enum": list(CATALOGUE)}
    return dict(zip(kinds, references, strict=True)), components


def credential_scheme() -> Schema:
    """Return the security scheme for API keys and client tokens."""
    return {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key (bk_live_…) or a client token (bk_ct_…).",
    }


def _info(title: str) -> Schema:
    return {
        "title": title,
        "version": __version__,
        "summary": "Video of a person in, grounded social signals out.",
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    }


def _paths() -> Schema:
    analyze = _operation(
        "Analyse a file and wait for the result",
        "uploads",
        {200: AnalysisBody},
        (*CREDENTIAL_ERRORS, *LIMIT_ERRORS, *FILE_ERRORS, *SERVER_ERRORS),
        _form({}, QUALITY_FLAGS),
    )
    return {
        "/v0/upload/analyze": {"post": _named(analyze, "analyzeV0")},
        "/v1/upload/analyze": {"post": _named(analyze, "analyze")},
        "/v2/upload/analyze": {"post": _named(_submit(), "submit")},
        "/v2/upload/jobs/{job_id}": {"get": _named(_show_job(), "getJob")},
        "/v1/client_tokens": {"post": _token_operation("createClientToken", MintRequest, {200: TokenBody})},
        "/v1/client_tokens/revoke": {
            "post": _token_operation("revokeClientToken", RevokeRequest, {204: None}, "ih2011")
        },
        "/v1/auth": {"post": _token_operation("createToken", ExchangeRequest, {200: TokenBody})},
        "/healthz": {"get": _open("health", "Check that the server is running", {200: Status})},
        "/readyz": {"get": _open("readiness", "Check that it can analyse", {200: Status, 503: Status})},
    }


def _submit() -> Schema:
    return _operation(
        "Submit a file for analysis",
        "uploads",
        {202: JobBody, 200: JobBody},
        (*CREDENTIAL_ERRORS, *LIMIT_ERRORS, *FILE_ERRORS, "ih5008", *SERVER_ERRORS),
        _form(
            {
                "model": {"type": "string", "enum": list(MODELS)},
                "wait_seconds": {"type": "number", "minimum": 0, "maximum": MAX_WAIT_S, "default": 0},
            },
            ("signals", *QUALITY_FLAGS),
            required=("model",),
        ),
    )


def _show_job() -> Schema:
    operation = _operation(
        "Get the status and the result of a job",
        "uploads",
        {200: JobBody},
        (*CREDENTIAL_ERRORS, "ih3001", "ih4021", "ih1001", "ih1003"),
    )
    operation["parameters"] = [
        {
            "name": "job_id",
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        }
    ]
    return operation


def _named(operation: Schema, operation_id: str) -> Schema:
    return {"operationId": operation_id, **operation}


def _open(operation_id: str, summary: str, answers: dict[int, Any]) -> Schema:
    return {**_named(_operation(summary, "server", answers, ()), operation_id), "security": []}


def _token_operation(operation_id: str, body: Any, answers: dict[int, Any], *errors: str) -> Schema:
    content = {"application/json": {"schema": _reference(body)}}
    operation = _operation(
        str(body.__doc__).partition("\n")[0],
        "tokens",
        answers,
        ("ih2001", "ih2002", "ih2003", *errors, "ih3001", "ih4003", "ih4005", "ih6003", "ih1001", "ih1003"),
        {"required": True, "content": content},
    )
    # The API key is in the body. Only servers call these endpoints, never web pages.
    return {**_named(operation, operation_id), "security": []}


def _operation(
    summary: str, tag: str, answers: dict[int, Any], errors: Sequence[str], body: Schema | None = None
) -> Schema:
    responses = {str(status): _response(status, kind) for status, kind in answers.items()}
    by_status: dict[int, list[str]] = {}
    for error_id in errors:
        by_status.setdefault(CATALOGUE[error_id].http_status, []).append(error_id)
    for status, ids in sorted(by_status.items()):
        responses[str(status)] = {
            **_response(status, ErrorBody, retry=status in {429, 503}),
            "description": "; ".join(f"`{error_id}` {CATALOGUE[error_id].title}" for error_id in ids),
        }
    operation: Schema = {"summary": summary, "tags": [tag], "responses": responses}
    return operation if body is None else {**operation, "requestBody": body}


def _response(status: int, kind: Any, *, retry: bool = False) -> Schema:
    headers = {"X-Correlation-ID": {"$ref": "#/components/headers/CorrelationId"}}
    if retry:
        headers["Retry-After"] = {"$ref": "#/components/headers/RetryAfter"}
    response: Schema = {"description": HTTPStatus(status).phrase, "headers": headers}
    if kind is not None:
        response["content"] = {"application/json": {"schema": _reference(kind)}}
    return response


def _form(fields: Schema, flags: Sequence[str], required: Sequence[str] = ()) -> Schema:
    properties = {
        "file": {
            "type": "string",
            "format": "binary",
            "description": "The media, at least 3 s and at most 32 MB. The server detects its format.",
        },
        **fields,
        "transcript": {
            "type": "string",
            "contentMediaType": "application/json",
            "description": "What was said, instead of what the server would hear: a list of phrases with "
            "`start` and `end` in seconds, `text`, and `speaker` (0 is the person in view).",
        },
        "include[]": {
            "type": "array",
            "items": {"type": "string", "enum": [*flags, "evidence", "transcript"]},
            "description": "Optional sections of the result. Unknown values are ignored.",
        },
    }
    schema = {"type": "object", "required": ["file", *required], "properties": properties}
    return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}


def _reference(kind: Any) -> Schema:
    return {"$ref": REF.format(name=kind.__name__)}
