"""Split a running MPEG transport stream, cut anywhere, into media that can be decoded independently.

Sans-IO. Packet, section and PES layouts: ISO/IEC 13818-1. Every segment has the tables (PAT and PMT) and
complete PES packets, in the order in which they ended.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

from backchannel.media.stream.container import (
    M2TS_PACKET_BYTES,
    TS_PACKET_BYTES,
    TS_SYNC,
    find_ts_grid,
    find_ts_sync,
)
from backchannel.media.stream.mpegts_packets import (
    PICTURE_TYPES,
    Packet,
    begins_key_frame,
    elementary_streams,
    is_aligned,
    packets_of,
    pes_time_s,
    program_map_pid,
    read_packet,
)
from backchannel.media.stream.units import (
    MAX_UNIT_BYTES,
    Arrivals,
    Kept,
    Media,
    Unit,
    admit,
    keep,
    refuse_too_many,
)
from backchannel.values import MAX_GAP_S

_PAT_PID = 0
# This many packets in a row show where packets begin.
_SEARCH_PACKETS = 5
# A clock that goes back, or ahead, by more has restarted. What to keep then depends on its new times.
_MAX_JUMP_BACK_S = 2.0
# A stream that continues after repeated tables continues near the time where it stopped.
_MAX_STEP_BACK_S, _MAX_STEP_S = 0.5, 10.0
# How much of a picture to search for a key frame's start code if the muxer sets no flag.
_KEY_SEARCH_BYTES = 1024


class _Open(NamedTuple):
    """A PES packet whose end has not arrived."""

    pid: int
    key: bool
    raw: bytes
    body: int
    wanted: int
    head: bytes


@dataclass(frozen=True, slots=True)
class MpegtsStream:
    """The state of a stream between two chunks.

    Attributes
    ----------
    packet_bytes
        188 or 192.
    tables
        The packets of PAT and PMT.
    kinds
        PID and type of the elementary streams in use.
    counters
        Last continuity counter of each.
    opened
        PES packets whose end has not arrived.
    newest_s
        Newest time, s. None before the first.
    shift_s
        Added to the times in the packets, s, since their clock went back or jumped.
    kept
        Units that the next segment needs to decode.
    astray
        Whether packet boundaries are lost.
    tail
        The beginning of a packet whose end has not arrived.
    prefix
        Always empty: a repeated header is not cut off, because the tables may be anywhere.
    """

    packet_bytes: int
    tables: bytes
    kinds: tuple[tuple[int, int], ...]
    counters: tuple[tuple[int, int], ...] = ()
    opened: tuple[_Open, ...] = ()
    newest_s: float | None = None
    shift_s: float = 0.0
    kept: Kept = field(default_factory=Kept)
    astray: bool = False
    tail: bytes = b""
    prefix: bytes = b""

    @property
    def pictures(self) -> frozenset[int]:
        """The PIDs of the video streams."""
        return frozenset(pid for pid, kind in self.kinds if kind in PICTURE_TYPES)


# --- beginning a stream ----------------------------------------------------------------------------


def begin(data: bytes) -> MpegtsStream | None:
    """Read the tables of a stream.

    Parameters
    ----------
    data
        Bytes that begin with a packet.

    Returns
    -------
    MpegtsStream or None
        A stream without media so far. None if a table is missing.

    Raises
    ------
    ValueError
        If the data has no transport packets.
    """
    sync = find_ts_sync(data)
    if sync is None:
        raise ValueError("not a transport stream")
    pat, map_pid = b"", None
    for packet, raw in packets_of(data[sync.offset :], sync.packet_bytes):
        if packet.pid == _PAT_PID and (found := program_map_pid(packet)) is not None:
            pat, map_pid = raw, found
        elif map_pid is not None and packet.pid == map_pid and (kinds := elementary_streams(packet)):
            stream = MpegtsStream(sync.packet_bytes, pat + raw, kinds)
            # Pictures before the first key frame cannot be decoded.
            return replace(stream, kept=Kept(waiting=stream.pictures))
    return None


def continues(stream: MpegtsStream, chunk: bytes) -> bool:
    """Whether a chunk continues a stream: yes, unless it begins with tables and its clock jumps."""
    if len(chunk) < stream.packet_bytes or find_ts_sync(chunk) is None:
        return find_ts_sync(stream.tail + chunk) is not None or _may_be_inside(stream, chunk)
    tables = False
    for packet, _ in packets_of(chunk, stream.packet_bytes):
        tables = tables or packet.pid == _PAT_PID
        if packet.first and packet.payload[:3] == b"\x00\x00\x01":
            time_s = pes_time_s(packet.payload)
            if not tables or time_s is None or stream.newest_s is None:
                return True
            time_s += stream.shift_s
            return stream.newest_s - _MAX_STEP_BACK_S <= time_s <= stream.newest_s + _MAX_STEP_S
    return True


def _may_be_inside(stream: MpegtsStream, chunk: bytes) -> bool:
    """Whether a chunk is short enough to be the middle of a packet."""
    return len(stream.tail) + len(chunk) < 2 * M2TS_PACKET_BYTES


# --- continuing a stream ---------------------------------------------------------------------------


def feed(stream: MpegtsStream, chunk: bytes) -> tuple[MpegtsStream, Media]:
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
        ``ih5004`` if the chunk has too many PES packets.
    """
    reader = _Reader(stream, chunk)
    reader.run()
    return reader.result()


def finish(stream: MpegtsStream) -> tuple[MpegtsStream, Media]:
    """End the stream: take the open PES packets, which have no successor to end them."""
    reader = _Reader(stream, b"")
    for pid in list(reader.opened):
        reader.close(pid)
    return reader.result()


class _Reader:
    """Reads one chunk. The state that outlives the chunk goes back into the stream."""

    def __init__(self, stream: MpegtsStream, chunk: bytes) -> None:
        self.stream = stream
        self.data = stream.tail + chunk
        torn = stream.tail and not is_aligned(self.data, stream.packet_bytes)
        self.kinds = dict(stream.kinds)
        self.counters = dict(stream.counters)
        self.opened = {pes.pid: (pes, [pes.raw], len(pes.raw)) for pes in stream.opened}
        self.newest_s, self.shift_s = stream.newest_s, stream.shift_s
        self.astray = stream.astray
        self.arrived = Arrivals()
        self.tail = b""
        if torn and is_aligned(chunk, stream.packet_bytes):
            # The rest of the cut packet never arrived. The chunk begins with a new packet.
            self.data = chunk
            self.opened.clear()
            self.arrived.lose()

    def result(self) -> tuple[MpegtsStream, Media]:
        """Return the stream after this chunk, and the media in the chunk."""
        stream = self.stream
        kept, admitted = admit(stream.kept, self.arrived, stream.pictures)
        if self.arrived.lost:
            # Demuxers discard media after a jump of the continuity counter, so no old media may precede it.
            kept = Kept((), kept.waiting)
        media = Media(stream.tables, _joined(kept.units), _joined(admitted), self.arrived.lost)
        after = replace(
            stream,
            counters=tuple(self.counters.items()),
            opened=tuple(pes._replace(raw=b"".join(parts)) for pes, parts, _ in self.opened.values()),
            newest_s=self.newest_s,
            shift_s=self.shift_s,
            kept=keep(kept, admitted, stream.pictures),
            astray=self.astray,
            tail=self.tail,
        )
        return after, media

    def run(self) -> None:
        """Read every complete packet, and keep the rest for the next chunk."""
        size, at = self.stream.packet_bytes, 0
        sync_at = size - TS_PACKET_BYTES
        while at + size <= len(self.data):
            if self.astray or self.data[at + sync_at] != TS_SYNC:
                self._go_astray()
                found = find_ts_grid(self.data, size, at)
                if found is None:
                    at = max(at, len(self.data) - _SEARCH_PACKETS * size)
                    break
                at, self.astray = found, False
            raw = self.data[at : at + size]
            self._take(read_packet(raw), raw)
            at += size
        self.tail = self.data[at:]

    def _go_astray(self) -> None:
        if not self.astray:
            self.opened.clear()
            self.arrived.lose()
        self.astray = True

    def _take(self, packet: Packet, raw: bytes) -> None:
        if packet.pid not in self.kinds or not packet.payload:
            return
        before = self.counters.get(packet.pid)
        if before is not None and packet.counter != (before + 1) & 15:
            if packet.counter == before:
                return  # A duplicate packet, which the standard allows.
            self.opened.pop(packet.pid, None)
            self.arrived.lose()
        self.counters[packet.pid] = packet.counter
        if packet.first:
            self.close(packet.pid)
            self._open(packet, raw)
        elif packet.pid in self.opened:
            pes, parts, length = self.opened[packet.pid]
            parts.append(raw)
            head = pes.head if len(pes.head) >= _KEY_SEARCH_BYTES else pes.head + packet.payload
            pes = pes._replace(body=pes.body + len(packet.payload), head=head)
            self.opened[packet.pid] = pes, parts, length + len(raw)
            if length > MAX_UNIT_BYTES:
                del self.opened[packet.pid]
                self.arrived.lose()
        self._close_if_whole(packet)

    def _open(self, packet: Packet, raw: bytes) -> None:
        if packet.payload[:3] != b"\x00\x00\x01":
            return
        length = int.from_bytes(packet.payload[4:6])
        wanted = length + 6 if length else 0
        pes = _Open(packet.pid, packet.random_access, raw, len(packet.payload), wanted, packet.payload)
        self.opened[packet.pid] = pes, [raw], len(raw)

    def _close_if_whole(self, packet: Packet) -> None:
        entry = self.opened.get(packet.pid)
        if entry is not None and (
            0 < entry[0].wanted <= entry[0].body or (not entry[0].wanted and packet.stuffed)
        ):
            self.close(packet.pid)

    def _placed(self, time_s: float | None) -> float:
        """Time of a PES packet on the stream's clock, s. Without a time it is as new as the one before."""
        if self.newest_s is None or time_s is None:
            return self.newest_s or 0.0 if time_s is None else time_s + self.shift_s
        if not -_MAX_JUMP_BACK_S <= time_s + self.shift_s - self.newest_s <= MAX_GAP_S:
            self.shift_s = self.newest_s - time_s
        return time_s + self.shift_s

    def close(self, pid: int) -> None:
        """Turn the open PES packet of a stream, if any, into a unit."""
        entry = self.opened.pop(pid, None)
        if entry is None:
            return
        pes, parts, _ = entry
        kind = self.kinds[pid]
        time_s = self._placed(pes_time_s(pes.head))
        self.newest_s = time_s
        key = kind in PICTURE_TYPES and (pes.key or begins_key_frame(kind, pes.head))
        self.arrived.units.append(Unit(pid, time_s, key, b"".join(parts)))
        refuse_too_many(len(self.arrived.units))


def _joined(units: tuple[Unit, ...] | list[Unit]) -> bytes:
    return b"".join(unit.raw for unit in units)
