"""Counts what one live session uses, with one write to the store for each piece of media.

How much video a piece held is known only once it has been analysed. So it is kept in memory and counted
together with the bytes of the next piece, and what is left at the end when the session ends. A process that
is killed loses the count of one piece a session, in the client's favour, and sessions that share a budget
can exceed it by one piece each.

While the store is down, pieces are kept in memory too and counted with the first one after it. On purpose,
a session then goes on without asking anybody: a revocation is not seen, nor what other sessions spend, until
the store is back. `ledger.UNWRITTEN_S` bounds that.
"""

import asyncio
import threading
from dataclasses import dataclass

from backchannel.server.access.auth import Principal
from backchannel.server.access.ledger import Ledger
from backchannel.server.access.refusals import problem_of
from backchannel.store import StoreUnavailableError
from backchannel.store.refusals import Refusal
from backchannel.store.usage import UsageStore


@dataclass(frozen=True, slots=True)
class _Counted:
    """What the store knew at the last charge.

    Attributes
    ----------
    analysed_s
        Video of this session that it had counted, s.
    left_s
        What could still be used then, s; None when nothing limits it.
    """

    analysed_s: float = 0.0
    left_s: float | None = None


class Meter:
    """The use of one session. Its coroutines belong to one event loop.

    Parameters
    ----------
    usage
        Where it is counted.
    ledger
        Knows whether it can be, and takes over what cannot at the end.
    principal
        Who pays.
    quota_s
        The key's quota of video a month, s, or None.
    """

    def __init__(
        self, usage: UsageStore, ledger: Ledger, principal: Principal, quota_s: float | None
    ) -> None:
        self._usage = usage
        self._ledger = ledger
        self._principal = principal
        self._quota_s = quota_s
        self._analysed_s = 0.0  # changed by the event loop only
        # What follows is changed by a thread that holds the lock.
        self._counted = _Counted()  # replaced as a whole
        self._kept_bytes = 0
        self._lock = threading.Lock()

    async def charge(self, size_bytes: int = 0) -> None:
        """Charge for a piece that came, and count the video analysed since the last one.

        Call it for each piece: it is also where a revocation is seen.

        Raises
        ------
        Problem
            ``ih2001`` or ``ih2014`` when the key or the token is revoked, ``ih3003`` when the key's quota is
            used up, ``ih3006`` when the token's budget is spent. The piece is then not counted; the video is.
            ``ih1003`` when the store has been down for too long.
        """
        try:
            await asyncio.to_thread(self._charge, size_bytes)
        except Refusal as refusal:
            raise problem_of(refusal) from None

    async def left_s(self) -> float | None:
        """Return how much video may be analysed now, s; None when nothing limits it.

        Raises
        ------
        Problem
            As `charge`, when nothing is left.
        """
        if (left_s := self._left_s()) is not None and left_s <= 0:
            await self.charge()
            left_s = self._left_s()
        return left_s if left_s is None else max(left_s, 0.0)

    def analysed(self, video_s: float) -> None:
        """Note video that was analysed, s; the next charge counts it."""
        self._analysed_s += video_s

    async def settle(self) -> None:
        """Count what no charge has counted yet, once, even if the session is being cancelled."""
        await asyncio.shield(asyncio.to_thread(self._settle))

    def _left_s(self) -> float | None:
        counted = self._counted
        if counted.left_s is None:
            return None
        return round(counted.left_s - (self._analysed_s - counted.analysed_s), 3)

    # What follows runs in a thread and finishes there, whether or not anybody still waits for it. So a
    # cancelled session counts nothing twice.

    def _charge(self, size_bytes: int) -> None:
        with self._lock:
            if self._ledger.down:
                self._keep(size_bytes)
                return
            more_s, counted_s = self._uncounted()
            try:
                charge = self._usage.charge(
                    self._principal.key.id,
                    self._principal.token_id,
                    size_bytes=size_bytes,
                    sent_bytes=self._kept_bytes,
                    analysed_s=more_s,
                    quota_s=self._quota_s,
                )
            except StoreUnavailableError as error:
                self._ledger.failed(error)
                self._keep(size_bytes)
                return
            except Refusal:
                self._counted, self._kept_bytes = _Counted(counted_s, 0.0), 0
                raise
            self._counted, self._kept_bytes = _Counted(counted_s, charge.left_s), 0

    def _keep(self, size_bytes: int) -> None:
        self._ledger.check_patience()
        self._kept_bytes += size_bytes

    def _settle(self) -> None:
        with self._lock:
            more_s, counted_s = self._uncounted()
            if more_s or self._kept_bytes:
                key_id, token_id = self._principal.key.id, self._principal.token_id
                self._ledger.note(key_id, token_id, more_s, self._kept_bytes)
                self._counted, self._kept_bytes = _Counted(counted_s, self._counted.left_s), 0

    def _uncounted(self) -> tuple[float, float]:
        # In whole ms, as the store counts, so that what is rounded off is counted later.
        more_s = round(self._analysed_s - self._counted.analysed_s, 3)
        return more_s, self._counted.analysed_s + more_s
