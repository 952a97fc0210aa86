"""The thin shell: HTTP and WebSocket around the protocol."""
