"""From which message on a running stream must be read again, so that it can go on in another process.

A running stream keeps the media since its last key frame, up to 30 s of it. That is too much to store with
each answer, and it is media. The client has it anyway. So what is stored is the state of the stream before an
earlier message, without that media: a mark. The client sends the messages from there on again, and they are
read, but not analysed again.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from backchannel.media.stream.codec import pack_stream, unpack_stream
from backchannel.media.stream.continuity import StreamState
from backchannel.media.stream.units import Kept

MARGIN_S: Final = 1.0
"""Sound and picture of the same time arrive this far apart at most (judgement)."""
MAX_MARK_BYTES: Final = 128 * 1024
"""More is the beginning of a fragment that has not arrived as a whole, rather than a header (judgement)."""
MOST_MARKS: Final = 256


@dataclass(frozen=True, slots=True)
class Mark:
    """A place between two messages.

    Attributes
    ----------
    number
        Of the message after it.
    packed
        The stream's state there, without the media that it keeps.
    newest_s
        Container time of the newest media before it, s.
    """

    number: int = 1
    packed: bytes = b""
    newest_s: float = -math.inf


def next_marks(marks: Sequence[Mark], number: int, stream: StreamState) -> tuple[Mark, ...]:
    """Return the marks that are still necessary; the first one is where to begin again.

    Parameters
    ----------
    marks
        Those before.
    number
        Of the next message.
    stream
        State of the stream before it.
    """
    kept = () if stream.stream is None else stream.stream.kept.units
    times = [unit.time_s for unit in kept]
    newest = Mark(number, pack_stream(_without_media(stream)), max(times, default=-math.inf))
    marks = (*marks, newest)
    if len(newest.packed) > MAX_MARK_BYTES:
        marks = marks[:-1]
    needed_s = min(times) - MARGIN_S if times else math.inf
    first = next((place for place in reversed(range(len(marks))) if marks[place].newest_s <= needed_s), 0)
    marks = marks[first:]
    return marks if len(marks) <= MOST_MARKS else (marks[0], *marks[1 - MOST_MARKS :])


def stream_at(mark: Mark) -> StreamState:
    """Return the stream's state at a mark.

    Raises
    ------
    Problem
        ``ih1001`` when another version of this program made the mark.
    """
    return unpack_stream(mark.packed)


def waiting_of(stream: StreamState) -> frozenset[int]:
    """Return the tracks whose pictures wait for a key frame."""
    return frozenset() if stream.stream is None else stream.stream.kept.waiting


def as_it_was(stream: StreamState, waiting: frozenset[int]) -> StreamState:
    """Return a stream that was read again from a mark, with the tracks that waited for a key frame."""
    if stream.stream is None:
        return stream
    units = tuple(unit for unit in stream.stream.kept.units if unit.track not in waiting)
    return replace(stream, stream=replace(stream.stream, kept=Kept(units, waiting)))


def _without_media(stream: StreamState) -> StreamState:
    if stream.stream is None:
        return stream
    return replace(stream, stream=replace(stream.stream, kept=Kept((), stream.stream.kept.waiting)))
