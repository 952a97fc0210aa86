"""Split a running WebM or Matroska stream, cut anywhere, into media that can be decoded independently.

Sans-IO. Element identifiers and layouts: RFC 9559 (Matroska) and RFC 8794 (EBML). Clusters and their children
are read as one flat sequence. Live streams do not declare the size of a cluster, and every identifier occurs
on one level only.

Nothing can be lost inside a message, so a step in time is only a loss between two messages. Inside one, the
recorder was starved, muted, or slow. A clock that goes back is a new recording with the same tracks, and its
clusters get later times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from backchannel.media.stream.ebml import Element, children, number_of, read_element, sized
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
    refuse_too_many,
)
from backchannel.media.stream.webm_header import CLUSTER, EBML, SKIPPED, Pace, WebmStream, begin

TIMESTAMP = 0xE7
SIMPLE_BLOCK = 0xA3
BLOCK_GROUP = 0xA0
BLOCK = 0xA1
REFERENCE_BLOCK = 0xFB

_EXPECTED = frozenset({TIMESTAMP, SIMPLE_BLOCK, BLOCK_GROUP, CLUSTER}) | SKIPPED
_CLUSTER_BYTES = CLUSTER.to_bytes(4)
# Within a cluster, times go back only where pictures are reordered. A larger step means another cluster.
_MAX_STEP_BACK_S = 2.0
# Recorders cut chunks between blocks, so a lost chunk leaves no damage, only a jump in time. An Opus packet
# is at most 0.12 s long (RFC 7587). Where packets are further apart, the microphone is muted, and pictures
# may be further apart too.
_MAX_STEP_S, _MAX_STEP_WITHOUT_SOUND_S = 0.25, 1.5
# How much longer than the one before a step of a slow picture may be (judgement).
_MAX_LONGER = 2.0
_SHORT_HEADER_BYTES = 4096
# If every block has its own cluster, each block comes with a cluster header and a timestamp.
_ELEMENTS_A_BLOCK = 3


def feed(stream: WebmStream, chunk: bytes, seams: Sequence[int] = ()) -> tuple[WebmStream, Media]:
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
        ``ih5004`` if the chunk has too many blocks.
    """
    reader = _Reader(stream, chunk, seams)
    reader.run()
    kept, admitted = admit(stream.kept, reader.arrived, stream.pictures)
    media = Media(stream.header, _clusters(kept.units), _clusters(admitted), reader.arrived.lost, reader.rest)
    newest_s = max((unit.time_s for unit in admitted), default=stream.newest_s)
    after = replace(
        stream,
        cluster_time=reader.cluster_time,
        astray=reader.astray,
        newest_s=newest_s,
        paces=tuple(reader.paces.values()),
        shift=reader.shift,
        kept=keep(kept, admitted, stream.pictures),
        skip=reader.skip,
        tail=reader.tail,
    )
    return after, media


def starts_over(stream: WebmStream, rest: bytes) -> bool:
    """Whether the bytes after a repeated header are a new recording, whose clock restarted."""
    try:
        cluster = read_element(rest, 0)
        if cluster is None or cluster.id != CLUSTER:
            return False
        time = read_element(rest, cluster.body)
    except ValueError:
        return False
    if time is None or time.id != TIMESTAMP or time.end is None:
        return False
    time_s = (number_of(rest, time) + stream.shift) * stream.second_per_unit
    return time_s < stream.newest_s - _MAX_STEP_BACK_S


def _clusters(blocks: Sequence[Unit]) -> bytes:
    """Write blocks into clusters of known size. A new cluster begins when the cluster time changes."""
    written = []
    for time, group in groupby(blocks, key=lambda block: block.clock):
        payload = b"\xe7\x88" + time.to_bytes(8) + b"".join(block.raw for block in group)
        written.append(_CLUSTER_BYTES + sized(payload))
    return b"".join(written)


class _Reader:
    """Reads one chunk. The state that outlives the chunk goes back into the stream."""

    def __init__(self, stream: WebmStream, chunk: bytes, seams: Sequence[int]) -> None:
        self.stream = stream
        skipped = min(stream.skip, len(chunk))
        self.skip = stream.skip - skipped
        self.data = stream.tail + chunk[skipped:]
        # Where the chunk begins. An element across this seam is damaged if a chunk was lost.
        self.seam = len(stream.tail)
        self.cluster_time = stream.cluster_time
        self.newest_in_cluster: int | None = None
        self.arrived = Arrivals()
        self.astray = stream.astray
        self.tail = b""
        self.paces = {pace.track: pace for pace in stream.paces}
        self.shift = stream.shift
        self.rest = b""
        moved = len(stream.tail) - skipped
        self._seams = [self.seam, *(max(self.seam, seam + moved) for seam in seams)]
        # The number of blocks before this message, and before its first cluster header, once known.
        self._earlier = 0
        self._headless: int | None = None
        # Whether an element whose size came with the message before ends in this one where another begins.
        self._unbroken = False
        self._headers = 0
        self._last_at = 0

    def run(self) -> None:
        """Read every complete element, and keep the rest for the next chunk."""
        start = self._next_cluster(0) if self.astray else 0
        self.tail = read_all(self.data, start, self._take, self._resync, _ELEMENTS_A_BLOCK)
        if self.rest:
            self.tail = b""

    def _take(self, at: int) -> int | None:
        """Read the element at an offset.

        Returns the offset after it, or None if it is incomplete. Raises ValueError at damage.
        """
        element = read_element(self.data, at)
        if element is None:
            return None
        self._cross_seam(element)
        if element.id == CLUSTER:
            self.cluster_time = self.newest_in_cluster = None
            self.astray = False
            if self._headless is None:
                self._headless = len(self.arrived.units)
            return element.body
        if element.id == EBML and not self.astray:
            return self._after_header(at)
        if element.end is None:
            raise ValueError("only clusters may have an unknown size")
        if element.id in SKIPPED:
            self.skip = max(0, element.end - len(self.data))
            return element.end
        if element.id not in {TIMESTAMP, SIMPLE_BLOCK, BLOCK_GROUP} or element.end - at > MAX_UNIT_BYTES:
            raise ValueError("not an element of a cluster")
        if element.end > len(self.data):
            return None
        if element.id == TIMESTAMP:
            if not 0 < element.end - element.body <= 8:
                raise ValueError("not a timestamp")
            self._begin_cluster(number_of(self.data, element))
        else:
            self._take_block(element, at)
        return element.end

    def _cross_seam(self, element: Element) -> None:
        """Note where another message begins."""
        end = element.body if element.end is None else element.end
        while self._seams and self._seams[0] < end <= len(self.data):
            seam = self._seams.pop(0)
            self._earlier, self._headless = len(self.arrived.units), None
            self._unbroken = element.body < seam and self._is_element(end)

    def _is_element(self, at: int) -> bool:
        try:
            element = read_element(self.data, at)
        except ValueError:
            return False
        return element is not None and element.id in _EXPECTED

    def _take_block(self, element: Element, at: int) -> None:
        body, key = element.body, None
        if element.id == BLOCK_GROUP:
            parts = {child.id: child for child in children(self.data, element.body, element.end or 0)}
            if BLOCK not in parts:
                raise ValueError("no block in its group")
            body, key = parts[BLOCK].body, REFERENCE_BLOCK not in parts
        number = read_element(b"\xec" + self.data[body : body + 8], 0)
        if number is None:
            raise ValueError("no track number")
        length = number.body - 1
        track = int.from_bytes(self.data[body : body + length]) & ((1 << 7 * length) - 1)
        if element.end is None or body + length + 3 > element.end:
            raise ValueError("block too short")
        if key is None:
            key = bool(self.data[body + length + 2] & 0x80)
        offset = int.from_bytes(self.data[body + length : body + length + 2], signed=True)
        self._add(track, offset, Unit(track, 0.0, key, self.data[at : element.end]))
        self._last_at = at

    def _after_header(self, at: int) -> int | None:
        """Return where the header of a joined recording ends, or None if it is incomplete.

        A recording with other tracks ends this stream, and begins the next one.
        """
        self._headers += 1
        if self._headers > MAX_HEADERS_A_CHUNK:
            raise ValueError("too many headers")
        # Most headers are short, and the rest of the data is not copied for each.
        header = begin(self.data[at : at + _SHORT_HEADER_BYTES]) or begin(
            self.data[at : at + MAX_HEADER_BYTES]
        )
        if header is None:
            if len(self.data) - at >= MAX_HEADER_BYTES:
                raise ValueError("header too long")
            return None
        if header.codecs == self.stream.codecs and header.second_per_unit == self.stream.second_per_unit:
            self.cluster_time = self.newest_in_cluster = None
            return at + len(header.prefix)
        self.rest = self.data[at:]
        return len(self.data)

    def _add(self, track: int, offset: int, block: Unit) -> None:
        if track in self.stream.others:
            return
        if track not in self.stream.pictures and track not in self.stream.sounds:
            raise ValueError("no such track")
        if self.newest_in_cluster is not None:
            back_s = (self.newest_in_cluster - offset) * self.stream.second_per_unit
            if back_s > _MAX_STEP_BACK_S:
                # The header of another cluster is missing.
                self.cluster_time = None
                self.arrived.lose()
        if self.newest_in_cluster is None or offset > self.newest_in_cluster:
            self.newest_in_cluster = offset
        if self.cluster_time is None or self.cluster_time >= 1 << 63:
            return
        time = self.cluster_time + offset
        time_s = (time + self.shift) * self.stream.second_per_unit
        if self._jumps_to(time_s) and not self._accept_jump():
            return
        self._note(track, time_s)
        clock = self.cluster_time + self.shift
        if not 0 <= clock < 1 << 63:
            return
        key = block.key and track in self.stream.pictures
        self.arrived.units.append(block._replace(time_s=time_s, key=key, clock=clock))
        refuse_too_many(len(self.arrived.units))

    def _begin_cluster(self, time: int) -> None:
        """Note the time of a cluster. If the stream's clock has gone back, it continues from here."""
        self.cluster_time = time
        time_s = (time + self.shift) * self.stream.second_per_unit
        if self.paces and time_s < self._read_s() - _MAX_STEP_BACK_S:
            self.shift = self._next_time() - time

    def _read_s(self) -> float:
        return max(pace.latest_s for pace in self.paces.values())

    def _next_time(self) -> int:
        """Time at which the media so far ends, in time units."""
        ends_s = (pace.latest_s + min(pace.step_s, _MAX_STEP_S) for pace in self.paces.values())
        return round(max(ends_s) / self.stream.second_per_unit)

    def _note(self, track: int, time_s: float) -> None:
        """Note the time of a block."""
        before = self.paces.get(track)
        if before is None:
            self.paces[track] = Pace(track, time_s, 0.0)
            return
        step_s = time_s - before.latest_s
        if step_s > 0:
            self.paces[track] = Pace(track, time_s, step_s)

    def _jumps_to(self, time_s: float) -> bool:
        """Whether media must be missing before this time."""
        if not self.paces:
            return False
        if self._unbroken or (len(self.arrived.units) > self._earlier and not self._at_first_header()):
            return False
        step_s = time_s - self._read_s()
        slow_s = max(
            (pace.step_s for pace in self.paces.values() if pace.track in self.stream.pictures), default=0.0
        )
        if not self._sound_runs():
            slow_s = max(slow_s, _MAX_STEP_WITHOUT_SOUND_S / _MAX_LONGER)
        return step_s > max(_MAX_STEP_S, min(_MAX_LONGER * slow_s, _MAX_STEP_WITHOUT_SOUND_S))

    def _sound_runs(self) -> bool:
        """Whether sound came without a pause up to now."""
        return any(
            pace.track in self.stream.sounds
            and 0.0 < pace.step_s <= _MAX_STEP_S
            and self._read_s() - pace.latest_s <= _MAX_STEP_S
            for pace in self.paces.values()
        )

    def _at_first_header(self) -> bool:
        """Whether every block of this message so far came before its first cluster header.

        Their own cluster may have begun in a lost message. Recorders cut messages and clusters at the same
        intervals, so their times look right, and only the next cluster shows the loss.
        """
        return self._headless is not None and len(self.arrived.units) == self._headless

    def _accept_jump(self) -> bool:
        """Record a loss. Return False if the next blocks have no known time."""
        if self._headless is None:
            self.cluster_time = None
            self.arrived.lose()
            return False
        if self._at_first_header():
            # Their times are relative to a cluster that ended in the missing part.
            del self.arrived.units[self._earlier :]
            self._headless = self._earlier
            self.arrived.lost_at = self._earlier
        self.arrived.lose()
        return True

    def _resync(self, at: int) -> int:
        """Return where to continue after damage: the next cluster."""
        if self.arrived.units and self._last_at < self.seam < at:
            # The block across the seam joins bytes that do not belong together.
            self.arrived.units.pop()
            at = self.seam - 1
        self.arrived.lose()
        self.astray = True
        self.cluster_time = self.newest_in_cluster = None
        return self._next_cluster(at + 1)

    def _next_cluster(self, at: int) -> int:
        """Return the offset of the next cluster, or of its possible beginning at the end of the data."""
        found = self.data.find(_CLUSTER_BYTES, at)
        if found >= 0:
            return found
        cut = next((n for n in (3, 2, 1) if self.data.endswith(_CLUSTER_BYTES[:n])), 0)
        return max(at, len(self.data) - cut)
