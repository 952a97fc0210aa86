"""Detect the container of some bytes, from the bytes alone: never from a file name or a MIME type.

Sans-IO and free of PyAV, so the web layer can use it without loading a decoder.
"""

import re
from enum import StrEnum
from typing import Final, NamedTuple

VIDEO_CONTAINERS: Final = "mp4, avi, mov, mkv, mpeg-ts, mpeg-2-ts, webm"
AUDIO_CONTAINERS: Final = "wav, flac, mp3, m4a, ogg"
"""The supported containers, as messages to clients list them. M4A is MP4 with audio only."""

TS_PACKET_BYTES = 188
M2TS_PACKET_BYTES = 192
TS_SYNC = 0x47

_EBML_MAGIC = b"\x1a\x45\xdf\xa3"
_DOCTYPE_ID = b"\x42\x82"
_PACK_START = b"\x00\x00\x01\xba"
_FIRST_BOXES = frozenset({b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"wide", b"free", b"skip", b"pnot"})
_GRIDS = {
    length: re.compile(b"G" + b".{%d}G" % (length - 1) * 4, re.DOTALL)
    for length in (TS_PACKET_BYTES, M2TS_PACKET_BYTES)
}
_SYNCS_AT_START = 2
_SYNCS_ELSEWHERE = 5


class Container(StrEnum):
    """A supported container, by its common name."""

    MP4 = "mp4"
    MOV = "mov"
    AVI = "avi"
    MKV = "mkv"
    WEBM = "webm"
    MPEG_TS = "mpeg-ts"
    M2TS = "m2ts"
    MPEG_PS = "mpeg-2-ts"
    WAV = "wav"
    FLAC = "flac"
    MP3 = "mp3"
    OGG = "ogg"

    @property
    def is_sound_file(self) -> bool:
        """Whether this container has audio only. Only some endpoints accept it."""
        return self in _SOUND_FILES


_SOUND_FILES = frozenset({Container.WAV, Container.FLAC, Container.MP3, Container.OGG})


def detect_container(data: bytes) -> Container | None:
    r"""Detect the container at the beginning of `data`.

    Parameters
    ----------
    data
        Any bytes. The first kilobyte or so is enough.

    Returns
    -------
    Container or None
        None if `data` does not begin with a supported container. A chunk from the middle of a stream usually
        gives None, except for MPEG transport streams, which can be recognised at any point.

    See Also
    --------
    find_ts_sync : Finds the packets of a transport stream.
    backchannel.media.stream.continuity.continue_stream : Handles chunks from the middle of a stream.

    Examples
    --------
    >>> detect_container(b"RIFF\x24\x00\x00\x00WAVEfmt ").value
    'wav'
    >>> detect_container(b"not media") is None
    True
    """
    if data[:4] == _EBML_MAGIC:
        return _ebml_document(data)
    if data[:4] in {b"RIFF", b"RF64"}:
        return {b"AVI ": Container.AVI, b"WAVE": Container.WAV}.get(data[8:12])
    if data[:4] == _PACK_START:
        return Container.MPEG_PS
    if (boxed := _box_file(data)) is not None:
        return boxed
    if (sync := find_ts_sync(data)) is not None and sync.offset == 0:
        return Container.M2TS if sync.packet_bytes == M2TS_PACKET_BYTES else Container.MPEG_TS
    return _sound_file(data)


class TsSync(NamedTuple):
    """The position and length of transport packets in a chunk.

    Attributes
    ----------
    offset
        Offset of the first whole packet, bytes.
    packet_bytes
        188, or 192 if a four-byte timestamp precedes every packet.
    """

    offset: int
    packet_bytes: int


def find_ts_grid(data: bytes, packet_bytes: int, at: int) -> int | None:
    """Find the next transport packet after damage.

    Parameters
    ----------
    data
        Part of a transport stream.
    packet_bytes
        The length of its packets.
    at
        Where to start searching.

    Returns
    -------
    int or None
        Offset of the next packet followed by four others, or None.
    """
    lead = packet_bytes - TS_PACKET_BYTES
    found = _GRIDS[packet_bytes].search(data, at + lead)
    return found.start() - lead if found is not None else None


def find_ts_sync(data: bytes) -> TsSync | None:
    """Find the packets of an MPEG transport stream that may be cut anywhere.

    Parameters
    ----------
    data
        Any bytes.

    Returns
    -------
    TsSync or None
        None unless the sync byte repeats: twice if the data begins with a packet, five times if it begins in
        the middle of one.
    """
    for packet_bytes, lead in ((TS_PACKET_BYTES, 0), (M2TS_PACKET_BYTES, 4)):
        for offset in range(min(packet_bytes, len(data))):
            wanted = _SYNCS_AT_START if offset == 0 else _SYNCS_ELSEWHERE
            first = offset + lead
            if first + (wanted - 1) * packet_bytes >= len(data):
                # A single whole packet counts as a stream if it is all there is.
                if offset == 0 and lead == 0 and len(data) == packet_bytes and data[0] == TS_SYNC:
                    return TsSync(0, packet_bytes)
                break
            last = min(len(data), first + _SYNCS_ELSEWHERE * packet_bytes)
            if all(data[at] == TS_SYNC for at in range(first, last, packet_bytes)):
                return TsSync(offset, packet_bytes)
    return None


def _ebml_document(data: bytes) -> Container | None:
    at = data.find(_DOCTYPE_ID, 4, 128)
    if at < 0:
        # Matroska is the default document type. A truncated header may not show one.
        return Container.MKV
    doctype = data[at + 3 : at + 3 + (data[at + 2] & 0x7F if at + 2 < len(data) else 0)].rstrip(b"\0")
    if doctype == b"webm" or (at + 3 + len(doctype) == len(data) and b"webm".startswith(doctype)):
        return Container.WEBM
    return Container.MKV if b"matroska".startswith(doctype) else None


def _box_file(data: bytes) -> Container | None:
    if len(data) < 8 or data[4:8] not in _FIRST_BOXES:
        return None
    size = int.from_bytes(data[:4])
    if size not in {0, 1} and size < 8:
        return None
    if data[4:8] == b"ftyp":
        return Container.MOV if data[8:12] == b"qt  " else Container.MP4
    # QuickTime files from before 2001 have no `ftyp` and can begin with any box.
    return Container.MP4 if data[4:8] in {b"styp", b"moof"} else Container.MOV


def _sound_file(data: bytes) -> Container | None:
    if data[:4] == b"fLaC":
        return Container.FLAC
    if data[:4] == b"OggS":
        return Container.OGG
    if data[:3] == b"ID3":
        return Container.MP3
    if len(data) >= 4 and data[0] == 0xFF and data[1] & 0xE6 == 0xE2:
        # Layer III with a valid bit rate and sampling rate.
        return Container.MP3 if data[2] >> 4 not in {0, 15} and data[2] >> 2 & 3 != 3 else None
    return None
