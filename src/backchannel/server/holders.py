"""Which connection of this process holds which session, so that the next one can take it over."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

FINISH_S: Final = 5.0
"""The analysis of a usual piece takes less than a second (judgement)."""


@dataclass(slots=True)
class Holder:
    """A connection that holds a session.

    Attributes
    ----------
    give_way
        Called when another connection wants the session: finish what is being analysed, and end.
    """

    limit: asyncio.Timeout
    give_way: Callable[[], None] | None = None
    is_ending: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def end(self) -> None:
        """End soon, or at once if there is nothing to finish."""
        if self.is_ending:
            return
        self.is_ending = True
        now_s = asyncio.get_running_loop().time()
        if self.give_way is None:
            self.limit.reschedule(now_s)
        else:
            self.limit.reschedule(now_s + FINISH_S)
            self.give_way()


class Holders:
    """The sessions of this process that can be resumed."""

    def __init__(self) -> None:
        self._held: dict[str, Holder] = {}

    @asynccontextmanager
    async def hold(self, session_id: str) -> AsyncIterator[Holder]:
        """Hold a session, after its holder has been ended.

        The block ends early, without an exception, when another connection wants the session.
        """
        while (before := self._held.get(session_id)) is not None:
            before.end()
            await before.over.wait()
        limit = asyncio.timeout(None)
        holder = self._held[session_id] = Holder(limit)
        try:
            async with limit:
                yield holder
        except TimeoutError:
            if not limit.expired():
                raise
        finally:
            holder.is_ending = True
            del self._held[session_id]
            holder.over.set()
