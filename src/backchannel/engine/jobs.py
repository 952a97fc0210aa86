"""Jobs and replies: the messages between an engine and a worker, for every carrier.

They are MessagePack, not pickle. A worker decodes media from strangers, and its replies must not be able to
run code in the process that holds all sockets and keys.
"""

import traceback
from pathlib import Path
from typing import Any, Final

import msgspec

from backchannel.errors import Problem
from backchannel.updates import Changes
from backchannel.values import GivenWords, MediaLimits, Rules, Segment, SegmentResult

PACKAGED: Final = "packaged"
"""Instead of a folder: the network for words in the package."""
MAX_REPLY_BYTES: Final = 64 * 1024 * 1024
"""Real replies are far smaller. A forged one cannot fill the server's memory."""


class LiveState(msgspec.Struct, frozen=True, array_like=True):
    """State of a live session's analysis from piece to piece. Only workers read it.

    Attributes
    ----------
    conversation
        The conversation, at most 16 KB; see `conversation.codec`.
    carry
        State of perception, with about a second of sound; see `perception.perceive`.
    """

    conversation: bytes = b""
    carry: bytes = b""


class PieceJob(msgspec.Struct, frozen=True, array_like=True, tag="piece"):
    """Analyse a piece of a live session, unless it is longer than `longest_s`; see `engine.base.Piece`."""

    state: LiveState
    segment: Segment | None
    limits: MediaLimits
    longest_s: float
    closes_window: bool = False
    skipped: tuple[Segment, ...] = ()
    ends: bool = False
    rules: Rules = Rules()
    words: bool = False
    given: GivenWords | None = None


class FileJob(msgspec.Struct, frozen=True, array_like=True, tag="file"):
    """Analyse a file, or only open it; see `engine.base.File`."""

    segment: Segment
    limits: MediaLimits
    longest_s: float
    needs_picture: bool
    needs_sound: bool
    inspect_only: bool
    rules: Rules = Rules()
    words: bool = False
    given: GivenWords | None = None


Job = PieceJob | FileJob


class Ready(msgspec.Struct, frozen=True, array_like=True, tag="ready"):
    """The worker is warm and waiting.

    Attributes
    ----------
    exposed
        Why it runs without a sandbox; empty if it is in one.
    """

    exposed: str = ""


class Unfit(msgspec.Struct, frozen=True, array_like=True, tag="unfit"):
    """The worker cannot start. The reason comes from our own code, before any media arrived."""

    reason: str


class Begun(msgspec.Struct, frozen=True, array_like=True, tag="begun"):
    """The media is open. Its duration sets the deadline."""

    duration_s: float


class TooLong(msgspec.Struct, frozen=True, array_like=True, tag="too-long"):
    """The media is longer than the job allowed, and was not analysed."""

    duration_s: float


class PieceDone(msgspec.Struct, frozen=True, array_like=True, tag="piece-done"):
    """The state for the next piece, and the changes from this one."""

    state: LiveState
    changes: Changes


class FileDone(msgspec.Struct, frozen=True, array_like=True, tag="file-done"):
    """The results of a file's windows."""

    results: tuple[SegmentResult, ...]


class Refused(msgspec.Struct, frozen=True, array_like=True, tag="refused"):
    """A `Problem`."""

    error_id: str
    message: str
    retry_after_s: float | None


class Failed(msgspec.Struct, frozen=True, array_like=True, tag="failed"):
    """A fault of the server: the exception's type and place, without its text, which may contain media."""

    kind: str
    place: str


Reply = Ready | Unfit | Begun | TooLong | PieceDone | FileDone | Refused | Failed


def reply_of(error: Exception) -> Refused | Failed:
    """Turn a job's exception into its reply."""
    if isinstance(error, Problem):
        return Refused(error.error_id, error.message, error.retry_after_s)
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return Failed(type(error).__name__, place)


# --- bytes -----------------------------------------------------------------------------------------

_reply_decoder: msgspec.msgpack.Decoder[Reply] = msgspec.msgpack.Decoder(Reply)
_job_decoder: msgspec.msgpack.Decoder[Job] = msgspec.msgpack.Decoder(Job)


def _plain(value: Any) -> Any:
    """Turn numpy's scalars into Python's, without importing numpy."""
    if hasattr(value, "item"):
        return value.item()
    raise NotImplementedError(type(value))


_encoder = msgspec.msgpack.Encoder(enc_hook=_plain)


def encode(message: Job | Reply) -> bytes:
    """Write a message."""
    return _encoder.encode(message)


def decode_reply(body: bytes) -> Reply:
    """Read a reply.

    Raises
    ------
    msgspec.DecodeError
        The bytes are not a reply.
    """
    return _reply_decoder.decode(body)


def decode_job(body: bytes) -> Job:
    """Read a job."""
    return _job_decoder.decode(body)
