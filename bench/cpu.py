"""(a) and (b): CPU time per 5 s segment against decoding alone, and where it goes."""

import io
from collections.abc import Mapping

import av

from backchannel.media.decode import decode_audio, decode_frames, probe
from backchannel.model import MediaLimits, Segment
from backchannel.perception.detection import detect_faces
from backchannel.perception.eyes import cut_eyes, fit_eyes
from backchannel.perception.mesh import fit_mesh, region_of_detection
from backchannel.perception.models import load_networks
from backchannel.perception.perceive import perceive
from backchannel.perception.picture import measure_picture
from backchannel.perception.voice import measure_voice
from backchannel.session import SessionState, analyze_segment, interpret, pack
from bench.stopwatch import in_turn

LIMITS = MediaLimits()


def decode_only(data: bytes) -> None:
    """Decode every frame and every sample on one thread and look at none: the floor."""
    with av.open(io.BytesIO(data), "r") as container:
        for stream in container.streams:
            stream.codec_context.thread_count = 1
        for _ in container.decode():
            pass


def segment_costs(clips: Mapping[tuple[int, str], bytes], runs: int) -> dict[str, dict[str, float]]:
    """Cost of a segment in each size and codec, s of CPU time, and relative to decoding alone."""
    costs = {}
    for (height, codec), data in clips.items():
        timings = in_turn(
            {
                "decode_only": lambda data=data: decode_only(data),  # type: ignore[misc]
                "segment": lambda data=data: analyze_segment(b"", Segment(data), LIMITS),  # type: ignore[misc]
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
    """Where the time of one segment goes, s of CPU time. Stages overlap where one holds another."""
    networks = load_networks()
    segment = Segment(data)
    frames = [(frame.time_s, frame.image) for frame in decode_frames(segment, LIMITS)]
    sound = decode_audio(segment, LIMITS)
    tracks = perceive(segment, LIMITS)
    state, _ = interpret(SessionState(), tracks)
    (face, *_) = detect_faces(networks, frames[0][1])
    region = region_of_detection(face)
    points_px = fit_mesh(networks, frames[0][1], region).points_px
    works = {
        "probe": lambda: probe(segment, LIMITS),
        "decode and scale": lambda: sum(1 for _ in decode_frames(segment, LIMITS)),
        "detect (5 times)": lambda: [detect_faces(networks, image) for _, image in frames[::15]],
        "mesh (each frame)": lambda: [fit_mesh(networks, image, region) for _, image in frames],
        "eyes (a third of frames)": lambda: fit_eyes(
            networks, [cut_eyes(image, points_px) for _, image in frames[::3]]
        ),
        "picture in all": lambda: measure_picture(networks, frames),
        "sound decode": lambda: decode_audio(segment, LIMITS),
        "voice in all": lambda: None if sound is None else measure_voice(networks, sound.samples, 0.0),
        "cues, signals, quality": lambda: interpret(SessionState(), tracks),
        "state written down": lambda: pack(state),
    }
    return {name: timing.median_s for name, timing in in_turn(works, runs).items()}
