"""The yardstick measures what it says: designs repeat, pairs are one to one, bounds bind."""

import math

import numpy as np
import pytest

from backchannel.values import Cue, Span
from evals.yardstick.design import FRAME_RATES_HZ, design, targets
from evals.yardstick.furrows import KNOWN_S, MEASURES, furrow_cases, furrow_errors
from evals.yardstick.gestures import score_gesture
from evals.yardstick.report import Bound
from evals.yardstick.run import Outcome
from evals.yardstick.sample import Sample
from evals.yardstick.sound import pulse_errors
from synthesis import BrowFurrow, Nod, Performance, Say, Shot, voice_of


def nod(start_s: float, end_s: float, count: float) -> Cue:
    return Cue("nod", "visual", Span(start_s, end_s), 9.0, "deg", None, 0.9, (("count", count, ""),))


def test_a_clip_of_a_design_is_the_same_whatever_the_number_of_clips() -> None:
    assert design(3) == design(5)[:3]
    assert design(3, seed=1) != design(3, seed=2)


def test_a_design_varies_everything_at_the_same_time() -> None:
    shots = [case.shot for case in design(200)]
    assert {shot.frame_rate_hz for shot in shots} == set(FRAME_RATES_HZ)
    assert {shot.encoding.codec for shot in shots} == {"h264", "vp8", "vp9"}
    assert {case.speech for case in design(200)} == {"none", "through", "sentences"}
    light, noise = ([getattr(shot.look, name) for shot in shots] for name in ("gain", "noise"))
    assert min(light) < 0.3
    assert max(light) > 1.2
    # Nothing goes along with anything else, or a weakness could hide behind it.
    assert abs(np.corrcoef(light, noise)[0, 1]) < 0.2


def test_a_single_nod_while_speaking_is_emphasis_and_not_asked_for() -> None:
    spoken = Shot(Performance(5.0, (Nod(1.0, cycles=1), Nod(3.0, cycles=2)), (Say(0.5, ("Good.",)),)))
    silent = Shot(Performance(5.0, (Nod(1.0, cycles=1),)))
    assert [cycles for _, cycles in targets(spoken, "nod")] == [2.0]
    assert [cycles for _, cycles in targets(silent, "nod")] == [1.0]
    assert not targets(silent, "shake")


def test_gestures_are_paired_one_to_one() -> None:
    wanted = [(Span(1.0, 2.0), 3.0), (Span(4.0, 5.0), 2.0)]
    score = score_gesture(wanted, [nod(1.1, 1.4, 1), nod(1.0, 2.1, 3), nod(7.0, 8.0, 2)])
    assert (score.asked, score.found, score.detections, score.right, score.exact) == (2, 1, 3, 1, 1)
    assert score.edge_errors_s == pytest.approx((0.0, 0.1))
    assert score.precision == pytest.approx(1 / 3)
    assert not score.perfect


@pytest.mark.parametrize(
    ("cycles", "count", "exact"), [(3.0, 3, 1), (3.0, 2, 0), (2.5, 2, 1), (2.5, 3, 1), (2.5, 4, 0)]
)
def test_whole_cycles_are_counted_exactly_and_a_half_may_go_either_way(
    cycles: float, count: int, exact: int
) -> None:
    assert score_gesture([(Span(1.0, 2.0), cycles)], [nod(1.0, 2.0, count)]).exact == exact


def test_samples_leave_out_what_was_not_measured() -> None:
    together = Sample.of([1.0, math.nan, 3.0]) + Sample.of([8.0])
    assert (together.mean, together.worst, together.count) == (4.0, 8.0, 3)
    assert math.isnan(Sample().mean)


def test_a_figure_that_was_not_measured_keeps_no_bound() -> None:
    assert not Bound("x", 1.0).holds(math.nan)
    assert not Bound("x", 1.0, at_least=True).holds(math.nan)


def test_the_melody_of_a_voice_lies_inside_its_speech() -> None:
    voice = voice_of(Performance(4.0, speech=(Say(0.5, ("The plan works.", 0.5, "Good.")),)))
    assert voice.f0_time_s.size == voice.f0_hz.size > 50
    assert np.all(np.diff(voice.f0_time_s) > 0)
    assert all(any(span.start_s <= at <= span.end_s for span in voice.speech) for at in voice.f0_time_s)


def test_f0_of_pulse_trains_is_measured_within_half_a_semitone() -> None:
    (sample,) = pulse_errors().values()
    assert sample.mean < 0.5
    assert sample.worst < 1.0


def test_clips_of_furrows_are_their_own_and_hold_one_furrow_each_after_a_rest() -> None:
    cases = furrow_cases(6)
    assert cases == furrow_cases(8)[:6]
    assert {case.kind for case in cases}.isdisjoint(case.kind for case in design(20))
    for case in cases:
        (furrow,) = (it for it in case.shot.performance.gestures if isinstance(it, BrowFurrow))
        assert furrow.start_s >= KNOWN_S
        assert furrow.span.end_s < case.shot.performance.duration_s


def test_clips_of_furrows_add_to_no_other_figure() -> None:
    (case,) = furrow_cases(1)
    outcome = Outcome(case, {name: Sample.of([1.0]) for name in (*MEASURES, "head pitch, deg")}, {})
    assert furrow_errors([outcome, outcome]) == dict.fromkeys(MEASURES, Sample.of([1.0, 1.0]))
