"""The text messages of clients on streams v1 and v2: a config frame, a transcript, or `session.close`."""

from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec

from backchannel.errors import Problem
from backchannel.protocol.client_transcript import (
    MAX_TRANSCRIPT_LENGTH,
    TRANSCRIPT,
    ClientTranscript,
    names_transcript,
    read_transcript,
)
from backchannel.protocol.include import Include, parse_include
from backchannel.protocol.products import MODELS, ModelName, model_named

CLOSE: Final = "session.close"
MAX_TEXT_LENGTH: Final = 64 * 1024
"""Far above any real frame, except a transcript."""
_EXAMPLE: Final = '{"include": ["conversation_quality_overall"]}'


class AudioFormat(msgspec.Struct, frozen=True):
    """The format of raw samples in binary messages: signed, 16 bit, little-endian, mono."""

    encoding: Literal["pcm_s16le"] = "pcm_s16le"
    sample_rate: Literal[16000, 24000] = 16000
    channels: Literal[1] = 1


@dataclass(frozen=True, slots=True)
class Config:
    """A config frame.

    Attributes
    ----------
    include
        The optional sections. Replaces the earlier ones as a whole.
    model, audio_format
        None if the frame does not name one. The current one then stays.
    words
        False to stop listening for words until the session ends; None to leave that as it is.
    """

    include: Include
    model: ModelName | None
    audio_format: AudioFormat | None
    words: bool | None = None


@dataclass(frozen=True, slots=True)
class Close:
    """The client has no more media and waits for the remaining results."""


class _Typed(msgspec.Struct, frozen=True):
    type: str = ""


class _Frame(msgspec.Struct, frozen=True):
    include: list[str] | None = None
    model: str | None = None
    audio_format: AudioFormat | None = None
    goal_dimensions: list[Any] | None = None
    words: bool | None = None


_typed: msgspec.json.Decoder[_Typed] = msgspec.json.Decoder(_Typed)
_decoder: msgspec.json.Decoder[_Frame] = msgspec.json.Decoder(_Frame)


def read_text(text: str) -> Config | Close | ClientTranscript:
    """Read a text message. Unknown fields and unknown values of `include` are ignored.

    Parameters
    ----------
    text
        The message as the client sent it.

    Returns
    -------
    Config, Close or ClientTranscript

    Raises
    ------
    Problem
        ``ih6001``. Its message never quotes what the client sent.

    Examples
    --------
    >>> read_text('{"type": "session.close"}')
    Close()
    >>> read_text('{"include": ["evidence"]}').include.evidence
    True
    """
    kind = message_type(text, _EXAMPLE)
    if kind == CLOSE:
        return Close()
    if kind == TRANSCRIPT:
        return read_transcript(text)
    try:
        frame = _decoder.decode(text)
    except msgspec.ValidationError as error:
        raise _invalid(_invalid_field(str(error))) from None
    model = None
    if frame.model is not None:
        model = model_named(frame.model)
        if model is None:
            raise _invalid(f"`model` must be one of {', '.join(MODELS)}")
    return Config(parse_include(frame.include or ()), model, frame.audio_format, frame.words)


def message_type(text: str, example: str) -> str:
    """Return the type of a text message; empty for a config frame, which has none.

    Parameters
    ----------
    example
        A config frame of the stream, for the error's message.

    Raises
    ------
    Problem
        ``ih6001`` if it is no message that a client may send.
    """
    if names_transcript(text):
        return TRANSCRIPT
    if len(text) > MAX_TEXT_LENGTH:
        why = f"it has {len(text)} characters, and the limit is {MAX_TEXT_LENGTH}"
        raise invalid_text(f"{why} ({MAX_TRANSCRIPT_LENGTH} for a transcript)", example)
    try:
        kind = _typed.decode(text).type
    except msgspec.ValidationError as error:
        raise invalid_text(_invalid_field(str(error)), example) from None
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        raise invalid_text("it is not JSON", example) from None
    if kind not in ("", CLOSE):
        why = f"its `type` is unknown, and clients may only send `{CLOSE}` and `{TRANSCRIPT}`"
        raise invalid_text(why, example)
    return kind


def invalid_text(why: str, example: str) -> Problem:
    """Say why a text message is invalid, and show a valid one."""
    return Problem(
        "ih6001",
        f"The text message is invalid: {why}. Send a config frame such as {example}, or "
        '{"type": "session.close"}. The message was ignored; the session continues.',
    )


def _invalid_field(error: str) -> str:
    """Name the invalid field. The decoder's own error text may quote values, so it stays out."""
    _, found, path = error.partition(" - at `$.")
    field = path.rstrip("`").split(".")[0].split("[")[0]
    names = ("type", "include", "model", "audio_format", "goal_dimensions", "words")
    if found and field in names:
        return f"`{field}` has the wrong type or an unsupported value"
    return "it is not a JSON object"


def _invalid(why: str) -> Problem:
    return invalid_text(why, _EXAMPLE)
