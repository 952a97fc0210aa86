"""What a session that can be resumed says: numbered, and kept in the store before it is sent.

Each answer is written together with the state that it came from, in one transaction, and only then sent. So
whatever a client has read, the store knows, even if this process is killed at that moment; and what it has
not read is sent again. While the store is down a session goes on without it, and what was not written waits
for the next write.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import msgspec
import structlog

from backchannel.protocol.resume import cannot_resume
from backchannel.server.access.ledger import Ledger
from backchannel.server.holders import Holder
from backchannel.server.streams.intake import Intake
from backchannel.server.streams.kept import Kept, intake_of, unpack_kept
from backchannel.server.streams.seal import Seal
from backchannel.store import Store, StoreUnavailableError
from backchannel.store.kept_sessions import Body

MAX_SAID_BYTES: Final = 256 * 1024
"""The newest messages of a session that are kept. An hour has about 1 MB of them; a client that reads misses
a few KB of them (judgement)."""
STATE: Final = "state"

Write = Callable[[int], str]
"""Writes a message with its number."""

log = structlog.get_logger(__name__)


class SupersededError(Exception):
    """Another connection holds the session."""


class Journal:
    """The journal of one session.

    Parameters
    ----------
    store
        Where sessions are kept.
    ledger
        Knows whether the store is down.
    seal
        Encrypts what is kept.
    key_id
        The key that the session belongs to.
    held
        Says when another connection wants the session.
    kept_s
        How long it is kept without a connection, s.

    Attributes
    ----------
    resumed, intake
        The session as it was kept, and its media; None if it is new.
    """

    def __init__(
        self, store: Store, ledger: Ledger, seal: Seal, key_id: str, held: Holder, kept_s: float
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._seal = seal
        self._key_id = key_id
        self._place_id = ""
        self._holder = ""
        self.held: Final = held
        self.kept_s: Final = kept_s
        self.resumed: Kept | None = None
        self.intake: Intake | None = None
        self.seq = 0
        self._said: deque[tuple[int, tuple[str, ...]]] = deque()
        self._unwritten: list[Body] = []
        self._one_at_a_time = asyncio.Lock()
        self._over = False
        self._connected = True

    @property
    def token(self) -> str:
        """The token that resumes the session."""
        return self._seal.token

    @property
    def durable(self) -> bool:
        """Whether everything that was said is in the store."""
        return bool(self._holder) and not self._unwritten

    async def claim(self, api: str) -> None:
        """Take over the session of the token, and give the place of its last connection back.

        Raises
        ------
        Problem
            ``ih4005`` when there is none; ``ih1003`` while the store is down.
        """
        with self._ledger.guarded():
            kept = await asyncio.to_thread(self._store.kept.claim, self._seal.id, self._key_id, self.kept_s)
            if kept is None:
                raise cannot_resume()
            self._holder = kept.holder
            if kept.place_id:
                await asyncio.to_thread(self._store.places.give_back, kept.place_id)
        plain = self._seal.open(kept.state, STATE)
        self.resumed = None if plain is None else unpack_kept(plain)
        self.intake = None if self.resumed is None else intake_of(self.resumed.intake)
        if self.resumed is None or self.intake is None or self.resumed.api != api:
            raise cannot_resume()
        self.seq = self.resumed.seq
        for seq, body in kept.bodies:
            texts = self._seal.open(body, str(seq))
            self._said.append(
                (seq, () if texts is None else msgspec.msgpack.decode(texts, type=tuple[str, ...]))
            )

    async def connect(self, place_id: str) -> None:
        """Note that the session has a connection, which holds a place."""
        self._place_id = place_id
        if self._holder:
            with self._ledger.guarded():
                await asyncio.to_thread(self._store.kept.connect, self._seal.id, self._holder, place_id)

    def missed(self, after: int) -> tuple[list[str], int]:
        """Return what was said after a message, and how many messages of it are kept no more."""
        missed: list[str] = []
        for seq, texts in self._said:
            first = seq - len(texts) + 1
            missed += texts[max(0, after + 1 - first) :]
        return missed, max(0, self.seq - after - len(missed))

    async def say(
        self,
        messages: Sequence[Write],
        state: Callable[[], bytes],
        send: Callable[[str], Awaitable[None]],
    ) -> None:
        """Number messages, keep them with the state after them, and send them.

        Parameters
        ----------
        state
            Returns the packed state; `seq` is then the number of the last message.

        Raises
        ------
        SupersededError
            Another connection holds the session.
        """
        async with self._one_at_a_time:
            texts = tuple(write(self.seq + place) for place, write in enumerate(messages, 1))
            self.seq += len(texts)
            forget_seq = self._remember(texts)
            await self._write(state(), forget_seq)
            for text in texts:
                await send(text)

    async def disconnect(self) -> None:
        """Note that the session has no connection any more. It is kept for a while."""
        if self._holder and self._connected and not self._over:
            self._connected = False
            await self._tell(self._store.kept.disconnect, self._seal.id, self._holder, self.kept_s)

    async def forget(self) -> None:
        """Delete the session, which has ended."""
        self._over = True
        if self._holder:
            await self._tell(self._store.kept.forget, self._seal.id, self._holder)

    def _remember(self, texts: tuple[str, ...]) -> int:
        """Keep what was said in mind; returns the number up to which it is too old."""
        if not texts:
            return 0
        body = self._seal.close(msgspec.msgpack.encode(texts), str(self.seq))
        self._unwritten.append((self.seq, body))
        self._said.append((self.seq, texts))
        size_bytes = sum(len(text) for _, said in self._said for text in said)
        forget_seq = 0
        while size_bytes > MAX_SAID_BYTES and len(self._said) > 1:
            forget_seq, old = self._said.popleft()
            size_bytes -= sum(map(len, old))
        return forget_seq

    async def _write(self, state: bytes, forget_seq: int) -> None:
        if self._over or self._ledger.down:
            return
        closed = self._seal.close(state, STATE)
        try:
            written = await asyncio.to_thread(self._written, closed, tuple(self._unwritten), forget_seq)
        except StoreUnavailableError as error:
            self._ledger.failed(error)
            return
        if not written:
            self._over = True
            raise SupersededError
        self._unwritten.clear()

    def _written(self, state: bytes, bodies: Sequence[Body], forget_seq: int) -> bool:
        kept = self._store.kept
        if not self._holder:
            self._holder = kept.begin(self._seal.id, self._key_id, self._place_id, state, self.kept_s)
        return kept.write(self._seal.id, self._holder, state, bodies, forget_seq)

    async def _tell(self, call: Callable[..., None], *arguments: object) -> None:
        if self._ledger.down:
            return  # it is deleted when its time is over
        try:
            await asyncio.shield(asyncio.to_thread(call, *arguments))
        except StoreUnavailableError as error:
            self._ledger.failed(error)
