"""What the server and a worker say to each other: MessagePack after a length, through pipes.

Not pickle: a worker decodes media from strangers, and what it sends must not be able to run code in the
process that holds everyone's sockets and keys.
"""

import struct
from typing import Any, Final

import msgspec

from backchannel.values import MediaLimits, Progress, Segment, SegmentResult

LENGTH: Final = struct.Struct("!I")
MAX_REPLY_BYTES: Final = 64 * 1024 * 1024
"""No honest reply comes near; a dishonest one cannot fill the server's memory."""


class SegmentJob(msgspec.Struct, frozen=True, array_like=True, tag="segment"):
    """Server to worker: analyse this segment of a session, unless it is longer than this."""

    state: bytes
    segment: Segment
    limits: MediaLimits
    longest_s: float


class LiveJob(msgspec.Struct, frozen=True, array_like=True, tag="live"):
    """Server to worker: follow a live session by this segment, unless it is longer than this."""

    state: bytes
    segment: Segment
    limits: MediaLimits
    longest_s: float
    left_out: tuple[Segment, ...] = ()


class FileJob(msgspec.Struct, frozen=True, array_like=True, tag="file"):
    """Server to worker: analyse, or only open, the file whose `size` bytes follow as they are."""

    size: int
    limits: MediaLimits
    needs_picture: bool
    needs_sound: bool
    sound_only: bool
    inspect_only: bool


Job = SegmentJob | LiveJob | FileJob


class Ready(msgspec.Struct, frozen=True, array_like=True, tag="ready"):
    """Worker to server: warm and waiting."""


class Unfit(msgspec.Struct, frozen=True, array_like=True, tag="unfit"):
    """Worker to server: cannot start. The reason is from our own code, before any media was seen."""

    reason: str


class Begun(msgspec.Struct, frozen=True, array_like=True, tag="begun"):
    """Worker to server: the media opened and is this long; the deadline follows from it."""

    duration_s: float


class TooLong(msgspec.Struct, frozen=True, array_like=True, tag="too-long"):
    """Worker to server: the media is longer than was asked for, and was not analysed."""

    duration_s: float


class Done(msgspec.Struct, frozen=True, array_like=True, tag="done"):
    """Worker to server: the new state and the answer."""

    state: bytes
    result: SegmentResult


class LiveDone(msgspec.Struct, frozen=True, array_like=True, tag="live-done"):
    """Worker to server: the new state, and what the segment brought."""

    state: bytes
    progress: Progress


class FileDone(msgspec.Struct, frozen=True, array_like=True, tag="file-done"):
    """Worker to server: the answers to a file's windows."""

    results: tuple[SegmentResult, ...]


class Refused(msgspec.Struct, frozen=True, array_like=True, tag="refused"):
    """Worker to server: a `Problem`."""

    error_id: str
    message: str
    retry_after_s: float | None


class Failed(msgspec.Struct, frozen=True, array_like=True, tag="failed"):
    """Worker to server: a fault of ours. The exception's text may hold media, so only its type and place."""

    kind: str
    place: str


Reply = Ready | Unfit | Begun | TooLong | Done | LiveDone | FileDone | Refused | Failed

_reply_decoder: msgspec.msgpack.Decoder[Reply] = msgspec.msgpack.Decoder(Reply)
_job_decoder: msgspec.msgpack.Decoder[Job] = msgspec.msgpack.Decoder(Job)


def _plain(value: Any) -> Any:
    """Spell numpy's scalars as Python's, without importing numpy."""
    if hasattr(value, "item"):
        return value.item()
    raise NotImplementedError(type(value))


_encoder = msgspec.msgpack.Encoder(enc_hook=_plain)


def encode(message: Job | Reply) -> tuple[bytes, bytes]:
    """Spell a message as its length and its body."""
    body = _encoder.encode(message)
    return LENGTH.pack(len(body)), body


def decode_reply(body: bytes) -> Reply:
    """Read what a worker said.

    Raises
    ------
    msgspec.DecodeError
        It is no reply.
    """
    return _reply_decoder.decode(body)


def decode_job(body: bytes) -> Job:
    """Read what the server asked for."""
    return _job_decoder.decode(body)
