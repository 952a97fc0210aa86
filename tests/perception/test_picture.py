"""Frames in, tracks out: what is missing is NaN, what repeats does not move, who matters comes first."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import cv2
import numpy as np
import pytest

from backchannel.arrays import ImageArray
from backchannel.perception.networks import Networks
from backchannel.perception.picture import Seeing, see
from backchannel.tracks import FACE_COLUMNS, FaceTracks, PictureTracks

RATE_HZ = 15.0


def timed(images: Iterable[ImageArray]) -> Iterator[tuple[float, ImageArray]]:
    return ((number / RATE_HZ, image) for number, image in enumerate(images))


def measured(networks: Networks, images: Iterable[ImageArray]) -> PictureTracks:
    """Tracks of a picture that is not cut."""
    return see(networks, timed(images), 0.0, Seeing())[0]


def in_pieces(networks: Networks, images: Sequence[ImageArray], cuts: Sequence[int]) -> list[PictureTracks]:
    """Tracks of each piece of a picture that is cut before some frames."""
    pieces, seeing = [], Seeing()
    for first, last in pairwise((0, *cuts, len(images))):
        frames = ((number / RATE_HZ, image) for number, image in enumerate(images[first:last]))
        tracks, seeing = see(networks, frames, first / RATE_HZ, seeing)
        pieces.append(tracks)
    return pieces


def columns(face: FaceTracks) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.floating]]]:
    return {name: getattr(face, name) for name in FACE_COLUMNS if name != "valid"}


@pytest.fixture(scope="module")
def interrupted(networks: Networks, portrait: ImageArray) -> PictureTracks:
    """Five frames with a face, five of an empty wall, five with the face again."""
    wall = np.full_like(portrait, 100)
    return measured(networks, [portrait] * 5 + [wall] * 5 + [portrait] * 5)


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
    (one,) = measured(networks, [portrait] * 3).faces
    (other,) = measured(networks, [tall] * 3).faces
    assert np.median(other.head_scale) == pytest.approx(np.median(one.head_scale) / 2, rel=0.05)
    assert np.median(other.head_y) == pytest.approx(np.median(one.head_y) / 2, rel=0.05)
    assert np.median(one.head_x) == pytest.approx(225 / 512, abs=0.03)
    assert np.median(one.head_y) == pytest.approx(123 / 512, abs=0.05)


def test_repeated_frames_do_not_move_and_a_noisy_camera_does(
    networks: Networks, portrait: ImageArray
) -> None:
    rng = np.random.default_rng(0)
    live = [np.clip(portrait + rng.normal(0, 2.0, portrait.shape), 0, 255).astype(np.uint8) for _ in range(3)]
    tracks = measured(networks, [*live, live[-1], live[-1], live[0]])
    assert tracks.moving.tolist() == [True, True, True, False, False, True]


def test_luminance_is_the_brightness_of_the_frame(networks: Networks) -> None:
    images = [np.full((120, 160, 3), level, np.uint8) for level in (0, 51, 255)]
    assert measured(networks, images).luminance == pytest.approx([0.0, 0.2, 1.0], abs=0.01)


def test_an_empty_room_has_no_faces(networks: Networks) -> None:
    tracks = measured(networks, [np.full((120, 160, 3), 80, np.uint8)] * 5)
    assert tracks.faces == ()
    assert not tracks.face_count.any()


def test_no_frames_are_no_rows(networks: Networks) -> None:
    tracks = measured(networks, ())
    assert tracks.time_s.shape == (0,)
    assert tracks.faces == ()


def test_a_face_seen_in_passing_is_given_with_the_frames_it_was_seen_in(
    networks: Networks, portrait: ImageArray
) -> None:
    wall = np.full_like(portrait, 100)
    (face,) = measured(networks, [wall] * 3 + [portrait] * 2 + [wall] * 4).faces
    assert face.valid.tolist() == [False] * 3 + [True] * 2 + [False] * 4


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
    first, second = measured(networks, [couple(portrait, left_scale, right_scale)] * 4).faces
    assert np.median(first.head_scale) > np.median(second.head_scale)
    assert (np.median(first.box_px[:, 0]) < 400) == (left_scale > right_scale)


def test_who_stays_comes_before_who_leaves(networks: Networks, portrait: ImageArray) -> None:
    both, alone = couple(portrait, 1.0, 1.0), couple(portrait, 1.0, 1.0)
    alone[:, 400:] = 120
    first, second = measured(networks, [both] * 4 + [alone] * 6).faces
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
    first, _ = measured(networks, [canvas] * 4).faces
    assert 470 < np.median(first.box_px[:, 0]) < 730


# --- pieces -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("cuts", [(1,), (4,), (3, 4, 9), (2, 2, 7), tuple(range(1, 12))])
def test_faces_keep_their_numbers_and_their_measures_however_the_picture_is_cut(
    networks: Networks, portrait: ImageArray, cuts: tuple[int, ...]
) -> None:
    rng = np.random.default_rng(1)
    plain = couple(portrait, 1.2, 0.8)
    images = [np.clip(plain + rng.normal(0, 2.0, plain.shape), 0, 255).astype(np.uint8) for _ in range(12)]
    whole = measured(networks, images)
    pieces = in_pieces(networks, images, cuts)
    assert len(whole.faces) == 2
    for name in ("face_count", "luminance", "moving", "new_shot"):
        parts = [getattr(piece, name) for piece in pieces]
        np.testing.assert_array_equal(np.concatenate(parts), getattr(whole, name), err_msg=name)
    for face in whole.faces:
        parts = [part for piece in pieces for part in piece.faces if part.id == face.id]
        for name in FACE_COLUMNS:
            joined = np.concatenate([getattr(part, name) for part in parts])
            np.testing.assert_array_equal(joined, getattr(face, name), err_msg=name)


def test_a_face_that_comes_after_another_has_gone_has_a_number_of_its_own(
    networks: Networks, portrait: ImageArray
) -> None:
    left, right = couple(portrait, 1.0, 1.0), couple(portrait, 1.0, 1.0)
    left[:, 400:], right[:, :400] = 120, 120
    images = [left] * 5 + [np.full_like(left, 120)] * 5 + [right] * 5
    first, nobody, second = in_pieces(networks, images, (5, 10))
    assert nobody.faces == ()
    assert len(first.faces) == len(second.faces) == 1
    assert first.faces[0].id != second.faces[0].id
    whole = measured(networks, images)
    assert sorted(face.id for face in whole.faces) == sorted((first.faces[0].id, second.faces[0].id))


# --- changes of size -------------------------------------------------------------------------------


def _resized(portrait: ImageArray, height_px: int, width_px: int) -> ImageArray:
    return np.asarray(cv2.resize(portrait, (width_px, height_px), interpolation=cv2.INTER_AREA), np.uint8)


@pytest.mark.parametrize("sizes_px", [(512, 256, 512), (256, 512, 384), (300, 512, 512)])
def test_a_face_keeps_its_number_when_the_picture_changes_its_size(
    networks: Networks, portrait: ImageArray, sizes_px: tuple[int, ...]
) -> None:
    images = [_resized(portrait, size_px, size_px) for size_px in sizes_px for _ in range(4)]
    tracks = measured(networks, images)

    (face,) = tracks.faces
    assert face.valid.all()
    assert np.ptp(face.head_x) < 0.02
    assert np.ptp(face.head_scale) < 0.02


def test_a_face_keeps_its_number_when_the_picture_is_turned_over(
    networks: Networks, portrait: ImageArray
) -> None:
    wide = np.ascontiguousarray(portrait[:300])
    tall = np.ascontiguousarray(portrait[:, 100:350])
    tracks = measured(networks, [wide] * 4 + [tall] * 4)

    (face,) = tracks.faces
    assert face.valid.all()
