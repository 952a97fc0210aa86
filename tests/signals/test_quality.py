"""Scores from signals and engagement alone."""

import pytest

from backchannel.signals.quality import QualityState, accumulate, judge
from backchannel.signals.weights import quality_table
from backchannel.values import EngagementSpan, Quality, Signal, SignalType, Span
from tests.signals.evidence import cue

SEGMENT = Span(10.0, 20.0)
DIMENSIONS = tuple(Quality.__dataclass_fields__)


def signal(name: SignalType, start_s: float = 10.0, end_s: float = 20.0, score: float = 0.7) -> Signal:
    return Signal(name, Span(start_s, end_s), "medium", "", ("visual",), score, ())


def scores(quality: Quality) -> dict[str, float]:
    return {name: getattr(quality, name) for name in DIMENSIONS}


def judged(*signals: Signal) -> Quality:
    return judge(SEGMENT, signals, (), ())


def test_no_evidence_is_fifty() -> None:
    assert set(scores(judged()).values()) == {50.0}
    neutral = judge(SEGMENT, (), (EngagementSpan(SEGMENT, "neutral"),), (cue("facing", 10, 20),))
    assert set(scores(neutral).values()) == {50.0}
    assert judged().quality_index == 50.0


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_each_weight_moves_its_dimension_by_its_sign_and_more_with_time(dimension: str) -> None:
    for name, weight in quality_table()[dimension].items():
        if name == "confusion_resolved":
            continue
        short, long = (_with(name, 10.0, end_s) for end_s in (12.0, 20.0))
        moves = [scores(quality)[dimension] - 50.0 for quality in (short, long)]
        assert all(move * weight > 0 for move in moves), name
        assert abs(moves[1]) > abs(moves[0]), name


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_what_has_no_weight_does_not_move_a_dimension(dimension: str) -> None:
    everything = {name for row in quality_table().values() for name in row} - {"confusion_resolved"}
    for name in everything - set(quality_table()[dimension]):
        if not (name == "confusion" and "confusion_resolved" in quality_table()[dimension]):
            assert scores(_with(name, 10.0, 20.0))[dimension] == 50.0


def _with(name: str, start_s: float, end_s: float) -> Quality:
    if name in ("engaged", "neutral", "disengaged"):
        return judge(SEGMENT, (), (EngagementSpan(Span(start_s, end_s), name),), ())  # type: ignore[arg-type]
    if name in ("smile", "pitch_lively", "pitch_flat"):
        return judge(SEGMENT, (), (), (cue(name, start_s, end_s),))
    return judged(signal(name, start_s, end_s))  # type: ignore[arg-type]


def test_a_surer_signal_counts_more() -> None:
    assert (
        judged(signal("confidence", score=0.9)).clarity > judged(signal("confidence", score=0.4)).clarity > 50
    )


def test_opposite_signals_cancel() -> None:
    one, both = judged(signal("agreement")), judged(signal("agreement"), signal("disagreement"))
    assert abs(both.rapport - 50) < abs(one.rapport - 50)


def test_scores_stay_between_nought_and_a_hundred() -> None:
    names: tuple[SignalType, ...] = ("confidence", "hesitation", "interest", "frustration")
    for name in names:
        for value in scores(judged(*[signal(name) for _ in range(50)])).values():
            assert 0.0 <= value <= 100.0


def test_what_lies_outside_the_segment_does_not_count() -> None:
    assert judged(signal("confidence", 0.0, 9.9)) == judged()


def test_confusion_that_resolves_helps_learning_more_than_confusion_that_lasts() -> None:
    resolved, lasting = judged(signal("confusion", 12, 15)), judged(signal("confusion", 17, 20))
    assert resolved.learning > lasting.learning
    assert resolved.clarity == lasting.clarity


def test_the_index_is_the_mean_before_rounding() -> None:
    quality = Quality(50.4, 50.4, 50.4, 50.4, 51.0)
    assert quality.quality_index == pytest.approx(50.52)


def test_an_empty_segment_is_fifty() -> None:
    assert judge(Span(5, 5), (), (), ()) == judged()


def test_the_overall_score_weighs_segments_by_their_duration() -> None:
    low, high = Quality(20, 20, 20, 20, 20), Quality(80, 80, 80, 80, 80)
    state, overall = accumulate(QualityState(), Span(0, 3), low)
    assert overall == low
    state, overall = accumulate(state, Span(3, 12), high)
    assert overall.clarity == pytest.approx((3 * 20 + 9 * 80) / 12)
    _, overall = accumulate(state, Span(12, 12), low)
    assert overall.clarity == pytest.approx(65.0)


def test_cutting_a_segment_in_two_leaves_the_overall_score() -> None:
    even = Quality(60, 40, 55, 70, 30)
    _, once = accumulate(QualityState(), Span(0, 10), even)
    state, _ = accumulate(QualityState(), Span(0, 4), even)
    _, twice = accumulate(state, Span(4, 10), even)
    assert list(scores(twice).values()) == pytest.approx(list(scores(once).values()))
