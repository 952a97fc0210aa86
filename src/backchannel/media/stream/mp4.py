"""Split a running fragmented MP4 stream, cut anywhere, into media that can be decoded independently.

Sans-IO. Box layouts: ISO/IEC 14496-12. The unit is a complete fragment (`moof` with its `mdat`), because
within a fragment all pictures may come before all sound.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from backchannel.media.stream.boxes import Box, boxes, child_at, read_box, u32_at
from backchannel.media.stream.units import (
    MAX_HEADER_BYTES,
    MAX_UNIT_BYTES,
    Arrivals,
    Kept,
    Media,
    Unit,
    admit,
    keep,
    read_all,
)

# Boxes that are legal between fragments and not needed here.
_SKIPPED = frozenset(
    {b"styp", b"sidx", b"ssix", b"free", b"skip", b"mfra", b"emsg", b"prft", b"uuid", b"ftyp"}
)
_PICTURE_HANDLER = b"vide"
_SOUND_HANDLER = b"soun"
# Sample flags, 8.8.3.1: sample_is_non_sync_sample.
_NOT_SYNC = 0x0001_0000
_BASE_DATA_OFFSET, _DEFAULT_DURATION, _DEFAULT_SIZE, _DEFAULT_FLAGS = 0x01, 0x08, 0x10, 0x20
_SAMPLE_DESCRIPTION = 0x02
_RUN_DATA_OFFSET, _RUN_FIRST_FLAGS = 0x001, 0x004
_RUN_DURATION, _RUN_SIZE, _RUN_FLAGS, _RUN_OFFSET = 0x100, 0x200, 0x400, 0x800
_MAX_MOOF_BYTES = 8 * 1024 * 1024
# A size below 8 MiB, and the type.
_MOOF_HEAD = re.compile(rb"\x00[\x00-\x7f]..moof", re.DOTALL)
_MAX_SAMPLES = 100_000
_MAX_STEP_BACK_S = 1.0
# Most muxers write `styp`, `sidx`, `moof` and `mdat`.
_BOXES_A_FRAGMENT = 4

# All fragments count as one track, because each has picture and sound.
_TRACK = 1


class _TrackHeader(NamedTuple):
    picture: bool
    units_per_s: int
    default_flags: int


@dataclass(frozen=True, slots=True)
class Mp4Stream:
    """The state of a stream between two chunks.

    Attributes
    ----------
    header
        `ftyp` and `moov`, which every segment begins with.
    prefix
        The original bytes before the first fragment. Some clients repeat them.
    tracks
        Track numbers with their headers.
    sequence
        Sequence number of the last fragment. None before the first.
    newest_s
        Time of the newest fragment, s.
    kept
        Units that the next segment needs to decode.
    moof
        A `moof` whose `mdat` has not arrived.
    skip
        The number of bytes still to skip.
    astray
        Whether box boundaries are lost until the next `moof`.
    tail
        The beginning of a box whose end has not arrived.
    """

    header: bytes
    prefix: bytes
    tracks: tuple[tuple[int, _TrackHeader], ...]
    sequence: int | None = None
    newest_s: float = 0.0
    kept: Kept = field(default_factory=Kept)
    moof: bytes = b""
    skip: int = 0
    astray: bool = False
    tail: bytes = b""

    @property
    def has_picture(self) -> bool:
        """Whether the stream has a video track."""
        return any(track.picture for _, track in self.tracks)

    @property
    def pictures(self) -> frozenset[int]:
        """The tracks that wait for key frames."""
        return frozenset({_TRACK}) if self.has_picture else frozenset()


# --- the header ------------------------------------------------------------------------------------


def begin(data: bytes) -> Mp4Stream | None:
    """Read a stream's header.

    Parameters
    ----------
    data
        Bytes that begin with `ftyp` or `moov`.

    Returns
    -------
    Mp4Stream or None
        A stream without fragments so far. None if the header is incomplete.

    Raises
    ------
    ValueError
        If this is not a fragmented file.
    """
    at, header, moov = 0, b"", None
    while (box := read_box(data, at)) is not None and box.type != b"moof":
        if box.type not in _SKIPPED | {b"moov"}:
            raise ValueError("media before its header")
        if box.end > len(data):
            if moov is not None:
                break
            return None
        if at > MAX_HEADER_BYTES:
            raise ValueError("header too long")
        if box.type in {b"ftyp", b"moov"}:
            header += data[at : box.end]
        moov = box if box.type == b"moov" else moov
        at = box.end
    if moov is None:
        return None
    tracks = _tracks(data, moov)
    if child_at(data, moov, b"mvex") is None or not tracks:
        raise ValueError("not fragmented")
    stream = Mp4Stream(header=header, prefix=data[:at], tracks=tracks)
    # Pictures before the first key frame cannot be decoded.
    return replace(stream, kept=Kept(waiting=stream.pictures))


def _tracks(data: bytes, moov: Box) -> tuple[tuple[int, _TrackHeader], ...]:
    flags = {}
    if (mvex := child_at(data, moov, b"mvex")) is not None:
        for trex in boxes(data, mvex.body, mvex.end):
            if trex.type == b"trex":
                flags[u32_at(data, trex.body + 4)] = u32_at(data, trex.body + 20)
    tracks = []
    for trak in boxes(data, moov.body, moov.end):
        tkhd, mdhd = child_at(data, trak, b"tkhd"), child_at(data, trak, b"mdia", b"mdhd")
        hdlr = child_at(data, trak, b"mdia", b"hdlr")
        if trak.type != b"trak" or tkhd is None or mdhd is None or hdlr is None:
            continue
        handler = data[hdlr.body + 8 : hdlr.body + 12]
        if handler in {_PICTURE_HANDLER, _SOUND_HANDLER}:
            number = u32_at(data, tkhd.body + (20 if data[tkhd.body] == 1 else 12))
            units_per_s = u32_at(data, mdhd.body + (20 if data[mdhd.body] == 1 else 12)) or 1
            tracks.append(
                (number, _TrackHeader(handler == _PICTURE_HANDLER, units_per_s, flags.get(number, 0)))
            )
    return tuple(tracks)


# --- fragments -------------------------------------------------------------------------------------


def feed(stream: Mp4Stream, chunk: bytes) -> tuple[Mp4Stream, Media]:
    """Read the next bytes of a stream.

    Parameters
    ----------
    stream
        The stream so far.
    chunk
        The next bytes, cut anywhere.

    Returns
    -------
    stream
        The stream after this chunk.
    media
        The media in this chunk.

    Raises
    ------
    Problem
        ``ih5004`` if the chunk has too many fragments.
    """
    reader = _Reader(stream, chunk)
    reader.run()
    kept, admitted = admit(stream.kept, reader.arrived, stream.pictures)
    old = _placed(kept.units, len(stream.header))
    new = _placed(admitted, len(stream.header) + len(old))
    after = replace(
        stream,
        sequence=reader.sequence,
        newest_s=max((unit.time_s for unit in admitted), default=stream.newest_s),
        kept=keep(kept, admitted, stream.pictures),
        moof=reader.moof,
        skip=reader.skip,
        astray=reader.astray,
        tail=reader.tail,
    )
    return after, Media(stream.header, old, new, reader.arrived.lost)


def starts_over(stream: Mp4Stream, rest: bytes) -> bool:
    """Whether the bytes after a repeated header are a new recording, whose clock restarted."""
    try:
        box = read_box(rest, 0)
        if box is None or box.type != b"moof" or box.end > len(rest):
            return False
        return _fragment(stream, rest[: box.end]).time_s < stream.newest_s - _MAX_STEP_BACK_S
    except ValueError:
        return False


def _placed(fragments: tuple[Unit, ...] | list[Unit], at: int) -> bytes:
    """Join fragments, and correct the absolute offsets in them."""
    placed = bytearray()
    for fragment in fragments:
        start = len(placed)
        placed += fragment.raw
        moof = read_box(fragment.raw, 0)
        for traf in boxes(fragment.raw, 8, moof.end if moof is not None else 0):
            tfhd = child_at(fragment.raw, traf, b"tfhd") if traf.type == b"traf" else None
            if tfhd is not None and fragment.raw[tfhd.body + 3] & _BASE_DATA_OFFSET:
                # Muxers that write an absolute offset write that of the fragment's own `moof`.
                placed[start + tfhd.body + 8 : start + tfhd.body + 16] = (at + start).to_bytes(8)
    return bytes(placed)


def _fragment(stream: Mp4Stream, moof: bytes) -> Unit:
    """Read the time of a complete `moof`, and whether it has a key frame."""
    tracks = dict(stream.tracks)
    times, key = [], not stream.has_picture
    for traf in boxes(moof, 8, len(moof)):
        tfhd = child_at(moof, traf, b"tfhd") if traf.type == b"traf" else None
        if tfhd is None or (track := tracks.get(u32_at(moof, tfhd.body + 4))) is None:
            continue
        tfdt = child_at(moof, traf, b"tfdt")
        if tfdt is not None:
            high = u32_at(moof, tfdt.body + 4) << 32 if moof[tfdt.body] == 1 else 0
            low = u32_at(moof, tfdt.body + (8 if moof[tfdt.body] == 1 else 4))
            times.append((high + low) / track.units_per_s)
        for run in boxes(moof, traf.body, traf.end):
            if run.type == b"trun":
                sync = _has_sync(moof, run, _default_flags(moof, tfhd, track))
                key = key or (track.picture and sync)
    return Unit(_TRACK, min(times, default=stream.newest_s), key, moof)


def _default_flags(moof: bytes, tfhd: Box, track: _TrackHeader) -> int:
    present = u32_at(moof, tfhd.body) & 0xFFFFFF
    if not present & _DEFAULT_FLAGS:
        return track.default_flags
    at = tfhd.body + 8
    for flag, length in (
        (_BASE_DATA_OFFSET, 8),
        (_SAMPLE_DESCRIPTION, 4),
        (_DEFAULT_DURATION, 4),
        (_DEFAULT_SIZE, 4),
    ):
        at += length if present & flag else 0
    return u32_at(moof, at)


def _has_sync(moof: bytes, run: Box, flags: int) -> bool:
    present, count = u32_at(moof, run.body) & 0xFFFFFF, u32_at(moof, run.body + 4)
    if count > _MAX_SAMPLES:
        raise ValueError("too many samples")
    at = run.body + 8 + (4 if present & _RUN_DATA_OFFSET else 0)
    if present & _RUN_FIRST_FLAGS and count:
        if not u32_at(moof, at) & _NOT_SYNC:
            return True
        at += 4
    if not present & _RUN_FLAGS:
        rest = count - (1 if present & _RUN_FIRST_FLAGS else 0)
        return rest > 0 and not flags & _NOT_SYNC
    stride = 4 * sum(bool(present & flag) for flag in (_RUN_DURATION, _RUN_SIZE, _RUN_FLAGS, _RUN_OFFSET))
    at += 4 * sum(bool(present & flag) for flag in (_RUN_DURATION, _RUN_SIZE))
    if at + (count - 1) * stride + 4 > run.end:
        raise ValueError("run too short")
    return any(not u32_at(moof, at + number * stride) & _NOT_SYNC for number in range(count))


class _Reader:
    """Reads one chunk. The state that outlives the chunk goes back into the stream."""

    def __init__(self, stream: Mp4Stream, chunk: bytes) -> None:
        self.stream = stream
        skipped = min(stream.skip, len(chunk))
        self.skip = stream.skip - skipped
        self.data = stream.tail + chunk[skipped:]
        # Where the chunk begins. A box across this seam is damaged if a chunk was lost.
        self.seam = len(stream.tail)
        self.sequence = stream.sequence
        self.moof = stream.moof
        self.astray = stream.astray
        self.arrived = Arrivals()
        self.tail = b""
        self._last_at = 0

    def run(self) -> None:
        """Read every complete box, and keep the rest for the next chunk."""
        start = self._next_moof(0) if self.astray else 0
        self.tail = read_all(self.data, start, self._take, self._resync, _BOXES_A_FRAGMENT)

    def _take(self, at: int) -> int | None:
        """Read the box at an offset.

        Returns the offset after it, or None if it is incomplete. Raises ValueError if this cannot be a box.
        """
        box = read_box(self.data, at)
        if box is None:
            return None
        if box.type in _SKIPPED or box.type == b"moov":
            self.skip = max(0, box.end - len(self.data))
            return box.end
        limit = {b"moof": _MAX_MOOF_BYTES, b"mdat": MAX_UNIT_BYTES}.get(box.type, 0)
        if box.end - at > limit:
            raise ValueError("not part of a fragment")
        if box.end > len(self.data):
            return None
        self.astray = False
        if box.type == b"moof":
            self.moof = self.data[at : box.end]
            self._last_at = at
        elif self.moof:
            self._take_fragment(self.data[at : box.end])
        return box.end

    def _take_fragment(self, mdat: bytes) -> None:
        unit = _fragment(self.stream, self.moof)
        number = next((box for box in boxes(self.moof, 8, len(self.moof)) if box.type == b"mfhd"), None)
        sequence = u32_at(self.moof, number.body + 4) if number is not None else None
        if None not in (sequence, self.sequence) and sequence != (self.sequence or 0) + 1:
            self.arrived.lose()
        self.sequence = sequence
        self.arrived.units.append(unit._replace(raw=self.moof + mdat))
        self.moof = b""

    def _resync(self, at: int) -> int:
        """Return where to continue after damage: the next `moof`."""
        if self._last_at < self.seam < at and self.arrived.units:
            # The fragment across the seam joins bytes that do not belong together.
            self.arrived.units.pop()
            at = self.seam - 1
        self.moof = b""
        self.astray = True
        self.arrived.lose()
        return self._next_moof(at + 1)

    def _next_moof(self, at: int) -> int:
        """Return the offset of the next `moof`, or of its possible beginning at the end of the data."""
        found = _MOOF_HEAD.search(self.data, at)
        return found.start() if found is not None else max(at, len(self.data) - 7)
