"""What is rendered moves the way the truth says, and nothing else does."""

from dataclasses import replace

import numpy as np
import pytest

from backchannel.arrays import FloatArray, ImageArray
from backchannel.values import Span
from evals.pose_error import measured_turn_deg
from synthesis import (
    Blink,
    BrowRaise,
    Cover,
    Glance,
    Held,
    Lean,
    Look,
    Nod,
    Performance,
    Shot,
    Smile,
    Tilt,
    Turn,
    View,
    frames_of,
    truth_of,
)
from synthesis.gestures import Gesture
from synthesis.mesh import find_mesh
from synthesis.portrait import portrait_in

VIEW = View(320, 240, 50.0)
STILL = Look(noise=0)
RIGHT_EYE, LEFT_EYE = (33, 133), (263, 362)


def filmed(*gestures: Gesture, view: View = VIEW, look: Look = STILL, seed: int = 0) -> list[ImageArray]:
    shot = Shot(Performance(1.0, gestures, sway=None, seed=seed), view, 8.0, look)
    return list(frames_of(shot, truth_of(shot.performance, shot.frame_rate_hz)))


def mesh(frame: ImageArray, view: View = VIEW) -> FloatArray:
    points = portrait_in(view).points_px[:, :2]
    x, y = (points.min(axis=0) + points.max(axis=0)) / 2
    return find_mesh(frame, (float(x), float(y)), 1.75 * view.face_width_px)


def test_a_nod_lowers_the_nose_and_lets_it_rise_again() -> None:
    frames = filmed(Nod(0.0, cycles=1, peak_to_peak_deg=10.0, rate_hz=1.0))
    height = [float(mesh(frames[k])[1, 1]) for k in (0, 4)]
    # Ten degrees about the neck, more than one face width behind the nose.
    assert height[1] - height[0] > 0.12 * VIEW.face_width_px


@pytest.mark.parametrize(
    ("gesture", "expected_deg"),
    [
        (Turn(0.2, 1.0, pitch_deg=10.0), (10, 0, 0)),
        (Turn(0.2, 1.0, pitch_deg=-10.0), (-10, 0, 0)),
        (Turn(0.2, 1.0, yaw_deg=10.0), (0, 10, 0)),
        (Turn(0.2, 1.0, yaw_deg=-10.0), (0, -10, 0)),
        (Tilt(0.2, 1.0, roll_deg=10.0), (0, 0, 10)),
    ],
)
def test_a_turned_head_is_measured_where_it_was_turned(
    gesture: Gesture, expected_deg: tuple[int, ...]
) -> None:
    assert measured_turn_deg(gesture, View()) == pytest.approx(expected_deg, abs=2.5)


def test_yaw_to_the_subjects_left_moves_the_nose_to_the_right_of_the_picture() -> None:
    frames = filmed(Turn(0.0, 1.0, yaw_deg=12.0))
    assert mesh(frames[4])[1, 0] - mesh(frames[0])[1, 0] > 0.1 * VIEW.face_width_px


def test_roll_to_the_subjects_left_lowers_the_subjects_left_eye() -> None:
    frames = filmed(Tilt(0.0, 1.0, roll_deg=12.0))
    rest, tilted = mesh(frames[0]), mesh(frames[4])
    assert tilted[263, 1] - tilted[33, 1] > rest[263, 1] - rest[33, 1] + 0.15 * VIEW.face_width_px


@pytest.mark.parametrize("corners", [RIGHT_EYE, LEFT_EYE])
def test_a_glance_to_the_subjects_left_moves_the_iris_to_the_right_of_the_picture(
    corners: tuple[int, int],
) -> None:
    view = View()
    frames = filmed(Glance(0.0, 1.0, yaw_deg=20.0, head_share=0.0), view=view)
    assert _iris_x(frames[4], corners, view) - _iris_x(frames[0], corners, view) > 0.015 * view.face_width_px


def test_a_blink_hides_the_iris() -> None:
    view = View()
    frames = filmed(Blink(0.0, 1.0), view=view)
    points = portrait_in(view).points_px
    x, y = np.round((points[159] + points[145])[:2] / 2).astype(int)
    open_eye, shut_eye = (int(frames[k][y - 1 : y + 2, x - 1 : x + 2].mean()) for k in (0, 4))
    assert shut_eye > open_eye + 40


def test_raised_brows_are_measured_higher_and_the_eyes_stay() -> None:
    frames = filmed(BrowRaise(0.0, 1.0), view=View())
    rest, raised = mesh(frames[0], View()), mesh(frames[4], View())
    brows, corners = [70, 63, 105, 107, 300, 293, 334, 336], [33, 133, 263, 362]
    assert (rest - raised)[brows, 1].mean() > 0.025 * View().face_width_px
    assert np.abs((rest - raised)[corners, 1]).mean() < 0.02 * View().face_width_px


def test_a_smile_widens_the_mouth_and_an_opening_jaw_does_not() -> None:
    rest, smiling = (_mouth_width_fw(filmed(Smile(0.0, 1.0), view=View())[k]) for k in (0, 4))
    assert smiling > 1.15 * rest
    shot = Shot(Performance(1.0, sway=None), View(), 8.0, STILL)
    truth = truth_of(shot.performance, shot.frame_rate_hz)
    speaking = replace(truth, mouth_opening=np.full_like(truth.mouth_opening, 0.11))
    assert _mouth_width_fw(next(frames_of(shot, speaking))) < 1.06 * rest


def test_leaning_forward_makes_the_face_larger_by_the_scripted_share() -> None:
    frames = filmed(Lean(0.0, 1.0, scale=1.2), view=View())
    sizes = [np.ptp(mesh(frames[k], View())[:, 0]) for k in (0, 4)]
    assert sizes[1] / sizes[0] == pytest.approx(1.2, abs=0.03)


def test_without_noise_a_still_person_gives_frames_that_are_alike() -> None:
    frames = filmed()
    assert np.array_equal(frames[0], frames[5])


def test_noise_changes_every_frame_and_follows_the_seed() -> None:
    first, again, other = (filmed(look=Look(noise=2.0), seed=seed) for seed in (4, 4, 5))
    assert not np.array_equal(first[0], first[1])
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])


def test_less_light_is_darker_and_a_covered_lens_is_black() -> None:
    bright, dim = filmed()[0], filmed(look=Look(gain=0.3, noise=0))[0]
    assert dim.mean() == pytest.approx(0.3 * bright.mean(), rel=0.05)
    covered = filmed(look=Look(noise=0, covers=(Cover("lens", Span(0.5, 1.0)),)))
    assert covered[3].mean() > 50
    assert covered[5].mean() < 10


@pytest.mark.parametrize("view", [View(640, 480, 16.0), View(1280, 720, 150.0), View(240, 426, 60.0)])
def test_every_view_has_its_size_and_a_face_of_its_size(view: View) -> None:
    frame = filmed(view=view)[0]
    assert frame.shape == (view.height_px, view.width_px, 3)
    found = mesh(frame, view)
    assert np.linalg.norm(found[33] - found[263]) == pytest.approx(view.face_width_px, rel=0.15)


def _mouth_width_fw(frame: ImageArray) -> float:
    points = mesh(frame, View())
    return float(np.linalg.norm(points[61] - points[291]) / np.linalg.norm(points[33] - points[263]))


def _iris_x(frame: ImageArray, corners: tuple[int, int], view: View) -> float:
    """Column of the dark mass between the corners of an eye."""
    points = portrait_in(view).points_px[list(corners), :2]
    (left, _), (right, _) = points[points[:, 0].argsort()]
    middle = points[:, 1].mean()
    inset = 0.2 * (right - left)
    columns = np.arange(round(left + inset), round(right - inset))
    band = frame[round(middle) - 3 : round(middle) + 4, columns].mean(axis=(0, 2))
    return float(np.average(columns, weights=np.clip(np.median(band) - band, 0, None)))


def test_a_camera_in_a_hand_moves_the_whole_picture() -> None:
    pan = Held("pan", 0.0, 2.0, (("picture_x", 0.1),), ramp_s=0.5)
    shot = Shot(Performance(2.0, (pan,), sway=None), VIEW, 10.0, STILL)
    frames = list(frames_of(shot, truth_of(shot.performance, 10.0)))
    by_px = round(0.1 * VIEW.height_px)
    moved, rest = frames[10].astype(int), frames[0].astype(int)
    assert np.abs(moved[:, by_px:] - rest[:, :-by_px]).max() <= 1
