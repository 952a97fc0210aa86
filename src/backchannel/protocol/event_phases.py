"""The phases of a session of events, and which events are legal in each."""

from enum import Enum
from typing import Final, Literal


class Phase(Enum):
    """The phase of a session."""

    NEW = "new"
    READY = "ready"
    STREAMING = "streaming"
    DRAINING = "draining"
    ENDED = "ended"


Event = Literal[
    "open",
    "media",
    "config",
    "close",
    "invalid text",
    "progress",
    "refuse",
    "time over",
    "shut down",
    "end",
    "break",
]

NEXT: Final[dict[tuple[Phase, Event], Phase]] = {
    (Phase.NEW, "open"): Phase.READY,
    (Phase.NEW, "break"): Phase.ENDED,
    (Phase.READY, "media"): Phase.STREAMING,
    (Phase.READY, "config"): Phase.READY,
    (Phase.READY, "close"): Phase.DRAINING,
    (Phase.READY, "invalid text"): Phase.READY,
    (Phase.READY, "time over"): Phase.DRAINING,
    (Phase.READY, "shut down"): Phase.DRAINING,
    (Phase.READY, "break"): Phase.ENDED,
    (Phase.STREAMING, "media"): Phase.STREAMING,
    (Phase.STREAMING, "config"): Phase.STREAMING,
    (Phase.STREAMING, "close"): Phase.DRAINING,
    (Phase.STREAMING, "invalid text"): Phase.STREAMING,
    (Phase.STREAMING, "progress"): Phase.STREAMING,
    (Phase.STREAMING, "refuse"): Phase.STREAMING,
    (Phase.STREAMING, "time over"): Phase.DRAINING,
    (Phase.STREAMING, "shut down"): Phase.DRAINING,
    (Phase.STREAMING, "break"): Phase.ENDED,
    (Phase.DRAINING, "media"): Phase.DRAINING,
    (Phase.DRAINING, "config"): Phase.DRAINING,
    (Phase.DRAINING, "close"): Phase.DRAINING,
    (Phase.DRAINING, "invalid text"): Phase.DRAINING,
    (Phase.DRAINING, "progress"): Phase.DRAINING,
    (Phase.DRAINING, "refuse"): Phase.DRAINING,
    (Phase.DRAINING, "time over"): Phase.DRAINING,
    (Phase.DRAINING, "shut down"): Phase.DRAINING,
    (Phase.DRAINING, "end"): Phase.ENDED,
    (Phase.DRAINING, "break"): Phase.ENDED,
    # The client may send these before it reads `session.ended`.
    (Phase.ENDED, "media"): Phase.ENDED,
    (Phase.ENDED, "config"): Phase.ENDED,
    (Phase.ENDED, "close"): Phase.ENDED,
    (Phase.ENDED, "invalid text"): Phase.ENDED,
}
"""The phase after each legal event. An event without a row is a bug in this program."""
