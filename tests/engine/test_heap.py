"""A worker gives memory back after each job, so that its limit fits, also with words."""

import asyncio
import gc
import sys
from pathlib import Path

import numpy as np
import pytest

from backchannel.config import Settings
from backchannel.engine.heap import GROWTH_BYTES, Heap
from backchannel.engine.jobs import PACKAGED, LiveState, PieceDone, PieceJob
from backchannel.engine.process import ProcessCarrier
from backchannel.perception.whisper import built_in_whisper
from backchannel.values import MediaLimits, Segment
from tests.media.making import Recipe, make

MOST_BYTES = 600_000_000
"""A worker with words must not hold more between jobs."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux reports resident memory")


async def _nothing(_: float) -> None:
    return


async def _held(segments: list[bytes], *, words: bool) -> list[int]:
    """Memory of a worker after each segment, as the engine sees it with the reply."""
    settings = Settings()
    carrier = ProcessCarrier(
        settings.worker_memory_bytes, settings.worker_start_s, words=PACKAGED if words else ""
    )
    worker = await carrier.start(niceness=0)
    held = []
    try:
        for data in segments:
            limits = MediaLimits(spare_core=True)
            job = PieceJob(LiveState(), Segment(data), limits, 60.0, closes_window=True, words=words)
            assert isinstance(await worker.run(job, _nothing), PieceDone)
            held.append(worker.memory_bytes)
    finally:
        await worker.kill()
    return held


def test_a_large_picture_leaves_little_behind() -> None:
    large = make(Recipe(width=1920, height=1080, duration_s=3.0, video_options={"preset": "ultrafast"}))
    held = asyncio.run(_held([large] * 3, words=False))
    assert max(held) < 400_000_000
    assert held[-1] - held[0] < GROWTH_BYTES


def test_a_worker_with_words_stays_within_its_limit(clips: Path) -> None:
    if built_in_whisper() is None:
        pytest.skip("needs the network for words, which this build does not have")
    names = ("man-red-shirt-short-intro.mp4", "woman-couch-casual-talk.mp4", "man-disgusted-acted-line.mp4")
    large = make(Recipe(width=1920, height=1080, duration_s=3.0, video_options={"preset": "ultrafast"}))
    talk = [(clips / name).read_bytes() for name in names]
    held = asyncio.run(_held([*talk, large, *talk, large, *talk], words=True))
    assert max(held) <= MOST_BYTES
    assert held[-1] - held[3] < GROWTH_BYTES
    # Workers that reach this are replaced after each job, which would take longer than the job.
    assert Settings().worker_rss_bytes >= MOST_BYTES


def test_memory_in_cycles_is_given_back_too() -> None:
    heap = Heap()
    before = heap.resident_bytes
    cycle: list[object] = [np.ones(4 * GROWTH_BYTES // 8)]
    cycle.append(cycle)
    gc.disable()
    try:
        assert heap.resident_bytes - before > 3 * GROWTH_BYTES
        del cycle
        heap.hand_back()
    finally:
        gc.enable()
        gc.unfreeze()
    assert heap.resident_bytes - before < GROWTH_BYTES
