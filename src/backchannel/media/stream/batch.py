"""Several chunks at once: recorders with short time slices send many, and each analysis has its price.

Sans-IO, like `continuity`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from backchannel.errors import Problem
from backchannel.media.stream.continuity import StreamState, continuation, continue_stream
from backchannel.values import Segment


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of some chunks that came one after the other.

    Attributes
    ----------
    count
        How many chunks.
    segment
        Their media, or None if it cannot be decoded yet.
    problem
        Why they are no media; then it is about one chunk.
    """

    count: int
    segment: Segment | None
    problem: Problem | None = None


def take_chunks(state: StreamState, chunks: Sequence[bytes]) -> tuple[StreamState, list[Taken]]:
    """Take chunks in order, those that only continue the running stream together.

    Where something is missing among them they are taken one by one, so that the gap lies between two
    segments and not inside one, where nobody would see it.

    Returns
    -------
    tuple of StreamState and list of Taken
        Together these are about every chunk, in order.
    """
    taken: list[Taken] = []
    left = list(chunks)
    while left:
        state, one = _take_together(state, left) or _take_one(state, left[0])
        taken.append(one)
        del left[: one.count]
    return state, taken


def _take_together(state: StreamState, chunks: Sequence[bytes]) -> tuple[StreamState, Taken] | None:
    rests: list[bytes] = []
    for chunk in chunks:
        rest = continuation(state, chunk)
        if rest is None:
            break
        rests.append(rest)
    if len(rests) < 2:
        return None
    try:
        after, segment = continue_stream(state, b"".join(rests))
    except Problem:
        return None
    if (after.losses, after.streams) != (state.losses, state.streams):
        return None
    return after, Taken(len(rests), segment)


def _take_one(state: StreamState, chunk: bytes) -> tuple[StreamState, Taken]:
    try:
        state, segment = continue_stream(state, chunk)
    except Problem as problem:
        return state, Taken(1, None, problem)
    return state, Taken(1, segment)
