"""The connections that have not asked for anything yet. Anybody can open them, so they are few."""

from typing import Protocol

import structlog

log = structlog.get_logger(__name__)


class Guest(Protocol):
    """A connection that waits."""

    def turn_out(self) -> None:
        """Close it, since others want in."""


class Lobby:
    """Holds so many waiting connections; for one more, the one that has waited longest must go.

    A client that means it sends its request at once and leaves. So only idle connections are closed, even
    when somebody opens them by the thousand.

    Parameters
    ----------
    limit
        How many may wait.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._guests: dict[Guest, None] = {}

    def enter(self, guest: Guest) -> None:
        """Let a connection wait."""
        self._guests[guest] = None
        if len(self._guests) > self._limit:
            oldest = next(iter(self._guests))
            self.leave(oldest)
            log.warning("idle connection closed", limit=self._limit)
            oldest.turn_out()

    def leave(self, guest: Guest) -> None:
        """Note that a connection has made its request, or is closed."""
        self._guests.pop(guest, None)
