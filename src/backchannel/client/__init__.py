"""Clients for the streams: v0 segments, v2 events, and a file cut as a recorder would cut it."""
