from dataclasses import replace
from io import BytesIO
from pathlib import Path

import av
import pytest

from backchannel.client.cut import Cut, cut_file
from backchannel.errors import Problem
from backchannel.media.decode import decode_audio, decode_frames, probe
from backchannel.values import MediaLimits, Segment
from tests.media.making import Recipe, make, number_in

LIMITS = MediaLimits()
SPARSE = Recipe(duration_s=11.0, key_every=1000, video_options={"x264-params": "scenecut=0:keyint=1000"})


def cut(tmp_path: Path, recipe: Recipe, segment_s: float = 4.0) -> list[Cut]:
    file = tmp_path / "film"
    file.write_bytes(make(recipe))
    return list(cut_file(file, segment_s))


def codecs(part: Cut) -> set[str]:
    with av.open(BytesIO(part.data)) as container:
        return {stream.codec_context.name for stream in container.streams}


@pytest.mark.parametrize("container", ["mp4", "matroska", "mpegts", "avi"])
def test_every_frame_is_in_exactly_one_segment_in_order(tmp_path: Path, container: str) -> None:
    parts = cut(tmp_path, Recipe(container=container, duration_s=10.0))
    numbers = [
        number_in(frame.image)
        for part in parts
        for frame in decode_frames(Segment(part.data), LIMITS, rate_hz=25, max_side_px=192)
    ]
    assert numbers == list(range(250))


def test_packets_are_copied_if_key_frames_allow_it(tmp_path: Path) -> None:
    parts = cut(tmp_path, Recipe(duration_s=12.0, key_every=25))
    assert [round(part.duration_s) for part in parts] == [4, 4, 4]
    assert all(codecs(part) == {"h264", "aac"} for part in parts)


def test_video_is_re_encoded_if_key_frames_are_too_sparse(tmp_path: Path) -> None:
    parts = cut(tmp_path, SPARSE)
    assert [round(part.duration_s, 1) for part in parts] == [4.0, 4.0, 3.0]
    assert all(codecs(part) == {"h264", "pcm_s16le"} for part in parts)


@pytest.mark.parametrize("recipe", [Recipe(duration_s=11.0), SPARSE])
def test_each_segment_has_the_declared_duration(tmp_path: Path, recipe: Recipe) -> None:
    for part in cut(tmp_path, recipe):
        segment = Segment(part.data)
        assert probe(segment, LIMITS).duration_s == pytest.approx(part.duration_s, abs=0.06)
        sound = decode_audio(segment, LIMITS)
        assert sound is not None
        assert len(sound.samples) / 16_000 == pytest.approx(part.duration_s, abs=0.1)


def test_a_short_remainder_joins_the_last_segment(tmp_path: Path) -> None:
    assert [round(part.duration_s) for part in cut(tmp_path, Recipe(duration_s=10.0))] == [4, 6]
    assert [round(part.duration_s) for part in cut(tmp_path, Recipe(duration_s=2.0))] == [2]


def test_files_with_only_audio_or_only_video(tmp_path: Path) -> None:
    sound = cut(tmp_path, Recipe(video="", duration_s=8.0))
    picture = cut(tmp_path, Recipe(audio="", duration_s=8.0))
    assert [round(part.duration_s) for part in sound] == [4, 4]
    assert [round(part.duration_s) for part in picture] == [4, 4]


def test_rotated_video_stays_upright(tmp_path: Path) -> None:
    (part, *_) = cut(tmp_path, replace(SPARSE, rotation_deg=90))
    timing = probe(Segment(part.data), LIMITS)
    assert timing.height_px > timing.width_px


def test_a_file_that_is_not_media_is_a_problem(tmp_path: Path) -> None:
    file = tmp_path / "film.mp4"
    file.write_text("not a film " * 100)
    with pytest.raises(Problem) as caught:
        list(cut_file(file, 5.0))
    assert caught.value.error_id == "ih5004"
    assert str(tmp_path) not in caught.value.message
