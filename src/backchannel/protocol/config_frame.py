"""What a client may say in text on streams v1 and v2: a config frame, or `session.close`."""

from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from backchannel.errors import Problem
from backchannel.protocol.include import Include, parse_include
from backchannel.protocol.products import MODELS, ModelName, model_named

CLOSE: Final = "session.close"
MAX_TEXT_LENGTH: Final = 64 * 1024
"""No honest frame comes near."""


class AudioFormat(msgspec.Struct, frozen=True):
    """Binary messages are raw samples: signed, 16 bit, little-endian, mono."""

    encoding: Literal["pcm_s16le"] = "pcm_s16le"
    sample_rate: Literal[16000, 24000] = 16000
    channels: Literal[1] = 1


@dataclass(frozen=True, slots=True)
class Config:
    """A config frame.

    Attributes
    ----------
    include
        Takes the place of what was asked for before.
    model, audio_format
        None where the frame does not name one, and what holds goes on to hold.
    """

    include: Include
    model: ModelName | None
    audio_format: AudioFormat | None


@dataclass(frozen=True, slots=True)
class Close:
    """The client has no more media and wants to hear the rest."""


class _Frame(msgspec.Struct, frozen=True):
    type: str | UnsetType = UNSET
    include: list[str] | None = None
    model: str | None = None
    audio_format: AudioFormat | None = None
    goal_dimensions: list[Any] | None = None


_decoder: msgspec.json.Decoder[_Frame] = msgspec.json.Decoder(_Frame)


def read_text(text: str) -> Config | Close:
    """Read a text message. Unknown fields and unknown values of `include` are ignored.

    Raises
    ------
    Problem
        ``ih6001``. The message never quotes what the client sent.
    """
    if len(text) > MAX_TEXT_LENGTH:
        raise _invalid(f"it has {len(text)} characters; at most {MAX_TEXT_LENGTH} are read")
    try:
        frame = _decoder.decode(text)
    except msgspec.ValidationError as error:
        raise _invalid(_place(str(error))) from None
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        raise _invalid("it is not JSON") from None
    if frame.type == CLOSE:
        return Close()
    if frame.type is not UNSET:
        raise _invalid(f"its `type` is none that a client sends; the only one is `{CLOSE}`")
    model = None
    if frame.model is not None:
        model = model_named(frame.model)
        if model is None:
            raise _invalid(f"`model` is none of {', '.join(MODELS)}")
    return Config(parse_include(frame.include or ()), model, frame.audio_format)


def _place(error: str) -> str:
    """Say where a frame is wrong; the text of the error itself may quote values."""
    _, found, path = error.partition(" - at `$.")
    field = path.rstrip("`").split(".")[0].split("[")[0]
    names = ("type", "include", "model", "audio_format", "goal_dimensions")
    if found and field in names:
        return f"`{field}` has a value of the wrong kind"
    return "it is not a JSON object"


def _invalid(why: str) -> Problem:
    return Problem(
        "ih6001",
        f"A text message cannot be used: {why}. Send a config frame such as "
        '{"include": ["conversation_quality_overall"]}, or {"type": "session.close"}. '
        "It was ignored and the session goes on.",
    )
