"""What the three running streams (WebM, fragmented MP4, MPEG-TS) have in common: units, and how many to keep.

A unit is the smallest piece that can be moved to another place in the stream: a block, a fragment, a PES
packet. Between messages a stream keeps the units from which the next new one can be decoded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from backchannel.errors import Problem

MAX_KEPT_S = 30.0
MAX_KEPT_BYTES = 32 * 1024 * 1024
MAX_KEPT_UNITS = 20_000
"""Bounds on what is kept between messages. Pictures with key frames further apart are lost until the next."""

PREROLL_S = 0.5
"""Sound decoders need what came shortly before to begin without a click: Opus 80 ms, AAC one frame."""

MAX_UNITS_A_CHUNK = 300_000
"""Half an hour of picture and sound has fewer."""

MAX_UNIT_BYTES = 32 * 1024 * 1024
MAX_HEADER_BYTES = 1024 * 1024


class Unit(NamedTuple):
    """A piece of a stream that stands for itself.

    Attributes
    ----------
    track
        The container's number of the track.
    time_s
        Container time, s; rough, only used to decide what to keep.
    key
        Whether decoding a picture can begin here.
    raw
        The bytes as received.
    clock
        What `raw` counts its time from, in the container's own units, where it does not say so itself.
    """

    track: int
    time_s: float
    key: bool
    raw: bytes
    clock: int = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """What a stream carries from one message to the next.

    Attributes
    ----------
    units
        From the last key frame of each picture track, and the last half second of everything.
    waiting
        Picture tracks that cannot be decoded before their next key frame.
    """

    units: tuple[Unit, ...] = ()
    waiting: frozenset[int] = frozenset()


def admit(
    kept: Kept, arrived: Sequence[Unit], pictures: frozenset[int], lost_at: int | None
) -> tuple[Kept, list[Unit]]:
    """Leave out of the new units those that cannot be decoded yet.

    Parameters
    ----------
    kept
        What the stream carried up to here.
    arrived
        New units, in the order of the stream.
    pictures
        The picture tracks: after a loss they wait for their next key frame.
    lost_at
        Number of the first new unit after a loss, or None.

    Returns
    -------
    tuple of Kept and list of Unit
        `kept` with the tracks that found their key frame no longer waiting, and the decodable new units.
    """
    waiting = set(kept.waiting)
    admitted = []
    for number, unit in enumerate(arrived):
        if number == lost_at:
            waiting |= pictures
        if unit.key:
            waiting.discard(unit.track)
        if unit.track not in waiting:
            admitted.append(unit)
    if lost_at == len(arrived):
        waiting |= pictures
    return Kept(kept.units, frozenset(waiting)), admitted


def keep(kept: Kept, admitted: Sequence[Unit], pictures: frozenset[int]) -> Kept:
    """Choose what the next message will need of everything so far.

    Parameters
    ----------
    kept
        What was carried up to here.
    admitted
        New units that this message's segment holds.
    pictures
        The picture tracks. Only these need their last key frame.

    Returns
    -------
    Kept
        Never more than the bounds above.
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
    """Refuse a chunk of absurdly many tiny units before it fills the memory.

    Raises
    ------
    Problem
        ``ih5004``.
    """
    if count > MAX_UNITS_A_CHUNK:
        raise Problem(
            "ih5004", f"The message holds more than {MAX_UNITS_A_CHUNK} packets. Send shorter segments."
        )


class Media(NamedTuple):
    """What one chunk gave.

    Attributes
    ----------
    header, old, new
        Joined, they decode on their own; `new` is empty if nothing whole arrived.
    lost
        Whether part of the stream before or in this chunk is missing.
    """

    header: bytes
    old: bytes
    new: bytes
    lost: bool = False
