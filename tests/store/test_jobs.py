import re
from datetime import timedelta

import pytest

from backchannel.store import Job, Store
from backchannel.store.runners import LEASE_S
from tests.store.conftest import Clock, Database

HOUR = timedelta(hours=1)


def create(store: Store, key_id: str = "key", limit: int = 10) -> Job:
    store.places.beat()
    job = store.jobs.create(key_id, "correlation", "inter-2", limit)
    assert job is not None
    return job


def found(store: Store, job: Job) -> Job:
    again = store.jobs.find(job.id, "key")
    assert again is not None
    return again


def test_a_jobs_life(store: Store, clock: Clock) -> None:
    job = create(store)
    assert re.fullmatch("[0-9a-f]{32}", job.id)
    assert (job.created_at, job.expires_at) == (clock.now, clock.now + HOUR)
    assert found(store, job) == job
    store.jobs.start(job.id)
    assert found(store, job).status == "running"
    store.jobs.complete(job.id, b"{}")
    done = found(store, job)
    assert (done.status, done.result, done.is_terminal) == ("completed", b"{}", True)
    store.jobs.fail(job.id, "ih1001", "late")
    assert found(store, job) == done, "what has ended stays as it is"


def test_nobody_else_finds_it(store: Store) -> None:
    job = create(store)
    assert store.jobs.find(job.id, "other") is None
    assert store.jobs.find("0" * 32, "key") is None


def test_it_expires_after_an_hour_but_not_while_it_runs(store: Store, clock: Clock) -> None:
    done, slow = create(store), create(store)
    store.jobs.complete(done.id, b"{}")
    clock.now += HOUR - timedelta(microseconds=1)
    store.places.beat()
    assert found(store, done).status == "completed"
    clock.now += timedelta(microseconds=1)
    assert store.jobs.find(done.id, "key") is None
    assert found(store, slow).status == "queued"
    store.jobs.fail(slow.id, "ih5002", "Damaged.")
    assert found(store, slow).expires_at == clock.now + HOUR
    assert not found(store, slow).was_interrupted


@pytest.mark.parametrize("status", ["queued", "running"])
def test_a_job_of_a_process_that_was_killed_is_interrupted(
    store: Store, database: Database, clock: Clock, status: str
) -> None:
    with database.open(clock) as killed:
        job = create(killed)
        if status == "running":
            killed.jobs.start(job.id)
    mine = create(store)
    assert found(store, job).status == status
    clock.passes(LEASE_S)
    store.places.beat()
    lost = found(store, job)
    assert (lost.status, lost.was_interrupted) == ("failed", True)
    assert (lost.error_id, lost.error_message) == (None, None), "its sentence is the server's to write"
    assert found(store, mine).status == "queued"


@pytest.mark.parametrize("jump_s", [45, -45, 86400])
def test_a_job_goes_on_when_a_clock_is_set(
    store: Store, database: Database, clock: Clock, jump_s: float
) -> None:
    with database.open(clock) as other:
        mine, theirs = create(store), create(other)
        found(store, theirs)
        clock.now += timedelta(seconds=jump_s)
        assert [found(store, job).status for job in (mine, theirs)] == ["queued", "queued"]
        store.jobs.complete(mine.id, b"{}")
        other.jobs.complete(theirs.id, b"{}")
        assert [found(store, job).status for job in (mine, theirs)] == ["completed", "completed"]


def test_a_process_that_ends_in_good_order_says_so(store: Store, database: Database, clock: Clock) -> None:
    with database.open(clock) as ending:
        job, done = create(ending), create(ending)
        ending.jobs.complete(done.id, b"{}")
        assert ending.jobs.interrupt() == 1
        ending.places.leave()
    assert (found(store, job).was_interrupted, found(store, done).status) == (True, "completed")


def test_a_key_holds_so_many(store: Store, clock: Clock) -> None:
    for _ in range(2):
        store.jobs.complete(create(store, limit=2).id, b"{}")
    assert store.jobs.create("key", "", "inter-2", 2) is None
    create(store, "other", limit=2)
    clock.now += HOUR
    create(store, limit=2)
