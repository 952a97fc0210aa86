"""Client tokens without a connection: reading requests, and the JSON of the responses."""

import re
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from backchannel.errors import Problem

MIN_EXPIRES_S: Final = 60
MAX_EXPIRES_S: Final = 3600
DEFAULT_EXPIRES_S: Final = 300
DEFAULT_CONCURRENT: Final = 1
STREAM, UPLOAD, REALTIME = "interhumanai.stream", "interhumanai.upload", "interhumanai.realtime"
SCOPES: Final = (STREAM, UPLOAD, REALTIME)
MAX_ORIGINS: Final = 20

_LARGEST: Final = 2**53 - 1  # The largest integer that every JSON reader keeps exact.
Positive = Annotated[int, Meta(ge=1, le=_LARGEST)]
Text = Annotated[str, Meta(max_length=512)]

_LEGACY: Final = re.compile(r"(interhumanai\.(?:stream|upload))\.inter-2(?:-audio)?")
"""Older clients append a model to the scope. They get the scope without it."""
_ORIGIN: Final = re.compile(r"[a-z][a-z0-9+.-]*://(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::\d{1,5})?")

Body = TypeVar("Body")


class MintRequest(msgspec.Struct, frozen=True):
    """Body of `POST /v1/client_tokens`."""

    api_key: Text = ""
    scopes: tuple[Text, ...] | None = None
    expires_in: int | None = None
    max_duration_seconds: Positive | None = None
    max_bytes: Positive | None = None
    max_concurrent: Positive | None = None
    max_video_seconds: Positive | None = None
    allowed_origins: Annotated[tuple[Text, ...], Meta(max_length=MAX_ORIGINS)] | None = None


class RevokeRequest(msgspec.Struct, frozen=True):
    """Body of `POST /v1/client_tokens/revoke`."""

    api_key: Text = ""
    token: Text = ""


class ExchangeRequest(msgspec.Struct, frozen=True):
    """Body of `POST /v1/auth`, an older way to get a short-lived token."""

    key_id: Text = ""
    key_secret: Text = ""
    scopes: tuple[Text, ...] | None = None


class TokenBody(msgspec.Struct, frozen=True):
    """A new client token and its caps. Caps that it does not have are omitted."""

    access_token: str
    expires_in: int
    scope: str
    token_type: str = "Bearer"  # noqa: S105 -- the kind of credential, not a credential
    max_duration_seconds: int | UnsetType = UNSET
    max_bytes: int | UnsetType = UNSET
    max_concurrent: int | UnsetType = UNSET
    max_video_seconds: int | UnsetType = UNSET
    allowed_origins: tuple[str, ...] | UnsetType = UNSET


def read_body(data: bytes, kind: type[Body]) -> Body:
    """Read a JSON body.

    Parameters
    ----------
    data
        The body.
    kind
        The type of the request.

    Raises
    ------
    Problem
        ``ih4005``. The message names the field and what is wrong, but no value, which may be a credential.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        raise Problem("ih4005", f"The body is invalid: {_without_values(str(error))}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Problem("ih4005", "The body is not JSON. Send a JSON object.") from None


def read_scopes(asked: tuple[str, ...] | None, held: tuple[str, ...]) -> tuple[str, ...]:
    """Return the scopes of a new token.

    Parameters
    ----------
    asked
        The requested scopes. None means the stream scope.
    held
        The scopes of the API key.

    Raises
    ------
    Problem
        ``ih4005`` if a scope does not exist, ``ih2003`` if the key does not have it.

    Examples
    --------
    >>> read_scopes(None, held=("interhumanai.stream", "interhumanai.upload"))
    ('interhumanai.stream',)
    """
    wanted = (STREAM,) if asked is None else asked
    if not wanted:
        raise Problem("ih4005", f"The parameter scopes is empty. Send one or more of {', '.join(SCOPES)}.")
    scopes = tuple(dict.fromkeys(_current(scope) for scope in wanted))
    for scope in scopes:
        if scope not in SCOPES:
            raise Problem(
                "ih4005",
                f"The parameter scopes has an unknown scope. Send one or more of {', '.join(SCOPES)}.",
            )
        if scope not in held:
            raise Problem("ih2003", f"The API key does not have the scope {scope}. Use a key that has it.")
    return scopes


def read_origins(asked: tuple[str, ...] | None) -> tuple[str, ...]:
    """Return origins in the form that browsers send: lower case, no trailing slash.

    Raises
    ------
    Problem
        ``ih4005`` if one is not an origin.

    Examples
    --------
    >>> read_origins(("https://App.example.com/",))
    ('https://app.example.com',)
    """
    origins = tuple(dict.fromkeys(origin.strip().lower().rstrip("/") for origin in asked or ()))
    if not all(_ORIGIN.fullmatch(origin) for origin in origins):
        raise Problem(
            "ih4005",
            "The parameter allowed_origins contains a value that is not an origin. Write each origin like "
            "https://app.example.com, without a path.",
        )
    return origins


def clamp_expires(asked: int | None) -> int:
    """Return the lifetime of a token within its bounds, s."""
    return DEFAULT_EXPIRES_S if asked is None else min(max(asked, MIN_EXPIRES_S), MAX_EXPIRES_S)


def _current(scope: str) -> str:
    legacy = _LEGACY.fullmatch(scope)
    return legacy[1] if legacy else scope


def _without_values(text: str) -> str:
    # msgspec's messages name types and paths, for example "Expected `int`, got `str` - at `$.max_bytes`".
    # They quote a value only for an unknown member of an enumeration, and these requests have none.
    return text.replace("`", "").replace("$.", "")
