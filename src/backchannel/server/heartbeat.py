"""The heartbeat: tells the other processes that this one lives, and tries a store that is down."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from backchannel.server.access import ledger as ledgers
from backchannel.server.access.ledger import Ledger
from backchannel.server.log import describe
from backchannel.store import Store, StoreUnavailableError
from backchannel.store.runners import BEAT_S

log = structlog.get_logger(__name__)


@asynccontextmanager
async def beating(store: Store, ledger: Ledger, resume_s: float) -> AsyncIterator[None]:
    """Beat for as long as the block lasts. What is owed at its end is written then, if it can be."""
    await asyncio.to_thread(store.places.beat)
    await asyncio.to_thread(_clear_up, store, resume_s)
    task = asyncio.create_task(_beat(store, ledger, resume_s))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.to_thread(ledger.close)
        with suppress(StoreUnavailableError):  # the others see soon enough that it is gone
            await asyncio.to_thread(store.places.leave)


def _clear_up(store: Store, resume_s: float) -> None:
    """Fail the jobs of processes that were killed, pay back what they were paid for, and delete old sessions.

    Blocking.
    """
    if deleted := store.kept.refresh(resume_s):
        log.info("sessions not resumed", deleted=deleted)
    jobs, refunded_s = store.jobs.interrupt_orphans(), store.usage.refund_orphans()
    if jobs or refunded_s:
        log.warning("killed process cleared up", jobs=jobs, refunded_s=round(refunded_s, 3))


async def _beat(store: Store, ledger: Ledger, resume_s: float) -> None:
    loop = asyncio.get_running_loop()
    due_s = loop.time() + BEAT_S
    while True:
        await asyncio.sleep(ledgers.RETRY_S)
        if not ledger.down and loop.time() < due_s:
            continue
        due_s = loop.time() + BEAT_S
        try:
            await asyncio.to_thread(ledger.catch_up)
            if not ledger.down:
                await asyncio.to_thread(_clear_up, store, resume_s)
        except Exception as error:
            log.error("heartbeat failed", **describe(error))  # noqa: TRY400 -- a traceback may quote rows
