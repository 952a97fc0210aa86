"""`WS /v0/realtime/analyze`: the shell of the event streams around `protocol.realtime`."""

from starlette.websockets import WebSocket

from backchannel.protocol.realtime import Session
from backchannel.server.streams.events import serve
from backchannel.store import REALTIME_SCOPE


async def stream_realtime(websocket: WebSocket) -> None:
    """Hold a realtime session."""
    await serve(websocket, "v1", REALTIME_SCOPE, Session)
