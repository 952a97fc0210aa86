"""What the clients of a load test send: one person in 720p, in files of any length and as a running stream.

A real clip where there is one, or else the rendered person of `bench.clips`.
"""

import io
from collections.abc import Iterator, Sequence
from itertools import chain, islice, repeat
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.audio.resampler import AudioResampler

from backchannel.arrays import FloatArray, ImageArray
from bench.clips import make_clips
from synthesis import Encoding
from synthesis.film import write_film
from synthesis.speaker import SAMPLE_RATE_HZ

REAL: Final = Path("../shared/clips/woman-outdoors-smiling-off-camera.mp4")
"""The only labelled clip with sound that is no smaller than 720p."""
LOOP_S: Final = 5.0
FRAME_RATE_HZ: Final = 30.0
SIZES_PX: Final = {720: (720, 1280), 360: (360, 640)}
"""Upright, as the real clip is."""
BIT_RATES_BPS: Final = {720: 2_000_000, 360: 700_000}


def is_real() -> bool:
    """Whether a real clip is sent, and not the rendered person."""
    return REAL.is_file()


def film(folder: Path, duration_s: float, height_px: int = 720) -> Path:
    """Return an MP4 file of this length, made on first use and kept in the folder."""
    path = folder / f"{'real' if is_real() else 'made'}-{height_px}p-{duration_s:g}s.mp4"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        source = REAL.read_bytes() if is_real() else make_clips(folder)[720, "h264"]
        made = path.with_suffix(".part.mp4")
        write_film(
            made,
            islice(_frames(source, SIZES_PX[height_px]), round(duration_s * FRAME_RATE_HZ)),
            samples_of(source, duration_s),
            size_px=SIZES_PX[height_px],
            frame_rate_hz=FRAME_RATE_HZ,
            encoding=Encoding("h264", bit_rate_bps=BIT_RATES_BPS[height_px], key_frame_s=LOOP_S),
        )
        made.replace(path)
    return path


def stream_chunks(path: Path, chunk_s: float = 1.0) -> Sequence[bytes]:
    """Cut a file as a browser's recorder would: fragments of about this length, the header in the first."""
    written = io.BytesIO()
    options = {
        "movflags": "frag_custom+empty_moov+default_base_moof",
        "frag_duration": str(round(chunk_s * 1e6)),
    }
    with av.open(str(path)) as source, av.open(written, "w", format="mp4", options=options) as target:
        tracks = {
            stream.index: target.add_stream_from_template(stream)
            for stream in (source.streams.video[0], *source.streams.audio[:1])
        }
        for packet in source.demux(*(source.streams[index] for index in tracks)):
            if packet.dts is not None:
                packet.stream = tracks[packet.stream.index]
                target.mux(packet)
    header, *fragments = _fragments(written.getvalue())
    return [header + fragments[0], *fragments[1:]]


def _fragments(data: bytes) -> Iterator[bytes]:
    """Yield everything before the first `moof`, then each `moof` with its media."""
    begin = at = 0
    while at + 8 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if kind in {b"moof", b"mfra"} and at > begin:
            yield data[begin:at]
            begin = at
        at += max(size, 8)


def _frames(source: bytes, size_px: tuple[int, int]) -> Iterator[ImageArray]:
    """Yield the source's first five seconds, again and again."""
    for data in repeat(source):
        with av.open(io.BytesIO(data), "r") as container:
            for frame in islice(container.decode(video=0), round(LOOP_S * FRAME_RATE_HZ)):
                shown = frame.reformat(*size_px, format="rgb24", interpolation="AREA")
                yield np.asarray(shown.to_ndarray(), dtype=np.uint8)


def samples_of(source: bytes, duration_s: float) -> FloatArray:
    """Return the sound of the source's first five seconds, again and again."""
    resampler = AudioResampler("flt", "mono", SAMPLE_RATE_HZ)
    with av.open(io.BytesIO(source), "r") as container:
        frames = chain.from_iterable(map(resampler.resample, (*container.decode(audio=0), None)))
        heard = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    loop = np.resize(heard, round(LOOP_S * SAMPLE_RATE_HZ))
    return np.asarray(np.resize(loop, round(duration_s * SAMPLE_RATE_HZ)), np.float32)
