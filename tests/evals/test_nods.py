"""The measurement of nods and shakes itself, and its bounds on a few clips without pixels."""

from dataclasses import replace

import numpy as np
import pytest

from backchannel.perception.networks import load_networks
from backchannel.values import Cue, Span
from evals.nods.design import Clip, clip, design
from evals.nods.kinds import KINDS
from evals.nods.measurement import CAUSES, MEASURED, Measurement, learned, modelled
from evals.nods.report import FIGURES, broken
from evals.nods.score import Counts, Outcome, counts, interval, outcome_of, total
from synthesis import Performance, Shot, Turn, perform

NO_NOISE = replace(Measurement.read(), noise=[0.0] * len(MEASURED))


def found(name: str, start_s: float, end_s: float) -> Cue:
    return Cue(name, "visual", Span(start_s, end_s), 9.0, "deg", None, 0.9)


# --- the clips ---------------------------------------------------------------------------------------


def test_a_clip_is_the_same_however_many_there_are() -> None:
    assert clip("chewing", 1) in design(2)
    assert clip("chewing", 1) != clip("chewing", 0)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_what_it_asks_for_and_nothing_else(kind: str) -> None:
    for number in range(2):
        made = clip(kind, number)
        for gesture in ("nod", "shake"):
            assert bool(made.wanted(gesture)) == (KINDS[kind].asked == gesture)
            assert all(Span(0.3, 9.9).overlap_s(span) == span.duration_s for span in made.wanted(gesture))


# --- the counts --------------------------------------------------------------------------------------


def test_what_matches_is_right_and_the_rest_is_false() -> None:
    wanted = [Span(1.0, 2.0), Span(4.0, 5.0), Span(7.0, 8.0)]
    score = counts(wanted, [found("nod", 1.2, 2.1), found("nod", 4.6, 5.8), found("nod", 2.4, 3.4)])
    assert (score.asked, score.found, score.detections, score.right) == (3, 1, 3, 1)
    assert score.false_a_minute == pytest.approx(12.0)
    assert score.f1 == pytest.approx(1 / 3)


def test_without_anything_there_is_no_figure() -> None:
    assert all(np.isnan(figure(Counts())) for figure in FIGURES.values())
    assert counts([], []).false_a_minute == 0.0
    assert counts([Span(1.0, 2.0)], []).f1 == 0.0


def test_the_interval_lies_around_the_figure_and_is_the_same_each_time() -> None:
    clips = [clip("chewing", number) for number in range(6)]
    outcomes = [Outcome(one, Counts(2, n % 3, 2, n % 3, 10.0), Counts()) for n, one in enumerate(clips)]
    low, high = interval(outcomes, "nod", FIGURES["recall"])
    assert 0.0 < low < total([outcome.nod for outcome in outcomes]).recall < high < 1.0
    assert (low, high) == interval(outcomes, "nod", FIGURES["recall"])


def test_a_broken_bound_has_a_name() -> None:
    lost = [Outcome(clip("single nods", 1), Counts(4, 1, 1, 1, 10.0), Counts(4, 4, 4, 4, 10.0))]
    assert broken(lost) == ["nod recall: 0.25, the bound is 0.8"]


# --- the model of perception -------------------------------------------------------------------------


def test_the_model_learns_gains_that_it_was_made_with() -> None:
    clips = [
        clip(kind, 0) for kind in ("two or three nods", "shakes", "tilts, turns, postures", "looking around")
    ]
    faces = [modelled(one, NO_NOISE).picture for one in clips]
    pairs = [(perform(one.shot)[0], face.faces[0]) for one, face in zip(clips, faces, strict=True) if face]
    again, gain = learned(pairs), MEASURED.index("head_pitch_deg")
    pitch = CAUSES.index("head_pitch_deg")
    assert again.response[gain][pitch] == pytest.approx(NO_NOISE.response[gain][pitch], abs=0.01)
    assert again.noise[gain] < 0.01


def test_a_turn_comes_out_as_large_as_perception_measures_it() -> None:
    shot = Shot(Performance(10.0, (Turn(3.0, 4.0, yaw_deg=10.0),), sway=None), sound=False)
    tracks = modelled(Clip("a turn", 1, shot), NO_NOISE)
    assert tracks.picture is not None
    assert 8.0 < np.ptp(tracks.picture.faces[0].head_yaw_deg) < 10.5
    assert tracks.voice is None


# --- the bounds --------------------------------------------------------------------------------------


def test_nods_and_shakes_are_found_and_what_looks_like_them_is_not() -> None:
    load_networks()
    model = Measurement.read()
    outcomes = [outcome_of(one, modelled(one, model)) for one in design(2) if one.held_out]
    nod, shake = (total([outcome.of(gesture) for outcome in outcomes]) for gesture in ("nod", "shake"))
    assert nod.recall >= 0.7
    assert nod.precision >= 0.7
    assert shake.recall >= 0.6
    assert shake.precision >= 0.7
    still = [one for one in outcomes if one.clip.kind in ("breathing, small sway", "tilts, turns, postures")]
    assert not any(one.nod.detections or one.shake.detections for one in still)
