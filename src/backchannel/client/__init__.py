"""Clients for the streams: v0 segments, v1 and v2 events, and a file cut the way a recorder would."""
