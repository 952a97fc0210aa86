"""A worker for tests of the engine: what it does is written in the segment's bytes."""

import os
import signal
import threading
from pathlib import Path

from backchannel.engine.jobs import FileDone, Job, LiveState, PieceDone, PieceJob, Reply, TooLong
from backchannel.engine.worker import Begin
from backchannel.errors import Problem
from backchannel.updates import Changes, WindowClosed
from backchannel.values import Coverage, MediaLimits, Quality, Segment, SegmentResult, Span

WARM = Quality(50, 50, 50, 50, 50)


class Place:
    """Where a worker runs: here, a process of its own.

    Attributes
    ----------
    id
        The worker's id.
    gone
        Set when the worker has been ended from outside, where that does not end its thread.
    """

    def __init__(self, worker_id: int) -> None:
        self.id = worker_id
        self.gone = threading.Event()

    def die(self) -> None:
        """End at once, as a decoder that crashes."""
        os.kill(os.getpid(), signal.SIGSEGV)

    def allocate(self, size_bytes: int) -> None:
        """Take memory, and give it back."""
        len(bytearray(size_bytes))


def make_worker(place: Place | None = None) -> "FaultyWorker":
    return FaultyWorker(place or Place(os.getpid()))


class FaultyWorker:
    """Does what segments say: a window of a second for each piece."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.kept: list[bytes] = []

    def run(self, job: Job, begin: Begin) -> Reply:
        segment = job.segment
        if segment is None:
            assert isinstance(job, PieceJob)
            return self._nothing(job)
        if _command(segment) == b"refuse":
            raise Problem("ih5006", "Too short.", retry_after_s=1.5)
        duration_s = 60.0 if _command(segment).startswith(b"long") else 0.1
        if duration_s > job.longest_s:
            return TooLong(duration_s)
        begin(duration_s)
        if isinstance(job, PieceJob):
            return self._piece(job, segment)
        return FileDone(()) if job.inspect_only else FileDone((self._result(0.0, segment, job.limits),))

    def _piece(self, job: PieceJob, segment: Segment) -> PieceDone:
        before = _over_skipped(job)
        result = self._result(float(len(before)), segment, job.limits)
        changes = Changes(result.span.end_s, (WindowClosed(result),), _dropped(job))
        return PieceDone(LiveState(before + b"x"), changes)

    def _nothing(self, job: PieceJob) -> PieceDone:
        state = _over_skipped(job)
        return PieceDone(LiveState(state), Changes(float(len(state)), (), _dropped(job)))

    def _result(self, start_s: float, segment: Segment, limits: MediaLimits) -> SegmentResult:
        self._obey(segment)
        # What the test wants to know travels as scores: bytes seen, and who saw them.
        seen = Quality(len(segment.data), self._place.id, 50, 50, 50)
        coverage = Coverage(True, False, 0.5, None, analysis_rate_hz=limits.analysis_rate_hz)
        return SegmentResult(Span(start_s, start_s + 1), (), (), (), seen, WARM, coverage)

    def _obey(self, segment: Segment) -> None:  # noqa: PLR0912 -- one branch a command
        command, _, argument = _command(segment).partition(b" ")
        if command == b"long":
            command, _, argument = argument.partition(b" ")
        path = Path(os.fsdecode(argument))
        match command:
            case b"die":
                self._place.die()
            case b"die-once" if not path.exists():
                path.touch()
                self._place.die()
            case b"hang":
                self._hang()
            case b"hang-once" if not path.exists():
                path.touch()
                self._hang()
            case b"keep":
                self.kept.append(b"x" * int(argument))
            case b"wait":
                while not path.exists():
                    if self._place.gone.wait(0.005):
                        self._place.die()
            case b"touch":
                path.touch()
            case b"raise":
                raise RuntimeError("holds media: \x00\x01")
            case b"print":
                os.write(1, b"not a reply")
            case b"allocate":
                self._place.allocate(int(argument))

    def _hang(self) -> None:
        self._place.gone.wait()
        self._place.die()


def _command(segment: Segment) -> bytes:
    """Whatever stands behind the last bar; a container's header may stand before it."""
    return segment.data.rpartition(b"|")[2]


def _over_skipped(job: PieceJob) -> bytes:
    """Let a second pass for each segment that is not analysed."""
    return job.state.conversation + b"x" * len(job.skipped)


def _dropped(job: PieceJob) -> tuple[Span, ...]:
    begin_s = float(len(job.state.conversation))
    return (Span(begin_s, begin_s + len(job.skipped)),) if job.skipped else ()
