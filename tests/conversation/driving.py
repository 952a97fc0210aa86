"""Drives conversations in tests: tracks through `interpret`, and media through a worker."""

from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from backchannel.conversation.changes import RENEW_S
from backchannel.conversation.interpret import interpret
from backchannel.conversation.state import Conversation
from backchannel.engine.jobs import LiveState, PieceDone, PieceJob
from backchannel.engine.worker import MediaWorker
from backchannel.media.stream.continuity import StreamState, continue_stream
from backchannel.tracks import Tracks
from backchannel.updates import Change, Changes, EngagementChanged, SignalBegan, SignalOver
from backchannel.values import MediaLimits, Segment, SegmentResult, Span

LIMITS = MediaLimits()
Story = list[tuple[str, Span]]

# --- tracks ----------------------------------------------------------------------------------------


def in_segments(pieces: Iterable[Tracks]) -> list[SegmentResult]:
    """Results of pieces that each close their window, as on v0."""
    conversation, results = Conversation(), list[SegmentResult]()
    for piece in pieces:
        conversation, changes = interpret(conversation, piece, closes_window=True)
        results += changes.results
    return results


def in_pieces(conversation: Conversation, pieces: Iterable[Tracks]) -> tuple[Conversation, list[Changes]]:
    """Changes by pieces whose cuts mean nothing, as on v2."""
    reported = []
    for piece in pieces:
        conversation, changes = interpret(conversation, piece)
        reported.append(changes)
    return conversation, reported


def at(tracks: Tracks, stream_start_s: float | None) -> Tracks:
    return replace(tracks, stream_start_s=stream_start_s)


# --- media -----------------------------------------------------------------------------------------


def chunks_of(folder: Path, name: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((folder / name).glob("*.bin"))]


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


def segments_of(chunks: Iterable[bytes]) -> list[Segment]:
    state, segments = StreamState(), []
    for chunk in chunks:
        state, segment = continue_stream(state, chunk)
        if segment is not None:
            segments.append(segment)
    return segments


def analysed(
    worker: MediaWorker,
    state: LiveState,
    segment: Segment | None,
    *,
    limits: MediaLimits = LIMITS,
    skipped: Sequence[Segment] = (),
    closes_window: bool = False,
) -> tuple[LiveState, Changes]:
    """Have a worker analyse the next piece; None ends the session."""
    job = PieceJob(state, segment, limits, 600.0, closes_window, tuple(skipped), ends=segment is None)
    reply = worker.run(job, lambda _: None)
    assert isinstance(reply, PieceDone)
    return reply.state, reply.changes


def followed(
    chunks: Iterable[bytes], *, sound_only: bool = False, closes_window: bool = False
) -> list[Changes]:
    """Changes by each segment of a stream, and those of its end."""
    worker, state, reported = MediaWorker(), LiveState(), []
    for segment in segments_of(chunks):
        state, changes = analysed(
            worker, state, replace(segment, sound_only=sound_only), closes_window=closes_window
        )
        reported.append(changes)
    return [*reported, analysed(worker, state, None)[1]]


# --- what was reported -----------------------------------------------------------------------------


def results_of(reported: Iterable[Changes]) -> list[SegmentResult]:
    return [result for changes in reported for result in changes.results]


def news_of(reported: Iterable[Changes]) -> list[Change]:
    return [change for changes in reported for change in changes.news]


def story(reported: Iterable[Changes]) -> Story:
    """Type and span of every signal as a reader of events heard of it."""
    spans, begun = [], dict[str, float]()
    for change in news_of(reported):
        if isinstance(change, SignalBegan):
            assert change.signal.type not in begun
            begun[change.signal.type] = change.signal.span.start_s
        if isinstance(change, SignalOver):
            spans.append((change.type, Span(begun.pop(change.type), change.end_s)))
    assert not begun
    return sorted(spans)


def occasions(results: Iterable[SegmentResult]) -> Story:
    """The signals of windows as events report them: those of one type close together are one."""
    joined: Story = []
    for name, span in sorted((signal.type, signal.span) for result in results for signal in result.signals):
        if joined and joined[-1][0] == name and span.start_s <= joined[-1][1].end_s + RENEW_S:
            joined.append((name, Span(joined.pop()[1].start_s, span.end_s)))
        else:
            joined.append((name, span))
    return joined


def engagement_of(reported: Iterable[Changes]) -> list[tuple[str, float]]:
    return [
        (change.state, change.start_s)
        for change in news_of(reported)
        if isinstance(change, EngagementChanged)
    ]


# --- equality --------------------------------------------------------------------------------------


def assert_same(one: Any, other: Any, place: str = "it") -> None:
    """Assert that two values are equal field by field and bit by bit, types included."""
    assert type(one) is type(other), place
    if isinstance(one, np.ndarray):
        assert (one.dtype, one.shape) == (other.dtype, other.shape), place
        assert one.tobytes() == other.tobytes(), place
    elif is_dataclass(one):
        for field in fields(one):
            assert_same(getattr(one, field.name), getattr(other, field.name), f"{place}.{field.name}")
    elif isinstance(one, dict):
        assert list(one) == list(other), place
        for key, value in one.items():
            assert_same(value, other[key], f"{place}[{key!r}]")
    elif isinstance(one, tuple):
        assert len(one) == len(other), place
        for number, (value, twin) in enumerate(zip(one, other, strict=True)):
            assert_same(value, twin, f"{place}[{number}]")
    else:
        assert repr(one) == repr(other), place
