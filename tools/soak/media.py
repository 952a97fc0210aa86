"""What clients send: recordings of a browser, a long stream of known length, and damaged segments."""

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

from fuzz.mutate import mutate
from fuzz.target import RECORDER
from tests.media.making import Recipe, make

LEAST_S = 0.6
FRAGMENTED = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}


def recordings() -> list[bytes]:
    """Return complete segments of 4 s, with a face and a voice."""
    return [path.read_bytes() for path in sorted((RECORDER / "webm-vp8-restart-4s").glob("*.bin"))]


def seeds() -> list[bytes]:
    """Return valid segments of every container, to be damaged. They are short, so that many are sent."""
    short = Recipe(duration_s=LEAST_S, width=96, height=64)
    whole = [next(iter(sorted(folder.glob("*.bin")))).read_bytes() for folder in _folders()]
    made = [
        replace(short),
        replace(short, options=FRAGMENTED),
        replace(short, container="mpegts"),
        replace(short, container="mpegts", options={"mpegts_m2ts_mode": "1"}),
        replace(short, container="matroska"),
        replace(short, container="avi", audio="mp3"),
        replace(short, container="mov", rotation_deg=90),
    ]
    return [*whole, *map(make, made)]


def _folders() -> list[Path]:
    return sorted(path for path in RECORDER.glob("webm-*") if path.is_dir())


def damaged(seed: int, count: int) -> Callable[[], bytes | None]:
    """Return a function that gives the next damaged segment to any thread, and None after the last one.

    The same seed gives the same segments, in the same order.
    """
    chance = Random(seed)  # noqa: S311 -- to be repeated
    return shared(mutate(kinds, chance) for kinds in itertools.repeat(seeds(), count))


def long_stream(duration_s: float, chunk_s: float) -> Sequence[bytes]:
    """Return one recording of a known length, cut into chunks of about equal length anywhere."""
    stream = make(Recipe(duration_s=duration_s, rate_hz=10, key_every=10, options=FRAGMENTED))
    count = max(1, round(duration_s / chunk_s))
    edges = [len(stream) * number // count for number in range(count + 1)]
    return [stream[begin:end] for begin, end in itertools.pairwise(edges)]


def shared(items: Iterator[bytes]) -> Callable[[], bytes | None]:
    """Return a function that gives the next item to any thread, and None after the last one."""
    lock = threading.Lock()

    def take() -> bytes | None:
        with lock:
            return next(items, None)

    return take
