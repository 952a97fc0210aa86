"""What a client token is: its spelling and its signature. No database here.

A token is ``bk_ct_``, the id of the key that signed it, its own id, when it expires, and an HMAC-SHA256 over
those. HMAC, since the server that makes tokens is the one that checks them: nobody else needs to, so a
public key would serve nobody. The signature lets a forged token be refused for the price of a hash. What the
token may do is in the store under its id, where its use must be counted and its revocation seen anyway; so
the token stays short enough for a subprotocol header and says nothing to who reads it.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

PREFIX: Final = "bk_ct_"
MIN_EXPIRES_S: Final = 60
MAX_EXPIRES_S: Final = 3600
DEFAULT_EXPIRES_S: Final = 300

_MAX_LENGTH: Final = 256
_FAR_FUTURE_S: Final = 253_402_300_800  # year 10000, the end of `datetime`


@dataclass(frozen=True, slots=True)
class Caps:
    """What a client token may use; None is no cap.

    Attributes
    ----------
    max_duration_s
        Longest live session, s.
    max_bytes, max_video_s
        Media over the token's whole life, bytes and s.
    max_concurrent
        Sessions and uploads at once.
    allowed_origins
        Browser origins that may use it; empty for any.
    """

    max_duration_s: int | None = None
    max_bytes: int | None = None
    max_concurrent: int | None = None
    max_video_s: int | None = None
    allowed_origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClientToken:
    """What the store knows of a client token.

    Attributes
    ----------
    id, key_id
        Its handle, and the API key that it represents.
    scopes, caps
        What it may be used for, and how much.
    expires_at
        UTC.
    """

    id: str
    key_id: str
    scopes: tuple[str, ...]
    caps: Caps
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Spelled:
    """A client token, taken apart; nothing of it is verified.

    Attributes
    ----------
    signing_key_id, id
        Who signed it, and which it is.
    expires_at
        UTC, to the second.
    signature
        Base64.
    """

    signing_key_id: str
    id: str
    expires_at: datetime
    signature: str

    def signed_with(self, secret: bytes) -> bool:
        """Whether the signature is this secret's."""
        return hmac.compare_digest(self.signature, _sign(_claims(self), secret))


def looks_like_token(credential: str) -> bool:
    """Whether the credential means to be a client token, and no API key."""
    return credential.startswith(PREFIX)


def spell(signing_key_id: str, secret: bytes, token_id: str, expires_at: datetime) -> str:
    """Write a token, signed."""
    claims = _claims(Spelled(signing_key_id, token_id, expires_at, ""))
    return f"{PREFIX}{claims}.{_sign(claims, secret)}"


def take_apart(credential: str) -> Spelled | None:
    """Read a token's parts; None if it does not have the format of one."""
    parts = credential.removeprefix(PREFIX).split(".")
    if not looks_like_token(credential) or len(credential) > _MAX_LENGTH or len(parts) != 4:
        return None
    signing_key_id, token_id, expires, signature = parts
    if not (signature.isascii() and expires.isascii() and expires.isdigit()):
        return None
    expires_s = int(expires)
    if expires_s >= _FAR_FUTURE_S:
        return None
    return Spelled(signing_key_id, token_id, datetime.fromtimestamp(expires_s, UTC), signature)


def _claims(token: Spelled) -> str:
    return f"{token.signing_key_id}.{token.id}.{int(token.expires_at.timestamp())}"


def _sign(claims: str, secret: bytes) -> str:
    mac = hmac.digest(secret, (PREFIX + claims).encode(), hashlib.sha256)
    return urlsafe_b64encode(mac).rstrip(b"=").decode()
