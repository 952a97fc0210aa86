"""What the server owes the store while the store cannot be written.

A database may be locked for a while, its disk may be full, or its server may restart. Nobody's session ends
for that. From the first call that fails until one succeeds, the store counts as down. Nothing asks it
meanwhile, since each call could take seconds of a thread that analyses need. The heartbeat tries it instead.

Sessions keep their own use (`meter`). What sessions that have ended still owe is kept here, summed for each
payer. A process that is killed loses it, in the client's favour. A database that is cut off while it commits
may have counted what is then written again; SQLite cannot be.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import structlog

from backchannel.errors import Problem
from backchannel.store import Store, StoreUnavailableError
from backchannel.store.usage import Charge

RETRY_S: Final = 1.0
"""How often a store that is down is tried (judgement)."""
UNWRITTEN_S: Final = 300.0
"""How long sessions go on while the store is down. It bounds what a revoked key may still use (judgement)."""
MAX_OWING: Final = 10_000
"""Payers whose sessions have ended; 1 MB or so (judgement)."""

Payer = tuple[str, str | None, str]
"""A key, perhaps a client token, and the month."""

log = structlog.get_logger(__name__)


class Ledger:
    """Knows whether the store is down, and what is owed to it. May be used from any thread.

    Parameters
    ----------
    store
        What is written to.
    now_s
        A clock that never goes back, s.
    """

    def __init__(self, store: Store, now_s: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._now_s = now_s
        self._lock = threading.Lock()
        self._down_since_s: float | None = None
        self._owed: dict[Payer, tuple[int, float]] = {}  # bytes, and video in s
        # Each with whether it is refunded; they are few, since uploads are.
        self._unsettled: deque[tuple[Charge, bool]] = deque()

    @property
    def down(self) -> bool:
        """Whether the store cannot be written."""
        return self._down_since_s is not None

    def failed(self, error: StoreUnavailableError) -> None:
        """Note that a call to the store failed. The first one is logged."""
        with self._lock:
            if self._down_since_s is not None:
                return
            self._down_since_s = self._now_s()
        log.error("store down", reason=error.reason)

    def check(self) -> None:
        """Refuse new work while the store is down, without asking it.

        Raises
        ------
        Problem
            ``ih1003``.
        """
        if self.down:
            raise store_down()

    def check_patience(self) -> None:
        """End a session when the store has been down for too long.

        Raises
        ------
        Problem
            ``ih1003``.
        """
        since_s = self._down_since_s
        if since_s is not None and self._now_s() - since_s > UNWRITTEN_S:
            raise Problem(
                "ih1003",
                f"The server could not count use for {UNWRITTEN_S / 60:g} minutes. Open a new session later.",
                retry_after_s=RETRY_S,
            )

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Turn a failure of the store into ``ih1003``, and note it."""
        try:
            yield
        except StoreUnavailableError as error:
            self.failed(error)
            raise store_down() from None

    def note(
        self, key_id: str, token_id: str | None, video_s: float, size_bytes: int = 0, month: str | None = None
    ) -> None:
        """Count use as `UsageStore.note` does: now, or when the store is back. Blocking."""
        payer = (key_id, token_id, month or self._store.usage.month())
        if self.down or not self._wrote(payer, size_bytes, video_s):
            self._owe(payer, size_bytes, video_s)

    def settle(self, charge: Charge, *, refund: bool) -> None:
        """Close a charge, or refund it: now, or when the store is back. Blocking."""
        if self.down or not self._settled(charge, refund):
            self._unsettled.append((charge, refund))

    def catch_up(self) -> None:
        """Say that this process lives, and write what is owed; the store is then back. Blocking."""
        try:
            self._store.places.beat()
        except StoreUnavailableError as error:
            self.failed(error)
            return
        while (entry := self._take_one()) is not None:
            if not self._wrote(*entry):
                self._owe(*entry)
                return
        while self._unsettled:
            if not self._settled(*self._unsettled[0]):
                return
            self._unsettled.popleft()
        with self._lock:
            since_s, self._down_since_s = self._down_since_s, None
        if since_s is not None:
            log.warning("store back", down_s=round(self._now_s() - since_s, 3))

    def close(self) -> None:
        """Write what is owed for the last time. Blocking."""
        self.catch_up()
        if self._owed:
            log.error("use not counted", payers=len(self._owed))

    def _wrote(self, payer: Payer, size_bytes: int, video_s: float) -> bool:
        key_id, token_id, month = payer
        try:
            self._store.usage.note(key_id, token_id, video_s, size_bytes=size_bytes, month=month)
        except StoreUnavailableError as error:
            self.failed(error)
            return False
        return True

    def _settled(self, charge: Charge, refund: bool) -> bool:
        try:
            (self._store.usage.refund if refund else self._store.usage.settle)(charge)
        except StoreUnavailableError as error:
            self.failed(error)
            return False
        return True

    def _owe(self, payer: Payer, size_bytes: int, video_s: float) -> None:
        with self._lock:
            owed_bytes, owed_s = self._owed.get(payer, (0, 0.0))
            if payer in self._owed or len(self._owed) < MAX_OWING:
                self._owed[payer] = (owed_bytes + size_bytes, round(owed_s + video_s, 3))
                return
        log.error("use not counted", key=payer[0])

    def _take_one(self) -> tuple[Payer, int, float] | None:
        with self._lock:
            if not self._owed:
                return None
            payer, (size_bytes, video_s) = self._owed.popitem()
        return payer, size_bytes, video_s


def store_down() -> Problem:
    """Return what clients read while the store is down."""
    return Problem(
        "ih1003",
        "The server cannot read or write its store at the moment. Try again in a moment.",
        retry_after_s=RETRY_S,
    )
