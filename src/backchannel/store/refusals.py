"""What the store raises: facts with their numbers. The server and the command line put them into words.

Only `StoreError` has a sentence of its own, for the operator; no client reads it.
"""

from dataclasses import dataclass


class StoreError(Exception):
    """The store cannot be used. The message is one plain sentence for the operator."""


class StoreUnavailableError(StoreError):
    """The database does not do its work now: it is locked, its disk is full, or it is gone. It may come back.

    Parameters
    ----------
    reason
        The driver's name for it, for example ``SQLITE_BUSY``. Never the driver's text.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"The store cannot be used at the moment ({reason}). Try again later.")
        self.reason = reason


class Refusal(Exception):  # noqa: N818 -- the store works; it is the answer that is no
    """The store does not accept a credential or a charge."""


class KeyRevoked(Refusal):
    """The API key is revoked, or there is no such key any more."""


class TokenUnknown(Refusal):
    """The credential is not a client token of this store."""


class TokenExpired(Refusal):
    """The client token has expired."""


class TokenRevoked(Refusal):
    """The client token, or the API key that made it, is revoked."""


@dataclass(eq=False)
class QuotaSpent(Refusal):
    """The API key has too little of its monthly quota left.

    Attributes
    ----------
    quota_s, used_s, asked_s
        Video the key may use in a month, has used, and asked for, s.
    retry_after_s
        Until the next month begins, s.
    """

    quota_s: float
    used_s: float
    asked_s: float
    retry_after_s: float


@dataclass(eq=False)
class VideoSpent(Refusal):
    """The client token has too little video left.

    Attributes
    ----------
    budget_s, used_s, asked_s
        Video the token may use, has used, and asked for, s.
    """

    budget_s: float
    used_s: float
    asked_s: float


@dataclass(eq=False)
class BytesSpent(Refusal):
    """The client token has too few bytes left.

    Attributes
    ----------
    budget_bytes, used_bytes, asked_bytes
        Media the token may send, has sent, and asked for, bytes.
    """

    budget_bytes: int
    used_bytes: int
    asked_bytes: int


@dataclass(eq=False)
class InvalidNameError(ValueError):
    """A key's name is empty or too long.

    Attributes
    ----------
    length, max_length
        Characters it has, and may have.
    """

    length: int
    max_length: int


@dataclass(eq=False)
class InvalidScopesError(ValueError):
    """A key was to have no scope, or one that does not exist.

    Attributes
    ----------
    unknown
        The scopes that do not exist.
    """

    unknown: tuple[str, ...]
