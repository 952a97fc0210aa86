"""Let open streams and uploads finish before the server stops."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from backchannel.errors import Problem


class Shutdown:
    """The streams and uploads to finish. Once `begun`, the server refuses new ones."""

    def __init__(self) -> None:
        self.begun = False
        self._attending: set[Callable[[], None]] = set()
        # Set when the last one has ended, or when nobody waits for them any more.
        self._all_ended = asyncio.Event()

    @contextmanager
    def attend(self, on_shutdown: Callable[[], None]) -> Iterator[None]:
        """Call `on_shutdown` at a shutdown, for as long as the block lasts; at once if it has begun."""
        self._attending.add(on_shutdown)
        try:
            if self.begun:
                on_shutdown()
            yield
        finally:
            self._attending.discard(on_shutdown)
            if not self._attending:
                self._all_ended.set()

    @asynccontextmanager
    async def finishing(self, limit_s: float) -> AsyncIterator[None]:
        """Let a request go on for no longer than `limit_s` once the shutdown has begun.

        Raises
        ------
        Problem
            ``ih1003`` when it takes longer, or when the shutdown has begun before it.
        """
        if self.begun:
            raise stopping()
        loop = asyncio.get_running_loop()
        limit = asyncio.timeout(None)
        try:
            async with limit:
                with self.attend(lambda: limit.reschedule(loop.time() + limit_s)):
                    yield
        except TimeoutError:
            if limit.expired():
                raise stopping() from None
            raise

    async def announce(self, limit_s: float) -> None:
        """Ask everything to finish, and wait for it, but no longer than `limit_s`."""
        self.begun = True
        if not self._attending:
            return
        self._all_ended.clear()
        for on_shutdown in tuple(self._attending):
            on_shutdown()
        try:
            async with asyncio.timeout(limit_s):
                await self._all_ended.wait()
        except TimeoutError:
            return

    def hurry(self) -> None:
        """Wait for nothing any more."""
        self._all_ended.set()


def stopping() -> Problem:
    """Return what clients read while the server stops."""
    return Problem("ih1003", "The server is stopping. Try again in a moment.", retry_after_s=10.0)
