"""Code shared by the three running streams (WebM, fragmented MP4, MPEG-TS): units, and how many to keep.

A unit is the smallest part of a stream that can be moved: a block, a fragment, a PES packet. Between messages
a stream keeps the units that the next new unit needs to decode.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from backchannel.errors import Problem

MAX_KEPT_S = 30.0
MAX_KEPT_BYTES = 32 * 1024 * 1024
MAX_KEPT_UNITS = 20_000
"""Limits for the units kept between messages. Pictures with key frames further apart are lost."""

PREROLL_S = 0.5
"""Audio decoders need a little earlier sound to start without a click: Opus 80 ms, AAC one frame."""

MAX_UNITS_A_CHUNK = 300_000
"""Half an hour of video and audio has fewer."""

MAX_HEADERS_A_CHUNK = 1000
"""Recordings joined in one message. Reading a header takes far longer than its bytes suggest (judgement)."""

MAX_UNIT_BYTES = 32 * 1024 * 1024
MAX_HEADER_BYTES = 1024 * 1024


class Unit(NamedTuple):
    """The smallest part of a stream that can be moved.

    Attributes
    ----------
    track
        Track number in the container.
    time_s
        Approximate container time, s. Only used to decide what to keep.
    key
        Whether it begins with a key frame.
    raw
        The bytes as received.
    clock
        The origin of the times in `raw`, in the container's units. 0 if they are absolute.
    """

    track: int
    time_s: float
    key: bool
    raw: bytes
    clock: int = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """The units that a stream keeps between two messages.

    Attributes
    ----------
    units
        Everything since the last key frame of each video track, and the last half second of all tracks.
    waiting
        Video tracks that cannot be decoded before their next key frame.
    """

    units: tuple[Unit, ...] = ()
    waiting: frozenset[int] = frozenset()


class Arrivals:
    """Collects the units of one chunk while it is read.

    Attributes
    ----------
    units
        The complete units, in the order of the stream.
    lost_at
        Index of the first unit after a loss, or None if nothing is missing.
    """

    def __init__(self) -> None:
        self.units: list[Unit] = []
        self.lost_at: int | None = None

    @property
    def lost(self) -> bool:
        """Whether part of the stream before or in this chunk is missing."""
        return self.lost_at is not None

    def lose(self) -> None:
        """Note that part of the stream is missing here. Only the first loss counts."""
        if self.lost_at is None:
            self.lost_at = len(self.units)


def admit(kept: Kept, arrived: Arrivals, pictures: frozenset[int]) -> tuple[Kept, list[Unit]]:
    """Drop new units that cannot be decoded yet.

    Parameters
    ----------
    kept
        The units kept so far.
    arrived
        The new units, and where a loss came before them.
    pictures
        The video tracks. After a loss they wait for their next key frame.

    Returns
    -------
    kept
        The same units, with the tracks that wait now.
    admitted
        The new units that can be decoded.
    """
    waiting = set(kept.waiting)
    admitted = []
    for number, unit in enumerate(arrived.units):
        if number == arrived.lost_at:
            waiting |= pictures
        if unit.key:
            waiting.discard(unit.track)
        if unit.track not in waiting:
            admitted.append(unit)
    if arrived.lost_at == len(arrived.units):
        waiting |= pictures
    return Kept(kept.units, frozenset(waiting)), admitted


def keep(kept: Kept, admitted: Sequence[Unit], pictures: frozenset[int]) -> Kept:
    """Choose the units that the next message needs.

    Parameters
    ----------
    kept
        The units kept so far.
    admitted
        The new units in this message's segment.
    pictures
        The video tracks. Only these need their last key frame.

    Returns
    -------
    Kept
        Never more than the limits above.
    """
    units = (*kept.units, *admitted)
    if not units:
        return kept
    last_key = {unit.track: number for number, unit in enumerate(units) if unit.key}
    newest_s = max(unit.time_s for unit in units[-MAX_KEPT_UNITS:])
    chosen = [
        unit
        for number, unit in enumerate(units)
        if (unit.track in pictures and number >= last_key.get(unit.track, len(units)))
        or newest_s - PREROLL_S <= unit.time_s
    ]
    too_old = newest_s - MAX_KEPT_S
    too_many = len(chosen) > MAX_KEPT_UNITS or sum(len(unit.raw) for unit in chosen) > MAX_KEPT_BYTES
    overflown = {
        unit.track for unit in chosen if unit.track in pictures and (too_many or unit.time_s < too_old)
    }
    rest = tuple(unit for unit in chosen if unit.track not in overflown)
    if sum(len(unit.raw) for unit in rest) > MAX_KEPT_BYTES or len(rest) > MAX_KEPT_UNITS:
        rest = ()
    return Kept(rest, kept.waiting | overflown)


def refuse_too_many(count: int) -> None:
    """Refuse a chunk with too many tiny units before it fills the memory.

    Raises
    ------
    Problem
        ``ih5004``.
    """
    if count > MAX_UNITS_A_CHUNK:
        raise Problem(
            "ih5004", f"The message has more than {MAX_UNITS_A_CHUNK} packets. Send shorter segments."
        )


def read_all(
    data: bytes,
    start: int,
    take: Callable[[int], int | None],
    resync: Callable[[int], int],
    parts_a_unit: int,
) -> bytes:
    """Read the boxes or elements of a chunk one after the other.

    Parameters
    ----------
    data
        The chunk.
    start
        Offset of the first part.
    take
        Reads the part at an offset. Returns the offset after it, or None if the part is incomplete. Raises
        ValueError at damage.
    resync
        Returns the offset at which to continue after damage.
    parts_a_unit
        How many parts a unit usually has.

    Returns
    -------
    bytes
        The incomplete part at the end. The next chunk completes it.

    Raises
    ------
    Problem
        ``ih5004`` if the chunk has too many parts.
    """
    at = start
    for count in itertools.count():
        if at >= len(data):
            break
        refuse_too_many(count // parts_a_unit)
        try:
            after = take(at)
        except ValueError:
            after = resync(at)
        if after is None:
            return data[at:]
        at = after
    return b""


class Media(NamedTuple):
    """The media in one chunk.

    Attributes
    ----------
    header, old, new
        Joined, they can be decoded independently. `new` is empty if no complete unit arrived.
    lost
        Whether part of the stream before or in this chunk is missing.
    rest
        The bytes from the header of another stream on, if one begins in this chunk.
    """

    header: bytes
    old: bytes
    new: bytes
    lost: bool = False
    rest: bytes = b""
