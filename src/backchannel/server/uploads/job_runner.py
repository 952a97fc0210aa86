"""Jobs: analyses that outlive the request that asked for them, but not this process."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import msgspec
import structlog

from backchannel.engine.base import Engine, File
from backchannel.errors import Problem
from backchannel.protocol.uploads import JobRequest, file_problem, result_body
from backchannel.server.access import ledger as ledgers
from backchannel.server.access.ledger import Ledger
from backchannel.server.log import describe
from backchannel.store import Job, Store, StoreUnavailableError

AtEnd = Callable[[Problem | None], Awaitable[None]]
"""Called once when a job is over, with the reason if it failed."""

log = structlog.get_logger(__name__)


class Jobs:
    """The jobs that run in this process.

    Parameters
    ----------
    store
        Where jobs are written down.
    ledger
        Knows whether they can be.
    engine
        Where they are analysed.
    per_key
        How many a key may have kept at once, the finished ones too.
    """

    def __init__(self, store: Store, ledger: Ledger, engine: Engine, per_key: int) -> None:
        self._store = store
        self._ledger = ledger
        self._engine = engine
        self._per_key = per_key
        self._running: dict[str, asyncio.Task[None]] = {}

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Run jobs for as long as the block lasts; those that are not done at its end are interrupted."""
        try:
            yield
        finally:
            tasks = list(self._running.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            # If the store is down, the jobs stay active there. Their next reader sees that we are gone.
            with suppress(StoreUnavailableError):
                interrupted = await asyncio.to_thread(self._store.jobs.interrupt)
                if interrupted:
                    log.warning("jobs interrupted", jobs=interrupted)

    async def submit(
        self, key_id: str, correlation_id: str, file: File, request: JobRequest, at_end: AtEnd
    ) -> Job:
        """Begin a job.

        Parameters
        ----------
        at_end
            Called when the job is over, however it ends; not when this raises.

        Raises
        ------
        Problem
            ``ih1002`` when the key has too many.
        """
        job = await asyncio.to_thread(
            self._store.jobs.create, key_id, correlation_id, request.model, self._per_key
        )
        if job is None:
            raise Problem(
                "ih1002",
                f"This key has {self._per_key} jobs, as many as are kept. Each expires after an hour.",
                retry_after_s=60.0,
            )
        self._running[job.id] = asyncio.create_task(self._run(job, file, request, at_end))
        return job

    async def find(self, job_id: str, key_id: str) -> Job:
        """Return a job of this key as it stands.

        Raises
        ------
        Problem
            ``ih4021``.
        """
        job = await asyncio.to_thread(self._store.jobs.find, job_id, key_id)
        if job is None:
            raise Problem(
                "ih4021",
                "There is no such job of this account. Jobs are kept for an hour; submit the file again.",
            )
        return job

    async def ended(self, job_id: str) -> None:
        """Wait until a job has ended, if it runs in this process."""
        task = self._running.get(job_id)
        if task is not None:
            await asyncio.wait({task})

    async def _run(self, job: Job, file: File, request: JobRequest, at_end: AtEnd) -> None:
        jobs = self._store.jobs
        fault = Problem("ih1001", "The job failed because of a fault of the server.")
        failure: Problem | None = fault

        async def begun(_duration_s: float) -> None:
            # Whoever asks meanwhile reads `queued`, which is no reason to hold the analysis back.
            with suppress(Problem), self._ledger.guarded():
                await asyncio.to_thread(jobs.start, job.id)

        try:
            results = await self._engine.analyze_file(file, begun)
            body = await asyncio.to_thread(result_body, results, request)
            await self._write(jobs.complete, job.id, msgspec.json.encode(body))
            failure = None
            log.info("job completed", job=job.id, windows=len(results))
        except Problem as problem:
            failure = file_problem(problem)
            log.info("job failed", job=job.id, error_id=failure.error_id)
            await self._write(jobs.fail, job.id, failure.error_id, failure.message)
        except Exception as error:
            log.error("job failed", job=job.id, **describe(error))  # noqa: TRY400 -- a traceback may hold media
            with suppress(Exception):
                await self._write(jobs.fail, job.id, fault.error_id, fault.message)
        finally:
            del self._running[job.id]
            await at_end(failure)

    async def _write(self, change: Callable[..., None], *values: object) -> None:
        """Write down how a job ended, as soon as the store can be written."""
        while True:
            with suppress(Problem):
                self._ledger.check()
                with self._ledger.guarded():
                    return await asyncio.to_thread(change, *values)
            await asyncio.sleep(ledgers.RETRY_S)
