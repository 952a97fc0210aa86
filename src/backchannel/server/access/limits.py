"""The limits of keys and client tokens: requests a minute, analyses at once, media in all.

And how many streams this process may hold for all of them together.

Media and analyses are counted in the store, over every process. Requests are counted in this process alone:
that limit protects the process, and counting in the store would cost each request a write.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

import msgspec
import structlog

from backchannel.config import Settings
from backchannel.errors import Problem
from backchannel.server.access.auth import Principal
from backchannel.server.access.ledger import Ledger
from backchannel.server.access.meter import Meter
from backchannel.server.access.refusals import problem_of
from backchannel.server.log import describe
from backchannel.store import Store, StoreUnavailableError
from backchannel.store.refusals import Refusal
from backchannel.store.usage import Charge

MAX_RATES_KEPT: Final = 10_000
FULL_RETRY_AFTER_S: Final = 10.0
"""Neither overload nor a full house passes in a moment (judgement)."""


log = structlog.get_logger(__name__)


class Limits:
    """Enforces the limits of keys and the caps of client tokens.

    Parameters
    ----------
    store
        Where use is counted.
    settings
        The limits of keys that have none of their own.
    ledger
        Takes over what cannot be written.
    now_s
        A clock that never goes back, s.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        ledger: Ledger,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._settings = settings
        self._now_s = now_s
        # For each key, how many requests it could make at once, and when that was so.
        self._rates: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._streams = 0

    def admit(self, principal: Principal) -> None:
        """Count a request or a handshake.

        A key may make a whole minute's requests at once, and then one whenever its share of a minute has
        passed (a token bucket).

        Raises
        ------
        Problem
            ``ih3001``, with how long to wait for the next one.
        """
        a_minute = principal.key.limits.requests_per_minute or self._settings.requests_per_minute
        now_s = self._now_s()
        left, then_s = self._rates.pop(principal.key.id, (a_minute, now_s))
        left = min(a_minute, left + (now_s - then_s) * a_minute / 60)
        admitted = left >= 1
        self._rates[principal.key.id] = (left - admitted, now_s)
        if len(self._rates) > MAX_RATES_KEPT:
            self._rates.popitem(last=False)
        if not admitted:
            wait_s = round((1 - left) * 60 / a_minute, 3)
            message = (
                f"The API key may make {a_minute:g} requests a minute. Wait {wait_s:g} s for the next one."
            )
            raise Problem("ih3001", message, retry_after_s=wait_s)

    @contextmanager
    def stream(self) -> Iterator[None]:
        """Hold one of this process's streams.

        Raises
        ------
        Problem
            ``ih1003`` when it holds as many as it may.
        """
        if self._streams >= self._settings.workers * self._settings.streams_per_worker:
            raise Problem(
                "ih1003",
                f"The server holds {self._streams} streams, which is its limit. Try again in a moment.",
                retry_after_s=FULL_RETRY_AFTER_S,
            )
        self._streams += 1
        try:
            yield
        finally:
            self._streams -= 1

    @asynccontextmanager
    async def place(self, principal: Principal) -> AsyncIterator[None]:
        """Hold a place for one session or one upload.

        Raises
        ------
        Problem
            ``ih3002`` when the key, or the client token, has no place left.
        """
        place_id = await self.take_place(principal)
        try:
            yield
        finally:
            await self.give_back(place_id)

    async def take_place(self, principal: Principal) -> str:
        """Take a place, to be given back with `give_back`; raises what `place` does."""
        places = self._store.places
        key_limit = principal.key.limits.max_concurrent or self._settings.sessions_per_key
        place = await asyncio.to_thread(
            places.take, principal.key.id, principal.token_id, key_limit, principal.caps.max_concurrent
        )
        if isinstance(place, str):
            return place
        taken, limit = place
        raise Problem(
            "ih3002",
            f"This credential has {taken} sessions and uploads open; its limit is {limit}. End one first.",
            retry_after_s=10.0,
        )

    async def give_back(self, place_id: str) -> None:
        """Give a place back, whatever else happens; when the store is down, as soon as it is back."""
        if self._ledger.down:
            self._store.places.give_back_later(place_id)
            return
        try:
            await asyncio.shield(asyncio.to_thread(self._store.places.give_back, place_id))
        except StoreUnavailableError as error:
            self._ledger.failed(error)

    @asynccontextmanager
    async def metered(self, principal: Principal) -> AsyncIterator[Meter]:
        """Count what one live session uses; whatever it has not counted at its end is counted then."""
        meter = Meter(self._store.usage, self._ledger, principal, self._quota_s(principal))
        try:
            yield meter
        finally:
            try:
                await meter.settle()
            except Exception as error:
                log.error("use not counted", key=principal.id, **describe(error))  # noqa: TRY400 -- said in one line

    async def charge(self, principal: Principal, size_bytes: int = 0, video_s: float = 0.0) -> Charge:
        """Charge for media that is about to be used, all of it or none.

        With no media it only checks that some may still be used.

        Raises
        ------
        Problem
            ``ih2001`` or ``ih2014`` when the key or the token is revoked, ``ih3003`` when the key's quota is
            used up, ``ih3006`` when the token's budget is spent.
        """
        try:
            return await asyncio.to_thread(
                self._store.usage.charge,
                principal.key.id,
                principal.token_id,
                size_bytes=size_bytes,
                video_s=video_s,
                quota_s=self._quota_s(principal),
            )
        except Refusal as refusal:
            raise problem_of(refusal) from None

    async def settle(self, charge: Charge, *, refund: bool) -> None:
        """Close a charge when its analysis has ended; refund it if that failed because of the server."""
        await asyncio.shield(asyncio.to_thread(self._ledger.settle, charge, refund=refund))

    def _quota_s(self, principal: Principal) -> float | None:
        return principal.key.limits.video_s_per_month or self._settings.video_s_per_month or None


def capped(settings: Settings, principal: Principal) -> Settings:
    """Return the settings for one session: a client token may shorten it."""
    max_s = principal.caps.max_duration_s
    if max_s is None or max_s >= settings.session_max_s:
        return settings
    return msgspec.structs.replace(settings, session_max_s=float(max_s))


def over_budget(problem: Problem, left_s: float | None, max_s: float) -> Problem:
    """Blame the budget, not the server's limit, for media that is longer than what is left."""
    if problem.error_id != "ih4004" or left_s is None or left_s >= max_s:
        return problem
    return Problem(
        "ih3006", f"The media is longer than the {left_s:.1f} s of video that this credential has left."
    )
