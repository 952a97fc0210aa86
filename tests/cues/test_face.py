"""Expressions, in face widths against the person's own usual face."""

from typing import Any

import numpy as np
import pytest

from backchannel.arrays import FloatArray
from backchannel.cues.baseline import History
from backchannel.cues.face_rows import FACE_BASELINES
from backchannel.cues.face_view import view_face
from backchannel.tracks import Tracks
from tests.cues.build import (
    AT_REST,
    BROWS,
    both,
    clock,
    cues_in,
    during,
    heard,
    measure,
    mirrored,
    named,
    near,
    only,
    rows_of,
    seen,
)

SECONDS = 12.0
T = clock(SECONDS)
NOW = during(T, 5.0, 7.0)
LARGE = 0.12
"""A plain, visible change; every threshold is well below."""
EXPRESSIONS = {
    "smile",
    "brow_raise",
    "brow_raise_one_side",
    "brow_furrow",
    "lip_press",
    "lip_corner_down",
    "chin_raise",
}


def made(**changes: FloatArray | float) -> Tracks:
    """A face at rest with some measures changed by so much."""
    values: dict[str, Any] = {name: AT_REST[name] + change for name, change in changes.items()}
    return seen(SECONDS, **values)


def expressions(tracks: Tracks) -> set[str]:
    return {cue.name for cue in cues_in(tracks)} & EXPRESSIONS


def test_a_relaxed_face_shows_nothing() -> None:
    assert expressions(made()) == set()


def test_a_wider_mouth_with_higher_corners_is_a_smile() -> None:
    tracks = made(mouth_width=LARGE * NOW, lip_corner_height=0.06 * NOW)
    cue = only(tracks, "smile")
    assert near(cue.span, 5.0, 7.0)
    assert cue.value == pytest.approx(12, abs=1)
    assert cue.baseline == pytest.approx(55, abs=1)


def test_a_wider_mouth_alone_is_speech_and_no_smile() -> None:
    assert named(made(mouth_width=LARGE * NOW), "smile") == []


def test_higher_corners_alone_are_no_smile() -> None:
    assert named(made(lip_corner_height=0.06 * NOW), "smile") == []


def test_a_twitch_of_the_mouth_is_no_smile() -> None:
    twitch = during(T, 5.0, 5.2, ramp_s=0.05)
    assert named(made(mouth_width=LARGE * twitch, lip_corner_height=0.06 * twitch), "smile") == []


def test_a_smile_that_lifts_the_lower_lids_says_so_and_another_does_not() -> None:
    plain: dict[str, FloatArray] = {"mouth_width": LARGE * NOW, "lip_corner_height": 0.06 * NOW}
    felt = only(made(**plain, lower_lid_raise=0.03 * NOW), "smile")
    assert measure(felt, "lower_lid_rise") == pytest.approx(3, abs=0.5)
    assert "lower_lid_rise" not in [name for name, _, _ in only(made(**plain), "smile").measures]


def test_a_person_who_smiles_from_the_first_moment_smiles() -> None:
    always = made(mouth_width=0.25, lip_corner_height=0.12)
    assert near(only(always, "smile").span, 0.0, SECONDS, 0.2)


def test_both_brows_up_are_a_brow_raise() -> None:
    cue = only(made(**dict.fromkeys(BROWS, 0.08 * NOW)), "brow_raise")
    assert near(cue.span, 5.0, 7.0)
    assert cue.value == pytest.approx(8, abs=1)
    assert cue.unit == "% of face width"


@pytest.mark.parametrize("side", ["left", "right"])
def test_one_brow_up_is_told_with_its_side(side: str) -> None:
    tracks = made(**{f"brow_inner_{side}": LARGE * NOW, f"brow_outer_{side}": LARGE * NOW})
    cue = only(tracks, "brow_raise_one_side")
    assert cue.direction == side
    assert near(cue.span, 5.0, 7.0)
    assert only(mirrored(tracks), "brow_raise_one_side").direction == {"left": "right", "right": "left"}[side]


def test_both_brows_alike_are_not_one_brow() -> None:
    assert named(made(**dict.fromkeys(BROWS, LARGE * NOW)), "brow_raise_one_side") == []


DEEP = 0.006
"""Folds between the brows that are 60% deeper than those of the relaxed face."""


def test_deeper_folds_between_the_brows_are_a_furrow_and_no_raise() -> None:
    tracks = made(brow_inner_left=-0.05 * NOW, brow_inner_right=-0.05 * NOW, brow_crease=DEEP * NOW)
    cue = only(tracks, "brow_furrow")
    assert near(cue.span, 5.0, 7.0)
    assert cue.value == pytest.approx(60, abs=5)
    assert cue.unit == "%"
    assert expressions(tracks) == {"brow_furrow"}


def test_a_deep_furrow_from_the_first_moment_on_is_one() -> None:
    assert near(only(made(brow_crease=0.016), "brow_furrow").span, 0.0, SECONDS, 0.2)


@pytest.mark.parametrize(
    "changes",
    [
        {"brow_inner_left": -0.05 * NOW, "brow_inner_right": -0.05 * NOW},
        {"brow_crease": 0.002 * NOW},
        {"brow_crease": DEEP * during(T, 5.0, 5.3, ramp_s=0.05)},
        {"brow_crease": 0.004},
        {"brow_crease": DEEP * NOW, "mouth_width": LARGE * NOW, "lip_corner_height": 0.06 * NOW},
        {"brow_crease": np.nan},
        {"brow_crease": -0.01},
    ],
    ids=["lowered brows", "faint", "short", "somebody's usual", "smile", "small face", "black picture"],
)
def test_without_clearly_deeper_folds_there_is_no_furrow(changes: dict[str, Any]) -> None:
    assert named(made(**changes), "brow_furrow") == []


def test_a_face_turned_away_has_no_furrow() -> None:
    turned = seen(SECONDS, head_yaw_deg=40.0 * NOW, brow_crease=0.01 + DEEP * NOW)
    assert named(turned, "brow_furrow") == []


def test_a_small_raise_counts_if_the_forehead_folds() -> None:
    small = dict.fromkeys(BROWS, 0.025 * NOW)
    assert named(made(**small), "brow_raise") == []
    assert near(only(made(**small, forehead_crease=0.006 * NOW), "brow_raise").span, 5.0, 7.0, 0.2)
    assert named(made(forehead_crease=0.006 * NOW), "brow_raise") == []


@pytest.mark.parametrize(("wider", "smiles"), [(0.08, False), (0.13, True)])
def test_while_speaking_a_smile_is_wider_than_vowels(wider: float, smiles: bool) -> None:
    tracks = made(mouth_width=wider * NOW, lip_corner_height=0.06 * NOW)
    assert len(named(tracks, "smile")) == 1
    speaking = both(tracks, heard(SECONDS, [(4.5, 7.5)]))
    assert len(named(speaking, "smile")) == smiles


def test_raised_brows_are_no_furrow() -> None:
    assert named(made(**dict.fromkeys(BROWS, LARGE * NOW)), "brow_furrow") == []


def test_brows_that_rise_for_a_frame_are_not_raised() -> None:
    flash = np.where(np.isin(np.arange(T.size), [75, 76]), LARGE, 0.0)
    assert expressions(made(**dict.fromkeys(BROWS, flash))) == set()


MOUTHS = {
    "lip_press": {"lip_press": -LARGE * NOW},
    "lip_corner_down": {"lip_corner_height": -LARGE * NOW},
    "chin_raise": {"chin_raise": LARGE * NOW},
}


@pytest.mark.parametrize("name", MOUTHS)
def test_what_a_shut_mouth_does_is_told(name: str) -> None:
    tracks = made(**MOUTHS[name])
    assert near(only(tracks, name).span, 5.0, 7.0)
    assert expressions(tracks) == {name}


@pytest.mark.parametrize("name", MOUTHS)
def test_an_open_mouth_presses_nothing(name: str) -> None:
    assert expressions(made(**MOUTHS[name], mouth_opening=0.15 * NOW)) == set()


@pytest.mark.parametrize("name", ["lip_press", "chin_raise"])
def test_a_smile_thins_the_lips_and_is_no_lip_press(name: str) -> None:
    tracks = made(**MOUTHS[name], mouth_width=LARGE * NOW, lip_corner_height=0.06 * NOW)
    # The mouth is a smile's at once; a smile needs a moment to be one.
    assert all(cue.span.duration_s < 0.7 for cue in named(tracks, name))
    assert "smile" in expressions(tracks)


def test_a_clear_change_is_more_certain_than_a_faint_one() -> None:
    # Late enough that the person is known.
    faint, clear = (
        only(made(**dict.fromkeys(BROWS, size * during(T, 10.5, 11.5))), "brow_raise")
        for size in (0.033, 0.1)
    )
    assert faint.certainty < clear.certainty <= 1.0


def test_an_expression_ends_where_the_face_goes() -> None:
    values: dict[str, Any] = {name: AT_REST[name] + LARGE * NOW for name in BROWS}
    cue = only(seen(SECONDS, valid=(T < 6.0) | (T > 8.0), **values), "brow_raise")
    assert near(cue.span, 5.0, 6.0)


def test_the_size_of_the_face_in_the_picture_does_not_matter() -> None:
    def brows(scale: float) -> Tracks:
        values: dict[str, Any] = {name: AT_REST[name] + 0.08 * NOW for name in BROWS}
        return seen(SECONDS, head_scale=scale, **values)

    assert only(brows(0.1), "brow_raise") == only(brows(0.5), "brow_raise")


def test_spans_that_touch_do_not_overlap() -> None:
    rows = rows_of(seen(SECONDS)).face
    assert rows is not None
    view = view_face(rows, History.empty(len(FACE_BASELINES)))
    assert view is not None
    for row in range(1, view.time_s.size):
        assert view.span(row - 1, row).overlap_s(view.span(row, row + 1)) == 0.0
