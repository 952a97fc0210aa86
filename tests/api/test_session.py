"""A live conversation from chunks, or from pictures and sound as arrays: the answers of a file."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backchannel import Report, Session, analyze
from backchannel.updates import Change, CueOver, WindowClosed
from tests.api.material import Material, decoded, joined

PICTURE = np.full((48, 64, 3), 90, np.uint8)
SOUND = np.zeros(1600, np.float32)


@pytest.fixture(scope="module")
def data(captures: Path) -> bytes:
    return joined(captures / "webm-vp8-timeslice-3s")


@pytest.fixture(scope="module")
def material(data: bytes) -> Material:
    return decoded(data)


@pytest.fixture(scope="module")
def from_file(data: bytes) -> Report:
    return analyze(data)


def play(material: Material, block_s: float, every: int) -> tuple[Session, list[Change]]:
    """Add all frames, each after the sound up to it in blocks, and ask for events after some of them."""
    session, heard, rate_hz = Session(), 0, 16_000
    news: list[Change] = []
    block = round(block_s * rate_hz)
    for number, frame in enumerate(material.frames):
        while heard < material.samples.size and material.sound_s + heard / rate_hz <= frame.time_s:
            samples = material.samples[heard : heard + block]
            session.add_audio(samples, rate_hz, material.sound_s + heard / rate_hz)
            heard += samples.size
        session.add_frame(frame.image, frame.time_s)
        if number % every == 0:
            news += session.events()
    session.add_audio(material.samples[heard:], rate_hz, material.sound_s + heard / rate_hz)
    news += session.finish()
    return session, news


@pytest.mark.parametrize(("block_s", "every"), [(0.1, 1), (0.37, 40), (1.0, 10_000)])
def test_frames_and_sound_give_the_answers_of_their_file(
    material: Material, from_file: Report, block_s: float, every: int
) -> None:
    session, news = play(material, block_s, every)
    report = session.report()
    assert report.windows == from_file.windows
    assert len(report) == 3
    for name in from_file.tracks:
        # Sound is measured in blocks, and their size changes the last bit.
        np.testing.assert_allclose(report.tracks[name], from_file.tracks[name], atol=1e-3, err_msg=name)
    closed = [change.result for change in news if isinstance(change, WindowClosed)]
    assert tuple(closed) == from_file.windows
    assert any(isinstance(change, CueOver) for change in news)


def test_frames_of_a_real_clip_give_the_answers_of_the_clip(clips: Path) -> None:
    clip = clips / "man-red-shirt-short-intro.mp4"
    session, _ = play(decoded(clip.read_bytes()), 0.1, 5)
    from_clip = analyze(clip)
    assert session.report().signals == from_clip.signals
    assert session.report().cues == from_clip.cues


def test_events_come_while_the_media_does(material: Material) -> None:
    session = Session()
    reached_s = None
    for frame in material.frames:
        session.add_frame(frame.image, frame.time_s)
        if any(isinstance(change, WindowClosed) for change in session.events()):
            reached_s = frame.time_s
            break
    assert reached_s == pytest.approx(5.25, abs=0.1)


def test_pictures_wait_for_the_sound_once_there_is_some() -> None:
    session = Session()
    session.add_audio(SOUND, 16_000, 0.0)
    for number in range(100):
        session.add_frame(PICTURE, number / 10)
    assert session.events() == ()
    session.add_audio(np.zeros(160_000, np.float32), 16_000, 0.1)
    assert any(isinstance(change, WindowClosed) for change in session.events())


def test_any_rate_and_any_channels_are_heard_alike(material: Material) -> None:
    """Each sample three times is the same sound at 48 kHz, but for what lies above 8 kHz."""
    levels = []
    for rate_hz, samples in (
        (16_000, material.samples),
        (48_000, np.repeat(material.samples, 3)),
        (48_000, (np.repeat(material.samples, 3)[:, None] * [32767, 32767]).astype(np.int16)),
    ):
        session = Session()
        session.add_audio(samples, rate_hz, 0.0)
        session.finish()
        levels.append(session.report().tracks["level_dbfs"])
    loud = levels[0] > -40
    assert loud.sum() > 200
    for level in levels[1:]:
        assert np.abs(level[: levels[0].size][loud] - levels[0][loud]).mean() < 0.5


def test_a_gap_in_the_sound_is_silence_and_not_a_jump() -> None:
    session = Session()
    tone = np.sin(np.arange(16_000) * 0.3).astype(np.float32)
    session.add_audio(tone, 16_000, 0.0)
    session.add_audio(tone, 16_000, 3.0)
    session.finish()
    report = session.report()
    assert report.duration_s == 4.0
    time_s, level_dbfs = report.tracks.time_s("level_dbfs"), report.tracks["level_dbfs"]
    assert level_dbfs[(time_s > 1.1) & (time_s < 2.9)].max() < -90
    assert level_dbfs[time_s > 3.1].min() > -10


def test_a_short_rest_belongs_to_the_last_window_as_in_a_file() -> None:
    for end_s, windows in ((5.2, 1), (5.3, 2)):
        session = Session()
        session.add_audio(np.zeros(round(end_s * 16_000), np.float32), 16_000, 0.0)
        session.events()
        session.finish()
        report = session.report()
        assert len(report) == windows
        assert report.duration_s == pytest.approx(end_s)


def test_the_camera_may_write_the_next_picture_into_the_same_memory(material: Material) -> None:
    session, memory = Session(), material.frames[0].image.copy()
    for frame in material.frames[:60]:
        memory[:] = frame.image
        session.add_frame(memory, frame.time_s)
        memory[:] = 0
    session.finish()
    assert np.isfinite(session.report().tracks["head_yaw_deg"]).any()


@pytest.mark.parametrize(
    ("frame", "time_s", "kind", "message"),
    [
        ("talk.png", 0.0, TypeError, "not str"),
        (PICTURE[..., 0], 0.0, ValueError, r"\(48, 64\)"),
        (PICTURE.astype(np.float32), 0.0, ValueError, "float32"),
        (PICTURE, -1.0, ValueError, r"-1\.0"),
        (PICTURE, float("nan"), ValueError, "nan"),
        (PICTURE, "soon", TypeError, "'soon'"),
    ],
)
def test_a_picture_that_cannot_be_used_is_named(
    frame: Any, time_s: Any, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        Session().add_frame(frame, time_s)


@pytest.mark.parametrize(
    ("sound", "rate_hz", "kind", "message"),
    [
        (b"1234", 16_000, TypeError, "not bytes"),
        (SOUND.astype(np.int64), 16_000, ValueError, "int64"),
        (np.zeros((2, 2, 2)), 16_000, ValueError, r"\(2, 2, 2\)"),
        (SOUND, 50, ValueError, "50"),
        (SOUND, 16_000.5, TypeError, r"16000\.5"),
    ],
)
def test_sound_that_cannot_be_used_is_named(
    sound: Any, rate_hz: Any, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        Session().add_audio(sound, rate_hz, 0.0)


def test_what_comes_too_late_is_refused_and_never_lost_in_silence() -> None:
    session = Session()
    for number in range(20):
        session.add_frame(PICTURE, number / 10)
    with pytest.raises(ValueError, match=r"frame at 0\.5 s is not after the frame at 1\.9 s"):
        session.add_frame(PICTURE, 0.5)
    session.events()
    with pytest.raises(ValueError, match=r"sound at 0 s comes too late: everything before 1\.\d+ s"):
        session.add_audio(SOUND, 16_000, 0.0)


def test_chunks_and_frames_do_not_mix() -> None:
    session = Session()
    session.add_frame(PICTURE, 0.0)
    with pytest.raises(ValueError, match="has frames already"):
        session.analyze(b"...")
    with pytest.raises(TypeError, match="not str"):
        Session().analyze("talk.mp4")  # type: ignore[arg-type]


def test_a_finished_session_takes_nothing_more() -> None:
    session = Session()
    session.add_frame(PICTURE, 0.0)
    session.finish()
    assert session.finish() == ()
    with pytest.raises(ValueError, match="finished"):
        session.add_frame(PICTURE, 1.0)


def test_chunks_have_events_and_a_report_too(captures: Path) -> None:
    session = Session()
    for path in sorted((captures / "webm-vp8-restart-4s").glob("*.bin")):
        result = session.analyze(path.read_bytes())
        assert result is not None
        assert session.events()[-1] is not None
    assert len(session.report()) == 3
    assert session.report().cues
