"""What must not change an answer: mirror, gain, frame rate, resolution, segmentation, order, the worker.

One synthetic person, rendered once and varied; the bytes go through real encoders and the whole way through
the house. (Signals specification, section 6.)
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from backchannel import analyze
from backchannel.arrays import FloatArray, ImageArray
from backchannel.cues.merge import cue_log
from backchannel.engine.jobs import LiveState, PieceDone, PieceJob
from backchannel.engine.worker import MediaWorker
from backchannel.media.stream.continuity import StreamState, continue_stream
from backchannel.values import Cue, MediaLimits, Segment, SegmentResult
from synthesis import (
    Blink,
    BrowRaise,
    Glance,
    Nod,
    Performance,
    Say,
    Shake,
    Shot,
    Smile,
    frames_of,
    perform,
)
from synthesis.film import Encoding, write_film
from synthesis.speaker import SAMPLE_RATE_HZ
from tests.media.live_stream import live_chunks

pytestmark = pytest.mark.slow

RENDERED_HZ = 60.0
RATE_HZ = 30.0
WITHIN_S = 0.2
LASTING = frozenset(
    {"nod", "shake", "gaze_away", "smile", "brow_raise", "tilt", "lean_in", "lean_out", "pause", "long_pause"}
)
"""Cues whose times are compared. Those of a whole turn are compared by being there."""
OPPOSITE = {"left": "right", "right": "left"}

SCRIPT = Performance(
    15.0,
    (
        Blink(0.6),
        Glance(3.6, 1.0, yaw_deg=-22.0),
        Nod(6.3, cycles=3, peak_to_peak_deg=9.0, rate_hz=2.0),
        Smile(8.6, 1.6),
        BrowRaise(11.2, 0.9),
        Shake(12.9, cycles=2.5, peak_to_peak_deg=14.0, rate_hz=1.7),
    ),
    (Say(0.8, ("Good morning.", 0.9, "The plan is ready.")),),
    seed=11,
)


@dataclass(frozen=True)
class Film:
    """The script, rendered: frames at 60 a second, and sound."""

    rendered: tuple[ImageArray, ...]
    samples: FloatArray

    @property
    def frames(self) -> tuple[ImageArray, ...]:
        """Frames at 30 a second, as the film is seen unless a test says otherwise."""
        return self.at(RATE_HZ)

    def at(self, rate_hz: float) -> tuple[ImageArray, ...]:
        """Frames at a rate that the rendered one is a multiple of."""
        return self.rendered[:: round(RENDERED_HZ / rate_hz)]


@pytest.fixture(scope="module")
def film() -> Film:
    shot = Shot(SCRIPT, frame_rate_hz=RENDERED_HZ)
    truth, voice = perform(shot)
    assert voice is not None
    return Film(tuple(frames_of(shot, truth)), voice.samples)


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., bytes]:
    folder = tmp_path_factory.mktemp("films")

    def write(frames: Sequence[ImageArray], samples: FloatArray | None, rate_hz: float = RATE_HZ) -> bytes:
        path = folder / f"{len(list(folder.iterdir()))}.mp4"
        height, width = frames[0].shape[:2]
        write_film(
            path, frames, samples, size_px=(width, height), frame_rate_hz=rate_hz, encoding=Encoding(crf=20)
        )
        return path.read_bytes()

    return write


@pytest.fixture(scope="module")
def reference(film: Film, make: Callable[..., bytes]) -> tuple[SegmentResult, ...]:
    return tuple(analyze(make(film.frames, film.samples)))


def answer(state: LiveState, segment: Segment, limits: MediaLimits) -> tuple[LiveState, SegmentResult]:
    """Analyse a segment of a v0 session as a worker does, from bytes to bytes."""
    job = PieceJob(state, segment, limits, longest_s=60.0, closes_window=True)
    reply = MediaWorker().run(job, lambda _duration_s: None)
    assert isinstance(reply, PieceDone)
    (result,) = reply.changes.results
    return reply.state, result


def lasting(results: Sequence[SegmentResult]) -> list[Cue]:
    return [cue for cue in cue_log(results) if cue.name in LASTING]


def signal_types(results: Sequence[SegmentResult]) -> set[str]:
    """Signals that are more than borderline: those at the edge of being reported may come and go."""
    return {signal.type for result in results for signal in result.signals if signal.score >= 0.45}


def assert_same_cues(found: Sequence[Cue], expected: Sequence[Cue], *, mirrored: bool = False) -> None:
    """Each cue has its twin of the same name and side, within 0.2 s at both ends."""

    def twins(cue: Cue, others: Sequence[Cue]) -> Iterator[Cue]:
        side = OPPOSITE.get(cue.direction, cue.direction) if mirrored else cue.direction
        for other in others:
            apart_s = max(abs(cue.span.start_s - other.span.start_s), abs(cue.span.end_s - other.span.end_s))
            if apart_s <= WITHIN_S and (other.name, other.direction) == (cue.name, side):
                yield other

    described = [f"{cue.name} {cue.direction} {cue.span.start_s:.2f}-{cue.span.end_s:.2f}" for cue in found]
    for cue in expected:
        assert any(twins(cue, found)), f"no {cue.name} {cue.span} in {described}"
    for cue in found:
        assert any(twins(cue, expected)), f"{cue.name} {cue.span} came from nowhere"


def test_the_reference_holds_what_was_performed(reference: tuple[SegmentResult, ...]) -> None:
    names = [cue.name for cue in lasting(reference)]
    for performed in ("nod", "gaze_away", "smile", "brow_raise", "shake", "long_pause"):
        assert names.count(performed) == 1
    assert {"agreement", "disagreement", "interest"} <= signal_types(reference)


def test_a_mirror_changes_sides_and_nothing_else(
    film: Film, make: Callable[..., bytes], reference: tuple[SegmentResult, ...]
) -> None:
    flipped = tuple(
        analyze(make([np.ascontiguousarray(frame[:, ::-1]) for frame in film.frames], film.samples))
    )
    assert_same_cues(lasting(flipped), lasting(reference), mirrored=True)
    assert signal_types(flipped) == signal_types(reference)


def test_a_quieter_microphone_changes_nothing(
    film: Film, make: Callable[..., bytes], reference: tuple[SegmentResult, ...]
) -> None:
    quiet = tuple(analyze(make(film.frames, film.samples * np.float32(10 ** (-12 / 20)))))
    assert_same_cues(lasting(quiet), lasting(reference))
    assert {cue.name for cue in cue_log(quiet)} == {cue.name for cue in cue_log(reference)}
    assert signal_types(quiet) == signal_types(reference)


@pytest.mark.parametrize("frame_rate_hz", [15.0, 24.0, 60.0])
def test_the_frame_rate_changes_nothing(
    frame_rate_hz: float, film: Film, make: Callable[..., bytes], reference: tuple[SegmentResult, ...]
) -> None:
    if RENDERED_HZ % frame_rate_hz == 0:
        frames = film.at(frame_rate_hz)
    else:
        shot = Shot(SCRIPT, frame_rate_hz=frame_rate_hz)
        frames = tuple(frames_of(shot, perform(shot)[0]))
    other = tuple(analyze(make(frames, film.samples, frame_rate_hz)))
    assert_same_cues(lasting(other), lasting(reference))
    assert signal_types(other) == signal_types(reference)


@pytest.mark.parametrize("height_px", [360, 720, 1080])
def test_the_resolution_changes_nothing(
    height_px: int, film: Film, make: Callable[..., bytes], reference: tuple[SegmentResult, ...]
) -> None:
    how = cv2.INTER_AREA if height_px < 480 else cv2.INTER_LINEAR
    size = (height_px * 4 // 3, height_px)
    # At the rate that is looked at anyway: more frames only take longer to encode.
    frames = [np.asarray(cv2.resize(frame, size, interpolation=how), np.uint8) for frame in film.at(15.0)]
    other = tuple(analyze(make(frames, film.samples, 15.0)))
    assert_same_cues(lasting(other), lasting(reference))
    assert signal_types(other) == signal_types(reference)


@pytest.mark.parametrize("segment_s", [3, 5])
def test_the_cut_into_segments_changes_nothing(
    segment_s: int, film: Film, make: Callable[..., bytes], reference: tuple[SegmentResult, ...]
) -> None:
    state, results = LiveState(), []
    for start_s in range(0, 15, segment_s):
        frames = film.frames[round(start_s * RATE_HZ) : round((start_s + segment_s) * RATE_HZ)]
        samples = film.samples[start_s * SAMPLE_RATE_HZ : (start_s + segment_s) * SAMPLE_RATE_HZ]
        state, result = answer(state, Segment(make(frames, samples)), MediaLimits())
        results.append(result)
    assert results[-1].span.end_s == pytest.approx(15.0, abs=0.05)
    assert_same_cues(lasting(results), lasting(reference))


def test_a_running_stream_in_pieces_changes_nothing(
    film: Film, make: Callable[..., bytes], reference: tuple[SegmentResult, ...]
) -> None:
    worker, state, results = MediaWorker(), LiveState(), list[SegmentResult]()
    stream, segments = StreamState(), list[Segment | None]()
    for chunk in live_chunks(make(film.frames, film.samples), 1.0):
        stream, segment = continue_stream(stream, chunk)
        segments += [] if segment is None else [segment]
    for segment in (*segments, None):
        job = PieceJob(state, segment, MediaLimits(), longest_s=60.0, ends=segment is None)
        reply = worker.run(job, lambda _duration_s: None)
        assert isinstance(reply, PieceDone)
        state, results = reply.state, [*results, *reply.changes.results]
    assert results[-1].span.end_s == pytest.approx(15.0, abs=0.05)
    assert_same_cues(lasting(results), lasting(reference))
    assert signal_types(results) == signal_types(reference)


@pytest.mark.parametrize("analysis_rate_hz", [10.0, 8.0])
def test_under_load_less_is_looked_at_and_the_same_is_seen(
    analysis_rate_hz: float, film: Film, make: Callable[..., bytes], reference: tuple[SegmentResult, ...]
) -> None:
    limits = MediaLimits(analysis_rate_hz=analysis_rate_hz)
    results = tuple(analyze(make(film.frames, film.samples), limits))
    assert_same_cues(lasting(results), lasting(reference))
    assert signal_types(results) == signal_types(reference)
    assert {result.coverage.analysis_rate_hz for result in results} == {analysis_rate_hz}


def test_a_second_core_changes_nothing(film: Film, make: Callable[..., bytes]) -> None:
    segment = Segment(make(film.frames[:150], film.samples[: 5 * SAMPLE_RATE_HZ]))
    alone = answer(LiveState(), segment, MediaLimits())
    assert answer(LiveState(), segment, MediaLimits(spare_core=True)) == alone


def test_the_same_bytes_give_the_same_answer_in_any_order(film: Film, make: Callable[..., bytes]) -> None:
    one = Segment(make(film.frames[:150], film.samples[: 5 * SAMPLE_RATE_HZ]))
    two = Segment(make(film.frames[150:300], film.samples[5 * SAMPLE_RATE_HZ : 10 * SAMPLE_RATE_HZ]))
    alone = answer(LiveState(), one, MediaLimits())
    answer(LiveState(), two, MediaLimits())
    assert answer(LiveState(), one, MediaLimits()) == alone


def test_a_frozen_picture_measures_nothing(film: Film, make: Callable[..., bytes]) -> None:
    (result,) = analyze(make([film.frames[290]] * 150, None))
    assert result.signals == ()
    assert result.coverage.notes == ("The picture did not change.", "There was no sound.")


def test_without_sound_nothing_is_heard(film: Film, make: Callable[..., bytes]) -> None:
    silent = tuple(analyze(make(film.frames, None)))
    assert {cue.modality for cue in cue_log(silent)} == {"visual"}
    for signal in (signal for result in silent for signal in result.signals):
        assert signal.modalities == ("visual",)
        assert not re.search(r"spoke|pitch|pause|sound at|level|[\"'“”]", signal.rationale, re.IGNORECASE)
        assert "There was no sound" in signal.rationale


def test_without_a_face_nothing_is_seen(film: Film, make: Callable[..., bytes]) -> None:
    # The lower half of the picture: a collar and a flag, and the voice of somebody out of view.
    cropped = [np.ascontiguousarray(frame[300:480]) for frame in film.frames]
    faceless = tuple(analyze(make(cropped, film.samples)))
    assert {cue.modality for cue in cue_log(faceless)} - {"audio"} <= {"visual"}
    assert {cue.name for cue in cue_log(faceless) if cue.modality == "visual"} <= {"face_absent"}
    assert all(signal.modalities == ("audio",) for result in faceless for signal in result.signals)


def test_the_film_reads_its_own_sound(film: Film, tmp_path: Path) -> None:
    # The renderer's sound and the frames are equally long: otherwise the comparisons above mean little.
    assert film.samples.size / SAMPLE_RATE_HZ == pytest.approx(len(film.frames) / RATE_HZ, abs=0.05)
