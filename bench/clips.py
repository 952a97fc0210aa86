"""The clips that are timed: one rendered person, 5 s at 30 frames/s, in each size and codec."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, get_args

import cv2
import numpy as np

from backchannel.arrays import FloatArray, ImageArray
from synthesis import (
    Blink,
    Encoding,
    Look,
    Nod,
    Performance,
    Say,
    Shot,
    Smile,
    View,
    frames_of,
    perform,
)
from synthesis.film import VideoCodec, write_film

DURATION_S: Final = 5.0
FRAME_RATE_HZ: Final = 30.0
HEIGHTS_PX: Final = (360, 720, 1080)
CODECS: Final = get_args(VideoCodec)
BIT_RATE_BPS: Final[Mapping[int, int]] = {360: 700_000, 720: 2_000_000, 1080: 4_000_000}
"""What browsers' recorders choose by default for these sizes, about."""
SCRIPT: Final = Performance(
    DURATION_S,
    (Blink(0.5), Nod(1.2, cycles=3, peak_to_peak_deg=9.0, rate_hz=2.0), Smile(3.2, 1.4)),
    (Say(0.2, ("Good morning, everybody.",)),),
    seed=3,
)


def make_clips(folder: Path) -> Mapping[tuple[int, str], bytes]:
    """Render once, encode in each size and codec, and keep the files in a folder for the next run."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {
        (height, codec): folder / f"{height}p.{_suffix(codec)}" for height in HEIGHTS_PX for codec in CODECS
    }
    if not all(path.is_file() for path in wanted.values()):
        frames, samples = _rendered()
        for (height, codec), path in wanted.items():
            _encode(path, frames, samples, height, codec)
    return {key: path.read_bytes() for key, path in wanted.items()}


def _suffix(codec: str) -> str:
    return "mp4" if codec == "h264" else f"{codec}.webm"


def _rendered() -> tuple[Sequence[ImageArray], FloatArray | None]:
    # A little sensor noise: a picture without any is cheaper to decode than a camera's.
    shot = Shot(SCRIPT, view=View(1920, 1080, 330.0), frame_rate_hz=FRAME_RATE_HZ, look=Look(noise=2.0))
    truth, voice = perform(shot)
    return list(frames_of(shot, truth)), None if voice is None else voice.samples


def _encode(
    path: Path, frames: Sequence[ImageArray], samples: FloatArray | None, height_px: int, codec: VideoCodec
) -> None:
    size_px = (height_px * 16 // 9, height_px)
    write_film(
        path,
        (np.asarray(cv2.resize(frame, size_px, interpolation=cv2.INTER_AREA), np.uint8) for frame in frames),
        samples,
        size_px=size_px,
        frame_rate_hz=FRAME_RATE_HZ,
        encoding=Encoding(codec, bit_rate_bps=BIT_RATE_BPS[height_px], key_frame_s=DURATION_S),
    )
