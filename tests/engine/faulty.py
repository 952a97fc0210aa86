"""An analysis for tests of the engine: what it does is written in the segment's bytes."""

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from backchannel.errors import Problem
from backchannel.values import (
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
_kept: list[bytes] = []


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
    return 60.0 if _command(segment).startswith(b"long") else 0.1


def analyze(  # noqa: PLR0912 -- one branch a command
    state: bytes, segment: Segment, limits: MediaLimits
) -> tuple[bytes, SegmentResult]:
    command, _, argument = _command(segment).partition(b" ")
    if command == b"long":
        command, _, argument = argument.partition(b" ")
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
        case b"hang-once":
            flag = Path(os.fsdecode(argument))
            if not flag.exists():
                flag.touch()
                signal.pause()
        case b"keep":
            _kept.append(b"x" * int(argument))
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
    coverage = Coverage(True, False, 0.5, None, analysis_rate_hz=limits.analysis_rate_hz)
    result = SegmentResult(Span(start_s, start_s + 1), (), (), (), told, WARM, coverage)
    return state + b"x", result


def follow(
    state: bytes, segment: Segment, limits: MediaLimits, left_out: Sequence[Segment]
) -> tuple[bytes, Progress]:
    # A second for each piece, those that are left out too.
    begin_s = float(len(state))
    state, result = analyze(state + b"x" * len(left_out), segment, limits)
    dropped = (Span(begin_s, begin_s + len(left_out)),) if left_out else ()
    return state, Progress(result.span.end_s, (WindowResult(result, complete=True),), dropped)


def analyze_file(segment: Segment, limits: MediaLimits) -> list[SegmentResult]:
    return [analyze(b"", segment, limits)[1]]
