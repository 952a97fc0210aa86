"""The text messages that clients may send on streams v1 and v2: a config frame, or `session.close`."""

from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from backchannel.errors import Problem
from backchannel.protocol.include import Include, parse_include
from backchannel.protocol.products import MODELS, ModelName, model_named

CLOSE: Final = "session.close"
MAX_TEXT_LENGTH: Final = 64 * 1024
"""Far above any real frame."""


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


class _Frame(msgspec.Struct, frozen=True):
    type: str | UnsetType = UNSET
    include: list[str] | None = None
    model: str | None = None
    audio_format: AudioFormat | None = None
    goal_dimensions: list[Any] | None = None
    words: bool | None = None


_decoder: msgspec.json.Decoder[_Frame] = msgspec.json.Decoder(_Frame)


def read_text(text: str) -> Config | Close:
    """Read a text message. Unknown fields and unknown values of `include` are ignored.

    Parameters
    ----------
    text
        The message as the client sent it.

    Returns
    -------
    Config or Close

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
    if len(text) > MAX_TEXT_LENGTH:
        raise _invalid(f"it has {len(text)} characters, and the limit is {MAX_TEXT_LENGTH}")
    try:
        frame = _decoder.decode(text)
    except msgspec.ValidationError as error:
        raise _invalid(_invalid_field(str(error))) from None
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        raise _invalid("it is not JSON") from None
    if frame.type == CLOSE:
        return Close()
    if frame.type is not UNSET:
        raise _invalid(f"its `type` is unknown, and clients may only send `{CLOSE}`")
    model = None
    if frame.model is not None:
        model = model_named(frame.model)
        if model is None:
            raise _invalid(f"`model` must be one of {', '.join(MODELS)}")
    return Config(parse_include(frame.include or ()), model, frame.audio_format, frame.words)


def _invalid_field(error: str) -> str:
    """Name the invalid field. The decoder's own error text may quote values, so it stays out."""
    _, found, path = error.partition(" - at `$.")
    field = path.rstrip("`").split(".")[0].split("[")[0]
    names = ("type", "include", "model", "audio_format", "goal_dimensions", "words")
    if found and field in names:
        return f"`{field}` has the wrong type or an unsupported value"
    return "it is not a JSON object"


def _invalid(why: str) -> Problem:
    return Problem(
        "ih6001",
        f"The text message is invalid: {why}. Send a config frame such as "
        '{"include": ["conversation_quality_overall"]}, or {"type": "session.close"}. '
        "The message was ignored; the session continues.",
    )
