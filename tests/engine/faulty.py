"""An analysis for tests of the engine: what it does is written in the segment's bytes."""

import os
import signal
import time
from pathlib import Path

from backchannel.errors import Problem
from backchannel.model import (
    Coverage,
    MediaLimits,
    Progress,
    Quality,
    Segment,
    SegmentResult,
    Span,
    WindowResult,
)

WARM = Quality(50, 50, 50, 50, 50)


def _command(segment: Segment) -> bytes:
    """Whatever stands behind the last bar; a container's header may stand before it."""
    return segment.data.rpartition(b"|")[2]


def warm_up() -> None:
    pass


def duration_s(
    segment: Segment, limits: MediaLimits, *, needs_picture: bool = False, needs_sound: bool = False
) -> float:
    if _command(segment) == b"refuse":
        raise Problem("ih5006", "Too short.", retry_after_s=1.5)
    return 0.1


def analyze(state: bytes, segment: Segment, limits: MediaLimits) -> tuple[bytes, SegmentResult]:
    command, _, argument = _command(segment).partition(b" ")
    match command:
        case b"die":
            os.kill(os.getpid(), signal.SIGKILL)
        case b"die-once":
            flag = Path(os.fsdecode(argument))
            if not flag.exists():
                flag.touch()
                os.kill(os.getpid(), signal.SIGKILL)
        case b"hang":
            signal.pause()
        case b"wait":
            gate = Path(os.fsdecode(argument))
            while not gate.exists():
                time.sleep(0.005)
        case b"touch":
            Path(os.fsdecode(argument)).touch()
        case b"raise":
            raise RuntimeError("holds media: \x00\x01")
        case b"print":
            os.write(1, b"not a reply")
        case b"allocate":
            len(bytearray(int(argument)))
    start_s = float(len(state))
    # What the test wants to know travels as scores: bytes seen, and who saw them.
    told = Quality(len(segment.data), os.getpid(), 50, 50, 50)
    result = SegmentResult(
        Span(start_s, start_s + 1), (), (), (), told, WARM, Coverage(True, False, 0.5, None)
    )
    return state + b"x", result


def follow(state: bytes, segment: Segment, limits: MediaLimits) -> tuple[bytes, Progress]:
    state, result = analyze(state, segment, limits)
    return state, Progress(result.span.end_s, (WindowResult(result, complete=True),))


def analyze_file(segment: Segment, limits: MediaLimits) -> list[SegmentResult]:
    return [analyze(b"", segment, limits)[1]]
