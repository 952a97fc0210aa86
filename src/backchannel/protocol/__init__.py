"""The wire protocols without sockets: text and bytes in, messages out."""
