"""Rendered brows move as a face's do, and the analysis of the file sees what was rendered."""

from pathlib import Path

import numpy as np
import pytest

from backchannel.arrays import FloatArray
from backchannel.perception.perceive import perceive_segment
from backchannel.values import Cue, MediaLimits, Segment
from evals.yardstick.run import found_cues
from synthesis import (
    BrowFurrow,
    Look,
    Performance,
    Shot,
    Squint,
    Tilt,
    View,
    frames_of,
    truth_of,
    write_clip,
)
from synthesis.brows import brow_furrow, furrow_shade
from synthesis.gestures import Gesture
from synthesis.mesh import find_mesh
from synthesis.portrait import portrait_in

VIEW = View(320, 240, 60.0)
UNIT_PX = 100.0
INNER, MIDDLE = (107, 336), (105, 334)


def drawn_brows() -> tuple[FloatArray, FloatArray]:
    """Mesh of a portrait, and the motion of a full furrow where its brows end up."""
    points = portrait_in(View(640, 480, UNIT_PX)).points_px[:, :2]
    return points, np.asarray(brow_furrow(points, (480, 640), UNIT_PX), np.float32)


def moved(points: FloatArray, field: FloatArray, index: int) -> FloatArray:
    """How far a point goes, px: what arrives is looked up where it ends."""
    end = points[index]
    for _ in range(20):
        x, y = np.round(end).astype(int)
        end = points[index] + field[y, x]
    return np.asarray(end - points[index], np.float32)


def found(tmp_path: Path, *gestures: Gesture) -> list[Cue]:
    path = tmp_path / "a.mp4"
    write_clip(path, Shot(Performance(6.0, gestures), VIEW, 15.0))
    return found_cues(perceive_segment(Segment(path.read_bytes()), MediaLimits()))


def test_a_furrow_lowers_the_inner_ends_most_and_draws_them_together() -> None:
    points, field = drawn_brows()
    right, left = (moved(points, field, index) for index in INNER)
    assert min(right[1], left[1]) > 0.07 * UNIT_PX
    assert right[0] > 0.04 * UNIT_PX
    assert left[0] < -0.04 * UNIT_PX
    for index in MIDDLE:
        assert 0.03 * UNIT_PX < moved(points, field, index)[1] < min(right[1], left[1])


def test_a_furrow_leaves_the_eyes_and_the_mouth_where_they_are() -> None:
    points, field = drawn_brows()
    for index in (33, 133, 263, 362, 145, 374, 13, 61, 291):
        x, y = np.round(points[index]).astype(int)
        assert np.abs(field[y, x]).max() < 0.01 * UNIT_PX


def test_a_furrow_darkens_and_never_lightens_and_the_cheeks_stay_as_they_are() -> None:
    points, _ = drawn_brows()
    light = furrow_shade(points, (480, 640), UNIT_PX)
    assert 0.4 < light.min() < 0.8
    assert light.max() <= 1.0
    for index in (205, 425, 13, 1):
        x, y = np.round(points[index]).astype(int)
        assert light[y, x].min() > 0.99


def test_the_face_mesh_believes_a_furrow() -> None:
    shot = Shot(Performance(1.0, (BrowFurrow(0.0, 1.0),), sway=None), View(), 8.0, Look(noise=0))
    frames = list(frames_of(shot, truth_of(shot.performance, 8.0)))
    points = portrait_in(View()).points_px[:, :2]
    x, y = (points.min(axis=0) + points.max(axis=0)) / 2
    rest, furrowed = (find_mesh(frames[k], (float(x), float(y)), 1.75 * View().face_width_px) for k in (0, 4))
    inner = [55, 107, 65, 66, 285, 336, 295, 296]
    assert (furrowed - rest)[inner, 1].mean() > 0.02 * View().face_width_px


def test_a_furrow_in_a_file_is_found_at_its_time_and_nothing_without_one(tmp_path: Path) -> None:
    (furrow,) = (cue for cue in found(tmp_path, BrowFurrow(3.0, 1.8)) if cue.name == "brow_furrow")
    assert furrow.span.start_s == pytest.approx(3.0, abs=0.3)
    assert furrow.span.end_s == pytest.approx(4.8, abs=0.3)
    others = found(tmp_path, Tilt(3.0, 1.8))
    assert {"tilt"} <= {cue.name for cue in others}
    assert "brow_furrow" not in {cue.name for cue in others}


def test_narrowed_eyes_in_a_file_are_found_and_are_neither_a_blink_nor_shut(tmp_path: Path) -> None:
    names = {cue.name for cue in found(tmp_path, Squint(3.0, 1.8))}
    assert "eyes_narrowed" in names
    assert "eyes_closed" not in names
