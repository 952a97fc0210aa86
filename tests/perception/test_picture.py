"""Frames in, tracks out: what is missing is NaN, what repeats does not move, who matters comes first."""

from collections.abc import Iterable, Iterator
from dataclasses import fields

import cv2
import numpy as np
import pytest

from backchannel.arrays import ImageArray
from backchannel.perception.networks import Networks
from backchannel.perception.picture import measure_picture
from backchannel.tracks import FaceTracks, PictureTracks

RATE_HZ = 15.0


def timed(images: Iterable[ImageArray]) -> Iterator[tuple[float, ImageArray]]:
    return ((number / RATE_HZ, image) for number, image in enumerate(images))


def columns(face: FaceTracks) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.floating]]]:
    return {field.name: getattr(face, field.name) for field in fields(face) if field.name != "valid"}


@pytest.fixture(scope="module")
def interrupted(networks: Networks, portrait: ImageArray) -> PictureTracks:
    """Five frames with a face, five of an empty wall, five with the face again."""
    wall = np.full_like(portrait, 100)
    return measure_picture(networks, timed([portrait] * 5 + [wall] * 5 + [portrait] * 5))


def test_each_frame_has_a_row(interrupted: PictureTracks) -> None:
    assert interrupted.time_s == pytest.approx(np.arange(15) / RATE_HZ)
    assert interrupted.luminance.shape == interrupted.moving.shape == interrupted.face_count.shape == (15,)
    assert (interrupted.width_px, interrupted.height_px) == (512, 512)
    for face in interrupted.faces:
        assert all(len(column) == 15 for column in columns(face).values())


def test_valid_says_where_the_face_was(interrupted: PictureTracks) -> None:
    seen = np.any([face.valid for face in interrupted.faces], axis=0)
    assert seen.tolist() == [True] * 5 + [False] * 5 + [True] * 5
    assert interrupted.face_count.tolist() == [1] * 5 + [0] * 5 + [1] * 5


def test_what_was_not_measured_is_nan_and_never_zero(interrupted: PictureTracks) -> None:
    for face in interrupted.faces:
        for name, column in columns(face).items():
            assert np.isnan(column[~face.valid]).all(), name
            assert np.isfinite(column[face.valid]).all(), name


def test_places_and_sizes_are_relative_to_the_pictures_height(
    networks: Networks, portrait: ImageArray
) -> None:
    tall = np.full((1024, 512, 3), 100, np.uint8)
    tall[:512] = portrait
    (one,) = measure_picture(networks, timed([portrait] * 3)).faces
    (other,) = measure_picture(networks, timed([tall] * 3)).faces
    assert np.median(other.head_scale) == pytest.approx(np.median(one.head_scale) / 2, rel=0.05)
    assert np.median(other.head_y) == pytest.approx(np.median(one.head_y) / 2, rel=0.05)
    assert np.median(one.head_x) == pytest.approx(225 / 512, abs=0.03)
    assert np.median(one.head_y) == pytest.approx(123 / 512, abs=0.05)


def test_repeated_frames_do_not_move_and_a_noisy_camera_does(
    networks: Networks, portrait: ImageArray
) -> None:
    rng = np.random.default_rng(0)
    live = [np.clip(portrait + rng.normal(0, 2.0, portrait.shape), 0, 255).astype(np.uint8) for _ in range(3)]
    tracks = measure_picture(networks, timed([*live, live[-1], live[-1], live[0]]))
    assert tracks.moving.tolist() == [True, True, True, False, False, True]


def test_luminance_is_the_brightness_of_the_frame(networks: Networks) -> None:
    images = [np.full((120, 160, 3), level, np.uint8) for level in (0, 51, 255)]
    assert measure_picture(networks, timed(images)).luminance == pytest.approx([0.0, 0.2, 1.0], abs=0.01)


def test_an_empty_room_has_no_faces(networks: Networks) -> None:
    tracks = measure_picture(networks, timed([np.full((120, 160, 3), 80, np.uint8)] * 5))
    assert tracks.faces == ()
    assert not tracks.face_count.any()


def test_no_frames_are_no_rows(networks: Networks) -> None:
    tracks = measure_picture(networks, iter(()))
    assert tracks.time_s.shape == (0,)
    assert tracks.faces == ()


def test_a_face_seen_in_passing_is_a_mistake(networks: Networks, portrait: ImageArray) -> None:
    wall = np.full_like(portrait, 100)
    assert measure_picture(networks, timed([wall] * 4 + [portrait] * 2 + [wall] * 4)).faces == ()


def couple(portrait: ImageArray, left_scale: float, right_scale: float) -> ImageArray:
    canvas = np.full((400, 800, 3), 120, np.uint8)
    head = portrait[20:240, 100:360]
    for scale, at_px in ((left_scale, 40), (right_scale, 440)):
        sized = cv2.resize(head, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        canvas[40 : 40 + sized.shape[0], at_px : at_px + sized.shape[1]] = sized
    return canvas


@pytest.mark.parametrize(("left_scale", "right_scale"), [(1.2, 0.8), (0.8, 1.2)])
def test_the_larger_face_comes_first(
    networks: Networks, portrait: ImageArray, left_scale: float, right_scale: float
) -> None:
    first, second = measure_picture(networks, timed([couple(portrait, left_scale, right_scale)] * 4)).faces
    assert np.median(first.head_scale) > np.median(second.head_scale)
    assert (np.median(first.box_px[:, 0]) < 400) == (left_scale > right_scale)


def test_who_stays_comes_before_who_leaves(networks: Networks, portrait: ImageArray) -> None:
    both, alone = couple(portrait, 1.0, 1.0), couple(portrait, 1.0, 1.0)
    alone[:, 400:] = 120
    first, second = measure_picture(networks, timed([both] * 4 + [alone] * 6)).faces
    assert first.valid.sum() == 10
    assert second.valid.sum() == 4
    assert np.median(first.box_px[:, 0]) < 400


def test_the_face_in_the_middle_comes_before_one_at_the_side(
    networks: Networks, portrait: ImageArray
) -> None:
    canvas = np.full((400, 1200, 3), 120, np.uint8)
    head = portrait[20:240, 100:360]
    canvas[40:260, 0:260] = head
    canvas[40:260, 470:730] = head
    first, _ = measure_picture(networks, timed([canvas] * 4)).faces
    assert 470 < np.median(first.box_px[:, 0]) < 730
