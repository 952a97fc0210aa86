"""(a) and (b): CPU time per 5 s segment against decoding alone, and where it goes."""

import io
from collections.abc import Callable, Mapping

import av
import numpy as np

from backchannel.conversation.interpret import interpret
from backchannel.conversation.people import Following, follow_person
from backchannel.conversation.state import Conversation
from backchannel.cues.detect import CueState, observe
from backchannel.cues.lookback import Lookback
from backchannel.cues.voice_rows import voice_rows
from backchannel.engine.jobs import LiveState
from backchannel.engine.worker import MediaWorker
from backchannel.media.decode import DEFAULT_MAX_SIDE_PX, decode_audio, decode_frames, probe
from backchannel.media.decode.projector import Projector
from backchannel.perception.detection import detect_faces
from backchannel.perception.eyes import cut_eyes, fit_eyes
from backchannel.perception.mesh import fit_mesh, region_of_detection
from backchannel.perception.networks import F0_HOP, load_networks, stay_on_one_thread
from backchannel.perception.perceive import perceive_segment
from backchannel.perception.picture import Seeing, see
from backchannel.perception.pitch import measure_f0
from backchannel.perception.voice import Hearing, hear
from backchannel.protocol.errors import ErrorLinks
from backchannel.protocol.include import Include
from backchannel.protocol.v0 import Session, encode
from backchannel.tracks import Tracks
from backchannel.values import MediaLimits, Segment, SegmentResult
from bench.stopwatch import in_turn
from bench.work import run_piece

LIMITS = MediaLimits()


def analyze_segment(segment: Segment) -> SegmentResult:
    """Analyse the first segment of a v0 session as a worker does."""
    _, changes = run_piece(MediaWorker(), LiveState(), segment, LIMITS, closes_window=True)
    return changes.results[-1]


def decode_only(data: bytes) -> None:
    """Decode every frame and every sample on one thread and look at none: the floor."""
    with av.open(io.BytesIO(data), "r") as container:
        for stream in container.streams:
            stream.codec_context.thread_count = 1
        for _ in container.decode():
            pass


def segment_costs(clips: Mapping[tuple[int, str], bytes], runs: int) -> dict[str, dict[str, float]]:
    """Cost of a segment in each size and codec, s of CPU time, and relative to decoding alone."""
    stay_on_one_thread()  # as in a worker
    costs = {}
    for (height, codec), data in clips.items():
        timings = in_turn(
            {
                "decode_only": lambda data=data: decode_only(data),  # type: ignore[misc]
                "segment": lambda data=data: analyze_segment(Segment(data)),  # type: ignore[misc]
            },
            runs,
        )
        costs[f"{height}p {codec}"] = {
            "decode_only_s": timings["decode_only"].median_s,
            "segment_s": timings["segment"].median_s,
            "ratio": timings["segment"] / timings["decode_only"],
        }
    return costs


def stage_costs(data: bytes, runs: int) -> dict[str, float]:
    """Where the time of one segment goes, s of CPU time. Some stages hold others: their names say so."""
    stay_on_one_thread()
    segment = Segment(data)
    tracks = perceive_segment(segment, LIMITS)
    works = {
        **_picture_stages(segment),
        **_sound_stages(segment),
        **_later_stages(tracks),
        "all": lambda: analyze_segment(segment),
    }
    return {name: timing.median_s for name, timing in in_turn(works, runs).items()}


def _picture_stages(segment: Segment) -> dict[str, Callable[[], object]]:
    """Each on the frames that are looked at; the eye network on as many as a calm face needs."""
    networks = load_networks()
    frames = list(decode_frames(segment, LIMITS))
    images = [frame.image for frame in frames]
    decoded = _decoded(segment.data)[::2]
    (face, *_) = detect_faces(networks, images[0])
    region = region_of_detection(face)
    points_px = fit_mesh(networks, images[0], region).points_px
    pairs = [cut_eyes(image, points_px) for image in images[::3]]
    projector = Projector(1.0, DEFAULT_MAX_SIDE_PX)
    return {
        "open, read": lambda: probe(segment, LIMITS),
        "decode, with scale": lambda: sum(1 for _ in decode_frames(segment, LIMITS)),
        "scale": lambda: [projector.show(frame) for frame in decoded],
        "detect (once a second)": lambda: [detect_faces(networks, image) for image in images[::15]],
        "mesh": lambda: [fit_mesh(networks, image, region) for image in images],
        "iris (a third of frames)": lambda: fit_eyes(networks, pairs),
        "picture, with detect, mesh and iris": lambda: see(
            networks, ((frame.time_s, frame.image) for frame in frames), 0.0, Seeing()
        ),
    }


def _decoded(data: bytes) -> list[av.VideoFrame]:
    with av.open(io.BytesIO(data), "r") as container:
        return list(container.decode(video=0))


def _sound_stages(segment: Segment) -> dict[str, Callable[[], object]]:
    networks = load_networks()
    sound = decode_audio(segment, LIMITS)
    if sound is None:
        return {}
    samples = sound.samples
    everywhere = np.ones(samples.size // F0_HOP, np.bool_)
    return {
        "sound decode": lambda: decode_audio(segment, LIMITS),
        "F0": lambda: measure_f0(networks, samples, everywhere),
        "voice, with F0": lambda: hear(networks, samples, 0.0, Hearing()),
    }


def _later_stages(tracks: Tracks) -> dict[str, Callable[[], object]]:
    face = follow_person(Following(), tracks.picture, 0.0)[1] if tracks.picture is not None else None
    rows = Lookback(face, voice_rows(tracks.voice, 0.0) if tracks.voice is not None else None)
    (result,) = interpret(Conversation(), tracks, closes_window=True)[1].results
    session, _ = Session("bench", Include(), ErrorLinks(""), 1).media(1)
    return {
        "cues": lambda: observe(CueState(), rows, 0.0),
        "signals and quality, with cues": lambda: interpret(Conversation(), tracks, closes_window=True),
        "encode": lambda: [encode(message) for message in session.answer(1, result)[1]],
    }
