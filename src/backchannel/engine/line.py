"""Those who wait for a worker, in turns: fair between owners, and in order within each."""

import asyncio
from collections import deque

from backchannel.engine.base import Worker

Turn = asyncio.Future[Worker]


class Line:
    """Callers that wait.

    Each owner in turn gets one worker. So an owner with many sessions at once waits for its own, and the
    others for one piece of each owner before them.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, deque[tuple[float, Turn]]] = {}  # the owner whose turn it is comes first

    def __len__(self) -> int:
        return sum(not turn.done() for turns in self._waiting.values() for _, turn in turns)

    @property
    def oldest_s(self) -> float | None:
        """When the one that has waited longest has asked, s; None if nobody waits."""
        asked = (asked_s for turns in self._waiting.values() for asked_s, turn in turns if not turn.done())
        return min(asked, default=None)

    def join(self, owner: str, asked_s: float, turn: Turn) -> None:
        """Wait behind the owner's own callers."""
        self._waiting.setdefault(owner, deque()).append((asked_s, turn))

    def next(self) -> Turn | None:
        """Take the one whose turn it is out of the line; None if nobody waits."""
        while self._waiting:
            owner = next(iter(self._waiting))
            turns = self._waiting.pop(owner)
            while turns:
                _, turn = turns.popleft()
                if not turn.done():
                    if turns:
                        self._waiting[owner] = turns
                    return turn
        return None
