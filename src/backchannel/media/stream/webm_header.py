"""The header of a WebM or Matroska stream, and the state of a running stream between chunks.

Element identifiers: RFC 9559 (Matroska) and RFC 8794 (EBML).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from backchannel.media.stream.ebml import Element, children, number_of, read_element, sized
from backchannel.media.stream.units import MAX_HEADER_BYTES, Kept

EBML = 0x1A45DFA3
SEGMENT = 0x18538067
INFO = 0x1549A966
TRACKS = 0x1654AE6B
CLUSTER = 0x1F43B675
TIMESTAMP_SCALE = 0x2AD7B1
TRACK_ENTRY = 0xAE
TRACK_NUMBER = 0xD7
TRACK_TYPE = 0x83
CODEC_ID = 0x86
CODEC_PRIVATE = 0x63A2
# Elements that are legal between or inside clusters and not needed here: SeekHead, Cues, Tags, Chapters,
# Attachments, Void, CRC-32, PrevSize, Position, EncryptedBlock, SilentTracks.
SKIPPED = frozenset(
    {
        0x114D9B74,
        0x1C53BB6B,
        0x1254C367,
        0x1043A770,
        0x1941A469,
        0xEC,
        0xBF,
        0xAB,
        0xA7,
        0xAF,
        0x5854,
        INFO,
        TRACKS,
    }
)

_UNKNOWN_SIZE = b"\x01\xff\xff\xff\xff\xff\xff\xff"
_PICTURE, _SOUND = 1, 2
_DEFAULT_SCALE_NS = 1_000_000


class Pace(NamedTuple):
    """How the blocks of a track follow each other.

    Attributes
    ----------
    track
        Number of the track.
    latest_s
        Newest time of a block, decodable or not, s.
    step_s
        Last step forward in time, s. 0 before the second block.
    """

    track: int
    latest_s: float
    step_s: float


@dataclass(frozen=True, slots=True)
class WebmStream:
    """The state of a stream between two chunks.

    Attributes
    ----------
    header
        EBML header, open Segment, Info and Tracks, which every segment begins with.
    prefix
        The original bytes before the first cluster. Some clients repeat them.
    second_per_unit
        Length of a time unit, s.
    pictures, sounds, others
        Track numbers of video, audio and other tracks. Others are dropped.
    cluster_time
        Time of the current cluster, in time units. None while unknown.
    astray
        Whether element boundaries are lost until the next cluster.
    newest_s
        Newest time, s.
    codecs
        Number, type, codec and codec parameters of each track.
    paces
        How the blocks of each track follow each other.
    shift
        Added to the times of clusters, in time units, since their clock went back.
    kept
        Units that the next segment needs to decode.
    skip
        The number of bytes still to skip.
    tail
        The beginning of an element whose end has not arrived.
    """

    header: bytes
    prefix: bytes
    second_per_unit: float
    pictures: frozenset[int]
    sounds: frozenset[int]
    others: frozenset[int]
    cluster_time: int | None = None
    astray: bool = False
    newest_s: float = 0.0
    codecs: tuple[tuple[int, int, bytes, bytes], ...] = ()
    paces: tuple[Pace, ...] = ()
    shift: int = 0
    kept: Kept = field(default_factory=Kept)
    skip: int = 0
    tail: bytes = b""


def is_whole_file(data: bytes) -> bool:
    """Whether the bytes are a complete file: its Segment declares a size and is complete."""
    try:
        ebml = read_element(data, 0)
        segment = read_element(data, ebml.end) if ebml is not None and ebml.end is not None else None
    except ValueError:
        return False
    return (
        segment is not None and segment.id == SEGMENT and segment.end is not None and segment.end <= len(data)
    )


def begin(data: bytes) -> WebmStream | None:
    """Read a stream's header.

    Parameters
    ----------
    data
        Bytes that begin with an EBML header.

    Returns
    -------
    WebmStream or None
        A stream without clusters so far. None if the header is incomplete.

    Raises
    ------
    ValueError
        If the bytes cannot be the beginning of a stream.
    """
    ebml = read_element(data, 0)
    if ebml is None or ebml.end is None:
        return None
    segment = read_element(data, ebml.end)
    if segment is None:
        return None
    if segment.id != SEGMENT:
        raise ValueError("no Segment")
    at, found = segment.body, dict[int, Element]()
    while (element := read_element(data, at)) is not None and element.id != CLUSTER:
        if element.id not in SKIPPED or element.end is None:
            raise ValueError("not a level 1 element")
        if element.end > len(data):
            return None
        if at > MAX_HEADER_BYTES:
            raise ValueError("header too long")
        found[element.id] = element
        at = element.end
    if TRACKS not in found:
        if element is not None:
            raise ValueError("no Tracks")
        return None
    return _stream(data, ebml, found, at)


def _stream(data: bytes, ebml: Element, found: dict[int, Element], first_cluster: int) -> WebmStream:
    scale_ns = _DEFAULT_SCALE_NS
    header = data[: ebml.end] + SEGMENT.to_bytes(4) + _UNKNOWN_SIZE
    if (info := found.get(INFO)) is not None and info.end is not None:
        header += INFO.to_bytes(4) + sized(data[info.body : info.end])
        for child in children(data, info.body, info.end):
            if child.id == TIMESTAMP_SCALE:
                scale_ns = number_of(data, child) or _DEFAULT_SCALE_NS
    tracks = found[TRACKS]
    header += TRACKS.to_bytes(4) + sized(data[tracks.body : tracks.end])
    codecs = tuple(_codecs(data, tracks))
    kinds = {number: kind for number, kind, *_ in codecs}
    pictures = frozenset(number for number, kind in kinds.items() if kind == _PICTURE)
    return WebmStream(
        header=header,
        prefix=data[:first_cluster],
        second_per_unit=scale_ns * 1e-9,
        pictures=pictures,
        sounds=frozenset(number for number, kind in kinds.items() if kind == _SOUND),
        others=frozenset(number for number, kind in kinds.items() if kind not in {_PICTURE, _SOUND}),
        codecs=codecs,
        # Pictures before the first key frame cannot be decoded.
        kept=Kept(waiting=pictures),
    )


def _codecs(data: bytes, tracks: Element) -> Iterator[tuple[int, int, bytes, bytes]]:
    for entry in children(data, tracks.body, tracks.end or 0):
        if entry.id == TRACK_ENTRY:
            parts = {child.id: child for child in children(data, entry.body, entry.end or 0)}
            if TRACK_NUMBER in parts and TRACK_TYPE in parts:
                number, kind = (number_of(data, parts[name]) for name in (TRACK_NUMBER, TRACK_TYPE))
                codec, private = (
                    data[part.body : part.end] if (part := parts.get(name)) is not None else b""
                    for name in (CODEC_ID, CODEC_PRIVATE)
                )
                yield number, kind, codec, private
