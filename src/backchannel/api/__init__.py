"""The library's interface: analyse a file, or follow a live conversation."""

from backchannel.api.analyze import analyze
from backchannel.api.report import Report
from backchannel.api.session import Session
from backchannel.api.tracks import TrackTable

__all__ = ["Report", "Session", "TrackTable", "analyze"]
