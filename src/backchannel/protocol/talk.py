"""What a shell needs of a session of events: v1, v2 and realtime have it in common."""

from collections.abc import Sequence
from typing import Protocol, Self

from backchannel.errors import Problem
from backchannel.protocol.client_transcript import ClientTranscript
from backchannel.protocol.config_frame import AudioFormat
from backchannel.protocol.event_messages import EndReason, Message
from backchannel.protocol.events import Phase, Session
from backchannel.protocol.resume import Resume
from backchannel.updates import Changes


class Talk(Protocol):
    """A session as a frozen value; see `protocol.events.Session` for its methods."""

    @property
    def line(self) -> Session:
        """The session of v1 or v2 that it is, or is made of."""
        ...

    @property
    def phase(self) -> Phase:
        """The current phase."""
        ...

    @property
    def received(self) -> int:
        """The number of binary messages so far."""
        ...

    @property
    def sound_only(self) -> bool:
        """Whether to ignore video."""
        ...

    @property
    def picture_only(self) -> bool:
        """Whether to ignore sound."""
        ...

    @property
    def audio_format(self) -> AudioFormat | None:
        """The format of raw samples; None for containers."""
        ...

    @property
    def words(self) -> bool:
        """Whether the server listens for words."""
        ...

    @property
    def said(self) -> ClientTranscript | None:
        """The client's own transcript, if it counts."""
        ...

    def open(self, resume: Resume | None = None) -> tuple[Self, Sequence[Message]]:
        """Open the session."""
        ...

    def media(self, size_bytes: int) -> tuple[Self, int | None, Sequence[Message]]:
        """Register a binary message."""
        ...

    def text(self, text: str) -> tuple[Self, Sequence[Message]]:
        """Handle a text message."""
        ...

    def progress(self, changes: Changes) -> tuple[Self, Sequence[Message]]:
        """Report what new media changed."""
        ...

    def refuse(self, number: int, problem: Problem) -> tuple[Self, Sequence[Message]]:
        """Report why a message could not be analysed."""
        ...

    def time_over(self, problem: Problem, reason: EndReason) -> tuple[Self, Sequence[Message]]:
        """Stop accepting media, because the session was silent or open for too long."""
        ...

    def shut_down(self) -> Self:
        """Stop accepting media, because the server is stopping."""
        ...

    def end(self) -> tuple[Self, Sequence[Message]]:
        """End a drained session."""
        ...

    def break_off(self, problem: Problem) -> tuple[Self, Sequence[Message]]:
        """Abort the session."""
        ...
