"""Turn any file into one running stream, as a live recorder sends it, cut at chosen times."""

from bisect import bisect_left
from collections.abc import Iterable
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import av
from av.container import InputContainer


def live_chunks(source: Path | bytes, step_s: float) -> list[bytes]:
    """Copy the packets of a file into one Matroska stream without an index, one chunk per `step_s`."""
    stream, marks = _streamed(source)
    times = [time_s for time_s, _ in marks]
    count = int(max(times) / step_s)
    places = {marks[bisect_left(times, step_s * k)][1] for k in range(1, count + 1)}
    edges = [0, *sorted(places), len(stream)]
    return [stream[start:end] for start, end in pairwise(edges) if end > start]


def _streamed(source: Path | bytes) -> tuple[bytes, list[tuple[float, int]]]:
    """Return the stream, and for each packet the newest time so far, s, and its offset."""
    file = BytesIO(source if isinstance(source, bytes) else source.read_bytes())
    buffer = BytesIO()
    marks, latest_s = [], 0.0
    options = {"live": "1", "cluster_time_limit": "200", "flush_packets": "1"}
    with (
        cast("InputContainer", av.open(file)) as read,
        av.open(buffer, "w", format="matroska", options=options) as written,
    ):
        kept: dict[int, Any] = {
            stream.index: written.add_stream_from_template(cast("Any", stream))
            for stream in (*read.streams.video[:1], *read.streams.audio[:1])
        }
        for packet in _in_order(read.demux(*(read.streams[index] for index in kept))):
            latest_s = max(latest_s, float(packet.dts * packet.time_base))
            marks.append((latest_s, buffer.tell()))
            packet.stream = kept[packet.stream.index]
            written.mux(packet)
    return buffer.getvalue(), marks


def _in_order(packets: Iterable[Any]) -> list[Any]:
    timed = [packet for packet in packets if packet.dts is not None]
    return sorted(timed, key=lambda packet: float(packet.dts * packet.time_base))
