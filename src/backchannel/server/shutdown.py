"""End open streams cleanly before the server stops."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Shutdown:
    """The streams to end cleanly. Once `begun`, the server refuses new streams."""

    def __init__(self) -> None:
        self.begun = False
        self._streams: set[Callable[[], None]] = set()
        # Set when the last stream has ended, so that `announce` can wait for it.
        self._all_ended = asyncio.Event()

    @contextmanager
    def attend(self, on_shutdown: Callable[[], None]) -> Iterator[None]:
        """Call `on_shutdown` at a shutdown, for as long as the block lasts."""
        self._streams.add(on_shutdown)
        try:
            yield
        finally:
            self._streams.discard(on_shutdown)
            if not self._streams:
                self._all_ended.set()

    async def announce(self, limit_s: float) -> None:
        """Ask every stream to end, and wait for them, but no longer than `limit_s`."""
        self.begun = True
        if not self._streams:
            return
        self._all_ended.clear()
        for on_shutdown in tuple(self._streams):
            on_shutdown()
        try:
            async with asyncio.timeout(limit_s):
                await self._all_ended.wait()
        except TimeoutError:
            return
