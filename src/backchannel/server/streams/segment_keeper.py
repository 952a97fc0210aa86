"""Keeps a v0 session, so that its client can resume it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import msgspec

from backchannel.protocol import v0
from backchannel.server.streams.connection import Connection
from backchannel.server.streams.intake import Intake
from backchannel.server.streams.journal import Journal
from backchannel.server.streams.keeper import Keeper
from backchannel.server.streams.kept import (
    VERSION,
    Kept,
    KeptSegments,
    keep_intake,
    pack_kept,
    transcript_of,
    words_taken,
)

Now = Callable[[], tuple[v0.Session, Intake]]
"""Returns a session as it is now, with its media."""
Numbered = v0.Result | v0.Completed | v0.Error


class SegmentKeeper(Keeper):
    """Keeps one v0 session. Its parameters are those of `Keeper`."""

    def __init__(self, journal: Journal, connection: Connection, after: int) -> None:
        super().__init__(journal, connection, after)
        resumed = journal.resumed
        self._kept = resumed.session if resumed and isinstance(resumed.session, KeptSegments) else None

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return how to resume the session, and where it goes on."""
        headers = [
            (b"x-resume-token", self.token.encode()),
            (b"x-resume-within", f"{self.kept_s:g}".encode()),
        ]
        if self._kept is not None:
            headers.append((b"x-resend-from", str(self.intake.resend_from).encode()))
            headers.append((b"x-lost-messages", str(self.lost_messages).encode()))
        return headers

    def resumed(self, session: v0.Session) -> v0.Session:
        """Return a new session, or the one that goes on."""
        if self._kept is None:
            return session
        through = self.intake.through
        return replace(
            session,
            received=through,
            answered=through,
            quality_overall=self._kept.quality_overall,
            said=transcript_of(self._kept.words_taken_s),
        )

    async def begin(self, now: Now) -> None:
        """Keep the session from the beginning, or send what the client has missed."""
        await self.say((), now)
        for text in self.missed:
            await self._connection.send(v0.sent_again(text, now()[0].correlation_id))

    async def say(self, messages: Sequence[Numbered], now: Now) -> None:
        """Number messages, keep them with the session after them, and send them."""

        def pack(intake: Intake, seq: int, open_s: float) -> bytes:
            session = KeptSegments(now()[0].quality_overall, words_taken(now()[0].said))
            return pack_kept(Kept(VERSION, "v0", seq, open_s, keep_intake(intake), session))

        await self.write([partial(self._written, message) for message in messages], lambda: now()[1], pack)

    def _written(self, message: Numbered, seq: int) -> str:
        """Write a message. The last one about a segment says what the client must keep.

        That lags by a segment, since the message is written before it is stored.
        """
        if not isinstance(message, v0.Result) and message.segment is not None:
            message = msgspec.structs.replace(message, resend_from=self.resend_from)
        return v0.encode_numbered(message, seq)
