"""Count what the tables of an MP4 or QuickTime file declare, before anything is allocated for it.

Sans-IO. A table of a few bytes may declare millions of samples, and libav builds an index of them all when it
opens the file. Box layouts: ISO/IEC 14496-12, 8.6 to 8.8.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from backchannel.media.stream.boxes import Box, u32_at

_CONTAINERS = frozenset(
    {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"moof", b"traf", b"mvex", b"udta"}
)
# libav reads a header in these too, if it finds no other.
_HIDDEN_HEADERS = frozenset({b"free", b"hoov"})
_HEADER_BEGINS = frozenset({b"mvhd", b"cmov"})
# A QuickTime track names its data handler in a second `hdlr`.
_DATA_HANDLERS = frozenset({b"url ", b"alis", b"rsrc", b"\0\0\0\0"})
# libav puts at most so many uncompressed samples of sound into a packet.
_SOUND_SAMPLES_A_PACKET = 1024
_TABLES = frozenset({b"hdlr", b"mdhd", b"stsz", b"stz2", b"stco", b"co64", b"stsc", b"stts", b"elst"})
# Meeting recorders write one track for each person (judgement).
_MAX_TRACKS = 100
# A header has about 30 boxes a track, and a fragment of one sample about 10. Reading 10 000 takes 10 ms.
_FREE_BOXES = 10_000
_BOXES_A_SAMPLE = 20
_HEAD = struct.Struct(">I4s")

Rows = np.ndarray[tuple[int, int], np.dtype[np.uint32]]


class Declared(NamedTuple):
    """What the tables of a file add up to.

    Attributes
    ----------
    packets
        Packets of all tracks, each as often as its edit list plays it.
    duration_s
        Length of the longest track, s; infinite if fragments, which tell their times elsewhere, hold samples.
    """

    packets: int
    duration_s: float


@dataclass(slots=True)
class _Tables:
    """Tables of one track while they are being read."""

    handlers: set[bytes] = field(default_factory=set)
    samples: int = 0
    chunks: int = 0
    # Rows of first chunk, samples per chunk, and format.
    runs: Rows = field(default_factory=lambda: np.zeros((0, 3), np.uint32))
    length: float = 0.0
    units_per_s: int = 1
    unit_samples: bool = False
    edits: int = 0

    @property
    def packets(self) -> int:
        """Packets that libav makes of the track."""
        # Sound without compression has a sample for each moment, and is read by chunks.
        by_chunk = self.unit_samples and self.handlers - _DATA_HANDLERS == {b"soun"}
        once = self._chunk_packets() if by_chunk else self.samples
        return once * max(1, self.edits)

    def _chunk_packets(self) -> int:
        first, samples = self.runs[:, 0].astype(np.float64), self.runs[:, 1].astype(np.float64)
        chunks = np.diff(first, append=self.chunks + 1)
        return int(np.maximum(chunks, 0) @ np.ceil(samples / _SOUND_SAMPLES_A_PACKET))

    @property
    def duration_s(self) -> float:
        """Length of all its samples, s."""
        return self.length / max(1, self.units_per_s)


def declared(data: bytes, enough: float = math.inf) -> Declared:
    """Add up the tables of a file.

    Parameters
    ----------
    data
        A complete file, or what there is of one. Damaged tables count as far as they reach.
    enough
        Stop as soon as fragments hold more packets.

    Returns
    -------
    Declared

    Raises
    ------
    ValueError
        If there are far more boxes or tracks than media has, or a header is compressed, so that nobody can
        see its tables.
    """
    tracks, in_fragments, left = [_Tables()], 0, _FREE_BOXES
    for box in _every_box(data):
        left -= 1
        if box.type == b"trak":
            tracks.append(_Tables())
        elif box.type == b"trun":
            samples = _number_at(data, box, 4)
            in_fragments += samples
            left += _BOXES_A_SAMPLE * min(samples, 1)
        elif box.type == b"cmov":
            raise ValueError("a compressed header")
        elif box.type in _TABLES:
            _read_table(data, box, tracks[-1])
        if left < 0 or len(tracks) > _MAX_TRACKS:
            raise ValueError("too many boxes" if left < 0 else f"more than {_MAX_TRACKS} tracks")
        if in_fragments > enough:
            break
    longest_s = math.inf if in_fragments else max(track.duration_s for track in tracks)
    return Declared(in_fragments + sum(track.packets for track in tracks), longest_s)


def _every_box(data: bytes) -> Iterator[Box]:
    """Yield each box that libav would read, then those in it. A damaged one ends where its parent does."""
    ends, at = [len(data)], 0
    while ends:
        end = ends[-1]
        if at + 8 > end:
            # What follows a box that is too long is not read.
            at = ends.pop()
            continue
        size, kind = _HEAD.unpack_from(data, at)
        body = at + 8
        if size == 1 and at + 16 <= end:
            size, body = int.from_bytes(data[body : body + 8]), at + 16
        if size == 0:
            # Its size is not known: it reaches to the end.
            size = end - at
        if size < body - at:
            at = ends.pop()
            continue
        box = Box(kind, body, min(at + size, end))
        yield box
        hidden = kind in _HIDDEN_HEADERS and data[body + 4 : body + 8] in _HEADER_BEGINS
        if kind in _CONTAINERS or hidden:
            ends.append(box.end)
            at = body
        else:
            at = box.end


def _read_table(data: bytes, box: Box, track: _Tables) -> None:
    match box.type:
        case b"hdlr":
            track.handlers.add(data[box.body + 8 : box.body + 12])
        case b"mdhd":
            long = _number_at(data, box, 0) >> 24 == 1
            track.units_per_s = _number_at(data, box, 20 if long else 12)
        case b"stsz" | b"stz2":
            track.samples += _number_at(data, box, 8)
        case b"stco" | b"co64":
            track.chunks += len(_rows(data, box, 1 if box.type == b"stco" else 2))
        case b"stsc":
            track.runs = _rows(data, box, 3)
        case b"stts":
            lengths = _rows(data, box, 2)
            track.length += float(lengths.prod(axis=1, dtype=np.float64).sum())
            track.unit_samples = len(lengths) == 1 and int(lengths[0, 1]) == 1
        case b"elst":
            long = _number_at(data, box, 0) >> 24 == 1
            edits = _rows(data, box, 5 if long else 3)
            # An edit whose media time is -1 plays nothing.
            track.edits += int((edits[:, 2 if long else 1] != 0xFFFF_FFFF).sum())


def _number_at(data: bytes, box: Box, offset: int) -> int:
    """Return a 32-bit number of a box, or 0 beyond its end."""
    return u32_at(data, box.body + offset) if box.body + offset + 4 <= box.end else 0


def _rows(data: bytes, box: Box, numbers: int) -> Rows:
    """Return the complete rows of a table, each of so many 32-bit numbers."""
    row_bytes = 4 * numbers
    count = min(_number_at(data, box, 4), max(0, box.end - box.body - 8) // row_bytes)
    if count == 0:
        return np.zeros((0, numbers), np.uint32)
    return np.frombuffer(data, ">u4", count * numbers, box.body + 8).reshape(count, numbers)
