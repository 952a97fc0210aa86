"""Jobs and their results, kept for an hour. Every call is short and blocking; callers use a thread."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, cast

from sqlalchemy import delete, func, insert, select, update

from backchannel.store.connections import Database
from backchannel.store.locks import lock_key
from backchannel.store.moments import Clock, aware, naive
from backchannel.store.runners import Runners
from backchannel.store.schema import jobs

KEPT: Final = timedelta(hours=1)
ACTIVE: Final = ("queued", "running")

Status = Literal["queued", "running", "completed", "failed"]


@dataclass(frozen=True, slots=True)
class Job:
    """What the store knows of a job.

    Attributes
    ----------
    id
        32 hexadecimal digits.
    key_id
        The account that may ask for it.
    correlation_id
        Of the request that submitted it.
    result
        JSON, when completed.
    error_id, error_message
        Why it failed; None when its process ended before the job did.
    """

    id: str
    key_id: str
    correlation_id: str
    model: str
    status: Status
    created_at: datetime
    expires_at: datetime
    result: bytes | None = None
    error_id: str | None = None
    error_message: str | None = None

    @property
    def is_terminal(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status not in ACTIVE

    @property
    def was_interrupted(self) -> bool:
        """Whether its process ended before the job did."""
        return self.status == "failed" and self.error_id is None


class JobStore:
    """The jobs of one store.

    Parameters
    ----------
    database
        Where they are kept.
    now
        The clock.
    runners
        The processes that share it.
    """

    def __init__(self, database: Database, now: Clock, runners: Runners) -> None:
        self._database = database
        self._now = now
        self._runners = runners

    def create(self, key_id: str, correlation_id: str, model: str, limit: int) -> Job | None:
        """Write a new job down; None when the key holds `limit` already. Expired ones go."""
        now = self._now()
        created_at = now.replace(microsecond=now.microsecond // 1000 * 1000)
        job = Job(
            secrets.token_hex(16), key_id, correlation_id, model, "queued", created_at, created_at + KEPT
        )
        with self._database.begin() as connection:
            lock_key(connection, key_id)
            connection.execute(
                delete(jobs).where(jobs.c.expires_at <= naive(now), jobs.c.status.not_in(ACTIVE))
            )
            connection.execute(
                insert(jobs).values(
                    id=job.id,
                    key_id=key_id,
                    runner_id=self._runners.id,
                    correlation_id=correlation_id,
                    model=model,
                    status=job.status,
                    created_at=naive(job.created_at),
                    expires_at=naive(job.expires_at),
                )
            )
            held = connection.scalar(select(func.count()).select_from(jobs).where(jobs.c.key_id == key_id))
            if held is not None and held > limit:
                connection.execute(delete(jobs).where(jobs.c.id == job.id))
                return None
        return job

    def start(self, job_id: str) -> None:
        """Note that a job runs."""
        self._change(job_id, {"status": "running"})

    def complete(self, job_id: str, result: bytes) -> None:
        """Note a job's result."""
        self._end(job_id, {"status": "completed", "result": result})

    def fail(self, job_id: str, error_id: str, message: str) -> None:
        """Note why there is no result."""
        self._end(job_id, {"status": "failed", "error_id": error_id, "error_message": message})

    def find(self, job_id: str, key_id: str) -> Job | None:
        """Return a job of this key; None when there is none, or it has expired."""
        self.interrupt_orphans()
        with self._database.connect() as connection:
            row = connection.execute(
                select(jobs).where(jobs.c.id == job_id, jobs.c.key_id == key_id)
            ).one_or_none()
        if row is None:
            return None
        job = _job(row)
        return None if job.is_terminal and job.expires_at <= self._now() else job

    def interrupt(self) -> int:
        """Fail the jobs of this process, which ends; returns how many there were."""
        return self._interrupt(jobs.c.runner_id == self._runners.id)

    def interrupt_orphans(self) -> int:
        """Fail the jobs of processes that ended without a word; returns how many there were."""
        with self._database.connect() as connection:
            orphaned = jobs.c.runner_id.not_in(self._runners.living(connection))
            found = connection.scalar(select(jobs.c.id).where(jobs.c.status.in_(ACTIVE), orphaned).limit(1))
        return 0 if found is None else self._interrupt(orphaned)

    def _interrupt(self, condition: Any) -> int:
        with self._database.begin() as connection:
            found = connection.execute(
                update(jobs).where(jobs.c.status.in_(ACTIVE), condition).values(status="failed")
            )
            return found.rowcount

    def _end(self, job_id: str, values: dict[str, Any]) -> None:
        # One that took longer than an hour is kept for another, or nobody would ever see its result.
        now = self._now()
        with self._database.begin() as connection:
            connection.execute(
                update(jobs)
                .where(jobs.c.id == job_id, jobs.c.status.in_(ACTIVE), jobs.c.expires_at <= naive(now))
                .values(expires_at=naive(now + KEPT))
            )
        self._change(job_id, values)

    def _change(self, job_id: str, values: dict[str, Any]) -> None:
        with self._database.begin() as connection:
            connection.execute(
                update(jobs).where(jobs.c.id == job_id, jobs.c.status.in_(ACTIVE)).values(values)
            )


def _job(row: Any) -> Job:
    return Job(
        id=row.id,
        key_id=row.key_id,
        correlation_id=row.correlation_id,
        model=row.model,
        status=cast("Status", row.status),
        created_at=aware(row.created_at),
        expires_at=aware(row.expires_at),
        result=row.result,
        error_id=row.error_id,
        error_message=row.error_message,
    )
