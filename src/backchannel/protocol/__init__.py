"""The wire without the sockets: text and bytes in, messages out."""
