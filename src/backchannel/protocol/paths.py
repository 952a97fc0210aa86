"""The addresses of the streams."""

from typing import Final

STREAM_V0, STREAM_V1, STREAM_V2 = (f"/{version}/stream/analyze" for version in ("v0", "v1", "v2"))
REALTIME_PATH: Final = "/v0/realtime/analyze"
REALTIME_OLD_PATH: Final = "/v0/real-time/analyze"
"""An older spelling, which clients in the wild still use."""
