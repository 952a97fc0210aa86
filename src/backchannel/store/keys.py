"""What an API key is: its spelling, its checksum and how it is recognised. No database here.

A key is ``bk_live_``, 43 letters and digits drawn from the system's random source (256 bits), and 6 of
checksum. The checksum lets a typing error, or a random guess, be refused without asking the store.

The store keeps SHA-256 of the key and nothing slower: a slow hash protects secrets that people choose,
which can be guessed one after the other. 256 random bits cannot, so a slow hash would only add its cost
to each handshake.
"""

import hashlib
import secrets
import string
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from backchannel.values import Policy

PREFIX: Final = "bk_live_"
STREAM_SCOPE: Final = "interhumanai.stream"
UPLOAD_SCOPE: Final = "interhumanai.upload"
REALTIME_SCOPE: Final = "interhumanai.realtime"
SCOPES: Final = (STREAM_SCOPE, UPLOAD_SCOPE, REALTIME_SCOPE)

_ALPHABET: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_SECRET_BYTES: Final = 32
_SECRET_LENGTH: Final = 43  # 62 ** 43 > 2 ** 256
_CHECKSUM_LENGTH: Final = 6  # 62 ** 6 > 2 ** 32


@dataclass(frozen=True, slots=True)
class KeyLimits:
    """What one key may use; None is as the server's settings say.

    Attributes
    ----------
    requests_per_minute
        Requests and handshakes a minute.
    max_concurrent
        Sessions and uploads at once.
    video_s_per_month
        Video in a calendar month (UTC), s.
    """

    requests_per_minute: float | None = None
    max_concurrent: int | None = None
    video_s_per_month: float | None = None


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What the store knows of a key. The key itself is not among it.

    Attributes
    ----------
    id
        Public handle, for `keys revoke` and for logs.
    name
        What its owner calls it.
    scopes
        What it may be used for.
    created_at, last_used_at, revoked_at
        UTC. The last use is known to the minute.
    limits
        What it may use.
    policy
        What may be reported to it; None is as the server's settings say.
    words
        False if nobody may listen for words in its media; None is as the server's settings say.
    """

    id: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    limits: KeyLimits = KeyLimits()
    policy: Policy | None = None
    words: bool | None = None


def generate() -> str:
    """Make a new key."""
    secret = _base62(secrets.randbits(_SECRET_BYTES * 8), _SECRET_LENGTH)
    return PREFIX + secret + _checksum(secret)


def looks_valid(credential: str) -> bool:
    """Whether the credential has a key's form and its checksum is right; says nothing about the store."""
    body = credential.removeprefix(PREFIX)
    if body == credential or len(body) != _SECRET_LENGTH + _CHECKSUM_LENGTH or not body.isascii():
        return False
    return body[_SECRET_LENGTH:] == _checksum(body[:_SECRET_LENGTH])


def digest(credential: str) -> bytes:
    """Return what is stored in the key's place, 32 bytes."""
    return hashlib.sha256(credential.encode()).digest()


def _checksum(secret: str) -> str:
    return _base62(zlib.crc32((PREFIX + secret).encode()), _CHECKSUM_LENGTH)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, remainder = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[remainder])
    return "".join(reversed(digits))
