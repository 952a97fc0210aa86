"""Packets of an MPEG transport stream and the tables in them (ISO/IEC 13818-1, 2.4). Sans-IO."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import NamedTuple

from backchannel.media.stream.container import TS_PACKET_BYTES, TS_SYNC

PICTURE_TYPES = frozenset({0x01, 0x02, 0x10, 0x1B, 0x24, 0xEA})
# Audio, and private data (0x06), which may be Opus or AC-3.
SOUND_TYPES = frozenset({0x03, 0x04, 0x06, 0x0F, 0x11, 0x81, 0x87})
_PTS_HZ = 90_000
_KEY_NAL_TYPES = MappingProxyType({0x1B: frozenset({5, 7}), 0x24: frozenset({16, 17, 18, 19, 20, 21, 33})})


class Packet(NamedTuple):
    """One transport packet.

    Attributes
    ----------
    pid
        Packet identifier of its elementary stream.
    first
        Whether a section or PES packet begins here.
    counter
        Continuity counter, 0..15.
    random_access
        Whether the muxer marked it as a random access point.
    stuffed
        Whether it has stuffing bytes, as only the last packet of a PES packet has.
    payload
        The payload.
    """

    pid: int
    first: bool
    counter: int
    random_access: bool
    stuffed: bool
    payload: bytes


def read_packet(packet: bytes) -> Packet:
    """Read one packet of 188 or 192 bytes.

    Raises
    ------
    ValueError
        If it does not begin with the sync byte.
    """
    packet = packet[-TS_PACKET_BYTES:]
    if packet[0] != TS_SYNC:
        raise ValueError("not a transport packet")
    pid = int.from_bytes(packet[1:3]) & 0x1FFF
    control = packet[3] >> 4 & 3
    body, random_access, stuffed = 4, False, False
    if control & 2:
        length = packet[4]
        body = 5 + length
        flags = packet[5] if length else 0
        random_access = bool(flags & 0x40)
        needed = 1 + 6 * bool(flags & 0x10) + 6 * bool(flags & 0x08) + bool(flags & 0x04)
        # Private data and extensions (0x03) have their own lengths. They are not stuffing.
        stuffed = (length == 0 or length > needed) and not flags & 0x03
    payload = packet[body:] if control & 1 else b""
    return Packet(pid, bool(packet[1] & 0x40), packet[3] & 15, random_access, stuffed, payload)


def packets_of(data: bytes, packet_bytes: int) -> Iterator[tuple[Packet, bytes]]:
    """Yield the packets of aligned data, up to the first one without a sync byte."""
    for at in range(0, len(data) - packet_bytes + 1, packet_bytes):
        raw = data[at : at + packet_bytes]
        try:
            yield read_packet(raw), raw
        except ValueError:
            return


def is_aligned(data: bytes, packet_bytes: int) -> bool:
    """Whether the data begins with a packet. Checks the sync bytes of the first two packets."""
    sync_at = packet_bytes - TS_PACKET_BYTES
    return all(byte == TS_SYNC for byte in data[sync_at : sync_at + packet_bytes + 1 : packet_bytes])


def _section(packet: Packet) -> bytes:
    """Return the section that begins in a packet, up to the end of the packet."""
    if not packet.first or not packet.payload:
        return b""
    section = packet.payload[1 + packet.payload[0] :]
    return section[: 3 + (int.from_bytes(section[1:3]) & 0xFFF)] if len(section) >= 8 else b""


def program_map_pid(packet: Packet) -> int | None:
    """Return the PID of the first program's PMT, or None if the packet has no PAT."""
    section = _section(packet)
    for at in range(8, len(section) - 7, 4):
        if int.from_bytes(section[at : at + 2]):
            return int.from_bytes(section[at + 2 : at + 4]) & 0x1FFF
    return None


def elementary_streams(packet: Packet) -> tuple[tuple[int, int], ...]:
    """Return PID and type of the video and audio streams in a PMT. Empty if the packet has no PMT."""
    section = _section(packet)
    if len(section) < 16:
        return ()
    at, kinds = 12 + (int.from_bytes(section[10:12]) & 0xFFF), []
    while at + 5 <= len(section) - 4:
        if section[at] in PICTURE_TYPES | SOUND_TYPES:
            kinds.append((int.from_bytes(section[at + 1 : at + 3]) & 0x1FFF, section[at]))
        at += 5 + (int.from_bytes(section[at + 3 : at + 5]) & 0xFFF)
    return tuple(kinds)


def pes_time_s(head: bytes) -> float | None:
    """Return the presentation time in the header of a PES packet, s, or None."""
    if len(head) < 14 or head[:3] != b"\x00\x00\x01" or not head[7] & 0x80:
        return None
    bits = (
        (head[9] >> 1 & 7) << 30 | int.from_bytes(head[10:12]) >> 1 << 15 | int.from_bytes(head[12:14]) >> 1
    )
    return bits / _PTS_HZ


def begins_key_frame(kind: int, head: bytes) -> bool:
    """Whether the first bytes of a picture have a start code that only key frames have."""
    if kind in {0x01, 0x02}:
        return b"\x00\x00\x01\xb3" in head
    at = head.find(b"\x00\x00\x01", 9)
    while 0 <= at < len(head) - 3:
        nal = head[at + 3] & 0x1F if kind == 0x1B else head[at + 3] >> 1 & 0x3F
        if nal in _KEY_NAL_TYPES.get(kind, frozenset()):
            return True
        at = head.find(b"\x00\x00\x01", at + 3)
    return False
