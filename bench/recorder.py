"""(g) Pieces of a running stream against complete segments, on what browsers' recorders send.

The same recording is analysed twice in one run, in this process: as a v2 stream in pieces of 1 s, and as v0
segments of 5 s. Both go through a worker, which keeps its decoders from piece to piece.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, groupby, islice, pairwise
from pathlib import Path
from typing import Any, Final

import av
import numpy as np

from backchannel.arrays import ImageArray
from backchannel.engine.jobs import LiveState
from backchannel.engine.worker import MediaWorker
from backchannel.media.stream.continuity import StreamState, continue_stream
from backchannel.perception.networks import stay_on_one_thread
from backchannel.values import MediaLimits, Segment
from bench.clips import BIT_RATE_BPS, CODECS, FRAME_RATE_HZ, make_clips
from bench.media import samples_of
from bench.stopwatch import in_turn
from bench.work import run_piece
from synthesis import Encoding
from synthesis.film import VideoCodec, write_film

LIMITS: Final = MediaLimits()
SIZE_PX: Final = (640, 360)
KEY_FRAME_S: Final = 5.0
SEGMENT_S: Final = 5.0
PIECE_S: Final = 1.0
LENGTH_S: Final = 20.0
"""Length of a recording: the rendered clip, four times."""
CLUSTER_MS: Final = 100
"""Length of the stream's clusters: chunks begin with one, so they are this close to `PIECE_S`."""


def stream_costs(
    folder: Path, runs: int, codecs: Sequence[VideoCodec] = CODECS
) -> dict[str, dict[str, float]]:
    """CPU time of 5 s of media on both streams, s, and the ratio of v2 to v0, for each codec."""
    stay_on_one_thread()  # as in a worker
    costs: dict[str, dict[str, float]] = {}
    for codec in codecs:
        recording = recorded(folder, codec)
        segments, pieces = segments_of(recording), pieces_of(recording)
        timings = in_turn(
            {
                "v0": lambda segments=segments: _analyze(segments, closes_window=True),  # type: ignore[misc]
                "v2": lambda pieces=pieces: _analyze(pieces, closes_window=False),  # type: ignore[misc]
            },
            runs,
        )
        costs[codec] = {
            "v0_s": timings["v0"].median_s * SEGMENT_S / LENGTH_S,
            "v2_s": timings["v2"].median_s * SEGMENT_S / LENGTH_S,
            "ratio": timings["v2"] / timings["v0"],
        }
    return costs


def _analyze(segments: Sequence[Segment], *, closes_window: bool) -> None:
    worker, state = MediaWorker(), LiveState()
    for segment in segments:
        state, _ = run_piece(worker, state, segment, LIMITS, closes_window=closes_window)


def recorded(folder: Path, codec: VideoCodec) -> Path:
    """Return a recording as a browser makes it, made on first use and kept in the folder."""
    path = folder / f"recorder-{codec}.mkv"
    if not path.is_file():
        source = make_clips(folder)[720, "h264"]
        made = path.with_suffix(".part.mkv")
        write_film(
            made,
            islice(_looped(source), round(LENGTH_S * FRAME_RATE_HZ)),
            samples_of(source, LENGTH_S),
            size_px=SIZE_PX,
            frame_rate_hz=FRAME_RATE_HZ,
            encoding=Encoding(
                codec, bit_rate_bps=BIT_RATE_BPS[SIZE_PX[1]], key_frame_s=KEY_FRAME_S, as_browser=True
            ),
        )
        made.replace(path)
    return path


def _looped(source: bytes) -> Iterator[ImageArray]:
    with av.open(io.BytesIO(source), "r") as container:
        frames = [
            np.asarray(frame.reformat(*SIZE_PX, format="rgb24").to_ndarray(), np.uint8)
            for frame in container.decode(video=0)
        ]
    return chain.from_iterable(frames for _ in iter(int, 1))


# --- segments --------------------------------------------------------------------------------------


def segments_of(recording: Path) -> list[Segment]:
    """Cut a recording into complete files, as a recorder does that is stopped and started anew."""
    written = (file for file, _ in _written(recording, lambda time_s: int(time_s / SEGMENT_S)))
    return [Segment(file) for file in written]


def pieces_of(recording: Path) -> list[Segment]:
    """Cut a recording into the pieces of one running stream."""
    ((stream, marks),) = _written(recording, lambda _time_s: 0)
    first_at = {number: next(at for _, at in group) for number, group in groupby(marks, _piece_number)}
    edges = [0, *sorted(first_at.values())[1:], len(stream)]
    state, pieces = StreamState(), []
    for begin, end in pairwise(edges):
        state, piece = continue_stream(state, stream[begin:end])
        pieces += [] if piece is None else [piece]
    return pieces


def _piece_number(mark: tuple[float, int]) -> int:
    return int(mark[0] / PIECE_S)


def _written(
    recording: Path, file_number: Callable[[float], int]
) -> Iterator[tuple[bytes, list[tuple[float, int]]]]:
    """Yield files with some of the packets each, and for each packet its time, s, and its place."""
    with av.open(str(recording)) as source:
        streams = (source.streams.video[0], source.streams.audio[0])
        packets = sorted((one for one in source.demux(*streams) if one.pts is not None), key=_time_s)
        for number, group in groupby(packets, lambda packet: file_number(_time_s(packet))):
            file, marks = io.BytesIO(), list[tuple[float, int]]()
            options = {"live": "1", "cluster_time_limit": str(CLUSTER_MS), "flush_packets": "1"}
            with av.open(file, "w", format="matroska", options=options) as written:
                kept = {stream.index: written.add_stream_from_template(stream) for stream in streams}
                for packet in group:
                    marks.append((_time_s(packet), file.tell()))
                    offset = round(number * SEGMENT_S / packet.time_base)
                    packet.pts = packet.dts = (
                        packet.pts or 0
                    ) - offset  # without B-frames the two are the same
                    packet.stream = kept[packet.stream.index]
                    written.mux(packet)
            yield file.getvalue(), marks


def _time_s(packet: Any) -> float:
    return float(packet.pts * packet.time_base)
