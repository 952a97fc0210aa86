"""A connection on which the events of streams v1 and v2 are sent."""

from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import UNSET, UnsetType
from starlette.websockets import WebSocket, WebSocketDisconnect

from backchannel.config import Settings
from backchannel.errors import Problem
from backchannel.protocol.event_messages import Error, Message, encode, sent_again
from backchannel.protocol.event_phases import Phase
from backchannel.protocol.talk import Talk
from backchannel.server.streams.connection import INTERNAL_ERROR, Connection


class Speaker(Connection):
    """A connection that writes events. Its parameters are those of `Connection`."""

    def __init__(
        self, websocket: WebSocket, settings: Settings, *, open_s: float = 0.0, outlived: bool = False
    ) -> None:
        super().__init__(websocket, settings, open_s=open_s, outlived=outlived)
        self._correlation_id: str = websocket.state.correlation_id

    def written(self, message: Message, seq: int | UnsetType = UNSET) -> str:
        """Return a message as text."""
        if isinstance(message, Error):
            self.count_error(message.code)
        return encode(message, self._correlation_id, datetime.now(UTC), seq)

    async def say(self, messages: Sequence[Message]) -> None:
        """Send messages without numbers."""
        for message in messages:
            await self.send(self.written(message))

    async def say_again(self, texts: Sequence[str]) -> None:
        """Send messages of an earlier connection."""
        for text in texts:
            await self.send(sent_again(text, self._correlation_id))

    async def break_off(self, session: Talk, problem: Problem) -> None:
        """Say why a session is broken off, and close."""
        try:
            if session.phase is not Phase.ENDED:
                await self.say(session.break_off(problem)[1])
            await self.close(problem.entry.close_code or INTERNAL_ERROR)
        except (WebSocketDisconnect, RuntimeError):
            pass  # the socket is gone too
