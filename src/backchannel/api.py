"""The library's front door: analyse a file, or follow a live conversation."""

from collections.abc import Iterator
from pathlib import Path

from backchannel.media.stream.continuity import StreamState, continue_stream
from backchannel.session import analyze_segment, analyze_whole
from backchannel.values import MediaLimits, Segment, SegmentResult


def analyze(source: str | Path | bytes, limits: MediaLimits | None = None) -> Iterator[SegmentResult]:
    """Analyse a whole file, window by window of 5 s.

    Parameters
    ----------
    source
        A path, or the file's bytes.
    limits
        What the file may cost; by default up to 30 minutes.

    Raises
    ------
    OSError
        When the path cannot be read.
    backchannel.errors.Problem
        When the media cannot be used.
    """
    data = source if isinstance(source, bytes) else Path(source).read_bytes()
    return analyze_whole(Segment(data), limits or MediaLimits(max_duration_s=1800.0))


class Session:
    """One live conversation, in this process.

    Give it each chunk a recorder makes: complete files, or the pieces of one running stream.
    """

    def __init__(self, limits: MediaLimits | None = None) -> None:
        self._limits = limits or MediaLimits()
        self._stream = StreamState()
        self._state = b""

    def analyze(self, chunk: bytes) -> SegmentResult | None:
        """Analyse the next chunk; None when it held no media yet (a container's header alone).

        Raises
        ------
        backchannel.errors.Problem
            When the chunk cannot be used. The session goes on.
        """
        self._stream, segment = continue_stream(self._stream, chunk)
        if segment is None:
            return None
        self._state, result = analyze_segment(self._state, segment, self._limits)
        return result
