"""Who is asking: finds the credential in a handshake and asks the store about it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from backchannel.errors import Problem
from backchannel.store import ApiKey, KeyStore

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
    """Find the credential; the header comes first, since whoever can set it means it.

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


async def authorise(store: KeyStore, credential: str, scope: str) -> ApiKey:
    """Return the key that this credential is.

    Raises
    ------
    Problem
        ``ih2001`` when it is no live key, ``ih2003`` when it has not the scope.
    """
    key = await asyncio.to_thread(store.verify, credential)
    if key is None:
        raise Problem("ih2001", "The API key is not known here. It may be mistyped or revoked.")
    if scope not in key.scopes:
        raise Problem("ih2003", f"The API key has not the scope {scope}.")
    return key


def _bearer(authorization: str) -> str:
    scheme, _, credential = authorization.strip().partition(" ")
    credential = credential.strip()
    if scheme.lower() != "bearer":
        raise Problem("ih2001", "The Authorization header is not of the form `Bearer <key>`.")
    if not credential:
        raise Problem("ih2002", "The Authorization header has no key after Bearer.")
    return credential
