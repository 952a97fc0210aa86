"""What the server counts, for Prometheus. No label names a key, a token or a person.

Every series exists from the start, so that a rate is right from the first scrape, and an alert can tell "none
yet" from "not scraped".
"""

from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.process_collector import ProcessCollector

from backchannel.engine.base import Engine
from backchannel.engine.observer import JobKind
from backchannel.errors import CATALOGUE
from backchannel.protocol.paths import REALTIME_OLD_PATH, REALTIME_PATH, STREAM_V0, STREAM_V1, STREAM_V2
from backchannel.server.access.ledger import Ledger
from backchannel.store import Store

Labelled = TypeVar("Labelled", Counter, Gauge, Histogram)
ENDPOINTS: Final = {
    STREAM_V0: "v0",
    STREAM_V1: "v1",
    STREAM_V2: "v2",
    REALTIME_PATH: "realtime",
    REALTIME_OLD_PATH: "realtime",
}
"""Paths of live sessions, and their names."""
KINDS: Final[tuple[JobKind, ...]] = ("live", "file")
LIVE_S: Final = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 5.0, 10.0, 30.0, 120.0)
"""Bounds of the histograms of jobs, s. A live answer should take less than 1 s (judgement)."""
STORE_S: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0)
"""Bounds of the histogram of the store, s (judgement)."""


class Metrics:
    """The counters of one server, in a registry of their own. An `engine.observer.Observer`.

    Parameters
    ----------
    engine, ledger, store
        What the metrics read when they are scraped.
    """

    def __init__(self, engine: Engine, ledger: Ledger, store: Store) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._sessions = self._counter("sessions", "Live sessions accepted.", "endpoint", ENDPOINTS.values())
        open_now = Gauge(
            "backchannel_sessions_open", "Live sessions that are open.", ["endpoint"], registry=self.registry
        )
        self._open = _with_series(open_now, ENDPOINTS.values())
        self._jobs = self._counter("jobs", "Pieces and files that a worker replied to.", "kind", KINDS)
        self._analysed = self._counter("media_analysed_seconds", "Seconds of media analysed.", "kind", KINDS)
        self._dropped = self._counter(
            "media_dropped_seconds",
            "Seconds of media that arrived or passed, but were not analysed.",
            "kind",
            KINDS,
        )
        self._words = self._counter("words", "Words heard.", "kind", KINDS)
        self._lost = self._counter("workers_lost", "Workers that died or hung.", "reason", ("died", "hung"))
        self._errors = self._counter("errors", "Errors sent to clients, by their id.", "id", CATALOGUE)
        self._wait = self._histogram("job_wait_seconds", "Time that a job waits for a worker.")
        self._work = self._histogram("job_work_seconds", "Time that a worker takes for a job.")
        self._store = Histogram(
            "backchannel_store_seconds",
            "Time of one use of the store.",
            registry=self.registry,
            buckets=STORE_S,
        )
        self._gauge("ready", "1 if media would be analysed at once.", lambda: engine.ready)
        self._gauge("overloaded", "1 while media waits too long for a worker.", lambda: engine.overloaded)
        self._gauge("queue", "Live pieces that wait for a worker.", lambda: engine.waiting)
        self._gauge("workers", "Warm workers for live media.", lambda: len(engine.worker_ids))
        self._gauge("store_down", "1 while the store cannot be written.", lambda: ledger.down)
        engine.watch(self)
        store.watch(self._store.observe)

    # --- what happens ------------------------------------------------------------------------------

    def opened(self, endpoint: str) -> None:
        """Count a live session that was accepted."""
        self._sessions.labels(endpoint).inc()
        self._open.labels(endpoint).inc()

    def closed(self, endpoint: str) -> None:
        """Count a live session as over."""
        self._open.labels(endpoint).dec()

    def refused(self, error_id: str) -> None:
        """Count an error that is sent to a client."""
        self._errors.labels(error_id).inc()

    def waited(self, kind: JobKind, waited_s: float) -> None:
        """Note how long a job waited for a worker, s."""
        self._wait.labels(kind).observe(waited_s)

    def worked(self, kind: JobKind, took_s: float) -> None:
        """Note how long a worker took for a job, s."""
        self._jobs.labels(kind).inc()
        self._work.labels(kind).observe(took_s)

    def analysed(self, kind: JobKind, media_s: float, dropped_s: float, words: int) -> None:
        """Count media that was analysed and dropped, s, and words."""
        self._analysed.labels(kind).inc(media_s)
        self._dropped.labels(kind).inc(dropped_s)
        self._words.labels(kind).inc(words)

    def lost(self, *, hung: bool) -> None:
        """Count a worker that is gone."""
        self._lost.labels("hung" if hung else "died").inc()

    # --- how they are made -------------------------------------------------------------------------

    def _counter(self, name: str, text: str, label: str, values: Iterable[str]) -> Counter:
        made = Counter(f"backchannel_{name}", text, [label], registry=self.registry)
        return _with_series(made, values)

    def _histogram(self, name: str, text: str) -> Histogram:
        made = Histogram(f"backchannel_{name}", text, ["kind"], registry=self.registry, buckets=LIVE_S)
        return _with_series(made, KINDS)

    def _gauge(self, name: str, text: str, read: Callable[[], float]) -> None:
        Gauge(f"backchannel_{name}", text, registry=self.registry).set_function(read)


def _with_series(metric: Labelled, values: Iterable[str]) -> Labelled:
    """Give a metric with one label every series that it may ever have."""
    for value in values:
        metric.labels(value)
    return metric
