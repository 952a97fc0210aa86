"""Media made in the test: every frame carries its number, and each tone begins with a known frame."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from io import BytesIO
from typing import Any, cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

BITS = 8
TONE_HZ = 1000.0
TONE_S = 0.1
TONE_EVERY_S = 1.0
FIRST_TONE_S = 0.4


@dataclass(frozen=True)
class Recipe:
    """What to make. Picture and sound are left out by an empty codec."""

    container: str = "mp4"
    video: str = "libx264"
    audio: str = "aac"
    duration_s: float = 3.0
    rate_hz: int = 25
    width: int = 192
    height: int = 128
    pixels: str = "yuv420p"
    sample_rate_hz: int = 48_000
    layout: str = "stereo"
    gains: tuple[float, ...] = (0.5, 0.5)
    start_s: float = 0.0
    key_every: int = 25
    rotation_deg: int = 0
    aspect: Fraction | None = None
    times_s: tuple[float, ...] = ()
    video_options: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)


def make(recipe: Recipe) -> bytes:
    """Encode and mux a recipe in memory."""
    file = BytesIO()
    with av.open(file, "w", format=recipe.container, options=recipe.options) as output:
        video = _video_stream(output, recipe) if recipe.video else None
        audio = _audio_stream(output, recipe) if recipe.audio else None
        packets = []
        if video is not None:
            packets += [p for frame in [*_pictures(recipe), None] for p in video.encode(frame)]
        if audio is not None:
            packets += [p for sound in [*_sounds(recipe, audio), None] for p in audio.encode(sound)]
        packets.sort(key=lambda p: float((p.dts or 0) * p.time_base))
        for packet in packets:
            output.mux(packet)
    return file.getvalue()


def frame_times(recipe: Recipe) -> list[float]:
    """When each frame is shown, s."""
    return list(recipe.times_s) or [
        number / recipe.rate_hz for number in range(round(recipe.duration_s * recipe.rate_hz))
    ]


def tone_times(recipe: Recipe) -> list[float]:
    """When each tone begins, s."""
    return [float(time) for time in np.arange(FIRST_TONE_S, recipe.duration_s - TONE_S, TONE_EVERY_S)]


def picture_of(number: int, width: int, height: int) -> np.ndarray:
    """Grey picture whose eight vertical bars are the bits of a number, on a marked top edge."""
    image = np.full((height, width), 30, np.uint8)
    for bit in range(BITS):
        if number >> bit & 1:
            image[height // 4 :, bit * width // BITS : (bit + 1) * width // BITS] = 220
    image[: height // 8, : width // 2] = 220
    return image


def number_in(image: np.ndarray) -> int:
    """Read the number back from an RGB image of any size."""
    height, width, _ = image.shape
    rows = image[height // 2 :].mean(axis=(0, 2))
    bars = [
        rows[int((bit + 0.3) * width / BITS) : int((bit + 0.7) * width / BITS) + 1].mean()
        for bit in range(BITS)
    ]
    return sum(1 << bit for bit, bar in enumerate(bars) if bar > 125)


def onsets(samples: np.ndarray, rate_hz: int = 16_000, threshold: float = 0.1) -> list[float]:
    """Where sound begins after at least 0.3 s without, s."""
    loud = np.flatnonzero(np.abs(samples) > threshold)
    starts = loud[np.diff(loud, prepend=-rate_hz) > 0.3 * rate_hz]
    return [float(at / rate_hz) for at in starts]


def _video_stream(output: OutputContainer, recipe: Recipe) -> VideoStream:
    stream = cast("VideoStream", output.add_stream(cast("Any", recipe.video), rate=recipe.rate_hz))
    stream.width, stream.height, stream.pix_fmt = recipe.width, recipe.height, recipe.pixels
    stream.codec_context.time_base = Fraction(1, 1000) if recipe.times_s else Fraction(1, recipe.rate_hz)
    stream.codec_context.gop_size = recipe.key_every
    stream.codec_context.thread_count = 1
    if recipe.aspect is not None:
        stream.codec_context.sample_aspect_ratio = recipe.aspect
    if recipe.rotation_deg:
        stream.set_display_rotation(recipe.rotation_deg)
    stream.codec_context.options = recipe.video_options
    return stream


def _audio_stream(output: OutputContainer, recipe: Recipe) -> AudioStream:
    stream = output.add_stream(cast("Any", recipe.audio), rate=recipe.sample_rate_hz, layout=recipe.layout)
    return cast("AudioStream", stream)


def _pictures(recipe: Recipe) -> list[VideoFrame]:
    frames = []
    unit = Fraction(1, 1000) if recipe.times_s else Fraction(1, recipe.rate_hz)
    for number, time_s in enumerate(frame_times(recipe)):
        grey = picture_of(number, recipe.width, recipe.height)
        frame = VideoFrame.from_ndarray(np.repeat(grey[..., None], 3, axis=2), format="rgb24")
        frame = frame.reformat(format=recipe.pixels)
        frame.pts, frame.time_base = round((time_s + recipe.start_s) / unit), unit
        frames.append(frame)
    return frames


def _sounds(recipe: Recipe, stream: AudioStream) -> Sequence[AudioFrame]:
    rate_hz = recipe.sample_rate_hz
    time_s = np.arange(round(recipe.duration_s * rate_hz)) / rate_hz
    wave = np.zeros_like(time_s)
    for start_s in tone_times(recipe):
        inside = (time_s >= start_s) & (time_s < start_s + TONE_S)
        wave[inside] = np.sin(2 * math.pi * TONE_HZ * (time_s[inside] - start_s))
    channels = np.stack([wave * gain for gain in recipe.gains]).astype(np.float32)
    size = stream.codec_context.frame_size or 1024
    frames = []
    for at in range(0, channels.shape[1], size):
        frame = AudioFrame.from_ndarray(
            np.ascontiguousarray(channels[:, at : at + size]), "fltp", recipe.layout
        )
        frame.sample_rate = rate_hz
        frame.pts, frame.time_base = at + round(recipe.start_s * rate_hz), Fraction(1, rate_hz)
        frames.append(frame)
    return frames
