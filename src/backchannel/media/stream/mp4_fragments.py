"""Read the tracks in the header of a fragmented MP4 stream, and the times and key frames of its fragments.

Sans-IO. Box layouts: ISO/IEC 14496-12, 8.8.
"""

from __future__ import annotations

from typing import NamedTuple

from backchannel.media.stream.boxes import Box, boxes, child_at, u32_at

_PICTURE_HANDLER = b"vide"
_SOUND_HANDLER = b"soun"
# Sample flags, 8.8.3.1: sample_is_non_sync_sample.
_NOT_SYNC = 0x0001_0000
BASE_DATA_OFFSET, _DEFAULT_DURATION, _DEFAULT_SIZE, _DEFAULT_FLAGS = 0x01, 0x08, 0x10, 0x20
_SAMPLE_DESCRIPTION = 0x02
_RUN_DATA_OFFSET, _RUN_FIRST_FLAGS = 0x001, 0x004
_RUN_DURATION, _RUN_SIZE, _RUN_FLAGS, _RUN_OFFSET = 0x100, 0x200, 0x400, 0x800
_MAX_SAMPLES = 100_000


class TrackHeader(NamedTuple):
    """What the header says about a track.

    Attributes
    ----------
    picture
        Whether it has pictures; otherwise it has sound.
    units_per_s
        Its time units in a second.
    default_flags, default_duration
        Flags and length, in time units, of samples whose fragment gives none.
    entry
        Its sample description: codec and parameters.
    """

    picture: bool
    units_per_s: int
    default_flags: int
    default_duration: int
    entry: bytes


class Part(NamedTuple):
    """One track's part of a fragment.

    Attributes
    ----------
    track
        Number of the track.
    start_s
        Decode time of its first sample, s. None if the fragment gives none.
    length_s
        Length of its samples, s.
    samples
        Number of its samples.
    time_at
        Offset of its `tfdt` payload in the `moof`, or 0.
    """

    track: int
    start_s: float | None
    length_s: float
    samples: int
    time_at: int


class Fragment(NamedTuple):
    """What a complete `moof` says.

    Attributes
    ----------
    number
        Its `mfhd` number. Only some muxers count by one.
    key
        Whether it has a key frame.
    parts
        Its tracks.
    """

    number: int | None
    key: bool
    parts: tuple[Part, ...]


def tracks_of(data: bytes, moov: Box) -> tuple[tuple[int, TrackHeader], ...]:
    """Return the numbers and headers of the tracks with pictures or sound.

    Raises
    ------
    ValueError
        If a box is too short.
    """
    defaults = {}
    if (mvex := child_at(data, moov, b"mvex")) is not None:
        for trex in boxes(data, mvex.body, mvex.end):
            if trex.type == b"trex":
                number = u32_at(data, trex.body + 4)
                defaults[number] = u32_at(data, trex.body + 20), u32_at(data, trex.body + 12)
    tracks = []
    for trak in boxes(data, moov.body, moov.end):
        tkhd, mdhd = child_at(data, trak, b"tkhd"), child_at(data, trak, b"mdia", b"mdhd")
        hdlr = child_at(data, trak, b"mdia", b"hdlr")
        if trak.type != b"trak" or tkhd is None or mdhd is None or hdlr is None:
            continue
        handler = data[hdlr.body + 8 : hdlr.body + 12]
        if handler not in {_PICTURE_HANDLER, _SOUND_HANDLER}:
            continue
        number = u32_at(data, tkhd.body + (20 if _version(data, tkhd) == 1 else 12))
        units_per_s = u32_at(data, mdhd.body + (20 if _version(data, mdhd) == 1 else 12)) or 1
        stsd = child_at(data, trak, b"mdia", b"minf", b"stbl", b"stsd")
        entry = b"" if stsd is None else data[stsd.body : stsd.end]
        header = TrackHeader(handler == _PICTURE_HANDLER, units_per_s, *defaults.get(number, (0, 0)), entry)
        tracks.append((number, header))
    return tuple(tracks)


def read_fragment(tracks: dict[int, TrackHeader], moof: bytes) -> Fragment:
    """Read a complete `moof`.

    Raises
    ------
    ValueError
        If a box is too short, or a run has too many samples.
    """
    number, key, parts = None, not any(track.picture for track in tracks.values()), list[Part]()
    for box in boxes(moof, 8, len(moof)):
        if box.type == b"mfhd":
            number = u32_at(moof, box.body + 4)
        tfhd = child_at(moof, box, b"tfhd") if box.type == b"traf" else None
        if tfhd is None or (track := tracks.get(u32_at(moof, tfhd.body + 4))) is None:
            continue
        part, sync = _read_part(moof, box, tfhd, track)
        parts.append(part)
        key = key or (track.picture and sync)
    return Fragment(number, key, tuple(parts))


def _read_part(moof: bytes, traf: Box, tfhd: Box, track: TrackHeader) -> tuple[Part, bool]:
    flags = _default(moof, tfhd, _DEFAULT_FLAGS, track.default_flags)
    usual = _default(moof, tfhd, _DEFAULT_DURATION, track.default_duration)
    samples, length, sync, start_s, time_at = 0, 0, False, None, 0
    for box in boxes(moof, traf.body, traf.end):
        if box.type == b"trun":
            samples += u32_at(moof, box.body + 4)
            sync = _has_sync(moof, box, flags) or sync
            length += _length(moof, box, usual)
        elif box.type == b"tfdt":
            time_at = box.body
            start_s = decode_time(moof, time_at) / track.units_per_s
    return Part(u32_at(moof, tfhd.body + 4), start_s, length / track.units_per_s, samples, time_at), sync


def decode_time(moof: bytes, at: int) -> int:
    """Return the time in the payload of a `tfdt`, in the track's time units."""
    if u32_at(moof, at) >> 24 == 1:
        return u32_at(moof, at + 4) << 32 | u32_at(moof, at + 8)
    return u32_at(moof, at + 4)


def with_decode_time(moof: bytes, at: int, time: int) -> bytes:
    """Replace the time in the payload of a `tfdt`. A 32-bit field that is too short for it wraps."""
    length = 8 if moof[at] == 1 else 4
    return moof[: at + 4] + (time % (1 << 8 * length)).to_bytes(length) + moof[at + 4 + length :]


def _version(data: bytes, box: Box) -> int:
    return u32_at(data, box.body) >> 24


def _default(moof: bytes, tfhd: Box, wanted: int, otherwise: int) -> int:
    present = u32_at(moof, tfhd.body) & 0xFFFFFF
    if not present & wanted:
        return otherwise
    at = tfhd.body + 8
    for flag, length in (
        (BASE_DATA_OFFSET, 8),
        (_SAMPLE_DESCRIPTION, 4),
        (_DEFAULT_DURATION, 4),
        (_DEFAULT_SIZE, 4),
        (_DEFAULT_FLAGS, 4),
    ):
        if flag == wanted:
            break
        at += length if present & flag else 0
    return u32_at(moof, at)


def _samples_at(moof: bytes, run: Box) -> tuple[int, int, int]:
    """Count, offset of the first sample's fields, and their length for each sample, in a `trun`."""
    present, count = u32_at(moof, run.body) & 0xFFFFFF, u32_at(moof, run.body + 4)
    if count > _MAX_SAMPLES:
        raise ValueError("too many samples")
    at = run.body + 8 + 4 * sum(bool(present & flag) for flag in (_RUN_DATA_OFFSET, _RUN_FIRST_FLAGS))
    fields = (_RUN_DURATION, _RUN_SIZE, _RUN_FLAGS, _RUN_OFFSET)
    stride = 4 * sum(bool(present & flag) for flag in fields)
    if at + count * stride > run.end:
        raise ValueError("run too short")
    return count, at, stride


def _length(moof: bytes, run: Box, usual: int) -> int:
    """Length of a run's samples, in time units."""
    count, at, stride = _samples_at(moof, run)
    if not u32_at(moof, run.body) & _RUN_DURATION:
        return count * usual
    return sum(u32_at(moof, at + number * stride) for number in range(count))


def _has_sync(moof: bytes, run: Box, flags: int) -> bool:
    count, at, stride = _samples_at(moof, run)
    present = u32_at(moof, run.body) & 0xFFFFFF
    if present & _RUN_FIRST_FLAGS and count and not u32_at(moof, at - 4) & _NOT_SYNC:
        return True
    if not present & _RUN_FLAGS:
        rest = count - (1 if present & _RUN_FIRST_FLAGS else 0)
        return rest > 0 and not flags & _NOT_SYNC
    at += 4 * sum(bool(present & flag) for flag in (_RUN_DURATION, _RUN_SIZE))
    return any(not u32_at(moof, at + number * stride) & _NOT_SYNC for number in range(count))
