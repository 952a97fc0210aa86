"""Frames as they are shown: the colours and the size that the camera meant."""

from fractions import Fraction

import numpy as np
import pytest
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from backchannel.arrays import ImageArray
from backchannel.media.decode.projector import Projector, shown_size

HEIGHT, WIDTH = 480, 960
COLOURS = ((255, 255, 255), (0, 0, 0), (224, 172, 140), (200, 30, 40), (20, 60, 180), (90, 160, 70))


def striped() -> ImageArray:
    """Six upright stripes of different colours, skin among them."""
    return np.repeat(np.array([COLOURS], np.uint8), WIDTH // len(COLOURS), axis=1).repeat(HEIGHT, axis=0)


def encoded(pixels: str, space: Colorspace = Colorspace.ITU601, *, full: bool = False) -> VideoFrame:
    colour_range = ColorRange.JPEG if full else ColorRange.MPEG
    frame = VideoReformatter().reformat(
        VideoFrame.from_ndarray(striped(), format="rgb24"),
        format=pixels,
        dst_colorspace=space,
        dst_color_range=colour_range,
    )
    frame.colorspace, frame.color_range = space, colour_range
    return frame


def stripes(image: ImageArray) -> ImageArray:
    """Colour in the middle of each stripe."""
    width = image.shape[1] // len(COLOURS)
    return np.asarray(image[image.shape[0] // 2, width // 2 :: width], np.uint8)


@pytest.mark.parametrize("max_side_px", [960, 640, 480, 333, 120])
@pytest.mark.parametrize("pixels", ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "nv12", "rgb24"])
def test_colours_are_those_of_the_camera_in_every_size(pixels: str, max_side_px: int) -> None:
    image = Projector(1.0, max_side_px).show(encoded(pixels))
    assert image.shape == (max_side_px * HEIGHT // WIDTH, max_side_px, 3)
    assert stripes(image) == pytest.approx(np.array(COLOURS), abs=6)


@pytest.mark.parametrize("space", [Colorspace.ITU601, Colorspace.ITU709])
@pytest.mark.parametrize("full", [False, True])
def test_what_a_stream_says_of_its_colours_is_believed(space: Colorspace, full: bool) -> None:
    image = Projector(1.0, 480).show(encoded("yuv420p", space, full=full))
    assert stripes(image) == pytest.approx(np.array(COLOURS), abs=6)


def test_fine_detail_turns_grey_and_not_into_a_pattern() -> None:
    rng = np.random.default_rng(0)
    checks = rng.integers(0, 2, (HEIGHT, WIDTH, 1), np.uint8) * np.full(3, 255, np.uint8)
    frame = VideoFrame.from_ndarray(checks, format="rgb24").reformat(format="yuv420p")
    image = Projector(1.0, WIDTH // 4).show(frame)
    assert image.mean() == pytest.approx(127, abs=3)
    assert image.std() < 127 / 3


def test_a_picture_that_is_small_enough_is_left_as_it_is() -> None:
    frame = encoded("yuv444p")
    assert np.abs(Projector(1.0, 960).show(frame).astype(int) - striped()).max() <= 6


def test_where_a_thing_is_in_the_picture_does_not_shift() -> None:
    canvas = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    canvas[160:320, 240:480] = 255
    frame = VideoFrame.from_ndarray(canvas, format="rgb24").reformat(format="yuv420p")
    for max_side_px in (640, 480, 400, 240):
        image = Projector(1.0, max_side_px).show(frame)[..., 1].astype(float)
        scale = max_side_px / WIDTH
        centre = np.average(np.arange(image.shape[1]) + 0.5, weights=image.sum(axis=0))
        assert centre / scale == pytest.approx(360, abs=0.5)


@pytest.mark.parametrize(
    ("size", "aspect", "shown"),
    [
        ((1280, 720), 1.0, (640, 360)),
        ((720, 1280), 1.0, (360, 640)),
        ((320, 240), 1.0, (320, 240)),
        ((720, 576), float(Fraction(16, 15)), (640, 480)),
    ],
)
def test_pixels_are_square_and_no_side_grows(
    size: tuple[int, int], aspect: float, shown: tuple[int, int]
) -> None:
    assert shown_size(*size, aspect, 640) == shown
