"""(f) Growth: CPU time per second of media, for longer segments and for more sessions.

Everything is measured in the server's own processes, and given as a ratio to the first row of its table: 1.00
everywhere means that cost grows with the media and with nothing else.
"""

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Final

import msgspec

from bench.clients import Kind, Plan, Told, chunk_files, run_clients
from bench.media import film, stream_chunks
from bench.served import Served, serving
from bench.tables import table

SEGMENTS_S: Final = (3.0, 5.0, 10.0, 30.0, 60.0)
SESSIONS: Final = (1, 64)
BETWEEN_SEGMENTS_S: Final = 0.6
"""Time between the segments of all sessions together: well within what two workers can do."""
ENOUGH_S: Final = 60.0
"""Media for each measurement of a segment length."""


class Growth(msgspec.Struct, frozen=True):
    """Cost of a second of media.

    Attributes
    ----------
    what
        What was varied, and how far.
    cpu_s
        CPU time of gateway and workers per second of media.
    ratio
        To the first row of the same kind, round by round, median.
    """

    what: str
    cpu_s: float
    ratio: float


def measure_growth(
    folder: Path,
    segments_s: Sequence[float] = SEGMENTS_S,
    sessions: Sequence[int] = SESSIONS,
    rounds: int = 3,
    enough_s: float = ENOUGH_S,
    *,
    streams: bool = True,
) -> list[Growth]:
    """Measure, in rounds through all of them, so that each round's ratios saw the same weather.

    Parameters
    ----------
    segments_s, sessions
        Lengths of segments, and numbers of sessions.
    rounds
        How often; one less for the sessions, which take longest.
    enough_s
        Media for each length, s.
    streams
        Whether also to compare the halves of a v2 stream.
    """
    lengths = {f"{length_s:g} s segments": length_s for length_s in segments_s}
    counts = {f"{count} session{'s' if count > 1 else ''}": count for count in sessions}
    # No worker is replaced, and nobody refused, whatever else this machine does.
    with serving(worker_segments=1_000_000, overload_wait_s=1000) as server:
        cost = _Cost(server, folder)
        for length_s in (min(segments_s), max(segments_s)):
            cost.of_segments(length_s, 1, 2)  # the networks' first runs, and the workers for long segments
        by_length = [
            {
                name: cost.of_segments(length_s, 1, max(1, round(enough_s / length_s)))
                for name, length_s in lengths.items()
            }
            for _ in range(rounds)
        ]
        by_count = [
            {name: cost.of_sessions(count, max(sessions) // count) for name, count in counts.items()}
            for _ in range(max(1, rounds - 1))
        ]
        by_time = [cost.of_a_stream(round(enough_s))] if streams else []
    return [growth for measured in (by_length, by_count, by_time) for growth in _growth(measured)]


class _Cost:
    def __init__(self, server: Served, folder: Path) -> None:
        self._server = server
        self._folder = folder

    def of_segments(self, length_s: float, sessions: int, each: int) -> float:
        """CPU time per second of media of sessions that send segments as fast as they are answered."""
        return self._of("v0", sessions, (str(film(self._folder, length_s, 360)),), each, length_s, 0.0)

    def of_sessions(self, sessions: int, each: int) -> float:
        """CPU time per second of media of sessions that send, together, as much as can well be done.

        Were it more, pictures would be looked at less often, and the cost be another.
        """
        segment = (str(film(self._folder, 5.0, 360)),)
        return self._of("v0", sessions, segment, each, 5.0, sessions * BETWEEN_SEGMENTS_S)

    def of_a_stream(self, length_s: int) -> dict[str, float]:
        """CPU time per second of media of a v2 stream's two halves, in chunks of 1 s at twice life's pace."""
        chunks = stream_chunks(film(self._folder, float(length_s) + 1, 360))[:length_s]
        files = chunk_files(chunks, self._folder / f"growth-{length_s}s")
        half = self._of("v2", 1, files[: length_s // 2], length_s // 2, 1.0, 0.5)
        whole = self._of("v2", 1, files, length_s, 1.0, 0.5)
        return {"v2, first half": half, "v2, second half": 2 * whole - half}

    def _of(
        self, kind: Kind, sessions: int, files: tuple[str, ...], each: int, length_s: float, period_s: float
    ) -> float:
        server = self._server
        plan = Plan(server.url, server.key, kind, sessions, files, each, period_s, length_s)
        before = self._server.usage()
        told = run_clients(plan, timeout_s=600)
        after = self._server.usage()
        _check(told)
        used_s = after.gateway_cpu_s + after.workers_cpu_s - before.gateway_cpu_s - before.workers_cpu_s
        return used_s / (sessions * each * length_s)


def _check(told: Told) -> None:
    if told.errors or told.refused:
        raise RuntimeError(f"the clients were not served: {told.errors[:5]}, {told.refused} refused")


def _growth(rounds: Sequence[dict[str, float]]) -> list[Growth]:
    if not rounds:
        return []
    first = next(iter(rounds[0]))
    return [
        Growth(name, median(one[name] for one in rounds), median(one[name] / one[first] for one in rounds))
        for name in rounds[0]
    ]


def growth_table(growths: Sequence[Growth]) -> list[str]:
    """Return the figures as lines of Markdown."""
    return table(
        ("Varied", "CPU time per second of media", "Ratio"),
        ((one.what, f"{1000 * one.cpu_s:.1f} ms", f"{one.ratio:.2f}") for one in growths),
    )
