"""The header of a fragmented MP4 stream, and the state of a running stream between chunks.

Box layouts: ISO/IEC 14496-12.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

from backchannel.media.stream.boxes import child_at, read_box
from backchannel.media.stream.mp4_fragments import TrackHeader, tracks_of
from backchannel.media.stream.units import MAX_HEADER_BYTES, Kept

# Boxes that are legal between fragments and not needed here.
SKIPPED = frozenset(
    {b"styp", b"sidx", b"ssix", b"free", b"skip", b"mfra", b"emsg", b"prft", b"uuid", b"ftyp"}
)
# All fragments count as one track, because each has picture and sound.
TRACK = 1


class Reached(NamedTuple):
    """How far a track has come.

    Attributes
    ----------
    track
        Number of the track.
    end_s
        Time at which its last fragment ends, s.
    sample_s
        Mean length of the samples in it, s.
    """

    track: int
    end_s: float
    sample_s: float


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
        Number of the last fragment. None before the first.
    counts
        Whether each fragment so far had the number after that of the one before.
    reached
        How far each track has come.
    shift_s
        Added to the times in the fragments, s, since their clock went back.
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
    tracks: tuple[tuple[int, TrackHeader], ...]
    sequence: int | None = None
    counts: bool = True
    reached: tuple[Reached, ...] = ()
    shift_s: float = 0.0
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
        return frozenset({TRACK}) if self.has_picture else frozenset()


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
        if box.type not in SKIPPED | {b"moov"}:
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
    tracks = tracks_of(data, moov)
    if child_at(data, moov, b"mvex") is None or not tracks:
        raise ValueError("not fragmented")
    stream = Mp4Stream(header=header, prefix=data[:at], tracks=tracks)
    # Pictures before the first key frame cannot be decoded.
    return replace(stream, kept=Kept(waiting=stream.pictures))
