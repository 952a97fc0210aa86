"""Split a running fragmented MP4 stream, cut anywhere, into media that can be decoded independently.

Sans-IO. Box layouts: ISO/IEC 14496-12. The unit is a complete fragment (`moof` with its `mdat`), because
within a fragment all pictures may come before all sound.

Decode times (`tfdt`) show whether part of the stream is missing. Fragment numbers do not: many muxers write
one number again and again, number each track for itself, or leave numbers out. Nothing can be lost inside a
message, so only the first fragment of each track in a message is checked. A clock that goes back is a new
recording with the same header, and its fragments get later times.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from backchannel.media.stream.boxes import Box, boxes, child_at, read_box
from backchannel.media.stream.mp4_fragments import (
    BASE_DATA_OFFSET,
    Fragment,
    Part,
    decode_time,
    read_fragment,
    tracks_of,
    with_decode_time,
)
from backchannel.media.stream.mp4_header import SKIPPED, TRACK, Mp4Stream, Reached
from backchannel.media.stream.units import (
    MAX_HEADER_BYTES,
    MAX_HEADERS_A_CHUNK,
    MAX_UNIT_BYTES,
    Arrivals,
    Media,
    Unit,
    admit,
    keep,
    read_all,
)

_MAX_MOOF_BYTES = 8 * 1024 * 1024
# A size below 8 MiB, and the type.
_MOOF_HEAD = re.compile(rb"\x00[\x00-\x7f]..moof", re.DOTALL)
# A clock that goes back further has restarted.
_MAX_STEP_BACK_S = 1.0
# A track may stop for this long between two messages: muxers guess how long a fragment's last sample is. Slow
# pictures may be further apart, measured in lengths of a picture (judgement).
_MAX_STEP_S, _MAX_STEP_PICTURES = 0.25, 1.5
# Most muxers write `styp`, `sidx`, `moof` and `mdat`.
_BOXES_A_FRAGMENT = 4


def feed(stream: Mp4Stream, chunk: bytes, seams: Sequence[int] = ()) -> tuple[Mp4Stream, Media]:
    """Read the next bytes of a stream.

    Parameters
    ----------
    stream
        The stream so far.
    chunk
        The next bytes, cut anywhere.
    seams
        Where further messages begin in it.

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
    reader = _Reader(stream, chunk, seams)
    reader.run()
    kept, admitted = admit(stream.kept, reader.arrived, stream.pictures)
    old = _placed(kept.units, len(stream.header))
    new = _placed(admitted, len(stream.header) + len(old))
    after = replace(
        stream,
        sequence=reader.sequence,
        counts=reader.counts,
        reached=tuple(reader.reached.values()),
        shift_s=reader.shift_s,
        newest_s=max((unit.time_s for unit in admitted), default=stream.newest_s),
        kept=keep(kept, admitted, stream.pictures),
        moof=reader.moof,
        skip=reader.skip,
        astray=reader.astray,
        tail=reader.tail,
    )
    return after, Media(stream.header, old, new, reader.arrived.lost, reader.rest)


def starts_over(stream: Mp4Stream, rest: bytes) -> bool:
    """Whether the bytes after a repeated header are a new recording, whose clock restarted."""
    try:
        box = read_box(rest, 0)
        if box is None or box.type != b"moof" or box.end > len(rest):
            return False
        fragment = read_fragment(dict(stream.tracks), rest[: box.end])
    except ValueError:
        return False
    start_s = _start_s(fragment)
    return start_s is not None and start_s + stream.shift_s < stream.newest_s - _MAX_STEP_BACK_S


def _start_s(fragment: Fragment) -> float | None:
    """Earliest decode time of a fragment, s."""
    return min((part.start_s for part in fragment.parts if part.start_s is not None), default=None)


def _placed(fragments: tuple[Unit, ...] | list[Unit], at: int) -> bytes:
    """Join fragments, and correct the absolute offsets in them."""
    placed = bytearray()
    for fragment in fragments:
        start = len(placed)
        placed += fragment.raw
        moof = read_box(fragment.raw, 0)
        for traf in boxes(fragment.raw, 8, moof.end if moof is not None else 0):
            tfhd = child_at(fragment.raw, traf, b"tfhd") if traf.type == b"traf" else None
            if tfhd is not None and fragment.raw[tfhd.body + 3] & BASE_DATA_OFFSET:
                # Muxers that write an absolute offset write that of the fragment's own `moof`.
                placed[start + tfhd.body + 8 : start + tfhd.body + 16] = (at + start).to_bytes(8)
    return bytes(placed)


class _Reader:
    """Reads one chunk. The state that outlives the chunk goes back into the stream."""

    def __init__(self, stream: Mp4Stream, chunk: bytes, seams: Sequence[int]) -> None:
        self.stream = stream
        skipped = min(stream.skip, len(chunk))
        self.skip = stream.skip - skipped
        self.data = stream.tail + chunk[skipped:]
        # Where the chunk begins. A box across this seam is damaged if a chunk was lost.
        self.seam = len(stream.tail)
        self.sequence, self.counts = stream.sequence, stream.counts
        self.reached = {one.track: one for one in stream.reached}
        self.shift_s = stream.shift_s
        self.rest = b""
        moved = len(stream.tail) - skipped
        self._seams = [seam + moved for seam in seams]
        # Tracks without a fragment in this message so far, and the number of fragments before it.
        self._unchecked = {number for number, _ in stream.tracks}
        self._earlier = 0
        # Headers so far, and where the last box began if it was a `ftyp`.
        self._headers = 0
        self._type_at: int | None = None
        self.moof = stream.moof
        self.astray = stream.astray
        self.arrived = Arrivals()
        self.tail = b""
        self._last_at = 0

    def run(self) -> None:
        """Read every complete box, and keep the rest for the next chunk."""
        start = self._next_moof(0) if self.astray else 0
        self.tail = read_all(self.data, start, self._take, self._resync, _BOXES_A_FRAGMENT)
        if self.rest:
            self.tail = b""

    def _take(self, at: int) -> int | None:
        """Read the box at an offset.

        Returns the offset after it, or None if it is incomplete. Raises ValueError if this cannot be a box.
        """
        box = read_box(self.data, at)
        if box is None:
            return None
        if box.type == b"moov" and box.end - at <= MAX_HEADER_BYTES:
            if box.end > len(self.data):
                return None
            if self._is_other_header(box):
                self.rest = self.data[at if self._type_at is None else self._type_at :]
                return len(self.data)
        self._type_at = at if box.type == b"ftyp" else None
        if box.type in SKIPPED or box.type == b"moov":
            self.skip = max(0, box.end - len(self.data))
            return box.end
        limit = {b"moof": _MAX_MOOF_BYTES, b"mdat": MAX_UNIT_BYTES}.get(box.type, 0)
        if box.end - at > limit:
            raise ValueError("not part of a fragment")
        if box.end > len(self.data):
            return None
        self.astray = False
        while self._seams and self._seams[0] < box.end:
            del self._seams[0]
            self._unchecked = {number for number, _ in self.stream.tracks}
            self._earlier = len(self.arrived.units)
        if box.type == b"moof":
            self.moof = self.data[at : box.end]
            self._last_at = at
        elif self.moof:
            self._take_fragment(self.data[at : box.end])
        return box.end

    def _is_other_header(self, moov: Box) -> bool:
        """Whether a complete `moov` begins another stream, and not a recording like this one."""
        self._headers += 1
        if self._headers > MAX_HEADERS_A_CHUNK or child_at(self.data, moov, b"mvex") is None:
            return False
        tracks = tracks_of(self.data, moov)
        return bool(tracks) and tracks != self.stream.tracks

    def _take_fragment(self, mdat: bytes) -> None:
        fragment = read_fragment(dict(self.stream.tracks), self.moof)
        start_s = _start_s(fragment)
        lost = False
        if start_s is not None and self._restarts(fragment):
            latest_s = max(one.end_s for one in self.reached.values())
            self.shift_s = latest_s - start_s
        elif self._misses(fragment, start_s):
            lost = True
            self.arrived.lose()
        self._note(fragment, lost=lost)
        time_s = self.stream.newest_s if start_s is None else start_s + self.shift_s
        self.arrived.units.append(Unit(TRACK, time_s, fragment.key, self._shifted(fragment) + mdat))
        self.moof = b""

    def _restarts(self, fragment: Fragment) -> bool:
        """Whether the clock of a track goes back in a fragment."""
        return any(
            part.start_s is not None
            and (before := self.reached.get(part.track)) is not None
            and part.start_s + self.shift_s < before.end_s - _MAX_STEP_BACK_S
            for part in fragment.parts
        )

    def _misses(self, fragment: Fragment, start_s: float | None) -> bool:
        """Whether part of the stream is missing before a fragment."""
        if self.counts and None not in (fragment.number, self.sequence) and self._follows(fragment):
            return False
        if start_s is None:
            # Without times, only numbers can show it.
            return self.counts and self.sequence is not None and not self._is_inside()
        return any(part.track in self._unchecked and self._jumps(part) for part in fragment.parts)

    def _is_inside(self) -> bool:
        """Whether this message had a fragment before."""
        return len(self.arrived.units) > self._earlier

    def _follows(self, fragment: Fragment) -> bool:
        return fragment.number == (self.sequence or 0) + 1

    def _jumps(self, part: Part) -> bool:
        before = self.reached.get(part.track)
        if before is None or part.start_s is None:
            return False
        most_s = _MAX_STEP_S
        if dict(self.stream.tracks)[part.track].picture:
            most_s = max(most_s, _MAX_STEP_PICTURES * before.sample_s)
        return part.start_s + self.shift_s - before.end_s > most_s

    def _note(self, fragment: Fragment, *, lost: bool) -> None:
        """Note the number and the times of a fragment."""
        if self.sequence is not None and not (lost or self._follows(fragment)):
            self.counts = False
        self.sequence = fragment.number
        for part in fragment.parts:
            self._unchecked.discard(part.track)
            if part.start_s is not None:
                end_s = part.start_s + part.length_s + self.shift_s
                self.reached[part.track] = Reached(part.track, end_s, part.length_s / max(1, part.samples))

    def _shifted(self, fragment: Fragment) -> bytes:
        """Return the open `moof` with times on the stream's clock."""
        moof, tracks = self.moof, dict(self.stream.tracks)
        for part in fragment.parts if self.shift_s else ():
            if part.time_at:
                shift = round(self.shift_s * tracks[part.track].units_per_s)
                moof = with_decode_time(moof, part.time_at, decode_time(moof, part.time_at) + shift)
        return moof

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
