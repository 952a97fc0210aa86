"""Turn chunks of a stream into segments that can be decoded independently.

Real recorders send chunks in three styles: complete files, the stream's header before every chunk, or one
stream cut anywhere. No client announces its style, so the bytes of each chunk decide:

- The chunk is a complete file, or it begins with a container's header and its clock restarts: a new stream.
- The chunk begins with the header of the running stream and its clock continues: the header is removed.
- Anything else continues the running stream.

Sans-IO: no PyAV, no numpy, and linear in the number of bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

from backchannel.errors import Problem
from backchannel.media.stream import mp4, mp4_header, mpegts, webm, webm_header
from backchannel.media.stream.container import (
    M2TS_PACKET_BYTES,
    TS_SYNC,
    VIDEO_CONTAINERS,
    Container,
    detect_container,
)
from backchannel.media.stream.mp4_header import Mp4Stream
from backchannel.media.stream.mpegts import MpegtsStream
from backchannel.media.stream.units import MAX_HEADER_BYTES, Media
from backchannel.media.stream.webm_header import WebmStream
from backchannel.values import Segment

# Too few bytes to recognise a container, and the first bytes that such a beginning can have.
_UNDECIDED_BYTES = 12
_FIRST_BYTES = (0x1A, 0x00)
_UNDECIDED_TS_BYTES = 2 * M2TS_PACKET_BYTES


@dataclass(frozen=True, slots=True)
class StreamState:
    """The state between two chunks. A conversation begins with ``StreamState()``.

    Attributes
    ----------
    streams
        The number of streams or files so far. When it grows, the clock of the new segment is unrelated to the
        clock of the previous one.
    losses
        How often part of a stream was missing. The container time of the segment after a loss shows how much.
    stream
        The running stream. None before the first one and after a complete file.
    pending
        The beginning of a header whose end has not arrived.
    missing
        Whether part of the stream was missing since the last segment.
    reached
        Digest of the running stream's header and of everything that it gave so far.
    """

    streams: int = 0
    losses: int = 0
    stream: WebmStream | Mp4Stream | MpegtsStream | None = None
    pending: bytes = b""
    missing: bool = False
    reached: bytes = b""

    @property
    def waits_for_key_frame(self) -> bool:
        """Whether pictures are skipped until the next key frame.

        This happens at a start without a key frame, after a loss, and when key frames are further apart than
        the limits `units.MAX_KEPT_S` and `units.MAX_KEPT_BYTES`.
        """
        return self.stream is not None and bool(self.stream.kept.waiting)


def continue_stream(
    state: StreamState, chunk: bytes, seams: Sequence[int] = ()
) -> tuple[StreamState, Segment | None]:
    r"""Take the next chunk of a conversation.

    Parameters
    ----------
    state
        The state after the earlier chunks.
    chunk
        The bytes of one message.
    seams
        Where further messages begin in `chunk`, if it holds several that continue the running stream. Media
        can be lost only there.

    Returns
    -------
    state
        The state after this chunk.
    segment
        Media that can be decoded independently. None if nothing can be decoded yet: the chunk is a header,
        part of a fragment, or pictures before a key frame. Its media then comes with a later segment.

    Raises
    ------
    Problem
        ``ih5004`` if the chunk is not media and does not continue the stream. The earlier state stays valid.

    See Also
    --------
    end_stream : Returns the last media of a stream.
    backchannel.media.stream.batch.take_chunks : Takes several chunks at once.

    Examples
    --------
    A complete file gives a segment at once:

    >>> state, segment = continue_stream(StreamState(), b"RIFF\x10\x00\x00\x00AVI LIST")
    >>> state.streams, segment.continuous
    (1, False)

    Part of a header waits for the rest:

    >>> state, segment = continue_stream(StreamState(), b"\x1a\x45\xdf\xa3")
    >>> segment is None, state.pending
    (True, b'\x1aE\xdf\xa3')
    """
    if state.pending and not _is_header(chunk):
        chunk = state.pending + chunk
    state = replace(state, pending=b"")
    if state.stream is not None and (rest := _continuation(state.stream, chunk)) is not None:
        return _feed(state, rest, seams)
    kind = detect_container(chunk)
    if state.stream is not None and not _begins_new_stream(state.stream, chunk, kind):
        return _feed(state, chunk, seams)
    if kind is not None:
        return _begin(state, chunk, kind)
    if _may_be_beginning(chunk):
        return replace(state, pending=chunk), None
    raise Problem(
        "ih5004",
        f"This is not a supported video file ({len(chunk)} bytes), and no stream is running that it could "
        f"continue. Begin with the container's header. Supported: {VIDEO_CONTAINERS}.",
    )


def continuation(state: StreamState, chunk: bytes) -> bytes | None:
    """Return the bytes that a chunk adds to the running stream, without a repeated header.

    Returns
    -------
    bytes or None
        None if the chunk may begin another stream.
    """
    if state.stream is None or state.pending:
        return None
    if (rest := _continuation(state.stream, chunk)) is not None:
        return rest
    return None if _begins_new_stream(state.stream, chunk, detect_container(chunk)) else chunk


def end_stream(state: StreamState) -> tuple[StreamState, Segment | None]:
    """End the running stream and return its last media.

    A transport stream has some: a frame is complete when the next one begins, and at the end there is no next
    one. So does a stream that began inside the last chunk.

    Parameters
    ----------
    state
        The state after the last chunk.

    Returns
    -------
    state
        The state without a running stream.
    segment
        The last media, or None.

    See Also
    --------
    continue_stream : Takes a chunk.

    Examples
    --------
    >>> state, segment = end_stream(StreamState())
    >>> state.stream is None, segment is None
    (True, True)
    """
    if state.pending and (kind := detect_container(state.pending)) is not None:
        state, segment = _begin(replace(state, pending=b""), state.pending, kind)
        return replace(state, stream=None, pending=b""), segment
    if not isinstance(state.stream, MpegtsStream):
        return replace(state, stream=None, pending=b""), None
    _, media = mpegts.finish(state.stream)
    return replace(state, stream=None, pending=b""), _segment(
        media, state.reached, unbroken=not (state.missing or media.lost)
    )


# --- beginning a stream ----------------------------------------------------------------------------


def _begin(state: StreamState, chunk: bytes, kind: Container) -> tuple[StreamState, Segment | None]:
    fresh = replace(state, streams=state.streams + 1, stream=None, missing=False, reached=b"")
    try:
        stream = _open_stream(chunk, kind)
    except ValueError:
        # A complete file, or one that only the decoder understands.
        return fresh, Segment(chunk)
    if stream is None:
        if len(chunk) > MAX_HEADER_BYTES:
            return fresh, Segment(chunk)
        return replace(state, stream=None, pending=chunk), None
    rest = chunk[len(stream.prefix) :]
    return _feed(replace(fresh, stream=stream, reached=_digest(stream.prefix)), rest)


def _open_stream(chunk: bytes, kind: Container) -> WebmStream | Mp4Stream | MpegtsStream | None:
    """Open a stream. None if its header is incomplete, ValueError if the file is not a stream."""
    if kind in {Container.WEBM, Container.MKV}:
        if webm_header.is_whole_file(chunk):
            raise ValueError("a complete file")
        return webm_header.begin(chunk)
    if kind in {Container.MP4, Container.MOV}:
        return mp4_header.begin(chunk)
    if kind in {Container.MPEG_TS, Container.M2TS}:
        return mpegts.begin(chunk)
    raise ValueError("not a container for streams")


def _is_header(chunk: bytes) -> bool:
    """Whether a chunk begins with bytes that can only be the beginning of a file."""
    return chunk[:4] in {b"RIFF", b"\x1a\x45\xdf\xa3", b"\x00\x00\x01\xba"} or chunk[4:8] == b"ftyp"


def _may_be_beginning(chunk: bytes) -> bool:
    """Whether a chunk may be the beginning of a file but is too short to tell."""
    if len(chunk) < _UNDECIDED_TS_BYTES and TS_SYNC in {*chunk[:1], *chunk[4:5]}:
        return True
    return 0 < len(chunk) < _UNDECIDED_BYTES and chunk[0] in _FIRST_BYTES


def _begins_new_stream(
    stream: WebmStream | Mp4Stream | MpegtsStream, chunk: bytes, kind: Container | None
) -> bool:
    """Whether a chunk without the running stream's header begins another stream."""
    if kind in {Container.MPEG_TS, Container.M2TS} or _is_header(chunk):
        return True
    # Fragments look like files, but only a `moov` begins one.
    return kind in {Container.MP4, Container.MOV} and (
        chunk[4:8] == b"moov" or not isinstance(stream, Mp4Stream)
    )


# --- continuing a stream ---------------------------------------------------------------------------


def _continuation(stream: WebmStream | Mp4Stream | MpegtsStream, chunk: bytes) -> bytes | None:
    """Return the bytes after a repeated header, or None if the chunk does not repeat the stream's header."""
    if isinstance(stream, MpegtsStream):
        return chunk if mpegts.continues(stream, chunk) else None
    if not chunk.startswith(stream.prefix):
        return None
    rest = chunk[len(stream.prefix) :]
    if isinstance(stream, WebmStream):
        return None if webm_header.is_whole_file(chunk) or webm.starts_over(stream, rest) else rest
    return None if mp4.starts_over(stream, rest) else rest


def _feed(state: StreamState, data: bytes, seams: Sequence[int] = ()) -> tuple[StreamState, Segment | None]:
    stream: WebmStream | Mp4Stream | MpegtsStream
    match state.stream:
        case WebmStream() as running:
            stream, media = webm.feed(running, data, seams)
        case Mp4Stream() as running:
            stream, media = mp4.feed(running, data, seams)
        case MpegtsStream() as running:
            stream, media = mpegts.feed(running, data)
        case None:
            return state, None
    if media.lost and stream.astray and not media.new and not media.rest:
        raise Problem(
            "ih5004",
            f"The message ({len(data)} bytes) does not continue the stream. Restart the recording, or send "
            "the next message of the stream.",
        )
    missing = state.missing or media.lost
    segment = _segment(media, state.reached, unbroken=not missing)
    reached = state.reached if segment is None else segment.reaches
    losses = state.losses + media.lost
    # A stream of another kind that begins inside this chunk comes with the next one.
    missing = missing and segment is None
    state = replace(state, stream=stream, losses=losses, missing=missing, reached=reached, pending=media.rest)
    return state, segment


def _segment(media: Media, reached: bytes, *, unbroken: bool) -> Segment | None:
    if not media.new:
        return None
    before = media.header + media.old
    return Segment(
        before + media.new,
        len(before) if media.old else 0,
        continuous=True,
        continues=reached,
        reaches=_digest(reached + media.new),
        unbroken=unbroken,
    )


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).digest()
