"""Take still pictures from a recording."""

from collections.abc import Sequence
from typing import Final

import cv2

from backchannel.arrays import ImageArray
from backchannel.media.decode import frames_of, read
from backchannel.values import MediaLimits, Segment

STILL_SIDE_PX: Final = 480
"""Longest side of a still: a third of a printed page at 200 dots per inch."""
JPEG_QUALITY: Final = 80
_RATE_HZ: Final = 5.0


def stills_of(data: bytes, times_s: Sequence[float], limits: MediaLimits) -> dict[float, bytes]:
    """Return the picture nearest to each time, as JPEG.

    Parameters
    ----------
    data
        A video file.
    times_s
        Times from its start, s.
    limits
        Limits on the file.

    Returns
    -------
    dict
        By time. Empty if the file has no picture.

    Raises
    ------
    backchannel.errors.Problem
        When the file cannot be used.
    """
    nearest: dict[float, tuple[float, ImageArray]] = {}
    with read(Segment(data), limits) as medium:
        for frame in frames_of(medium, rate_hz=_RATE_HZ, max_side_px=STILL_SIDE_PX):
            for time_s in times_s:
                off_s = abs(frame.time_s - time_s)
                if time_s not in nearest or off_s < nearest[time_s][0]:
                    nearest[time_s] = off_s, frame.image
    return {time_s: _jpeg(image) for time_s, (_, image) in nearest.items()}


def _jpeg(image: ImageArray) -> bytes:
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()
