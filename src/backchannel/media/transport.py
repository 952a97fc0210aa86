"""A running MPEG transport stream, cut anywhere, made into pieces that decode on their own.

Sans-IO. Packet, section and PES layouts: ISO/IEC 13818-1. Every segment gets the tables (PAT and PMT) and
whole PES packets, each in one piece and in the order in which they were completed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NamedTuple

from backchannel.media.container import M2TS_PACKET_BYTES, TS_PACKET_BYTES, TS_SYNC, find_ts_sync
from backchannel.media.stream import MAX_UNIT_BYTES, Kept, Media, Unit, admit, keep, refuse_too_many

_PAT_PID = 0
_NULL_PID = 0x1FFF
_PICTURE_TYPES = frozenset({0x01, 0x02, 0x10, 0x1B, 0x24, 0xEA})
# Sound, and private data (0x06), which may be Opus or AC-3.
_SOUND_TYPES = frozenset({0x03, 0x04, 0x06, 0x0F, 0x11, 0x81, 0x87})
_PTS_HZ = 90_000
# A stream that goes on after a repeated table does so about where it stopped.
_MAX_STEP_BACK_S, _MAX_STEP_S = 0.5, 10.0
# How much of a picture to search for a key frame's start code where the muxer sets no flag.
_KEY_SEARCH_BYTES = 1024
_KEY_NAL_TYPES = MappingProxyType({0x1B: frozenset({5, 7}), 0x24: frozenset({16, 17, 18, 19, 20, 21, 33})})


class Packet(NamedTuple):
    """One transport packet.

    Attributes
    ----------
    pid
        Number of its elementary stream.
    first
        Whether a section or PES packet begins here.
    counter
        Continuity counter, 0..15.
    random_access
        Whether the muxer says decoding can begin here.
    stuffed
        Whether it was filled up, as only the last packet of a PES packet is.
    payload
        What it carries.
    """

    pid: int
    first: bool
    counter: int
    random_access: bool
    stuffed: bool
    payload: bytes


class _Open(NamedTuple):
    """A PES packet whose end has not come."""

    pid: int
    key: bool
    raw: bytes
    body: int
    wanted: int
    head: bytes


@dataclass(frozen=True, slots=True)
class TransportStream:
    """The state of one stream between two chunks.

    Attributes
    ----------
    packet_bytes
        188 or 192.
    tables
        The packets of PAT and PMT.
    kinds
        Elementary streams that are passed on: number and type.
    counters
        Last continuity counter of each.
    opened
        PES packets whose end has not come.
    newest_s
        Latest time so far, s; None before the first.
    kept
        What the next piece needs to decode.
    astray
        Whether the packet grid was lost.
    tail
        The beginning of a packet whose end has not arrived.
    prefix
        Empty: the tables may be anywhere, and are read again with the rest.
    """

    packet_bytes: int
    tables: bytes
    kinds: tuple[tuple[int, int], ...]
    counters: tuple[tuple[int, int], ...] = ()
    opened: tuple[_Open, ...] = ()
    newest_s: float | None = None
    kept: Kept = field(default_factory=Kept)
    astray: bool = False
    tail: bytes = b""
    prefix: bytes = b""

    @property
    def pictures(self) -> frozenset[int]:
        """The elementary streams that are pictures."""
        return frozenset(pid for pid, kind in self.kinds if kind in _PICTURE_TYPES)


# --- reading packets -------------------------------------------------------------------------------


def read_packet(packet: bytes) -> Packet:
    """Read one packet of 188 or 192 bytes.

    Raises
    ------
    ValueError
        If it does not begin with the sync byte.
    """
    packet = packet[-TS_PACKET_BYTES:]
    if packet[0] != TS_SYNC:
        raise ValueError("no transport packet")
    pid = int.from_bytes(packet[1:3]) & 0x1FFF
    control = packet[3] >> 4 & 3
    body, random_access, stuffed = 4, False, False
    if control & 2:
        length = packet[4]
        body = 5 + length
        flags = packet[5] if length else 0
        random_access = bool(flags & 0x40)
        needed = 1 + 6 * bool(flags & 0x10) + 6 * bool(flags & 0x08) + bool(flags & 0x04)
        # Private data and extensions (0x03) have lengths of their own; they are not stuffing.
        stuffed = (length == 0 or length > needed) and not flags & 0x03
    payload = packet[body:] if control & 1 else b""
    return Packet(pid, bool(packet[1] & 0x40), packet[3] & 15, random_access, stuffed, payload)


def _packets(data: bytes, packet_bytes: int) -> Iterator[tuple[Packet, bytes]]:
    """Yield the packets of an aligned run until the sync byte fails."""
    for at in range(0, len(data) - packet_bytes + 1, packet_bytes):
        raw = data[at : at + packet_bytes]
        try:
            yield read_packet(raw), raw
        except ValueError:
            return


def _in_step(data: bytes, packet_bytes: int) -> bool:
    """Whether the data begins with a packet, as far as its first two can tell."""
    sync_at = packet_bytes - TS_PACKET_BYTES
    return all(byte == TS_SYNC for byte in data[sync_at : sync_at + packet_bytes + 1 : packet_bytes])


def _section(packet: Packet) -> bytes:
    """Return the section that begins in a packet, cut where the packet ends."""
    if not packet.first or not packet.payload:
        return b""
    section = packet.payload[1 + packet.payload[0] :]
    return section[: 3 + (int.from_bytes(section[1:3]) & 0xFFF)] if len(section) >= 8 else b""


def _program_map_pid(packet: Packet) -> int | None:
    section = _section(packet)
    for at in range(8, len(section) - 7, 4):
        if int.from_bytes(section[at : at + 2]):
            return int.from_bytes(section[at + 2 : at + 4]) & 0x1FFF
    return None


def _elementary_streams(packet: Packet) -> tuple[tuple[int, int], ...]:
    section = _section(packet)
    if len(section) < 16:
        return ()
    at, kinds = 12 + (int.from_bytes(section[10:12]) & 0xFFF), []
    while at + 5 <= len(section) - 4:
        if section[at] in _PICTURE_TYPES | _SOUND_TYPES:
            kinds.append((int.from_bytes(section[at + 1 : at + 3]) & 0x1FFF, section[at]))
        at += 5 + (int.from_bytes(section[at + 3 : at + 5]) & 0xFFF)
    return tuple(kinds)


def pes_time_s(head: bytes) -> float | None:
    """Presentation time in the head of a PES packet, s; None without one."""
    if len(head) < 14 or head[:3] != b"\x00\x00\x01" or not head[7] & 0x80:
        return None
    bits = (
        (head[9] >> 1 & 7) << 30 | int.from_bytes(head[10:12]) >> 1 << 15 | int.from_bytes(head[12:14]) >> 1
    )
    return bits / _PTS_HZ


def _shows_key(kind: int, head: bytes) -> bool:
    """Whether the beginning of a picture holds what only a key frame begins with."""
    if kind in {0x01, 0x02}:
        return b"\x00\x00\x01\xb3" in head
    at = head.find(b"\x00\x00\x01", 9)
    while 0 <= at < len(head) - 3:
        nal = head[at + 3] & 0x1F if kind == 0x1B else head[at + 3] >> 1 & 0x3F
        if nal in _KEY_NAL_TYPES.get(kind, frozenset()):
            return True
        at = head.find(b"\x00\x00\x01", at + 3)
    return False


# --- beginning -------------------------------------------------------------------------------------


def begin(data: bytes) -> TransportStream | None:
    """Look for the tables of a stream.

    Parameters
    ----------
    data
        Bytes that begin with a packet.

    Returns
    -------
    TransportStream or None
        A stream that has read nothing yet; None if a table is still missing.

    Raises
    ------
    ValueError
        If there are no packets.
    """
    sync = find_ts_sync(data)
    if sync is None:
        raise ValueError("no transport stream")
    pat, map_pid = b"", None
    for packet, raw in _packets(data[sync.offset :], sync.packet_bytes):
        if packet.pid == _PAT_PID and (found := _program_map_pid(packet)) is not None:
            pat, map_pid = raw, found
        elif map_pid is not None and packet.pid == map_pid and (kinds := _elementary_streams(packet)):
            stream = TransportStream(sync.packet_bytes, pat + raw, kinds)
            # Before its first key frame no picture can be decoded.
            return replace(stream, kept=Kept(waiting=stream.pictures))
    return None


def goes_on(stream: TransportStream, chunk: bytes) -> bool:
    """Whether a chunk continues a stream: it does unless it begins with tables and tells another time."""
    if len(chunk) < stream.packet_bytes or find_ts_sync(chunk) is None:
        return find_ts_sync(stream.tail + chunk) is not None or _may_be_inside(stream, chunk)
    tables = False
    for packet, _ in _packets(chunk, stream.packet_bytes):
        tables = tables or packet.pid == _PAT_PID
        if packet.first and packet.payload[:3] == b"\x00\x00\x01":
            time_s = pes_time_s(packet.payload)
            if not tables or time_s is None or stream.newest_s is None:
                return True
            return stream.newest_s - _MAX_STEP_BACK_S <= time_s <= stream.newest_s + _MAX_STEP_S
    return True


def _may_be_inside(stream: TransportStream, chunk: bytes) -> bool:
    """Whether a chunk too short to tell could be the middle of a packet."""
    return len(stream.tail) + len(chunk) < 2 * M2TS_PACKET_BYTES


# --- going on --------------------------------------------------------------------------------------


def feed(stream: TransportStream, chunk: bytes) -> tuple[TransportStream, Media]:
    """Read the next bytes of a stream.

    Parameters
    ----------
    stream
        The stream so far.
    chunk
        What follows, cut anywhere.

    Returns
    -------
    tuple of TransportStream and Media

    Raises
    ------
    Problem
        ``ih5004`` for absurdly many packets.
    """
    reader = _Reader(stream, chunk)
    reader.run()
    return reader.result()


def finish(stream: TransportStream) -> tuple[TransportStream, Media]:
    """Take the PES packets that only a following one would have shown to be whole."""
    reader = _Reader(stream, b"")
    for pid in list(reader.opened):
        reader.close(pid)
    return reader.result()


class _Reader:
    """Reads one chunk. Lives no longer than that; what must last goes back into the stream."""

    def __init__(self, stream: TransportStream, chunk: bytes) -> None:
        self.stream = stream
        self.data = stream.tail + chunk
        torn = stream.tail and not _in_step(self.data, stream.packet_bytes)
        self.kinds = dict(stream.kinds)
        self.counters = dict(stream.counters)
        self.opened = {pes.pid: (pes, [pes.raw], len(pes.raw)) for pes in stream.opened}
        self.newest_s = stream.newest_s
        self.astray = stream.astray
        self.units: list[Unit] = []
        self.lost_at: int | None = None
        self.tail = b""
        if torn and _in_step(chunk, stream.packet_bytes):
            # The rest of the packet that was cut never came; the chunk begins with one of its own.
            self.data = chunk
            self.opened.clear()
            self._lose()

    def result(self) -> tuple[TransportStream, Media]:
        """Sum up: the stream after this chunk, and what the chunk gave."""
        stream = self.stream
        kept, admitted = admit(stream.kept, self.units, stream.pictures, self.lost_at)
        if self.lost_at is not None:
            # Demuxers throw away what follows a jump of the continuity counter, so nothing may precede it.
            kept = Kept((), kept.waiting)
        media = Media(stream.tables, _joined(kept.units), _joined(admitted), self.lost_at is not None)
        after = replace(
            stream,
            counters=tuple(self.counters.items()),
            opened=tuple(pes._replace(raw=b"".join(parts)) for pes, parts, _ in self.opened.values()),
            newest_s=self.newest_s,
            kept=keep(kept, admitted, stream.pictures),
            astray=self.astray,
            tail=self.tail,
        )
        return after, media

    def run(self) -> None:
        """Read every whole packet; keep the rest for the next chunk."""
        size, at = self.stream.packet_bytes, 0
        sync_at = size - TS_PACKET_BYTES
        while at + size <= len(self.data):
            if self.astray or self.data[at + sync_at] != TS_SYNC:
                sync = find_ts_sync(self.data[at : at + 8 * M2TS_PACKET_BYTES])
                if sync is None or sync.packet_bytes != size:
                    at = self._go_astray(at + size)
                    continue
                at = at + sync.offset if self.astray else self._go_astray(at + sync.offset)
                self.astray = False
                continue
            raw = self.data[at : at + size]
            self._take(read_packet(raw), raw)
            at += size
        self.tail = self.data[at:]

    def _go_astray(self, at: int) -> int:
        self.astray = True
        self.opened.clear()
        self._lose()
        return at

    def _lose(self) -> None:
        if self.lost_at is None:
            self.lost_at = len(self.units)

    def _take(self, packet: Packet, raw: bytes) -> None:
        if packet.pid not in self.kinds or not packet.payload:
            return
        before = self.counters.get(packet.pid)
        if before is not None and packet.counter != (before + 1) & 15:
            if packet.counter == before:
                return  # Sent twice, as the standard allows.
            self.opened.pop(packet.pid, None)
            self._lose()
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
                self._lose()
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

    def close(self, pid: int) -> None:
        """Make a unit of the PES packet that is open on a stream, if there is one."""
        entry = self.opened.pop(pid, None)
        if entry is None:
            return
        pes, parts, _ = entry
        kind = self.kinds[pid]
        time_s = pes_time_s(pes.head)
        if time_s is None:
            time_s = self.newest_s or 0.0
        self.newest_s = time_s
        key = kind in _PICTURE_TYPES and (pes.key or _shows_key(kind, pes.head))
        self.units.append(Unit(pid, time_s, key, b"".join(parts)))
        refuse_too_many(len(self.units))


def _joined(units: tuple[Unit, ...] | list[Unit]) -> bytes:
    return b"".join(unit.raw for unit in units)
