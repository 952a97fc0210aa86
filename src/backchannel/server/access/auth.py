"""Who is asking: finds the credential in a handshake and asks the store about it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from backchannel.errors import Problem
from backchannel.server.access.refusals import problem_of
from backchannel.store import ApiKey, Caps, ClientToken, Store
from backchannel.store.refusals import Refusal
from backchannel.store.tokens import looks_like_token

PAIR_NAME: Final = "access_token"


@dataclass(frozen=True, slots=True)
class Offer:
    """A credential as it was offered.

    Attributes
    ----------
    credential
        Never logged, never part of a message.
    subprotocol
        What the server must select so that a browser keeps the socket: ``access_token`` for the pair, the
        credential itself for the bare form, None when nothing was offered.
    """

    credential: str
    subprotocol: str | None


def read_offer(authorization: str | None, subprotocols: Sequence[str] = ()) -> Offer:
    """Find the credential. The header comes first, because a client that sets it means it.

    Parameters
    ----------
    authorization
        The `Authorization` header.
    subprotocols
        The values of `Sec-WebSocket-Protocol`, in order.

    Raises
    ------
    Problem
        ``ih2002`` when there is none, ``ih2001`` when the header is of another scheme.
    """
    pair = PAIR_NAME in subprotocols
    selected = PAIR_NAME if pair else subprotocols[0] if len(subprotocols) == 1 else None
    if authorization is not None and authorization.strip():
        return Offer(_bearer(authorization), selected)
    if pair:
        following = subprotocols[subprotocols.index(PAIR_NAME) + 1 :]
        if following:
            return Offer(following[0], selected)
    elif selected:
        return Offer(selected, selected)
    raise Problem(
        "ih2002",
        "No API key came with the request. Send it as `Authorization: Bearer <key>`, or as the WebSocket "
        "subprotocol: the key alone, or `access_token` and the key.",
    )


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking: an API key, by itself or through a client token that it made.

    Attributes
    ----------
    key
        The account.
    token
        The client token, if that is what came.
    """

    key: ApiKey
    token: ClientToken | None = None

    @property
    def id(self) -> str:
        """The key's public handle, for logs."""
        return self.key.id

    @property
    def token_id(self) -> str | None:
        """The client token's handle, if it is one."""
        return None if self.token is None else self.token.id

    @property
    def caps(self) -> Caps:
        """What it may use; a key itself has no caps, only its limits."""
        return Caps() if self.token is None else self.token.caps


async def authorise(store: Store, credential: str, scope: str, *, origin: str | None = None) -> Principal:
    """Return the principal of a credential.

    Parameters
    ----------
    origin
        The `Origin` header, which browsers send.

    Raises
    ------
    Problem
        ``ih2001`` when it is no live key; ``ih2010``, ``ih2011`` or ``ih2014`` when it is a client token
        that has expired, is unknown, or is revoked; ``ih2003`` when it has not the scope, or is not
        for pages of this origin.
    """
    if looks_like_token(credential):
        try:
            token = await asyncio.to_thread(store.tokens.verify, credential)
        except Refusal as refusal:
            raise problem_of(refusal) from None
        key = await asyncio.to_thread(store.keys.find, token.key_id)
    else:
        token, key = None, await asyncio.to_thread(store.keys.verify, credential)
    if key is None:
        raise Problem("ih2001", "The API key is not known here. It may be mistyped or revoked.")
    principal = Principal(key, token)
    if scope not in key.scopes or (token is not None and scope not in token.scopes):
        kind = "API key" if token is None else "client token"
        raise Problem("ih2003", f"The {kind} has not the scope {scope}.")
    allowed = principal.caps.allowed_origins
    if allowed and (origin or "").lower() not in allowed:
        raise Problem("ih2003", "The client token is not for pages of this origin.")
    return principal


def _bearer(authorization: str) -> str:
    scheme, _, credential = authorization.strip().partition(" ")
    credential = credential.strip()
    if scheme.lower() != "bearer":
        raise Problem("ih2001", "The Authorization header is not of the form `Bearer <key>`.")
    if not credential:
        raise Problem("ih2002", "The Authorization header has no key after Bearer.")
    return credential
