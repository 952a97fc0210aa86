"""Writes frames and sound into a real container."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream

from backchannel.arrays import FloatArray, ImageArray
from synthesis.speaker import SAMPLE_RATE_HZ

VideoCodec = Literal["h264", "vp8", "vp9"]

_ENCODERS = {"h264": "libx264", "vp8": "libvpx", "vp9": "libvpx-vp9"}

_BLOCK = 960
"""Sound is handed over in blocks of 20 ms, which the encoders of both AAC and Opus regroup without a gap."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a clip is compressed.

    Attributes
    ----------
    codec
        ``h264`` comes with AAC, unless a browser recorded it; ``vp8`` and ``vp9`` come with Opus.
    crf
        Constant quality: 18 is hardly compressed, 40 is bad. Ignored when a bit rate is given.
    bit_rate_bps
        Bits per second of the picture, or None for constant quality.
    key_frame_s
        Longest time between two key frames, s.
    as_browser
        H.264 as a browser's recorder writes it: no B-frames, and Opus sound.
    """

    codec: VideoCodec = "h264"
    crf: int = 23
    bit_rate_bps: int | None = None
    key_frame_s: float = 2.0
    as_browser: bool = False


def write_film(
    path: Path,
    frames: Iterable[ImageArray],
    samples: FloatArray | None,
    *,
    size_px: tuple[int, int],
    frame_rate_hz: float,
    encoding: Encoding,
) -> None:
    """Encode and mux; the container follows from the suffix of `path` (mp4, mov, webm, mkv).

    Parameters
    ----------
    frames
        (height, width, 3) RGB each.
    samples
        (n,) -1..1 at `speaker.SAMPLE_RATE_HZ`, or None for a film without sound.
    size_px
        Width and height, even.
    """
    audio_encoder = "aac" if encoding.codec == "h264" and not encoding.as_browser else "libopus"
    with av.open(str(path), "w") as container:
        video = container.add_stream(
            _ENCODERS[encoding.codec], rate=Fraction(frame_rate_hz).limit_denominator(1001)
        )
        assert isinstance(video, VideoStream)  # noqa: S101  for the type checker: the encoder is a video's
        _set_up(video, size_px, frame_rate_hz, encoding)
        audio = None
        if samples is not None:
            added = container.add_stream(audio_encoder, rate=SAMPLE_RATE_HZ, layout="mono")
            assert isinstance(added, AudioStream)  # noqa: S101
            audio = added
        sent = 0
        for number, picture in enumerate(frames):
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            if audio is not None and samples is not None:
                until = round((number + 1) / frame_rate_hz * SAMPLE_RATE_HZ)
                sent = _send(container, audio, samples, sent, until)
        container.mux(video.encode(None))
        if audio is not None and samples is not None:
            _send(container, audio, samples, sent, samples.size + _BLOCK)
            container.mux(audio.encode(None))


def _set_up(video: VideoStream, size_px: tuple[int, int], frame_rate_hz: float, encoding: Encoding) -> None:
    video.width, video.height = size_px
    video.pix_fmt = "yuv420p"
    video.gop_size = max(1, round(encoding.key_frame_s * frame_rate_hz))
    options: dict[str, object] = {"preset": "veryfast", "x264-params": "mbtree=0:weightp=0"}
    if encoding.as_browser:
        options["bf"] = "0"
    if encoding.codec != "h264":
        # A negative speed holds in VP8; a positive one follows the machine's load, and so would the picture.
        options = {"deadline": "realtime", "cpu-used": "-6" if encoding.codec == "vp8" else "6"}
    if encoding.bit_rate_bps is not None:
        video.bit_rate = encoding.bit_rate_bps
    else:
        options["crf"] = str(encoding.crf)
        # To libvpx a quality is a bound on a bit rate, so it is given one that never binds.
        video.bit_rate = 0 if encoding.codec != "vp8" else 20_000_000
    video.options = options
    # One thread, and none of x264's looking ahead, whose answer is not always the same: the same script gives
    # the same picture, as it does from a live encoder.
    video.codec_context.thread_count = 1


def _send(container: OutputContainer, audio: AudioStream, samples: FloatArray, sent: int, until: int) -> int:
    """Encode blocks that end by `until`; return how many samples are sent so far."""
    while sent < samples.size and sent + _BLOCK <= until:
        block = samples[sent : sent + _BLOCK]
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block[None]), format="fltp", layout="mono")
        frame.sample_rate = SAMPLE_RATE_HZ
        frame.pts = sent
        frame.time_base = Fraction(1, SAMPLE_RATE_HZ)
        container.mux(audio.encode(frame))
        sent += block.size
    return sent
