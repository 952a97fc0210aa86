"""Ends open streams in good order before the server stops."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Shutdown:
    """The streams that want to end in good order. Once `begun`, no new ones are let in."""

    def __init__(self) -> None:
        self.begun = False
        self._streams: set[Callable[[], None]] = set()
        self._all_gone = asyncio.Event()

    @contextmanager
    def attend(self, on_shutdown: Callable[[], None]) -> Iterator[None]:
        """Have a stream told to end, for as long as the block lasts."""
        self._streams.add(on_shutdown)
        try:
            yield
        finally:
            self._streams.discard(on_shutdown)
            if not self._streams:
                self._all_gone.set()

    async def announce(self, limit_s: float) -> None:
        """Tell every stream to end, and wait until they have, but no longer than `limit_s`."""
        self.begun = True
        if not self._streams:
            return
        self._all_gone.clear()
        for on_shutdown in tuple(self._streams):
            on_shutdown()
        try:
            async with asyncio.timeout(limit_s):
                await self._all_gone.wait()
        except TimeoutError:
            return
