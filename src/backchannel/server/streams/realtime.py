"""`WS /v0/realtime/analyze`: the shell of the event streams around `protocol.realtime`.

If the operator has named a language model, it words the advice. Everything else that a piece of media changed
is said before, and the next piece waits for the model, which is rare and takes a bounded time.
"""

from msgspec.structs import replace
from starlette.websockets import WebSocket

from backchannel.config import Settings
from backchannel.protocol import events
from backchannel.protocol.realtime import Session
from backchannel.protocol.realtime_messages import Recommendation
from backchannel.server.access.meter import Meter
from backchannel.server.guidance_writer import GuidanceWriter
from backchannel.server.services import Services
from backchannel.server.streams.event_stream import EventStream
from backchannel.server.streams.events import serve
from backchannel.server.streams.speaker import Speaker
from backchannel.store import REALTIME_SCOPE
from backchannel.updates import Changes
from backchannel.values import Rules


async def stream_realtime(websocket: WebSocket) -> None:
    """Hold a realtime session."""
    await serve(websocket, "v1", REALTIME_SCOPE, RealtimeStream, resumes=False)


class RealtimeStream(EventStream):
    """One realtime session; see `EventStream`."""

    def __init__(
        self,
        connection: Speaker,
        session: events.Session,
        services: Services,
        owner: str,
        settings: Settings,
        meter: Meter,
        rules: Rules,
    ) -> None:
        super().__init__(connection, Session(session), services, owner, settings, meter, rules)
        self._writer = services.writer

    async def _note(self, changes: Changes) -> None:
        self._session, said = self._session.progress(changes)
        for message in said:
            if isinstance(message, Recommendation) and self._writer is not None:
                await self._say(())  # what came before need not wait for the model
                self._said.append(await self._worded(message, self._writer))
            else:
                self._said.append(message)

    async def _worded(self, message: Recommendation, writer: GuidanceWriter) -> Recommendation:
        """Have the language model word advice that has evidence."""
        session = self._session
        if not isinstance(session, Session) or session.advice is None or not session.advice.evidence:
            return message
        text = await writer.write(session.advice, session.heard, session.config.instructions)
        return replace(message, text=text)
