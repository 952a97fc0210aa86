"""Keeps a session, so that its client can resume it: what all streams have in common."""

from collections.abc import Callable, Sequence

from backchannel.server.streams.connection import NORMAL_CLOSURE, Connection
from backchannel.server.streams.intake import Intake
from backchannel.server.streams.journal import Journal, Write


class Keeper:
    """Keeps one session.

    Parameters
    ----------
    journal
        What the session says.
    connection
        Its connection.
    after
        Number of the last message that the client has read.

    Attributes
    ----------
    suspended
        The session goes on later, in another connection.
    missed
        What the client has not read, and is sent again.
    lost_messages
        How many messages it has not read and cannot get any more.
    """

    def __init__(self, journal: Journal, connection: Connection, after: int) -> None:
        self._journal = journal
        self._connection = connection
        self.suspended = False
        self.missed, self.lost_messages = journal.missed(after)
        self._whole = journal.intake or Intake()
        self._again = self._whole.through + 1 - self._whole.resend_from
        self._acknowledged = (self._whole.through, self._whole.resend_from)
        self._stored = self._whole

    @property
    def kept_s(self) -> float:
        """How long the session is kept without a connection, s."""
        return self._journal.kept_s

    @property
    def token(self) -> str:
        """The token that resumes the session."""
        return self._journal.token

    @property
    def intake(self) -> Intake:
        """The media of the session as it is kept."""
        return self._whole

    @property
    def last_seq(self) -> int:
        """The number of the last message."""
        return self._journal.seq

    @property
    def resend_from(self) -> int:
        """The first message that the client must keep, as far as the store knows."""
        return self._stored.resend_from

    # --- messages that are read again ----------------------------------------------------------------

    @property
    def reads_again(self) -> bool:
        """Whether the next binary message is one that was answered for before."""
        return self._again > 0

    def next_again(self) -> int:
        """Return the number of that message."""
        self._again -= 1
        return self._whole.through - self._again

    # --- what is said --------------------------------------------------------------------------------

    async def write(
        self,
        messages: Sequence[Write],
        intake: Callable[[], Intake],
        pack: Callable[[Intake, int, float], bytes],
    ) -> None:
        """Number messages, keep them and the state after them, and send them.

        Parameters
        ----------
        intake
            Returns the media of the session now.
        pack
            Writes the session with an intake, the number of its last message, and how long it has been open.

        Raises
        ------
        SupersededError
            Another connection holds the session.
        """

        def state() -> bytes:
            if not (now := intake()).skipped:
                self._whole = now  # otherwise media waits that only the client can send again
            return pack(self._whole, self._journal.seq, self._connection.open_s)

        await self._journal.say(messages, state, self._connection.send)
        if self._journal.durable:
            self._stored = self._whole

    def is_behind(self, intake: Intake) -> bool:
        """Whether messages are answered for that are not kept."""
        return not intake.skipped and intake.through != self._whole.through

    def news(self) -> tuple[int, int] | None:
        """Return up to which message all is answered for and kept, and the first that the client must keep.

        None if the client knows that, or if the store is down.
        """
        now = (self._stored.through, self._stored.resend_from)
        if now == self._acknowledged:
            return None
        self._acknowledged = now
        return now

    # --- the end of a connection ---------------------------------------------------------------------

    async def outlives(self, code: int) -> bool:
        """Note that the connection is lost; returns whether the session goes on."""
        self._connection.lost = True
        if code == NORMAL_CLOSURE:  # the client means it; a lost connection has other codes
            await self.forget()
            return False
        await self._journal.disconnect()
        return True

    async def forget(self) -> None:
        """Delete the session, which has ended."""
        await self._journal.forget()
