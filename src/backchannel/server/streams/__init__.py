"""The streaming endpoints: sockets around the protocol."""
