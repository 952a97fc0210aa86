"""Checks everything that a server sends against its own OpenAPI and AsyncAPI documents.

The check is stricter than clients need: undocumented fields are faults.
"""

import json
import re
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backchannel.protocol.asyncapi import asyncapi_document
from backchannel.protocol.openapi import openapi_document

BASE_URL = "http://127.0.0.1"
Schema = dict[str, Any]


def strict(node: Any) -> Any:
    """Return the schema without undocumented fields."""
    if isinstance(node, list):
        return [strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    changed = {name: strict(value) for name, value in node.items()}
    if changed.get("type") == "object" and isinstance(changed.get("properties"), dict):
        changed.setdefault("additionalProperties", False)
    return changed


class Specification:
    """Both documents, ready for checks."""

    def __init__(self) -> None:
        self._openapi = strict(openapi_document(BASE_URL))
        self._asyncapi = strict(asyncapi_document(BASE_URL))
        self.seen: set[str] = set()

    def faults_of_response(self, method: str, path: str, status: int, body: bytes) -> list[str]:
        """Return what is wrong with an HTTP response. An undocumented address must answer with an error."""
        operation = next(
            (
                (template, methods[method.lower()])
                for template, methods in self._openapi["paths"].items()
                if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path) and method.lower() in methods
            ),
            None,
        )
        schema: Schema = {"$ref": "#/components/schemas/ErrorBody"}
        if operation is not None:
            template, described = operation
            if str(status) not in described["responses"]:
                return [f"{method} {template}: status {status} is not described"]
            self.seen.add(f"{method} {template} {status}")
            content = described["responses"][str(status)].get("content")
            if content is None:
                return [f"{method} {template} {status}: has a body"] if body else []
            schema = content["application/json"]["schema"]
        return self._faults(self._openapi, schema, body, f"{method} {path} {status}")

    def faults_of_message(self, path: str, text: str) -> list[str]:
        """Return what is wrong with a message of a stream."""
        channel = next((c for c in self._asyncapi["channels"].values() if c["address"] == path), None)
        if channel is None:
            return [f"{path} is not described"]
        message = json.loads(text)
        name = message.get("type") or f"v0.{str(message.get('status')).capitalize()}"
        if name not in channel["messages"]:
            return [f"{path}: {name} is not described"]
        self.seen.add(f"{path} {name}")
        described = channel["messages"][name]["$ref"].rpartition("/")[2]
        schema = {"$ref": f"#/components/messages/{described}/payload"}
        return self._faults(self._asyncapi, schema, text.encode(), f"{path} {name}")

    def faults_of_client(self, message: dict[str, Any]) -> list[str]:
        """Return what is wrong with a client's own transcript."""
        schema = {"$ref": "#/components/messages/transcript/payload"}
        return self._faults(self._asyncapi, schema, json.dumps(message).encode(), "a client")

    def _faults(self, document: Schema, schema: Schema, body: bytes, where: str) -> list[str]:
        validator = Draft202012Validator(
            {**schema, "components": document["components"]}, format_checker=FormatChecker()
        )
        return [
            f"{where}: {error.json_path}: {error.message[:200]}"
            for error in validator.iter_errors(json.loads(body))
        ]


SPECIFICATION = Specification()


class Checked:
    """Middleware that checks every message that an application sends.

    Parameters
    ----------
    app
        The application.
    faults
        Receives what is wrong.
    """

    def __init__(self, app: ASGIApp, faults: list[str]) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start: Message = {}
        body = bytearray()

        async def checking(message: Message) -> None:
            match message["type"]:
                case "http.response.start" | "websocket.http.response.start":
                    start.update(message)
                case "http.response.body" | "websocket.http.response.body":
                    body.extend(message.get("body", b""))
                    if not message.get("more_body", False):
                        self._check(scope, start, bytes(body))
                case "websocket.send":
                    self._faults += SPECIFICATION.faults_of_message(scope["path"], message["text"])
            await send(message)

        await self._app(scope, receive, checking)

    def _check(self, scope: Scope, start: Message, body: bytes) -> None:
        headers = dict(start["headers"])
        is_json = headers.get(b"content-type", b"") == b"application/json"
        # The documents themselves, and the private endpoint of the console.
        exempt = scope["path"] in {"/openapi.json", "/asyncapi.json"} or (
            scope["path"] == "/console/token" and start["status"] == 200
        )
        if (is_json or start["status"] == 204) and not exempt:
            method = scope.get("method", "WebSocket")
            self._faults += SPECIFICATION.faults_of_response(method, scope["path"], start["status"], body)
        if b"x-correlation-id" not in headers:
            self._faults.append(f"{scope['path']} has no correlation id")
