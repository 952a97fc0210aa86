"""The server: a thin shell of HTTP and WebSocket around the protocol."""
