"""Chunks of any style to segments that decode on their own, whatever came before them.

Three styles are real (a recorder's restart, a repeated header, one stream cut anywhere), and nobody
announces which one is coming, so each chunk is judged by its bytes:

- It begins with a container's header and is a whole file, or its clock begins anew: a new stream.
- It begins with the header of the running stream and the clock goes on: the header is set aside.
- Anything else continues the running stream.

Sans-IO: no PyAV, no numpy, and linear in the bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from backchannel.errors import Problem
from backchannel.media.stream import mp4, mpegts, webm, webm_header
from backchannel.media.stream.container import M2TS_PACKET_BYTES, TS_SYNC, Container, detect_container
from backchannel.media.stream.mp4 import Mp4Stream
from backchannel.media.stream.mpegts import MpegtsStream
from backchannel.media.stream.units import MAX_HEADER_BYTES, Media
from backchannel.media.stream.webm_header import WebmStream
from backchannel.values import Segment

# Fewer bytes than a container needs to be recognised, and what such a beginning looks like.
_UNDECIDED_BYTES = 12
_FIRST_BYTES = (0x1A, 0x00)
_UNDECIDED_TS_BYTES = 2 * M2TS_PACKET_BYTES


@dataclass(frozen=True, slots=True)
class StreamState:
    """What must be remembered between two chunks; begins as ``StreamState()``.

    Attributes
    ----------
    streams
        How many streams or files have begun. When it grows, the segment's clock has nothing to do with
        the clock of the segment before.
    losses
        How often part of a stream was found missing. The segment that follows a loss says by its
        container time how long it was.
    stream
        The running stream; None before the first and after a complete file.
    pending
        The beginning of a header whose end has not arrived.
    """

    streams: int = 0
    losses: int = 0
    stream: WebmStream | Mp4Stream | MpegtsStream | None = None
    pending: bytes = b""

    @property
    def waits_for_key_frame(self) -> bool:
        """Whether pictures are left out until the next key frame.

        So it is at a start without one, after a loss, and when key frames are further apart than can be
        kept (`stream.MAX_KEPT_S`, `stream.MAX_KEPT_BYTES`).
        """
        return self.stream is not None and bool(self.stream.kept.waiting)


def continue_stream(state: StreamState, chunk: bytes) -> tuple[StreamState, Segment | None]:
    """Take the next chunk of a conversation.

    Parameters
    ----------
    state
        What earlier chunks left.
    chunk
        One message's bytes.

    Returns
    -------
    tuple of StreamState and Segment or None
        None if nothing in the chunk can be decoded yet: a header alone, part of a fragment, or pictures
        that wait for a key frame. The chunk is not lost; what it holds comes with a later segment.

    Raises
    ------
    Problem
        ``ih5004`` if the chunk begins no container and continues no stream. The state from before stays
        good.
    """
    if state.pending and not _is_header(chunk):
        chunk = state.pending + chunk
    state = replace(state, pending=b"")
    if state.stream is not None and (rest := _continuation(state.stream, chunk)) is not None:
        return _feed(state, rest)
    kind = detect_container(chunk)
    if state.stream is not None and not _begins_anew(state.stream, chunk, kind):
        return _feed(state, chunk)
    if kind is not None:
        return _begin(state, chunk, kind)
    if _may_begin(chunk):
        return replace(state, pending=chunk), None
    raise Problem(
        "ih5004",
        f"The {len(chunk)} bytes are not media of a supported container and continue no stream. "
        "Begin with the container's header.",
    )


def continuation(state: StreamState, chunk: bytes) -> bytes | None:
    """Return what a chunk adds to the running stream, its header set aside; None if it may begin another."""
    if state.stream is None or state.pending:
        return None
    if (rest := _continuation(state.stream, chunk)) is not None:
        return rest
    return None if _begins_anew(state.stream, chunk, detect_container(chunk)) else chunk


def end_stream(state: StreamState) -> tuple[StreamState, Segment | None]:
    """Give what only the next chunk could have shown to be whole: at most a frame of a transport stream."""
    if not isinstance(state.stream, MpegtsStream):
        return replace(state, stream=None, pending=b""), None
    _, media = mpegts.finish(state.stream)
    return replace(state, stream=None, pending=b""), _segment(media)


# --- beginning -------------------------------------------------------------------------------------


def _begin(state: StreamState, chunk: bytes, kind: Container) -> tuple[StreamState, Segment | None]:
    fresh = replace(state, streams=state.streams + 1, stream=None)
    try:
        stream = _opened(chunk, kind)
    except ValueError:
        # A complete file, or one that only the decoder can make sense of.
        return fresh, Segment(chunk)
    if stream is None:
        if len(chunk) > MAX_HEADER_BYTES:
            return fresh, Segment(chunk)
        return replace(state, stream=None, pending=chunk), None
    rest = chunk[len(stream.prefix) :]
    return _feed(replace(fresh, stream=stream), rest)


def _opened(chunk: bytes, kind: Container) -> WebmStream | Mp4Stream | MpegtsStream | None:
    """Open a stream; None if its header is not all there, ValueError if it is none that goes on."""
    if kind in {Container.WEBM, Container.MKV}:
        if webm_header.is_whole_file(chunk):
            raise ValueError("a whole file")
        return webm_header.begin(chunk)
    if kind in {Container.MP4, Container.MOV}:
        return mp4.begin(chunk)
    if kind in {Container.MPEG_TS, Container.M2TS}:
        return mpegts.begin(chunk)
    raise ValueError("not a container for streams")


def _is_header(chunk: bytes) -> bool:
    """Whether a chunk begins with bytes that can only be the beginning of a file."""
    return chunk[:4] in {b"RIFF", b"\x1a\x45\xdf\xa3", b"\x00\x00\x01\xba"} or chunk[4:8] == b"ftyp"


def _may_begin(chunk: bytes) -> bool:
    """Whether a chunk is so short that only the next one can tell."""
    if len(chunk) < _UNDECIDED_TS_BYTES and TS_SYNC in {*chunk[:1], *chunk[4:5]}:
        return True
    return 0 < len(chunk) < _UNDECIDED_BYTES and chunk[0] in _FIRST_BYTES


def _begins_anew(stream: WebmStream | Mp4Stream | MpegtsStream, chunk: bytes, kind: Container | None) -> bool:
    """Whether a chunk that does not repeat the running stream's header begins another stream."""
    if kind in {Container.MPEG_TS, Container.M2TS} or _is_header(chunk):
        return True
    # Fragments begin like files of their own, but only a `moov` makes one.
    return kind in {Container.MP4, Container.MOV} and (
        chunk[4:8] == b"moov" or not isinstance(stream, Mp4Stream)
    )


# --- going on --------------------------------------------------------------------------------------


def _continuation(stream: WebmStream | Mp4Stream | MpegtsStream, chunk: bytes) -> bytes | None:
    """Return what a chunk adds to the stream if it repeats the stream's header, or None."""
    if isinstance(stream, MpegtsStream):
        return chunk if mpegts.goes_on(stream, chunk) else None
    if not chunk.startswith(stream.prefix):
        return None
    rest = chunk[len(stream.prefix) :]
    if isinstance(stream, WebmStream):
        return None if webm_header.is_whole_file(chunk) or webm.starts_over(stream, rest) else rest
    return None if mp4.starts_over(stream, rest) else rest


def _feed(state: StreamState, data: bytes) -> tuple[StreamState, Segment | None]:
    stream: WebmStream | Mp4Stream | MpegtsStream
    match state.stream:
        case WebmStream() as running:
            stream, media = webm.feed(running, data)
        case Mp4Stream() as running:
            stream, media = mp4.feed(running, data)
        case MpegtsStream() as running:
            stream, media = mpegts.feed(running, data)
        case None:
            return state, None
    if media.lost and stream.astray and not media.new:
        raise Problem(
            "ih5004", f"The {len(data)} bytes do not continue the stream. Begin again with its header."
        )
    return replace(state, stream=stream, losses=state.losses + media.lost), _segment(media)


def _segment(media: Media) -> Segment | None:
    if not media.new:
        return None
    before = media.header + media.old
    return Segment(before + media.new, len(before) if media.old else 0, continuous=True)
