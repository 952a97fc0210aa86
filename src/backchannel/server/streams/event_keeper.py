"""Keeps a v1 or v2 session, so that its client can resume it."""

from collections.abc import Callable, Sequence
from functools import partial

from backchannel.protocol.event_messages import MediaReceived, Message, ResumedBody, SessionClosing
from backchannel.protocol.events import Session
from backchannel.protocol.resume import Resume
from backchannel.server.streams.connection import NORMAL_CLOSURE
from backchannel.server.streams.intake import Intake
from backchannel.server.streams.journal import Journal
from backchannel.server.streams.keeper import Keeper
from backchannel.server.streams.kept import KeptEvents, keep_events
from backchannel.server.streams.speaker import Speaker

Now = Callable[[], tuple[Session, Intake]]
"""Returns a session as it is now, with its media."""


class EventKeeper(Keeper):
    """Keeps one v1 or v2 session. Its parameters are those of `Keeper`.

    Attributes
    ----------
    refused
        Answers to messages that the protocol refuses, by number, until it is their turn.
    """

    def __init__(self, journal: Journal, speaker: Speaker, after: int) -> None:
        super().__init__(journal, speaker, after)
        self._speaker = speaker
        resumed = journal.resumed
        self._kept = resumed.session if resumed and isinstance(resumed.session, KeptEvents) else None
        self._closing = self._kept is not None and self._kept.closing
        self.refused: dict[int, Sequence[Message]] = {}

    @property
    def ended(self) -> bool:
        """Whether the session had ended before it was resumed."""
        return self._kept is not None and self._kept.ended

    def resumed(self, session: Session) -> Session:
        """Return a new session, or the one that goes on."""
        return session if self._kept is None else self._kept.given_to(session, self.intake.through)

    @property
    def resume(self) -> Resume:
        """How the session can be resumed, and where it goes on."""
        intake = self.intake
        resumed = ResumedBody(intake.through, intake.resend_from, self.last_seq, self.lost_messages)
        return Resume(self.token, self.kept_s, None if self._kept is None else resumed)

    async def begin(self, ready: Sequence[Message], now: Now) -> None:
        """Greet the client, and send what it has missed. A session that has ended is then over."""
        await self.say((), now)
        await self._speaker.say(ready)
        await self._speaker.say_again(self.missed)
        if self.ended:
            await self._speaker.close(NORMAL_CLOSURE)
            await self.forget()

    def refuse_later(self, number: int, said: Sequence[Message]) -> int:
        """Answer for a message when its turn comes; returns its number."""
        self.refused[number] = said
        return number

    def close_once(self, said: Sequence[Message]) -> Sequence[Message]:
        """Leave `session.closing` out if it was said before the connection was lost."""
        again, self._closing = self._closing, True
        return tuple(one for one in said if not (again and isinstance(one, SessionClosing)))

    async def say(self, messages: Sequence[Message], now: Now) -> None:
        """Number messages, keep them with the session after them, and send them."""

        def pack(intake: Intake, seq: int, open_s: float) -> bytes:
            return keep_events(now()[0], intake, seq, open_s, closing=self._closing)

        writes = [partial(self._speaker.written, message) for message in messages]
        await self.write(writes, lambda: now()[1], pack)

    async def acknowledge(self) -> None:
        """Say which messages are answered for, if that has changed."""
        if (news := self.news()) is not None:
            await self._speaker.say((MediaReceived(*news),))
