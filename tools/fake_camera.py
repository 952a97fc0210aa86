"""A person in front of a browser's fake camera and fake microphone: a clip, in the formats Chromium reads."""

import wave
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import av

FRAME_RATE_HZ: Final = 30
"""Chromium plays Motion JPEG at this rate, whatever rate the file was made at."""
SAMPLE_RATE_HZ: Final = 48_000


@dataclass(frozen=True)
class FakeCamera:
    """Files for Chromium's fake camera and fake microphone; both loop.

    Attributes
    ----------
    video
        Motion JPEG.
    audio
        WAV, mono, 16 bit.
    """

    video: Path
    audio: Path

    @property
    def arguments(self) -> list[str]:
        """Command-line arguments of Chromium."""
        return [
            f"--use-file-for-fake-video-capture={self.video}",
            f"--use-file-for-fake-audio-capture={self.audio}",
        ]


def fake_camera(clip: Path, folder: Path, *, size_px: tuple[int, int] = (640, 360)) -> FakeCamera:
    """Convert a clip; if it has no sound, the microphone is silent.

    Parameters
    ----------
    folder
        Where the two files go.
    size_px
        Width and height of the camera's picture. The clip is scaled to fit and padded with black.
    """
    camera = FakeCamera(folder / f"{clip.stem}.mjpeg", folder / f"{clip.stem}.wav")
    duration_s = _write_video(clip, camera.video, size_px)
    _write_audio(clip, camera.audio, duration_s)
    return camera


def _write_video(clip: Path, out: Path, size_px: tuple[int, int]) -> float:
    with av.open(str(clip)) as container, av.open(str(out), "w", format="mjpeg") as written:
        source = container.streams.video[0]
        stream: Any = written.add_stream("mjpeg", rate=FRAME_RATE_HZ)
        stream.width, stream.height = size_px
        stream.pix_fmt = "yuvj420p"
        stream.codec_context.options = {"qmin": "3", "qmax": "3"}
        count = 0
        for frame in _at_camera_rate(container, source, size_px):
            written.mux(stream.encode(frame))
            count += 1
        written.mux(stream.encode(None))
    return count / FRAME_RATE_HZ


def _at_camera_rate(container: Any, source: Any, size_px: tuple[int, int]) -> Iterator[Any]:
    width_px, height_px = size_px
    size = f"{width_px}:{height_px}"
    graph = av.filter.Graph()
    steps = [
        graph.add_buffer(template=source),
        graph.add("fps", str(FRAME_RATE_HZ)),
        graph.add("scale", f"{size}:force_original_aspect_ratio=decrease:out_range=full"),
        graph.add("pad", f"{size}:(ow-iw)/2:(oh-ih)/2"),
        graph.add("format", "yuvj420p"),
        graph.add("buffersink"),
    ]
    for step, following in pairwise(steps):
        step.link_to(following)
    graph.configure()
    for frame in (*container.decode(source), None):
        graph.push(frame)
        while True:
            try:
                scaled = graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                break
            scaled.pts = None
            yield scaled


def _write_audio(clip: Path, out: Path, duration_s: float) -> None:
    wanted = round(duration_s * SAMPLE_RATE_HZ)
    samples = b""
    with av.open(str(clip)) as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE_HZ)
        for source in container.streams.audio[:1]:
            for frame in container.decode(source):
                for part in resampler.resample(frame):
                    samples += bytes(part.planes[0])[: part.samples * 2]
    with wave.open(str(out), "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(SAMPLE_RATE_HZ)
        written.writeframes(samples[: wanted * 2].ljust(wanted * 2, b"\0"))
