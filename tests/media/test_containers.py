"""Every container, made here: numbered frames at their times, and tones that stay with their frames."""

import math
from dataclasses import replace
from fractions import Fraction
from io import BytesIO

import av
import numpy as np
import pytest

from backchannel.constants import SAMPLE_RATE_HZ
from backchannel.errors import Problem
from backchannel.media.decode import decode_audio, decode_frames, frames_of, probe, read, sound_of
from backchannel.media.stream.container import Container, detect_container
from backchannel.values import MediaLimits, Segment
from tests.media.making import (
    Recipe,
    frame_times,
    make,
    number_in,
    onsets,
    tone_times,
)

LIMITS = MediaLimits()
FAST_VPX = {"deadline": "realtime", "cpu-used": "8"}
B_FRAMES = {"bf": "2"}

EVERY_CONTAINER = {
    Container.MP4: Recipe("mp4", video_options=B_FRAMES),
    Container.MOV: Recipe("mov", audio="pcm_s16le", video_options=B_FRAMES),
    Container.AVI: Recipe("avi", video="mpeg4", audio="pcm_s16le"),
    Container.MKV: Recipe("matroska", audio="flac", video_options=B_FRAMES),
    Container.WEBM: Recipe("webm", video="libvpx", audio="libopus", video_options=FAST_VPX),
    Container.MPEG_TS: Recipe("mpegts", video_options=B_FRAMES),
    Container.M2TS: Recipe("mpegts", options={"mpegts_m2ts_mode": "1"}),
    Container.MPEG_PS: Recipe("mpeg", video="mpeg2video", audio="mp2", video_options=B_FRAMES),
}
OTHER_CODECS = {
    "vp9": Recipe("webm", video="libvpx-vp9", audio="libopus", video_options=FAST_VPX),
    "h264 with b-frames in avi": Recipe("avi", audio="pcm_s16le", video_options=B_FRAMES),
    "fragmented mp4": Recipe(video_options=B_FRAMES, options={"movflags": "frag_keyframe+delay_moov"}),
    "10 bit": Recipe("matroska", pixels="yuv420p10le"),
    "grey": Recipe("matroska", video="ffv1", pixels="gray"),
    "4:2:2": Recipe("matroska", pixels="yuv422p"),
    "alpha": Recipe("matroska", video="ffv1", pixels="yuva420p"),
    "odd size": Recipe("matroska", video="ffv1", width=175, height=131),
    "interlaced": Recipe("mpegts", video="mpeg2video", audio="mp2", video_options={"flags": "+ildct+ilme"}),
    "44.1 kHz mono": Recipe(sample_rate_hz=44_100, layout="mono", gains=(0.5,)),
}
RECIPES = {**{str(kind): recipe for kind, recipe in EVERY_CONTAINER.items()}, **OTHER_CODECS}


@pytest.mark.parametrize("kind", EVERY_CONTAINER, ids=str)
def test_the_bytes_name_their_container(kind: Container) -> None:
    assert detect_container(make(replace(EVERY_CONTAINER[kind], duration_s=0.4))) == kind


@pytest.mark.parametrize("name", RECIPES)
def test_every_frame_is_at_its_time_and_every_tone_at_its_frame(name: str) -> None:
    recipe = RECIPES[name]
    segment = Segment(make(recipe))
    timing = probe(segment, LIMITS)
    with read(segment, LIMITS) as medium:
        frames = list(frames_of(medium, rate_hz=math.inf))
        sound = sound_of(medium)
        assert medium.limits == LIMITS
        # What was read decodes nothing, so the size is as coded; these have no rotation.
        assert medium.timing == timing

    assert [number_in(frame.image) for frame in frames] == list(range(75))
    # Encoders may begin their sound a frame early, to warm up; the picture then begins as much later.
    lead_s = frames[0].time_s
    assert 0 <= lead_s < 0.03
    assert [frame.time_s - lead_s for frame in frames] == pytest.approx(frame_times(recipe), abs=0.002)
    assert timing.duration_s == pytest.approx(3.0, abs=0.045)
    assert (timing.has_video, timing.has_audio, timing.stream_start_s) == (True, True, None)
    assert (timing.width_px, timing.height_px) == (recipe.width, recipe.height)
    assert timing.frame_rate_hz == pytest.approx(25, abs=0.1)
    assert sound is not None
    tones_s = [at + sound.start_s - lead_s for at in onsets(sound.samples)]
    assert tones_s == pytest.approx(tone_times(recipe), abs=0.005)
    assert np.abs(sound.samples).max() == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("container", ["mp4", "matroska", "mpegts"])
def test_media_that_does_not_begin_at_zero_still_begins_the_segment(container: str) -> None:
    segment = Segment(make(Recipe(container, start_s=2.0)))
    timing = probe(segment, LIMITS)
    frames = list(decode_frames(segment, LIMITS))

    assert timing.zero_s == pytest.approx(2.0, abs=0.1)
    assert timing.duration_s == pytest.approx(3.0, abs=0.045)
    assert frames[0].time_s == pytest.approx(0, abs=0.03)


def test_sound_alone_has_no_frames() -> None:
    segment = Segment(make(Recipe("webm", video="", audio="libopus")))
    timing = probe(segment, LIMITS)

    assert (timing.has_video, timing.has_audio) == (False, True)
    assert timing.duration_s == pytest.approx(3.0, abs=0.03)
    assert list(decode_frames(segment, LIMITS)) == []
    sound = decode_audio(segment, LIMITS)
    assert sound is not None
    assert len(sound.samples) / SAMPLE_RATE_HZ == pytest.approx(3.0, abs=0.03)


def test_a_picture_alone_has_no_sound() -> None:
    segment = Segment(make(Recipe(audio="")))

    assert decode_audio(segment, LIMITS) is None
    assert probe(segment, LIMITS).duration_s == pytest.approx(3.0, abs=0.001)


# --- how pictures are shown ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("degrees", "corner"),
    [(90, (slice(-8, None), slice(8))), (-90, (slice(8), slice(-8, None))), (180, None)],
)
def test_pictures_stand_upright(degrees: int, corner: tuple[slice, slice] | None) -> None:
    segment = Segment(make(Recipe(audio="", rotation_deg=degrees, duration_s=0.4)))
    timing = probe(segment, LIMITS)
    image = next(iter(decode_frames(segment, LIMITS))).image
    # The mark is at the top left before it is turned counterclockwise.
    marked = image[corner] if corner is not None else image[-8:, -8:]

    assert image.shape[:2] == ((128, 192) if degrees == 180 else (192, 128))
    assert (timing.height_px, timing.width_px) == image.shape[:2]
    assert marked.mean() > 180
    assert image[:8, :8].mean() < 80
    assert image.flags.c_contiguous


@pytest.mark.parametrize(("aspect", "shape"), [(Fraction(2), (64, 192)), (Fraction(1, 2), (128, 96))])
def test_pixels_become_square_without_enlarging(aspect: Fraction, shape: tuple[int, int]) -> None:
    segment = Segment(make(Recipe(audio="", aspect=aspect, duration_s=0.4)))

    assert next(iter(decode_frames(segment, LIMITS))).image.shape[:2] == shape


def test_large_pictures_are_scaled_down_and_small_ones_are_left_alone() -> None:
    segment = Segment(make(Recipe(audio="", duration_s=0.4)))

    assert next(iter(decode_frames(segment, LIMITS, max_side_px=96))).image.shape == (64, 96, 3)
    assert next(iter(decode_frames(segment, LIMITS, max_side_px=4000))).image.shape == (128, 192, 3)


def test_a_picture_at_its_own_size_is_decoded_to_the_last_bit() -> None:
    # Without the codec's own smoothing, coarse compression shows its blocks, and a small face trembles.
    coarse = make(Recipe(audio="", rate_hz=15, video_options={"crf": "40"}))
    with av.open(BytesIO(coarse), "r") as reference:
        pictures = [frame.to_ndarray(format="rgb24") for frame in reference.decode(video=0)]
    frames = list(decode_frames(Segment(coarse), LIMITS))

    assert len(frames) == len(pictures)
    assert all(np.array_equal(*pair) for pair in zip((f.image for f in frames), pictures, strict=True))


# --- which frames are taken ------------------------------------------------------------------------


def test_a_variable_rate_gives_frames_only_where_there_are_some() -> None:
    times_s = (0.0, 0.04, 0.08, 0.5, 0.54, 1.2, 1.21, 1.22, 2.0)
    segment = Segment(make(Recipe("matroska", audio="", times_s=times_s)))
    frames = list(decode_frames(segment, LIMITS, rate_hz=10))

    assert [round(frame.time_s, 3) for frame in frames] == [0.0, 0.08, 0.5, 1.2, 2.0]
    assert [number_in(frame.image) for frame in frames] == [0, 2, 3, 5, 8]


@pytest.mark.parametrize("rate_hz", [5.0, 10.0, 15.0])
def test_the_grid_takes_the_nearest_frames(rate_hz: float) -> None:
    segment = Segment(make(Recipe(audio="", video_options=B_FRAMES)))
    frames = list(decode_frames(segment, LIMITS, rate_hz=rate_hz))

    for frame in frames:
        tick_s = round(frame.time_s * rate_hz) / rate_hz
        assert abs(frame.time_s - tick_s) <= 0.5 / 25 + 1e-6
        assert number_in(frame.image) == round(frame.time_s * 25)
    assert len(frames) == 3 * rate_hz
    assert len({number_in(frame.image) for frame in frames}) == len(frames)


def test_frames_come_one_at_a_time() -> None:
    frames = decode_frames(Segment(make(Recipe(audio=""))), LIMITS)

    assert next(frames).time_s == 0
    frames.close()  # type: ignore[attr-defined]


# --- limits ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "error_id", "words"),
    [
        (MediaLimits(min_duration_s=3.5), "ih5006", ["3.00 s", "3.5 s"]),
        (MediaLimits(max_duration_s=2.5), "ih4004", ["3.0 s", "2.5 s"]),
        (MediaLimits(max_width_px=160, max_height_px=120), "ih5001", ["192x128", "160x120"]),
        (MediaLimits(max_frame_rate_hz=20), "ih5001", ["25 frames", "20"]),
    ],
)
def test_a_broken_limit_names_itself_and_what_was_measured(
    limits: MediaLimits, error_id: str, words: list[str]
) -> None:
    segment = Segment(make(Recipe()))
    for attempt in (probe, decode_audio, lambda s, m: list(decode_frames(s, m))):
        with pytest.raises(Problem) as caught:
            attempt(segment, limits)
        assert caught.value.error_id == error_id
        assert all(word in caught.value.message for word in words)


def test_limits_hold_either_way_round() -> None:
    segment = Segment(make(Recipe(audio="", width=128, height=192, duration_s=0.4)))

    assert probe(segment, MediaLimits(max_width_px=192, max_height_px=128)).height_px == 192
