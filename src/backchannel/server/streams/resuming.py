"""Sessions that can be resumed: who holds one in this process, and how the next connection gets it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from backchannel.protocol.resume import Asked, cannot_resume
from backchannel.server.access.auth import Principal
from backchannel.server.services import Services
from backchannel.server.streams.journal import Journal
from backchannel.server.streams.seal import Seal


@asynccontextmanager
async def resumable(
    services: Services, principal: Principal, api: str, asked: Asked | None
) -> AsyncIterator[Journal | None]:
    """Hold a session that can be resumed; None if the client did not ask for it, or the server keeps none.

    Raises
    ------
    Problem
        ``ih4005`` when the session of the token cannot be resumed; ``ih1003`` while the store is down.
    """
    kept_s = services.settings.resume_s
    if asked is None or not kept_s:
        yield None
        return
    seal = Seal(asked.token) if asked.token else Seal.new()
    if asked.token:
        # First, since whoever holds the session is ended for it.
        with services.ledger.guarded():
            if not await asyncio.to_thread(services.store.kept.has, seal.id, principal.key.id):
                raise cannot_resume()
    async with services.holders.hold(seal.id) as holder:
        journal = Journal(services.store, services.ledger, seal, principal.key.id, holder, kept_s)
        try:
            if asked.token:
                await journal.claim(api)
            yield journal
        finally:
            await journal.disconnect()
