"""Writes the state of a running stream down and reads it back, so that a session can go on elsewhere."""

from typing import Final

import msgspec

from backchannel.errors import Problem
from backchannel.media.stream.continuity import StreamState
from backchannel.media.stream.mp4_header import Mp4Stream
from backchannel.media.stream.mpegts import MpegtsStream
from backchannel.media.stream.webm_header import WebmStream

VERSION: Final = 2
"""Raise this with every change of a stream's state. A state of another version is refused, never misread."""

_KINDS: Final = {"webm": WebmStream, "mp4": Mp4Stream, "mpegts": MpegtsStream}


class _Written(msgspec.Struct, frozen=True, array_like=True):
    version: int
    streams: int
    losses: int
    pending: bytes
    missing: bool
    reached: bytes
    kind: str
    stream: msgspec.Raw


def pack_stream(state: StreamState) -> bytes:
    """Write the state of a stream down. It holds the media since the last key frame.

    See Also
    --------
    unpack_stream : the way back.

    Examples
    --------
    >>> unpack_stream(pack_stream(StreamState(losses=2))).losses
    2
    """
    kind = next((name for name, one in _KINDS.items() if isinstance(state.stream, one)), "")
    written = _Written(
        VERSION,
        state.streams,
        state.losses,
        state.pending,
        state.missing,
        state.reached,
        kind,
        msgspec.Raw(msgspec.msgpack.encode(state.stream)),
    )
    return msgspec.msgpack.encode(written)


def unpack_stream(packed: bytes) -> StreamState:
    """Read the state of a stream; ``b""`` is a new one.

    Raises
    ------
    Problem
        ``ih1001`` when the bytes are not a stream's state of this version.
    """
    if not packed:
        return StreamState()
    try:
        written = msgspec.msgpack.decode(packed, type=_Written)
        if written.version == VERSION:
            kind = _KINDS[written.kind] if written.kind else None
            stream = None if kind is None else msgspec.msgpack.decode(written.stream, type=kind)
            return StreamState(
                written.streams,
                written.losses,
                stream,
                written.pending,
                written.missing,
                written.reached,
            )
    except (msgspec.MsgspecError, KeyError, UnicodeDecodeError, RecursionError):
        pass
    raise Problem("ih1001", "The session was kept by another version of this server and cannot go on.")
