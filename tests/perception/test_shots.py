"""Cuts in a rendered picture, and what is none."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from backchannel.arrays import ImageArray
from backchannel.perception.networks import Networks
from backchannel.perception.picture import Seeing, see
from backchannel.values import Span
from synthesis import Cover, Held, Look, Performance, Shot, Turn, View, frames_of, perform

RATE_HZ = 15.0


def filmed(shot: Shot) -> list[ImageArray]:
    truth, _ = perform(shot)
    return list(frames_of(shot, truth))


def taken(
    duration_s: float = 1.0, *movements: Held | Turn, face_px: float = 100.0, covers: tuple[Cover, ...] = ()
) -> list[ImageArray]:
    view, look = View(face_width_px=face_px), Look(covers=covers)
    return filmed(Shot(Performance(duration_s, movements), view, RATE_HZ, look, sound=False))


def cuts(networks: Networks, images: Sequence[ImageArray], rate_hz: float = RATE_HZ) -> list[int]:
    """Numbers of the frames with which another shot begins."""
    timed = ((number / rate_hz, image) for number, image in enumerate(images))
    tracks, _ = see(networks, timed, 0.0, Seeing())
    return np.flatnonzero(tracks.new_shot).tolist()


def brighter(images: Sequence[ImageArray], gain: float) -> list[ImageArray]:
    return [np.clip(image * gain, 0, 255).astype(np.uint8) for image in images]


def lit_from_one_side(images: Sequence[ImageArray]) -> list[ImageArray]:
    gain = np.linspace(0.4, 2.5, images[0].shape[1])[np.newaxis, :, np.newaxis]
    return [np.clip(image * gain, 0, 255).astype(np.uint8) for image in images]


def from_the_side(images: Sequence[ImageArray]) -> list[ImageArray]:
    """The person half a picture further to the right, as another camera shows them."""
    return [np.roll(image, 240, axis=1) for image in images]


@pytest.fixture(scope="module")
def shot() -> list[ImageArray]:
    return taken()


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(lambda: taken(face_px=170), id="a close-up"),
        pytest.param(lambda: from_the_side(taken()), id="another camera"),
        pytest.param(lambda: [np.rot90(image).copy()[:480] for image in taken()], id="another picture"),
    ],
)
def test_a_cut_begins_another_shot(
    networks: Networks, shot: list[ImageArray], other: Callable[[], list[ImageArray]]
) -> None:
    assert cuts(networks, [*shot, *other(), *shot]) == [15, 30]


def test_a_cut_over_black_begins_another_shot_with_the_first_picture(
    networks: Networks, shot: list[ImageArray]
) -> None:
    black = [np.zeros_like(shot[0])] * 5
    assert cuts(networks, [*shot, *black, *from_the_side(shot)]) == [20]


NO_CUT: dict[str, Callable[[], list[ImageArray]]] = {
    "nothing": taken,
    "a pan, a fifth of the picture in 0.2 s": lambda: taken(
        2.0, Held("pan", 0.5, 1.2, (("picture_x", 0.25),), ramp_s=0.2)
    ),
    "a fast turn": lambda: taken(2.0, Turn(0.5, 1.0, yaw_deg=45.0)),
    "a fast turn of a large face": lambda: taken(2.0, Turn(0.5, 1.0, yaw_deg=45.0), face_px=170),
    "a hand over the lens": lambda: taken(2.0, covers=(Cover("lens", Span(0.5, 1.0)),)),
    "a hand before the mouth": lambda: taken(2.0, covers=(Cover("mouth", Span(0.5, 1.0)),)),
}


@pytest.mark.parametrize("film", NO_CUT.values(), ids=NO_CUT)
@pytest.mark.parametrize("every", [1, 2, 3], ids=["15/s", "7.5/s", "5/s"])
def test_movement_and_what_gets_in_the_way_are_no_cut(
    networks: Networks, film: Callable[[], list[ImageArray]], every: int
) -> None:
    assert cuts(networks, film()[::every], RATE_HZ / every) == []


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(lambda images: brighter(images, 0.25), id="the light goes out"),
        pytest.param(lambda images: brighter(images, 2.5), id="a light is switched on"),
        pytest.param(lit_from_one_side, id="a lamp at one side"),
        pytest.param(lambda images: brighter(images[:1], 4.0), id="a flash"),
        pytest.param(lambda images: brighter(images[:1], 100.0), id="a flash that blinds the camera"),
        pytest.param(lambda images: [np.zeros_like(images[0])] * 20, id="black for a while"),
    ],
)
def test_a_change_of_light_is_no_cut(
    networks: Networks,
    shot: list[ImageArray],
    changed: Callable[[list[ImageArray]], list[ImageArray]],
) -> None:
    assert cuts(networks, [*shot, *changed(shot), *shot]) == []


def test_noise_in_the_dark_is_no_cut(networks: Networks) -> None:
    chance = np.random.default_rng(0)
    assert cuts(networks, [chance.integers(0, 12, (480, 640, 3), np.uint8) for _ in range(8)]) == []


def test_the_first_frame_is_no_cut(networks: Networks, shot: list[ImageArray]) -> None:
    assert cuts(networks, shot[:1]) == []
