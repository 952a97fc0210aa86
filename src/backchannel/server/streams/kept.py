"""What is kept of a session that can be resumed, as bytes."""

from dataclasses import replace
from typing import Final

import msgspec

from backchannel import __version__
from backchannel.engine.jobs import LiveState
from backchannel.errors import Problem
from backchannel.protocol.client_transcript import ClientTranscript
from backchannel.protocol.config_frame import AudioFormat
from backchannel.protocol.event_phases import Phase
from backchannel.protocol.events import Session
from backchannel.protocol.include import Include
from backchannel.protocol.products import ModelName
from backchannel.server.streams.intake import Intake
from backchannel.server.streams.marks import Mark, stream_at, waiting_of
from backchannel.values import Quality, SignalType

VERSION: Final = f"{__version__}/3"
"""Raise the number with every change of what is kept. Another version is refused, never misread."""


class KeptIntake(msgspec.Struct, frozen=True, array_like=True):
    """An `Intake`, without the media that the client sends again."""

    through: int
    resend_from: int
    stream: bytes
    waiting: tuple[int, ...]
    odd_byte: bytes
    analysis: LiveState
    reached_s: float


class KeptEvents(msgspec.Struct, frozen=True, array_like=True, tag="events"):
    """A v1 or v2 session.

    Attributes
    ----------
    include, model, audio_format, words, active
        As in `protocol.events.Session`.
    closing
        The client has closed it. It sends `session.close` again when it resumes.
    ended
        It has ended, and its client may not know.
    words_taken_s
        The client has its own transcript, and it is taken in up to this session time, s; None if it has none.
        The words themselves are not kept.
    """

    include: Include
    model: ModelName
    audio_format: AudioFormat | None
    words: bool
    active: tuple[tuple[SignalType, float], ...]
    closing: bool
    ended: bool
    words_taken_s: float | None = None

    def given_to(self, session: Session, received: int) -> Session:
        """Return a session that goes on where this one was."""
        return replace(
            session,
            include=self.include,
            model=self.model,
            audio_format=self.audio_format,
            words=self.words,
            active=self.active,
            received=received,
            said=transcript_of(self.words_taken_s),
        )


class KeptSegments(msgspec.Struct, frozen=True, array_like=True, tag="segments"):
    """A v0 session: its quality so far, and `words_taken_s` as in `KeptEvents`."""

    quality_overall: Quality
    words_taken_s: float | None = None


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """A session.

    Attributes
    ----------
    version
        Of what is kept.
    api
        Its stream: ``v0``, ``v1`` or ``v2``.
    seq
        Number of the last message.
    open_s
        How long it has been open, s.
    """

    version: str
    api: str
    seq: int
    open_s: float
    intake: KeptIntake
    session: KeptEvents | KeptSegments


def keep_events(session: Session, intake: Intake, seq: int, open_s: float, *, closing: bool) -> bytes:
    """Write a v1 or v2 session. Of one that has ended, only what it said is kept."""
    ended = session.phase is Phase.ENDED
    kept = KeptEvents(
        session.include,
        session.model,
        session.audio_format,
        session.words,
        session.active,
        closing,
        ended,
        words_taken(session.said),
    )
    if ended:
        intake = Intake(through=intake.through, marks=(Mark(intake.through + 1),))
    return pack_kept(Kept(VERSION, session.version, seq, open_s, keep_intake(intake), kept))


def words_taken(said: ClientTranscript | None) -> float | None:
    """Return up to when a client's own transcript is taken in, s; None if there is none."""
    return None if said is None else said.taken_s


def transcript_of(taken_s: float | None) -> ClientTranscript | None:
    """Return the transcript of a client that will send it again. Until then, nothing new was said."""
    return None if taken_s is None else ClientTranscript((), taken_s=taken_s)


_decoder: msgspec.msgpack.Decoder[Kept] = msgspec.msgpack.Decoder(Kept)


def pack_kept(kept: Kept) -> bytes:
    """Write a session."""
    return msgspec.msgpack.encode(kept)


def unpack_kept(packed: bytes) -> Kept | None:
    """Read a session; None if another version of this program wrote it."""
    try:
        kept = _decoder.decode(packed)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return kept if kept.version == VERSION else None


def keep_intake(intake: Intake) -> KeptIntake:
    """Return what is kept of an intake."""
    mark = intake.marks[0]
    waiting = waiting_of(intake.stream) if intake.waiting is None else intake.waiting
    return KeptIntake(
        intake.through,
        mark.number,
        mark.packed,
        tuple(sorted(waiting)),
        intake.odd_byte,
        intake.analysis,
        intake.reached_s,
    )


def intake_of(kept: KeptIntake) -> Intake | None:
    """Return the intake as it was before the message `resend_from`; None if another version wrote it."""
    mark = Mark(kept.resend_from, kept.stream)
    try:
        stream = stream_at(mark)
    except Problem:
        return None
    return Intake(
        stream=stream,
        odd_byte=kept.odd_byte,
        analysis=kept.analysis,
        reached_s=kept.reached_s,
        through=kept.through,
        marks=(mark,),
        waiting=frozenset(kept.waiting) if kept.resend_from <= kept.through else None,
    )
