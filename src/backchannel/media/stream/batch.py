"""Join consecutive chunks: recorders with short time slices send many, and each analysis has a fixed cost.

Sans-IO, like `continuity`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from backchannel.errors import Problem
from backchannel.media.stream.continuity import StreamState, continuation, continue_stream
from backchannel.values import Segment


@dataclass(frozen=True, slots=True)
class Taken:
    """The outcome for some consecutive chunks.

    Attributes
    ----------
    count
        The number of chunks.
    segment
        Their media, or None if it cannot be decoded yet.
    problem
        Why the chunk is not media, or None. With a problem, `count` is 1.
    after
        The state of the stream after them.
    """

    count: int
    segment: Segment | None
    problem: Problem | None = None
    after: StreamState = StreamState()


def take_chunks(state: StreamState, chunks: Sequence[bytes]) -> tuple[StreamState, list[Taken]]:
    """Take chunks in order, and join those that continue the running stream.

    If part of the stream is missing between them, the chunks stay separate. The gap is then visible between
    two segments and not hidden inside one.

    Parameters
    ----------
    state
        The state after the earlier chunks.
    chunks
        Messages in the order received.

    Returns
    -------
    state
        The state after these chunks.
    taken
        Outcomes in order. Together they cover every chunk.

    See Also
    --------
    backchannel.media.stream.continuity.continue_stream : Takes one chunk.
    """
    taken: list[Taken] = []
    remaining = list(chunks)
    while remaining:
        state, outcome = _take_joined(state, remaining) or _take_one(state, remaining[0])
        taken.append(outcome)
        del remaining[: outcome.count]
    return state, taken


def _take_joined(state: StreamState, chunks: Sequence[bytes]) -> tuple[StreamState, Taken] | None:
    rests: list[bytes] = []
    for chunk in chunks:
        rest = continuation(state, chunk)
        if rest is None:
            break
        rests.append(rest)
    if len(rests) < 2:
        return None
    try:
        seams = list(accumulate(map(len, rests)))[:-1]
        after, segment = continue_stream(state, b"".join(rests), seams)
    except Problem:
        return None
    if (after.losses, after.streams) != (state.losses, state.streams):
        return None
    return after, Taken(len(rests), segment, after=after)


def _take_one(state: StreamState, chunk: bytes) -> tuple[StreamState, Taken]:
    try:
        state, segment = continue_stream(state, chunk)
    except Problem as problem:
        return state, Taken(1, None, problem, state)
    return state, Taken(1, segment, after=state)
