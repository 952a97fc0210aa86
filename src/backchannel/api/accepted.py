"""Check pictures, sound and times that a caller passes. Each error says what was passed."""

import math
from typing import Any

import numpy as np

from backchannel.arrays import FloatArray, ImageArray


def rgb_of(image: Any) -> ImageArray:
    """Return a picture, or raise an error that says what was passed instead.

    Raises
    ------
    TypeError, ValueError
        It is not an array of bytes (height, width, 3).
    """
    if not isinstance(image, np.ndarray):
        raise TypeError(f"A frame must be a numpy array (height, width, 3), and not {type(image).__name__}.")
    if image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise ValueError(
            f"A frame must have the shape (height, width, 3) in RGB. This one has {image.shape}."
        )
    if image.dtype != np.uint8:
        raise ValueError(
            f"A frame must have whole numbers from 0 to 255 (uint8). This one has {image.dtype}."
        )
    return image


def mono_of(pcm: Any) -> FloatArray:
    """Return sound as (n,) float32 from -1 to 1; several channels become their mean.

    Raises
    ------
    TypeError, ValueError
        It is not an array (n,) or (n, channels) of int16 or of floats.
    """
    if not isinstance(pcm, np.ndarray):
        raise TypeError(f"Sound must be a numpy array (n,) or (n, channels), and not {type(pcm).__name__}.")
    if pcm.ndim not in (1, 2) or (pcm.ndim == 2 and not 1 <= pcm.shape[1] <= 16):
        raise ValueError(f"Sound must have the shape (n,) or (n, channels). This one has {pcm.shape}.")
    if pcm.dtype == np.int16:
        samples = pcm.astype(np.float32) / 32768
    elif np.issubdtype(pcm.dtype, np.floating):
        samples = pcm.astype(np.float32)
    else:
        raise ValueError(f"Sound must be int16, or floats from -1 to 1. This one has {pcm.dtype}.")
    return np.asarray(samples if samples.ndim == 1 else samples.mean(axis=1), np.float32)


def rate_of(rate_hz: Any) -> int:
    """Return a sample rate, Hz.

    Raises
    ------
    TypeError, ValueError
        It is not a whole number, or not from 8000 to 384000.
    """
    if not isinstance(rate_hz, int | np.integer):
        raise TypeError(f"A sample rate must be a whole number, and not {rate_hz!r}.")
    if not 8_000 <= rate_hz <= 384_000:
        raise ValueError(f"A sample rate must be from 8000 to 384000 Hz. It is {rate_hz}.")
    return int(rate_hz)


def time_of(time_s: Any) -> float:
    """Return a time in seconds.

    Raises
    ------
    TypeError, ValueError
        It is not a number, or before the start.
    """
    try:
        time = float(time_s)
    except (TypeError, ValueError):
        raise TypeError(f"A time must be a number of seconds, and not {time_s!r}.") from None
    if not 0.0 <= time < math.inf:
        raise ValueError(f"A time must be 0 s or later, from the start of the session. It is {time_s!r}.")
    return time
