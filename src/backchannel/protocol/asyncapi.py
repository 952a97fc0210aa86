"""The AsyncAPI 3 document of the streams, generated from the message types."""

from typing import Any, Final, get_args
from urllib.parse import urlsplit

from backchannel import __version__
from backchannel.guidance.rules import Dimension
from backchannel.protocol import event_messages, v0
from backchannel.protocol.client_transcript import MAX_PHRASE_LENGTH, MAX_PHRASES, TRANSCRIPT
from backchannel.protocol.config_frame import CLOSE, AudioFormat
from backchannel.protocol.openapi import QUALITY_FLAGS, REF, Schema, credential_scheme, schemas
from backchannel.protocol.paths import REALTIME_OLD_PATH, REALTIME_PATH, STREAM_V0, STREAM_V1, STREAM_V2
from backchannel.protocol.products import MODELS
from backchannel.protocol.realtime_frame import GROUPS, MAX_INSTRUCTIONS, PERIODS_S
from backchannel.protocol.realtime_messages import RealtimeData

V0_MESSAGES: Final[tuple[Any, ...]] = get_args(v0.Message)
EVENTS: Final[tuple[Any, ...]] = get_args(event_messages.Data)
REALTIME: Final[tuple[Any, ...]] = get_args(RealtimeData)
_PATHS: Final = {
    "v0": STREAM_V0,
    "v1": STREAM_V1,
    "v2": STREAM_V2,
    "realtime": REALTIME_PATH,
    "realtime-old": REALTIME_OLD_PATH,
}

_MESSAGE: Final = "#/components/messages/{name}"


def asyncapi_document(base_url: str) -> Schema:
    """Describe the streams of a server.

    Parameters
    ----------
    base_url
        The server's HTTP address. The streams are on the same host and path.

    See Also
    --------
    backchannel.protocol.openapi.openapi_document : Describes the HTTP endpoints.
    """
    payloads, components = schemas((*V0_MESSAGES, *EVENTS, *REALTIME, AudioFormat))
    statuses = {f"v0.{kind.__name__}": _message(kind.__name__, kind, payloads[kind]) for kind in V0_MESSAGES}
    events = {kind.type: _message(kind.type, kind, _envelope(kind, payloads[kind])) for kind in EVENTS}
    realtime = {kind.type: f"realtime.{kind.type}" if kind not in EVENTS else kind.type for kind in REALTIME}
    others = {
        realtime[kind.type]: _message(kind.type, kind, _envelope(kind, payloads[kind]))
        for kind in REALTIME
        if kind not in EVENTS
    }
    heard = {"media": "media", "config": "realtime.config", "transcript": "transcript", "close": "close"}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Backchannel streams",
            "version": __version__,
            "description": "Live video of a person in, grounded social signals out.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"this": _server(base_url)},
        "channels": {
            "v0": _channel(
                "v0", {"media": "media", "transcript": "transcript", **{name: name for name in statuses}}, {}
            ),
            "v1": _channel("v1", _names(events), {}),
            "v2": _channel("v2", _names(events), {"model": {"type": "string", "enum": list(MODELS)}}),
            **{
                name: {"address": _PATHS[name], "messages": _references({**heard, **realtime})}
                for name in ("realtime", "realtime-old")
            },
        },
        "operations": {
            **_operations("v0", ["media", "transcript"], list(statuses)),
            **_operations("v1", list(_CLIENT_MESSAGES), list(events)),
            **_operations("v2", list(_CLIENT_MESSAGES), list(events)),
            **_operations("realtime", list(heard), list(realtime)),
            **_operations("realtime-old", list(heard), list(realtime)),
        },
        "components": {
            "messages": {
                **_CLIENT_MESSAGES,
                "realtime.config": _REALTIME_CONFIG,
                **statuses,
                **events,
                **others,
            },
            "schemas": components,
            "securitySchemes": {"credential": credential_scheme()},
        },
    }


_CLIENT_MESSAGES: Final[Schema] = {
    "media": {
        "name": "media",
        "title": "Media",
        "summary": "A binary message: a segment, or the next chunk of a running recording.",
        "contentType": "application/octet-stream",
        "payload": {"type": "string", "format": "binary"},
    },
    "config": {
        "name": "config",
        "title": "Configuration",
        "summary": "Replaces `include` as a whole. v2 takes `model` and `audio_format` before any media.",
        "payload": {
            "type": "object",
            "properties": {
                "include": {
                    "type": "array",
                    "items": {"type": "string"},
                    "examples": [[*QUALITY_FLAGS, "evidence"]],
                },
                "model": {"type": "string", "enum": list(MODELS)},
                "audio_format": {"$ref": REF.format(name="AudioFormat")},
                "words": {"type": "boolean"},
            },
        },
    },
    "transcript": {
        "name": "transcript",
        "title": "Transcript",
        "summary": "The client's own transcript, all of it. It replaces the server's from then on.",
        "payload": {
            "type": "object",
            "required": ["type", "transcript"],
            "properties": {
                "type": {"const": TRANSCRIPT},
                "transcript": {
                    "type": "array",
                    "maxItems": MAX_PHRASES,
                    "items": {
                        "type": "object",
                        "required": ["start", "end", "text"],
                        "properties": {
                            "start": {"type": "number", "minimum": 0},
                            "end": {"type": "number", "minimum": 0},
                            "text": {"type": "string", "maxLength": MAX_PHRASE_LENGTH},
                            "speaker": {"type": "integer", "minimum": 0, "default": 0},
                        },
                    },
                },
                "language": {"type": "string"},
            },
        },
    },
    "close": {
        "name": "close",
        "title": "Close",
        "summary": "The client sends no more media. The server still answers what it accepted.",
        "payload": {"type": "object", "required": ["type"], "properties": {"type": {"const": CLOSE}}},
    },
}


_REALTIME_CONFIG: Final[Schema] = {
    "name": "config",
    "title": "Configuration",
    "summary": "Replaces the whole configuration. Instructions or goals turn guidance on.",
    "payload": {
        "type": "object",
        "properties": {
            "analysis_groups": {
                "type": "array",
                "minItems": 1,
                "items": {"type": "string", "enum": list(GROUPS)},
            },
            "realtime_recommendation_frequency": {"type": "string", "enum": list(PERIODS_S)},
            "realtime_recommendation_instructions": {"type": "string", "maxLength": MAX_INSTRUCTIONS},
            "goal_dimensions": {
                "type": "array",
                "items": {"type": "string", "enum": list(get_args(Dimension))},
            },
            "words": {"type": "boolean"},
        },
    },
}


def _server(base_url: str) -> Schema:
    address = urlsplit(base_url)
    return {
        "host": address.netloc,
        "protocol": "wss" if address.scheme == "https" else "ws",
        **({"pathname": address.path} if address.path else {}),
        "security": [{"$ref": "#/components/securitySchemes/credential"}],
    }


def _names(events: Schema) -> dict[str, str]:
    return {name: name for name in (*_CLIENT_MESSAGES, *events)}


def _channel(version: str, messages: dict[str, str], query: Schema) -> Schema:
    include = {
        "type": "array",
        "items": {"type": "string", "enum": [*QUALITY_FLAGS, "evidence", "transcript", "summary"]},
    }
    resume = {"type": "string", "description": "Empty for a new session that can be resumed, or its token."}
    after = {"type": "integer", "description": "`seq` of the last message read, to resume a session."}
    properties = {"include[]": include, "resume": resume, "after": after, **query}
    return {
        "address": _PATHS[version],
        "messages": _references(messages),
        "bindings": {"ws": {"method": "GET", "query": {"type": "object", "properties": properties}}},
    }


def _references(messages: dict[str, str]) -> Schema:
    return {name: {"$ref": _MESSAGE.format(name=message)} for name, message in messages.items()}


def _operations(version: str, received: list[str], sent: list[str]) -> Schema:
    channel = {"$ref": f"#/channels/{version}"}

    def references(names: list[str]) -> list[Schema]:
        return [{"$ref": f"#/channels/{version}/messages/{name}"} for name in names]

    return {
        f"{version}.receive": {"action": "receive", "channel": channel, "messages": references(received)},
        f"{version}.send": {"action": "send", "channel": channel, "messages": references(sent)},
    }


def _envelope(kind: Any, data: Schema) -> Schema:
    return {
        "type": "object",
        "required": ["type", "timestamp", "correlation_id", "data"],
        "properties": {
            "type": {"const": kind.type},
            "timestamp": {"type": "string", "format": "date-time"},
            "correlation_id": {"type": "string", "format": "uuid"},
            "data": data,
            "seq": {"type": "integer", "description": "Only with `resume`: the number of the message."},
        },
    }


def _message(name: str, kind: Any, payload: Schema) -> Schema:
    summary = str(kind.__doc__).partition("\n")[0]
    return {"name": name, "title": kind.__name__, "summary": summary, "payload": payload}
