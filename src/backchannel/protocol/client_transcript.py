"""A client's own transcript: read from its message, and handed to the analysis phrase by phrase.

A client that has its own speech recognition sends what was said. Each message has the whole transcript and
replaces the one before. From then on the server does not listen for words in that session.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from backchannel.errors import Problem
from backchannel.values import GivenWords, Said, Span

TRANSCRIPT: Final = "transcript.updated"
MAX_TRANSCRIPT_LENGTH: Final = 512 * 1024
"""Characters of a message: several hours of talk (judgement)."""
MAX_PHRASES: Final = 4096
MAX_PHRASE_LENGTH: Final = 2000
"""Characters of a phrase: two minutes of quick speech (judgement)."""
MOST_AT_ONCE: Final = 64
"""Phrases that wait with one piece of media (judgement: minutes of talk)."""
PERSON: Final = 0
"""The speaker whom the session is about."""

_Seconds = Annotated[float, Meta(ge=0)]
_LIST: Final = '[{"start": 0.5, "end": 2.1, "text": "…", "speaker": 0}]'


class _Phrase(msgspec.Struct, frozen=True):
    start: _Seconds
    end: _Seconds
    text: Annotated[str, Meta(max_length=MAX_PHRASE_LENGTH)]
    speaker: Annotated[int, Meta(ge=0)] = PERSON


_Phrases = Annotated[tuple[_Phrase, ...], Meta(max_length=MAX_PHRASES)]


class _Typed(msgspec.Struct, frozen=True):
    type: str = ""


class _Frame(msgspec.Struct, frozen=True):
    transcript: _Phrases
    language: Annotated[str, Meta(max_length=16)] | None = None


_typed: msgspec.json.Decoder[_Typed] = msgspec.json.Decoder(_Typed)
_frames: msgspec.json.Decoder[_Frame] = msgspec.json.Decoder(_Frame)
_lists: msgspec.json.Decoder[tuple[_Phrase, ...]] = msgspec.json.Decoder(_Phrases)


@dataclass(frozen=True, slots=True)
class ClientTranscript:
    """A client's transcript, and how far the analysis has taken it in.

    Attributes
    ----------
    phrases
        All of it, by start.
    language
        ISO 639-1 code; empty if the client did not say. It is then detected from the words.
    taken_s
        Session time up to which the analysis has taken phrases. Each is taken once, as it was then.
    """

    phrases: tuple[Said, ...]
    language: str = ""
    taken_s: float = 0.0

    @property
    def waiting(self) -> GivenWords:
        """The person's phrases that the analysis has not taken, the first ones."""
        own = (one for one in self.phrases if one.speaker == PERSON)
        # The edges of a phrase may move a little when the client replaces its transcript.
        later = tuple(one for one in own if _middle_s(one.span) > self.taken_s)
        return GivenWords(later[:MOST_AT_ONCE], self.language)

    @property
    def whole(self) -> GivenWords:
        """All of the person's phrases, for a file."""
        return GivenWords(tuple(one for one in self.phrases if one.speaker == PERSON), self.language)

    def taken(self, spans: Sequence[Span]) -> "ClientTranscript":
        """Continue after the analysis took phrases with these spans."""
        return replace(self, taken_s=max((span.end_s for span in spans), default=self.taken_s))

    def replaced(self, newer: "ClientTranscript") -> "ClientTranscript":
        """Replace the whole transcript. What the analysis has taken stays taken."""
        return replace(newer, taken_s=self.taken_s)


def own_transcript(said: Iterable[Said], language: str = "") -> ClientTranscript:
    """Make a transcript of phrases in any order."""
    return ClientTranscript(
        tuple(sorted((one for one in said if one.text), key=lambda one: one.span)), language
    )


def names_transcript(text: str) -> bool:
    """Return whether a text message says that it is a transcript."""
    try:
        return len(text) <= MAX_TRANSCRIPT_LENGTH and _typed.decode(text).type == TRANSCRIPT
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return False


def read_transcript(text: str) -> ClientTranscript:
    """Read a ``transcript.updated`` message of a client.

    Raises
    ------
    Problem
        ``ih6001``. Its message quotes nothing that the client sent.
    """
    try:
        return _decoded(text)
    except ValueError as error:
        message = f'{{"type": "{TRANSCRIPT}", "transcript": {_LIST}}}'
        raise Problem(
            "ih6001",
            f"The transcript is invalid: {error}. Send {message}. It was ignored; the session continues.",
        ) from None


def read_transcript_field(text: str) -> ClientTranscript:
    """Read the field `transcript` of an upload: a list of phrases, or an object as in the message.

    Raises
    ------
    Problem
        ``ih4005``. Its message quotes nothing that the client sent.
    """
    try:
        return _decoded(text)
    except ValueError as error:
        raise Problem(
            "ih4005",
            f"The parameter transcript is invalid: {error}. Send a list such as {_LIST}.",
        ) from None


def _decoded(text: str) -> ClientTranscript:
    if len(text) > MAX_TRANSCRIPT_LENGTH:
        raise ValueError(f"it has {len(text)} characters, and the limit is {MAX_TRANSCRIPT_LENGTH}")
    try:
        frame = _Frame(_lists.decode(text)) if text.lstrip().startswith("[") else _frames.decode(text)
    except msgspec.ValidationError:
        raise ValueError(
            f"each phrase needs `start` and `end` in seconds and a `text` of at most {MAX_PHRASE_LENGTH} "
            f"characters, and there may be {MAX_PHRASES}"
        ) from None
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        raise ValueError("it is not JSON") from None
    if any(one.end < one.start or not math.isfinite(one.end) for one in frame.transcript):
        raise ValueError("a phrase ends before it starts")
    phrases = (Said(Span(one.start, one.end), one.text.strip(), one.speaker) for one in frame.transcript)
    return own_transcript(phrases, (frame.language or "").lower()[:2])


def _middle_s(span: Span) -> float:
    return (span.start_s + span.end_s) / 2
