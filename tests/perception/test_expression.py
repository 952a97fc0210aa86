"""What each measure of expression means, by moving points of the canonical face."""

from dataclasses import fields

import numpy as np
import pytest

from backchannel.perception.expression import Expression, measure_expression
from backchannel.perception.geometry import Matrix, canonical_face, face_width_cm

RIGHT_CORNER, LEFT_CORNER, INNER_LIPS = 61, 291, (13, 14)
BROW_INNER_LEFT, BROW_OUTER_LEFT = (285, 336, 295, 296), (300, 293, 283, 276)
BROW_INNER_RIGHT, BROW_OUTER_RIGHT = (55, 107, 65, 66), (70, 63, 53, 46)


def moved(points: tuple[int, ...], by: tuple[float, float, float]) -> Matrix:
    """One frame of the canonical face in face widths with some points moved: to the left, up, out."""
    face = canonical_face() / face_width_cm()
    face[list(points)] += by
    return face[np.newaxis]


AT_REST = measure_expression(moved((), (0, 0, 0)))


def changes(points: tuple[int, ...], by: tuple[float, float, float]) -> dict[str, float]:
    """Measures that changed, and by how much."""
    after = measure_expression(moved(points, by))
    differences = {
        field.name: (getattr(after, field.name) - getattr(AT_REST, field.name)).item()
        for field in fields(Expression)
    }
    return {name: difference for name, difference in differences.items() if abs(difference) > 1e-6}


def test_the_canonical_face_is_the_same_on_both_sides_with_lips_below_the_nose() -> None:
    assert AT_REST.brow_inner_left == pytest.approx(AT_REST.brow_inner_right)
    assert AT_REST.brow_outer_left == pytest.approx(AT_REST.brow_outer_right)
    assert AT_REST.lip_corner_height_left == pytest.approx(AT_REST.lip_corner_height_right)
    assert AT_REST.lip_corner_height < 0
    assert AT_REST.mouth_width == pytest.approx(0.55, abs=0.03)
    assert AT_REST.mouth_opening < 0.1


@pytest.mark.parametrize(
    ("points", "measure"),
    [
        (BROW_INNER_LEFT, "brow_inner_left"),
        (BROW_INNER_RIGHT, "brow_inner_right"),
        (BROW_OUTER_LEFT, "brow_outer_left"),
        (BROW_OUTER_RIGHT, "brow_outer_right"),
    ],
)
def test_a_brow_that_rises_is_higher_on_its_own_side_only(points: tuple[int, ...], measure: str) -> None:
    assert changes(points, (0.0, 0.05, 0.0)) == {measure: pytest.approx(0.05, abs=1e-6)}


def test_a_lip_corner_that_rises_is_higher_on_its_own_side_and_by_half_in_the_mean() -> None:
    found = changes((LEFT_CORNER,), (0.0, 0.04, 0.0))
    assert found["lip_corner_height_left"] == pytest.approx(0.04, abs=1e-6)
    assert found["lip_corner_height"] == pytest.approx(0.02, abs=1e-6)
    assert "lip_corner_height_right" not in found


def test_lip_corners_that_part_widen_the_mouth_and_do_not_open_it() -> None:
    found = changes((LEFT_CORNER,), (0.06, 0.0, 0.0))
    assert found == {"mouth_width": pytest.approx(0.06, abs=0.002)}


def test_a_lower_lip_that_drops_opens_the_mouth_and_does_not_widen_it() -> None:
    inner_and_outer = (14, 17)
    found = changes(inner_and_outer, (0.0, -0.1, 0.0))
    assert found == {"mouth_opening": pytest.approx(0.1, abs=0.01)}


def test_thin_lips_are_less_lip() -> None:
    upper_edge, lower_edge = 0, 17
    assert set(changes((upper_edge,), (0.0, -0.02, 0.0))) == {"lip_press"}
    assert changes((upper_edge,), (0.0, -0.02, 0.0))["lip_press"] < 0
    assert changes((lower_edge,), (0.0, 0.02, 0.0))["lip_press"] < 0


def test_lower_lids_and_chin_that_rise_are_higher() -> None:
    assert changes((144, 145, 153, 373, 374, 380), (0.0, 0.02, 0.0)) == {
        "lower_lid_raise": pytest.approx(0.02, abs=1e-6)
    }
    assert changes((199, 200), (0.0, 0.03, 0.0)) == {"chin_raise": pytest.approx(0.03, abs=1e-6)}
