"""A conversation written down: exact for every state that can occur, small, and refused when it is none."""

import lzma
import random
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Final, Literal, get_args, get_type_hints

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backchannel.conversation import codec
from backchannel.conversation.codec import (
    MAX_PLAIN_BYTES,
    VERSION,
    pack_conversation,
    unpack_conversation,
)
from backchannel.conversation.interpret import finish, interpret, skip
from backchannel.conversation.state import Conversation
from backchannel.cues.face_rows import FACE_BASELINES, FACE_MEASURES
from backchannel.cues.voice_view import VOICE_MEASURES
from backchannel.engine.jobs import LiveState
from backchannel.engine.worker import MediaWorker
from backchannel.errors import Problem
from backchannel.media.decode import read
from backchannel.packing import pack_value
from backchannel.perception.perceive import perceive_windows
from backchannel.tracks import FaceTracks, PictureTracks, Tracks, VoiceTracks
from backchannel.updates import Changes
from backchannel.values import MediaLimits, Segment
from tests.conversation.driving import analysed, assert_same, at, chunks_of, segments_of
from tests.conversation.test_windows import TALK
from tests.cues.build import both, face, heard, picture, seen, swings, voice
from tests.slicing import every

MAX_BYTES: Final = 16_384

# --- every state that can occur --------------------------------------------------------------------

Action = Literal["piece", "skip", "finish"]
Start = Literal["file", "goes on", "rounding", "overlap", "gap", "long gap", "restart", "another"]
JUMPS_S: Final = {"goes on": 0.0, "rounding": 0.05, "overlap": -0.3, "gap": 0.7, "long gap": 30.0}


@dataclass(frozen=True)
class Step:
    """One thing that happens to a conversation; `seed` decides what is seen and heard in it."""

    action: Action
    start: Start
    duration_s: float
    faces: tuple[int, ...]
    with_picture: bool
    with_sound: bool
    closes_window: bool
    sound_only: bool
    rate_hz: float
    seed: int


STEPS = st.builds(
    Step,
    action=st.sampled_from(("piece", "piece", "piece", "piece", "piece", "skip", "finish")),
    start=st.sampled_from(("file", "goes on", "goes on", "goes on", *JUMPS_S, "restart", "another")),
    duration_s=st.sampled_from((0.0, 0.04, 0.2, 0.4, 1.0, 2.73, 5.0, 7.3, 12.0, 61.0)),
    faces=st.lists(st.integers(0, 4), max_size=3, unique=True).map(tuple),
    with_picture=st.booleans(),
    with_sound=st.booleans(),
    closes_window=st.booleans(),
    sound_only=st.sampled_from((False, False, False, True)),
    rate_hz=st.sampled_from((15.0, 15.0, 8.0)),
    seed=st.integers(0, 2**16),
)


def picture_of(step: Step) -> PictureTracks:
    """Faces that come and go, turn, nod and smile, at the uneven times of a camera."""
    chance = np.random.default_rng(step.seed)
    rows = int(step.duration_s * step.rate_hz)
    time_s = np.sort(np.round(chance.uniform(0, step.duration_s, rows), 3))
    faces = [_face(number, time_s, chance) for number in step.faces] if rows else []
    moving = chance.random() < 0.9
    new_shot = chance.random(np.unique(time_s).size) < 0.02
    return picture(np.unique(time_s), *_unique(faces, time_s), moving=moving, new_shot=new_shot)


def _unique(faces: Sequence[FaceTracks], time_s: np.ndarray) -> list[FaceTracks]:
    _, first = np.unique(time_s, return_index=True)
    kept = []
    for one in faces:
        columns = {name: getattr(one, name)[first] for name in FaceTracks.__slots__ if name != "id"}
        kept.append(FaceTracks(id=one.id, **columns))
    return kept


def _face(number: int, time_s: np.ndarray, chance: np.random.Generator) -> FaceTracks:
    from_s, to_s = np.sort(chance.uniform(-1, time_s[-1] + 1, 2))
    valid = (time_s >= from_s) & (time_s < to_s) & (chance.random(time_s.size) < 0.95)
    return face(
        time_s.size,
        valid=valid,
        face_id=number,
        head_x=0.3 * number + chance.normal(0, 0.05),
        head_pitch_deg=swings(time_s, chance.uniform(0, 3), 3, 2.0, chance.choice([0.0, 12.0])),
        head_yaw_deg=np.cumsum(chance.normal(0, 1.0, time_s.size)),
        gaze_yaw_deg=np.where(chance.random(time_s.size) < 0.1, np.nan, chance.choice([0.0, 35.0])),
        mouth_width=0.55 + chance.choice([0.0, 0.15]),
        lip_corner_height=-0.27 + chance.choice([0.0, 0.08]),
    )


def voice_of(step: Step) -> VoiceTracks:
    """Phrases and pauses; the first rows may belong to the piece before."""
    chance = np.random.default_rng(step.seed + 1)
    edges = np.sort(chance.uniform(0, step.duration_s, 2 * int(1 + step.duration_s / 3)))
    phrases = [(float(a), float(b)) for a, b in edges.reshape(-1, 2)]
    lead_s = float(chance.choice([0.0, 0.32]))
    rows = voice(
        step.duration_s + lead_s,
        phrases,
        level_dbfs=lambda time_s: -25 + 6 * np.sin(7 * time_s),
        f0_hz=lambda time_s: 140 + 50 * np.sin(3 * time_s),
    )
    return rows.shifted(-lead_s)


def happen(conversation: Conversation, step: Step, clock_s: float) -> tuple[Conversation, Changes]:
    """Let a step happen; what a session refuses changes nothing.

    Parameters
    ----------
    clock_s
        Time of the stream's own clock at which the piece would go on.
    """
    starts = {"file": None, "restart": 0.0, "another": 5000.0}
    start_s = starts[step.start] if step.start in starts else max(0.0, clock_s + JUMPS_S[step.start])
    if step.action == "finish":
        return finish(conversation)
    if step.action == "skip":
        return skip(conversation, start_s, step.duration_s)
    tracks = Tracks(
        step.duration_s,
        start_s,
        picture_of(step) if step.with_picture else None,
        voice_of(step) if step.with_sound else None,
        step.rate_hz,
    )
    try:
        return interpret(conversation, tracks, closes_window=step.closes_window, sound_only=step.sound_only)
    except Problem as problem:
        if problem.error_id != "ih5001":
            raise
        return conversation, Changes(conversation.clock.reached_s)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEPS, min_size=1, max_size=8))
def test_every_state_comes_back_bit_by_bit_and_goes_on_the_same(steps: list[Step]) -> None:
    kept = written = Conversation()
    for step in steps:
        clock_s = kept.clock.reached_s - (kept.clock.stream_offset_s or 0.0)
        kept, expected = happen(kept, step, clock_s)
        after, changes = happen(written, step, clock_s)
        assert_same(changes, expected)
        packed = pack_conversation(kept)
        assert pack_conversation(after) == packed
        written = unpack_conversation(packed)
        assert_same(written, kept)
        assert pack_conversation(written) == packed


@pytest.mark.parametrize("piece_s", [0.4, 4.0])
@pytest.mark.parametrize("closes_window", [False, True])
def test_a_talk_goes_on_the_same_after_every_piece(piece_s: float, closes_window: bool) -> None:
    kept, packed = Conversation(), b""
    for piece in every(TALK, piece_s):
        kept, expected = interpret(kept, piece, closes_window=closes_window)
        written, changes = interpret(unpack_conversation(packed), piece, closes_window=closes_window)
        packed = pack_conversation(written)
        assert_same(changes, expected)
        assert packed == pack_conversation(kept)


def test_a_state_comes_back_also_late_in_a_long_session() -> None:
    """After a day times are large, and still exact."""
    conversation, _ = skip(Conversation(), None, 86_400.0)
    for piece in every(TALK, 3.0)[:4]:
        conversation, _ = interpret(conversation, piece)
        assert_same(unpack_conversation(pack_conversation(conversation)), conversation)
        assert len(pack_conversation(conversation)) <= MAX_BYTES


def test_a_new_conversation_is_small_and_comes_back() -> None:
    packed = pack_conversation(Conversation())
    assert len(packed) < 1000
    assert_same(unpack_conversation(packed), Conversation())
    assert pack_conversation(unpack_conversation(packed)) == packed
    assert_same(unpack_conversation(b""), Conversation())


# --- small -----------------------------------------------------------------------------------------


def test_the_state_does_not_grow_with_the_conversation() -> None:
    conversation, sizes = Conversation(), []
    for _ in range(8):
        for piece in every(TALK, 12.0):
            conversation, _ = interpret(conversation, piece)
        sizes.append(len(pack_conversation(conversation)))
    assert sizes[-1] <= 1.1 * sizes[2]
    assert sizes[-1] <= MAX_BYTES


@pytest.mark.parametrize("length_s", [5.0, 20.0, 60.0])
def test_a_long_segment_leaves_no_more_than_the_next_one_looks_back_at(length_s: float) -> None:
    segment = both(seen(length_s), heard(length_s, [(1.0, length_s - 1.0)]))
    conversation, _ = interpret(Conversation(), segment, closes_window=True)
    lookback = conversation.main.cues.lookback
    assert lookback.face is not None
    assert lookback.voice is not None
    for rows in (lookback.face, lookback.voice):
        assert rows.time_s[0] >= length_s - 12.01
        assert rows.time_s[-1] >= length_s - 0.1
    assert len(pack_conversation(conversation)) <= MAX_BYTES


PIECES_S: Final = 1.0
LONG: Final = MediaLimits(max_duration_s=1800.0)


def pieces_of_file(data: bytes) -> list[Tracks]:
    with read(Segment(data), LONG) as medium:
        return list(perceive_windows(medium, PIECES_S, 0.25))


def largest(pieces: Sequence[Tracks], *, segment: int = 0) -> int:
    """Largest state, bytes: of a stream, or of a session whose segments hold so many pieces each."""
    conversation, size = Conversation(), 0
    for number, piece in enumerate(pieces, 1):
        closes = segment > 0 and number % segment == 0
        conversation, _ = interpret(conversation, piece, closes_window=closes)
        size = max(size, len(pack_conversation(conversation)))
    return size


@pytest.mark.slow
@pytest.mark.slow
def test_the_state_of_every_clip_is_small(clips: Path) -> None:
    files = [path for path in sorted(clips.iterdir()) if path.suffix in {".mp4", ".webm", ".mov", ".mpg"}]
    assert len(files) >= 25
    measured = {path.name: pieces_of_file(path.read_bytes()) for path in files}
    sizes = {name: largest(pieces) for name, pieces in measured.items()}
    assert max(sizes.values()) <= MAX_BYTES, sizes
    in_segments = {name: largest(pieces, segment=10) for name, pieces in measured.items()}
    assert max(in_segments.values()) <= MAX_BYTES, in_segments
    # Who moves and talks the most has the largest state, and goes on for 80 s.
    noisiest = sorted(sizes, key=lambda name: sizes[name])[-2:]
    looped = {name: largest(_looped(measured[name], 80.0)) for name in noisiest}
    assert max(looped.values()) <= MAX_BYTES, looped


def _looped(pieces: Sequence[Tracks], length_s: float) -> list[Tracks]:
    rounds = int(length_s / sum(piece.duration_s for piece in pieces)) + 1
    return [at(piece, None) for piece in pieces] * rounds


@pytest.mark.parametrize(
    "name",
    [
        "mp4-timeslice-3s",
        "webm-audio-only-timeslice-3s",
        "webm-h264-timeslice-5s",
        "webm-video-only-timeslice-3s",
        "webm-vp8-restart-4s",
        "webm-vp8-timeslice-3s",
        "webm-vp9-timeslice-1s",
    ],
)
def test_the_state_of_every_recording_is_small(recorder: Path, name: str) -> None:
    worker, state = MediaWorker(), LiveState()
    for segment in segments_of(chunks_of(recorder, name)):
        state, _ = analysed(worker, state, segment)
        assert 0 < len(state.conversation) <= MAX_BYTES
        kept = unpack_conversation(state.conversation)
        assert pack_conversation(kept) == state.conversation


# --- refused ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def packed() -> bytes:
    conversation = Conversation()
    for piece in every(TALK, 3.0)[:4]:
        conversation, _ = interpret(conversation, piece)
    return pack_conversation(conversation)


def assert_refused(data: bytes) -> None:
    with pytest.raises(Problem) as caught:
        unpack_conversation(data)
    assert caught.value.error_id == "ih1001"


def written(plain: bytes) -> bytes:
    """Write bytes down as a state, whatever they are."""
    return bytes([VERSION]) + lzma.compress(plain, lzma.FORMAT_RAW, filters=codec._FILTERS)


def test_a_truncated_state_is_refused(packed: bytes) -> None:
    for length in {*range(1, len(packed), 37), *range(len(packed) - 40, len(packed))}:
        assert_refused(packed[:length])


def test_a_state_with_more_behind_it_is_refused(packed: bytes) -> None:
    assert_refused(packed + b"\0")
    assert_refused(packed + packed)


@pytest.mark.parametrize("version", [0, VERSION + 1, 255])
def test_a_state_of_another_version_is_refused(packed: bytes, version: int) -> None:
    assert_refused(bytes([version]) + packed[1:])


FOREIGN: Final = {
    "a version alone": bytes([VERSION]),
    "words": b"not a state at all",
    "words after a version": bytes([VERSION]) + b"not a state at all",
    "a plain value": pack_value(Conversation()),
    "a plain value after a version": bytes([VERSION]) + pack_value(Conversation()),
    "an xz file": lzma.compress(pack_value(Conversation())),
    "nothing": written(b""),
    "half a value": written(pack_value(Conversation())[:-20]),
    "a text that is none": written(b"\x81\xa6people\x81\x00\x81\xa8reported\x91\x81\xa4name\xa1\xff"),
    "values without end": written(b"\x81\xa1x" + b"\x91" * 100_000 + b"\xc0"),
    "a list": written(msgspec.msgpack.encode([1, 2, 3])),
}


@pytest.mark.parametrize("data", FOREIGN.values(), ids=FOREIGN.keys())
def test_what_is_no_state_is_refused(data: bytes) -> None:
    assert_refused(data)


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=300), st.booleans())
def test_garbage_is_refused(data: bytes, versioned: bool) -> None:
    assert_refused(bytes([VERSION]) + data if versioned else bytes([data[0] | 2]) + data[1:])


def test_a_damaged_state_is_refused(packed: bytes) -> None:
    chance = random.Random(5)  # noqa: S311
    for _ in range(200):
        damaged = bytearray(packed)
        damaged[chance.randrange(1, len(packed))] ^= 1 << chance.randrange(8)
        assert_read_or_refused(bytes(damaged))


def test_a_damaged_value_is_read_or_refused() -> None:
    """A packed value has no checksum of its own; what it cannot be is refused, and nothing else happens."""
    conversation, _ = interpret(Conversation(), both(seen(3.0), heard(3.0, [(0.5, 2.0)])))
    plain = pack_value(conversation)
    chance = random.Random(6)  # noqa: S311
    for _ in range(300):
        damaged = bytearray(plain)
        damaged[chance.randrange(len(plain))] = chance.randrange(256)
        assert_read_or_refused(written(bytes(damaged)))


def assert_read_or_refused(data: bytes) -> None:
    try:
        assert isinstance(unpack_conversation(data), Conversation)
    except Problem as problem:
        if problem.error_id != "ih1001":
            raise


def test_little_that_becomes_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A state of some kilobytes cannot fill the memory of a worker."""
    bomb = written(bytes(40 * MAX_PLAIN_BYTES))
    assert len(bomb) < 2 * MAX_BYTES
    unpacked: list[int] = []

    def noted(plain: bytes, kind: type[Conversation]) -> Conversation:
        unpacked.append(len(plain))
        return kind()

    monkeypatch.setattr(codec, "unpack_value", noted)
    assert_refused(bomb)
    unpack_conversation(written(bytes(1000)))
    assert unpacked == [1000]


def test_no_array_becomes_larger_than_what_was_written() -> None:
    """Bits cost an eighth of a byte each, so a few of them must not stand for many numbers."""
    bits = b"\xff" * 1000
    bloated = ("<f4", (8000,), (1.0,), b"\0\0\0\0", bits)
    plain = msgspec.msgpack.encode({"people": {0: {"cues": {"face_history": {"bins": bloated}}}}})
    assert_refused(written(plain))


def test_no_honest_state_comes_near_the_bound(packed: bytes) -> None:
    plain = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=codec._FILTERS).decompress(packed[1:])
    assert len(plain) < MAX_PLAIN_BYTES / 8
    assert_same(unpack_conversation(packed), unpack_conversation(written(plain)))


def test_the_version_says_what_is_carried() -> None:
    """Where this fails, raise `codec.VERSION` if it was released with the value before. Then set both here.

    A field that is new or gone, or a column that moved, would be misread without a word.
    """
    carried = [*names_in(Conversation), *FACE_MEASURES, *FACE_BASELINES, *VOICE_MEASURES]
    carried += [f"{measure.step}" for measure in FACE_MEASURES.values()]
    assert (VERSION, f"{zlib.crc32(' '.join(carried).encode()):08x}") == (5, "1a8ee960")


def names_in(kind: object) -> list[str]:
    """Names of all fields of a dataclass and of those inside it, in order."""
    names: list[str] = []
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        for field in fields(kind):
            names += [field.name, *names_in(hints[field.name])]
    for part in get_args(kind):
        names += names_in(part)
    return names
