"""Files that went wrong in the field, as a file, as v0 segments and as a v2 stream in 24 pieces.

`../shared/field/README.md` says what is right about each of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from backchannel.api import analyze
from backchannel.conversation.interpret import finish, interpret
from backchannel.conversation.state import Conversation
from backchannel.media.decode import read
from backchannel.media.stream.continuity import StreamState, continue_stream
from backchannel.perception.perceive import Carry, perceive
from backchannel.protocol.results import coverage_body
from backchannel.values import Cue, MediaLimits, SegmentResult, Span
from tests.slicing import merged

LIMITS = MediaLimits()
WAYS = ("file", "v0", "v2")


@dataclass(frozen=True)
class Told:
    """What was reported about a file."""

    results: Sequence[SegmentResult]
    dropped: Sequence[Span] = ()
    degraded: Sequence[Span] = ()

    @property
    def length_s(self) -> float:
        return sum(result.span.duration_s for result in self.results)

    def cues(self, *names: str) -> list[Cue]:
        return [cue for cue in merged(self.results) if cue.name in names]


def told(path: Path, way: str) -> Told:
    data = path.read_bytes()
    if way == "file":
        return Told(list(analyze(data)))
    count = 24 if way == "v2" else 3
    size = -(-len(data) // count)
    stream, conversation, carry = StreamState(), Conversation(), Carry()
    results, dropped, degraded = list[SegmentResult](), list[Span](), list[Span]()
    for at in range(0, len(data), size):
        stream, segment = continue_stream(stream, data[at : at + size])
        if segment is None:
            continue
        with read(segment, LIMITS) as medium:
            tracks, carry = perceive(medium, carry)
        conversation, changes = interpret(conversation, tracks, closes_window=way == "v0")
        results += changes.results
        dropped += changes.dropped
        degraded += changes.degraded
    _, changes = finish(conversation)
    return Told([*results, *changes.results], dropped, degraded)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("name", "length_s"),
    [
        ("fmp4-numbers-constant.mp4", 12.0),
        ("webm-stall-0.4s.webm", 12.0),
        ("webm-3fps-opus-dtx.webm", 12.0),
        ("joined-clock-restarts.webm", 14.0),
    ],
)
def test_everything_is_analysed(field: Path, name: str, length_s: float, way: str) -> None:
    all_of_it = told(field / name, way)
    assert all_of_it.length_s == pytest.approx(length_s, abs=0.1)
    assert not all_of_it.dropped
    assert not all_of_it.degraded
    assert all(result.coverage.picture for result in all_of_it.results)


@pytest.mark.parametrize("way", WAYS)
def test_a_joined_recording_has_its_shake_where_it_is(field: Path, way: str) -> None:
    (shake,) = told(field / "joined-clock-restarts.webm", way).cues("shake")
    assert shake.span.start_s == pytest.approx(8.6, abs=0.3)


@pytest.mark.parametrize("way", WAYS)
def test_a_hole_is_told(field: Path, way: str) -> None:
    whole = told(field / "webm-10s-hole-in-picture.webm", way)
    assert whole.length_s == pytest.approx(20.0, abs=0.1)
    holes = coverage_body(whole.results).degraded or ()
    assert holes
    assert (holes[0].start, holes[-1].end) == pytest.approx((5.0, 15.0), abs=0.15)


@pytest.mark.parametrize("way", WAYS)
def test_a_picture_that_changes_its_size_shows_one_person_all_the_time(field: Path, way: str) -> None:
    stepped = told(field / "size-steps-320-640-320.webm", way)
    assert all(result.coverage.face_share == 1.0 for result in stepped.results)
    assert not stepped.cues("face_absent")
    for cue in merged(stepped.results):
        if cue.name != "facing":
            assert not any(abs(edge_s - cue.span.start_s) < 0.7 for edge_s in (4.0, 8.0)), cue


@pytest.mark.parametrize("way", WAYS)
def test_the_voice_is_heard_on_the_second_track(field: Path, way: str) -> None:
    whole = told(field / "voice-on-second-track.mkv", way)
    assert whole.cues("speaking")[0].span.start_s == pytest.approx(1.6, abs=0.2)
    assert whole.results[-1].coverage.sound_tracks == 2


def test_a_mirrored_picture_has_the_cues_of_the_plain_one(field: Path) -> None:
    plain, mirrored = (
        [cue.name for cue in told(field / f"matrix-{kind}.mp4", "file").cues("nod", "smile", "facing")]
        for kind in ("plain", "mirrored-horizontally")
    )
    assert mirrored == plain
    assert "nod" in plain
