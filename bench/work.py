"""One piece of a live session through a worker, as an engine has it done."""

from backchannel.engine.jobs import LiveState, PieceDone, PieceJob
from backchannel.engine.worker import MediaWorker
from backchannel.updates import Changes
from backchannel.values import MediaLimits, Segment

LONGEST_S = 60.0


def run_piece(
    worker: MediaWorker, state: LiveState, segment: Segment, limits: MediaLimits, *, closes_window: bool
) -> tuple[LiveState, Changes]:
    """Analyse a piece; returns the state for the next one."""
    job = PieceJob(state, segment, limits, LONGEST_S, closes_window)
    reply = worker.run(job, lambda _duration_s: None)
    if not isinstance(reply, PieceDone):
        raise TypeError(f"the worker answered with {type(reply).__name__}")
    return reply.state, reply.changes
